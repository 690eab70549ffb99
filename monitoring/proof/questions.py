"""The questions that the alerts and the dashboard ask of Prometheus."""

import json
import re
from pathlib import Path

import yaml

HERE = Path("monitoring")
VARIABLES = {"$instance": ".*", "$__rate_interval": "15s", "$__range": "1h", "$__interval": "15s"}


def alerts():
    """Names and expressions."""
    groups = yaml.safe_load((HERE / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [(rule["alert"], rule["expr"]) for group in groups for rule in group["rules"]]


def dashboards():
    """Names of dashboards, and what they are."""
    return [(path.name, json.loads(path.read_text(encoding="utf-8"))) for path in HERE.glob("grafana/dashboards/*.json")]


def panels(dashboard):
    """Panels, those in rows as well."""
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries():
    """Titles of panels and expressions, the variables of Grafana filled in."""
    for _, dashboard in dashboards():
        for panel in panels(dashboard):
            for target in panel.get("targets", []):
                expression = target["expr"]
                for variable, value in VARIABLES.items():
                    expression = expression.replace(variable, value)
                yield panel["title"], expression


def metrics_of(expression):
    """The metrics that it names. All of ours do so with a selector in braces."""
    return set(re.findall(r"\b([a-zA-Z_:][a-zA-Z0-9_:]*)\{", expression))


def grouping_of(expression):
    """The labels that it groups by, other than the buckets' own."""
    lists = re.findall(r"\bby \(([^)]*)\)", expression)
    return {label.strip() for labels in lists for label in labels.split(",")} - {"le"}
