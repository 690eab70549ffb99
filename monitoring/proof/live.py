"""Compares what the alerts and the dashboard ask for with what a server exposes and a Prometheus that watches it answers:
live.py URL-OF-THE-SERVER URL-OF-PROMETHEUS"""

import json
import re
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import questions
from traffic import Account, await_true

SERVER, PROMETHEUS = sys.argv[1:]
faults = []


def expect(holds, sentence):
    if not holds:
        faults.append(sentence)


def prometheus(path, **arguments):
    """What Prometheus answers, or None while it does not yet, or the error that it answers with, as a text."""
    try:
        with urlopen(f"{PROMETHEUS}/api/v1/{path}?{urlencode(arguments)}", timeout=10) as answer:
            return json.load(answer)["data"]
    except HTTPError as error:
        return error.read().decode() if error.code in (400, 422) else None
    except URLError:
        return None


def families():
    """The metrics that the server exposes, with their types."""
    with urlopen(SERVER + "/metrics", timeout=10) as answer:
        return dict(re.findall(r"^# TYPE (\S+) (\S+)$", answer.read().decode(), re.MULTILINE))


def series_names(types):
    endings = {"histogram": ("_bucket", "_sum", "_count")}
    return {name + ending for name, kind in types.items() for ending in endings.get(kind, ("",))}


def targets_are_up():
    targets = (prometheus("targets") or {}).get("activeTargets", [])
    return targets and all(target["health"] == "up" for target in targets)


def rules():
    return [rule for group in (prometheus("rules") or {}).get("groups", []) for rule in group["rules"]]


def rules_are_evaluated():
    return rules() and all(rule["health"] == "ok" for rule in rules())


def check_names(types):
    exposed = series_names(types) | {"up"}
    for what, expression in [*questions.alerts(), *questions.queries()]:
        named = questions.metrics_of(expression)
        expect(named, f"{what} names no metric: {expression}")
        expect(named <= exposed, f"{what} asks for {sorted(named - exposed)}, which the server does not expose")
    documented = set(re.findall(r"^\| `(qkron_\w+)", Path("docs/monitoring.md").read_text(encoding="utf-8"), re.MULTILINE))
    own = {name for name in types if name.startswith("qkron_")}
    expect(documented == own, f"docs/monitoring.md and the server differ in {sorted(documented ^ own)}")


def check_query(title, expression):
    data = await_true(f"{title} has no answer: {expression}", lambda: answered(expression))
    if isinstance(data, str):
        faults.append(f"{title}: Prometheus refuses {expression}: {data}")
        return
    labels = {label for series in data["result"] for label in series["metric"]}
    missing = questions.grouping_of(expression) - labels
    expect(not missing, f"{title} groups by {sorted(missing)}, which no series bears: {expression}")


def answered(expression):
    data = prometheus("query", query=expression)
    return data if isinstance(data, str) or (data and data["result"]) else None


def main():
    stop = Account(SERVER).keep_busy()
    try:
        await_true("the target is not up", targets_are_up)
        await_true(f"the rules are not evaluated: {rules()}", rules_are_evaluated)
        expect(len(rules()) == len(questions.alerts()), f"Prometheus knows {len(rules())} rules")
        check_names(families())
        asked = list(questions.queries())
        for title, expression in asked:
            check_query(title, expression)
    finally:
        stop()
    print(f"The target is up, {len(rules())} rules evaluate, and {len(asked)} queries of the dashboard have an answer.")
    sys.exit("\n".join(faults) or None)


main()
