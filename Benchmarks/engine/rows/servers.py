"""Executions of `true` a second of two servers on this machine and one database, against one server alone."""

from engine.figures import median
from engine.rows import spawn

# Servers of one database share their keys.
SETTINGS = {
    "SECRET_KEY": "a key that the servers of a benchmark share",
    "ENCRYPTION_KEY": "c2hhcmVkIGJ5IHRoZSBzZXJ2ZXJzIG9mIGEgdGVzdCE=",
}


def measure(lab, row):
    count = lab.pick(1_000, 10_000)
    cluster = lab.cluster()
    url = cluster.create("qkron")
    first = lab.server(url, settings=SETTINGS)
    database = lab.enter_context(first.database())
    spawn.by_schedule(database, 500)
    alone, together, shares = [], [], []
    for _ in range(lab.rounds):
        alone.append(spawn.by_schedule(database, count))
        with lab.server(url, settings=SETTINGS):
            spawn.by_schedule(database, 500)
            together.append(spawn.by_schedule(database, count))
            shares.append(smallest_share(database))
        alone.append(spawn.by_schedule(database, count))
    row.compare("two servers together", median(together), "/s", median(alone), "one server", at_least=1)
    row.value("of it, run by the less busy one", median(shares) * 100, "%")


def smallest_share(database) -> float:
    return database.execute(
        "SELECT min(runs)::float8 / sum(runs)::float8 FROM (SELECT count(*) AS runs FROM qkron.executions GROUP BY node_id) AS n"
    ).fetchone()[0]
