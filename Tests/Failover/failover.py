"""Failover under load: see run, and docs/reliability.md."""

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass

import verdict as verdicts
from cluster import NODES, Cluster, until
from load import Probe, Server, Writer, make_tasks


@dataclass
class Fault:
    kind: str
    primary: str
    at: float
    successor: str = ""
    seen: float = 0.0  # when Patroni said who the new primary is
    over: float = 0.0


def options():
    parser = argparse.ArgumentParser(prog="Tests/Failover/run", description=__doc__)
    parser.add_argument("--faults", default="kill,switchover,kill", metavar="LIST", help=(
        "what happens to the primary, in turn: kill (-9 of Patroni, PostgreSQL and its backends), switchover"
        " (planned), freeze (all of them hang, until another is primary and for a while after); default %(default)s"))
    parser.add_argument("--rounds", type=int, default=1, help="how often the list is gone through")
    parser.add_argument("--servers", type=int, default=2, help="servers of qkron on the cluster")
    parser.add_argument("--tasks", type=int, default=50, help="tasks that are due every second")
    parser.add_argument("--writers", type=int, default=2, help="clients that write over the API, of each server")
    parser.add_argument("--calm", type=float, default=10.0, help="seconds before and after each fault")
    parser.add_argument("--ttl", type=int, default=10, help="Patroni's ttl: seconds until a dead primary is replaced")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the servers")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="of the writers' choices")
    parser.add_argument("--keep", action="store_true", help="keep the directory with all logs")
    return parser.parse_args()


def strike(cluster, kind):
    """Does it to the primary, waits for the next one, and brings the old one back."""
    fault = Fault(kind, cluster.primary(), time.time())
    old = fault.primary
    if kind == "kill":
        cluster.signal_node(old, signal.SIGKILL)
    elif kind == "freeze":
        cluster.signal_node(old, signal.SIGSTOP)
    else:
        cluster.switch_over(old)
    fault.successor = until(
        "there is another primary", lambda: (new := cluster.primary()) and new != old and new, 120)
    fault.seen = time.time()
    return fault


def mend(cluster, fault):
    if fault.kind == "freeze":
        # It must not wake up as a primary: where this is no test, Patroni's watchdog sees to that.
        cluster.signal_node(fault.primary, signal.SIGKILL)
    if fault.kind != "switchover":
        cluster.start_node(fault.primary)
    cluster.wait_until_whole()


def gap(moments, start, end):
    """The longest time without any of these moments, of that which touches the span: how long, and until when."""
    moments = sorted(moment for moment in moments if start - 60 < moment < end)
    pairs = [(b - a, b) for a, b in zip(moments, moments[1:]) if b >= start]
    return max(pairs, default=(float("nan"), float("nan")))


def tell(faults, probes, writers, starts):
    requests = [request for writer in writers for request in writer.requests]
    answered = [request.answered for request in requests if 200 <= request.status < 300]
    commits = [commit for probe in probes for commit in probe.commits]
    for fault in faults:
        start, end = fault.at, fault.over
        refused = sum(request.status == 503 and start <= request.answered <= end for request in requests)
        slowest = max((r.answered - r.sent for r in requests if start <= r.answered <= end), default=0)
        database, api = gap(commits, start, end), gap(answered, start, end)
        begun = gap([row[2] for row in starts if row[2]], start, end)
        made = max((row[1] - row[0] for row in starts if start - 5 <= row[0] <= end), default=0)
        late = max((row[2] - row[0] for row in starts if row[2] and start - 5 <= row[0] <= end), default=0)
        print(
            f"{fault.kind} of {fault.primary}, {fault.successor} follows:\n"
            f"  the database took no write for {database[0]:.1f} s, until {database[1] - start:.1f} s after it\n"
            f"  the API answered no write for {api[0]:.1f} s, until {api[1] - start:.1f} s after it;"
            f" {refused} times 503, slowest answer {slowest:.1f} s\n"
            f"  no execution started for {begun[0]:.1f} s, until {begun[1] - start:.1f} s after it;"
            f" slots taken up at most {made:.1f} s late, started (where runs may overlap) {late:.1f} s late")


