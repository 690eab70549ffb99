"""Finds in docker-compose.yml what a schema cannot see: names and paths that lead nowhere."""

import os
import re
import sys

import yaml
from settings import known_keys


class ComposeLoader(yaml.SafeLoader):
    """Knows the tags by which one compose file overrides another."""


ComposeLoader.add_constructor("!override", lambda loader, node: loader.construct_sequence(node))

TEXT = open("docker-compose.yml", encoding="utf-8").read()
FILE = yaml.safe_load(TEXT)
SERVICES = FILE["services"]
faults = []


def check_volumes(name, service):
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            if not os.path.exists(source):
                faults.append(f"{name} mounts {source}, which does not exist")
        elif source not in FILE["volumes"]:
            faults.append(f"{name} mounts the volume {source}, which is not declared")


def check_dependencies(name, service):
    wanted = service.get("depends_on", {})
    for other in wanted:
        if other not in SERVICES:
            faults.append(f"{name} depends on {other}, which is no service")
        elif isinstance(wanted, dict) and wanted[other]["condition"] == "service_healthy":
            if "healthcheck" not in SERVICES[other]:
                faults.append(f"{name} waits for the health of {other}, which has no health check")


def check_ports(name, service):
    for port in service.get("ports", []):
        if not port.startswith("127.0.0.1:"):
            faults.append(f"{name} listens to everybody on {port}")


def check_image(name, service):
    if not re.search(r":[\w.-]+$", service.get("image", "")):
        faults.append(f"{name} names no version of its image")


for name, service in SERVICES.items():
    check_volumes(name, service)
    check_dependencies(name, service)
    check_ports(name, service)
    check_image(name, service)

OVERRIDE = yaml.load(open("deploy/docker-compose.override.example.yml", encoding="utf-8"), Loader=ComposeLoader)
for key in [*SERVICES["qkron"]["environment"], *OVERRIDE["services"]["qkron"]["environment"]]:
    if key not in known_keys():
        faults.append(f"{key} is no setting of qkron")

EXAMPLE = open(".env.example", encoding="utf-8").read()
for variable in set(re.findall(r"\$\{(\w+)", TEXT)):
    if not re.search(rf"^#{variable}=", EXAMPLE, re.MULTILINE):
        faults.append(f"{variable} is asked for, and .env.example does not tell of it")

print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
sys.exit(bool(faults))
