"""Times cronsim and croniter on the cases of a file and prints one table beside our own figures."""

import sys
import time
from datetime import datetime, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

RUNS = 300
ROUNDS = 3
CHECKED = 30


def best(work):
    """The shortest of several rounds, in microseconds, and what the work returned."""
    shortest, result = float("inf"), None
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest * 1e6, result


def cronsim_steps(expression, start):
    simulation = CronSim(expression, start)
    return lambda: next(simulation)


def croniter_steps(expression, start):
    iterator = croniter(expression, start)
    return lambda: iterator.get_next(datetime)


def measure(make, expression, start, runs):
    """Microseconds to parse, microseconds per next, and the sum of the first runs to check by."""
    parse, _ = best(lambda: [make(expression, start) for _ in range(100)])

    def walk():
        step = make(expression, start)
        return [step().timestamp() for _ in range(runs)]

    total, found = best(walk)
    return parse / 100, total / runs, int(sum(found[:CHECKED]))


def main():
    cases = [line.rstrip("\n").split("\t") for line in open(sys.argv[1], encoding="utf-8") if line.strip()]
    ours = [line.split("\t") for line in open(sys.argv[2], encoding="utf-8")]
    print(f"cronsim {version('cronsim')}, croniter {version('croniter')}, Python {sys.version.split()[0]}")
    print("microseconds; x = how many times as long as qkron; ! = the runs differ")
    print(f"{'schedule':<18}{'zone':<21}{'':>2}{'qkron':>8}{'cronsim':>16}{'croniter':>17}")
    for (name, expression, zone), (parse, step, total) in zip(cases, ours, strict=True):
        start = datetime(2026, 1, 1, tzinfo=timezone.utc).astimezone(ZoneInfo(zone))
        # Both libraries give up within a century: 10 leap days, and a check of the first runs only as far.
        runs = 10 if "29 2" in expression else RUNS
        rows = {"parse": [float(parse)], "next": [float(step)]}
        marks = []
        for make in (cronsim_steps, croniter_steps):
            theirs = measure(make, expression, start, runs)
            rows["parse"].append(theirs[0])
            rows["next"].append(theirs[1])
            marks.append("!" if runs >= CHECKED and theirs[2] != int(total) else " ")
        for kind, (mine, *others) in rows.items():
            text = "".join(
                f"{value:>9.2f} {value / mine:>5.0f}x{mark if kind == 'next' else ' '}"
                for value, mark in zip(others, marks)
            )
            label = f"{name:<18}{zone:<21}" if kind == "parse" else f"  {expression:<37}"
            print(f"{label}{kind:<6}{mine:>6.2f} {text}")


if __name__ == "__main__":
    main()