def judge(cluster, servers, writers, tasks, ledger, faults, probes):
    for writer in writers:
        writer.stop()
    for probe in probes:
        probe.stop()
    for task in tasks:
        servers[0].ask("POST", f"/tasks/{task}/pause")
    database = verdicts.Verdict(cluster.connect())
    until("all runs have ended", lambda: database.rows(verdicts.UNENDED)[0][0] == 0, 180)
    ends = [server.stop() for server in servers]
    # Under the other policies runs wait for each other as well.
    free = [task for task, kind in tasks.items() if kind.fields["overlap_policy"] == "allow"]
    tell(faults, probes, writers, database.starts(free))
    print("What is left:")
    database.expect("the servers stopped cleanly", [end for end in ends if end != 0])
    database.slots(tasks)
    database.executions()
    runs = database.ledger(ledger)
    statuses = database.writes(writers)
    database.expect("no process of a command is left", left(os.path.dirname(ledger)))
    print(f"{runs} runs noted; executions: " + ", ".join(" ".join(map(str, row)) for row in database.census()))
    print("API writes: " + ", ".join(f"{count} × {status or 'no answer'}" for status, count in statuses.items()))
    return database.faults


def left(root):
    """The processes of commands that still live."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if f"FAILOVER_TEST={root}".encode() in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            pass
    return found


def play(arguments, root):
    cluster = Cluster(root, arguments.ttl)
    servers = []
    try:
        cluster.start()
        with cluster.connect("postgres", "postgres").cursor() as cursor:
            cursor.execute("CREATE TABLE probe (at timestamptz DEFAULT clock_timestamp())")
            cursor.execute("CREATE ROLE qkron LOGIN PASSWORD %s", (cluster.password,))
            cursor.execute("CREATE DATABASE qkron OWNER qkron")
        ledger = f"{root}/ledger"
        with open(ledger, "w", encoding="utf-8"):
            os.chmod(ledger, 0o666)
        for number in range(arguments.servers):
            settings = dict(each.split("=", 1) for each in arguments.set)
            servers.append(Server(f"server-{number + 1}", root, cluster.url(), settings))
        tasks = make_tasks(servers[0], arguments.tasks, ledger, root)
        probes = [Probe(cluster, node) for node in NODES]
        writers = [
            Writer(servers[number % len(servers)], number, arguments.seed, ledger, root)
            for number in range(arguments.writers * len(servers))]
        for thread in [*probes, *writers]:
            thread.start()
        faults = []
        for kind in arguments.faults.split(",") * arguments.rounds:
            time.sleep(arguments.calm)
            fault = strike(cluster, kind)
            seconds = fault.seen - fault.at
            print(f"{kind} of {fault.primary}: {fault.successor} is primary after {seconds:.1f} s", flush=True)
            # It goes on with two servers, then the third joins again.
            time.sleep(arguments.calm)
            mend(cluster, fault)
            fault.over = time.time()
            faults.append(fault)
        time.sleep(arguments.calm)
        return judge(cluster, servers, writers, tasks, ledger, faults, probes)
    finally:
        for server in servers:
            if server.process.poll() is None:
                server.process.kill()
        cluster.stop()


def main():
    arguments = options()
    # Ended from outside it tidies up as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    root = tempfile.mkdtemp(prefix="qkron-failover-", dir="/tmp")
    # Commands, and PostgreSQL, are other users'.
    os.chmod(root, 0o755)
    print(f"seed {arguments.seed}, logs in {root}", flush=True)
    is_well = False
    try:
        faults = play(arguments, root)
        is_well = not faults
        for fault in faults:
            print(f"FAULT: {fault}")
        print("PASSED" if is_well else "FAILED")
    finally:
        if is_well and not arguments.keep:
            shutil.rmtree(root)
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
