"""Breaks each alert in several ways and expects its unit tests to notice each time: a test that passes whatever the rule
says proves nothing."""

import copy
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

RULES = yaml.safe_load(Path("monitoring/alerts.yml").read_text(encoding="utf-8"))
TESTS = Path("monitoring/alerts_test.yml").read_text(encoding="utf-8")


def set_to(key, value):
    return lambda rule: rule.update({key: value})


def mutants(rule):
    yield "never fires", set_to("expr", f"({rule['expr']}) and on() absent(vector(1))")
    yield "always fires", set_to("expr", "vector(1)")
    yield "has another severity", lambda rule: rule["labels"].update(severity="none")
    if "for" in rule:
        yield "fires at once", lambda rule: rule.pop("for")
        yield "fires after a day only", set_to("for", "1d")


def tests_pass(rules):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "alerts.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
        Path(folder, "alerts_test.yml").write_text(TESTS, encoding="utf-8")
        tests = subprocess.run(["promtool", "test", "rules", f"{folder}/alerts_test.yml"], capture_output=True)
        return tests.returncode == 0


def broken_rules():
    """What is broken, told as a sentence's end, and all rules with that one broken."""
    for at, group in enumerate(RULES["groups"]):
        for which, rule in enumerate(group["rules"]):
            for what, break_it in mutants(rule):
                broken = copy.deepcopy(RULES)
                break_it(broken["groups"][at]["rules"][which])
                yield f"{rule['alert']} {what}", broken


def main():
    if not tests_pass(RULES):
        sys.exit("The tests do not pass as they are.")
    sentences, broken = zip(*broken_rules())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        survivors = [said for said, passes in zip(sentences, pool.map(tests_pass, broken)) if passes]
    print(f"{len(sentences)} broken alerts, {len(sentences) - len(survivors)} noticed by the tests")
    sys.exit("\n".join(f"No test notices when {said}." for said in survivors) or None)


main()
