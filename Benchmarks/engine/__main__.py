"""Runs the rows that are named and prints their figures.

python -m engine [--quick] [--rounds N] [--json FILE] ROW ...
"""

import argparse
import importlib
import json
import signal
import sys

from engine import machine
from engine.figures import Figures
from engine.lab import Lab


def main() -> int:
    parser = argparse.ArgumentParser(prog="Benchmarks/run")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    parser.add_argument("rows", nargs="+")
    options = parser.parse_args()
    # So that whatever was started is stopped, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))

    rounds = 1 if options.quick else max(1, options.rounds)
    figures = Figures()
    failed = []
    description = machine.describe()
    print(machine.text(description), flush=True)
    for name in options.rows:
        row = importlib.import_module(f"engine.rows.{name}")
        print(f"\n{name}: {row.__doc__.strip().splitlines()[0]}", flush=True)
        load = machine.load()
        try:
            with Lab(is_quick=options.quick, rounds=rounds) as lab:
                row.measure(lab, figures.row(name))
        except Exception as error:  # One row that fails must not hide the others.
            failed.append(name)
            print(f"  FAILED: {type(error).__name__}: {error}", flush=True)
        figures.note(name, f"load average before: {load}")
    print()
    print(figures.table())
    print("\n" + machine.text(description))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"machine": description, "figures": figures.as_json(), "failed": failed}, file, indent=2)
    if failed:
        print(f"\nRows that failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
