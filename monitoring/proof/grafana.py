"""Finds in monitoring/grafana what would lead nowhere once docker-compose.yml has mounted it."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import questions
import yaml

SERVICES = yaml.safe_load(Path("docker-compose.yml").read_text(encoding="utf-8"))["services"]
MOUNTS = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
faults = []


def expect(holds, sentence):
    if not holds:
        faults.append(sentence)


def provisioned(what):
    folder = Path("monitoring/grafana/provisioning") / what
    expect(
        MOUNTS.get(f"./{folder}") == f"/etc/grafana/provisioning/{what}", f"{folder} is not mounted where Grafana looks"
    )
    return [item for path in folder.glob("*.yml") for item in yaml.safe_load(path.read_text(encoding="utf-8"))[KEYS[what]]]


KEYS = {"datasources": "datasources", "dashboards": "providers"}
SOURCES = provisioned("datasources")
for source in SOURCES:
    expect(urlsplit(source["url"]).hostname in SERVICES, f"no service answers at {source['url']}")
place = MOUNTS["./monitoring/grafana/dashboards"]
for provider in provisioned("dashboards"):
    expect(provider["options"]["path"] == place, f"dashboards are mounted at {place} and looked for elsewhere")

home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
expect(str(home.parent) == place, f"{home} is not where the dashboards are")
expect(home.name in dict(questions.dashboards()), f"there is no dashboard {home.name}")

known = {"${datasource}", "-- Grafana --"} | {source["uid"] for source in SOURCES}
for name, dashboard in questions.dashboards():
    panels = list(questions.panels(dashboard))
    expect(len({panel["id"] for panel in panels}) == len(panels), f"{name}: two panels have one id")
    for panel in panels:
        if "datasource" in panel:
            expect(panel["datasource"]["uid"] in known, f"{name}: {panel['title']} has an unknown data source")

sys.exit("\n".join(faults) or None)
