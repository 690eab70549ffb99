"""Finds in deploy/kubernetes what a schema cannot see: names that lead nowhere, graces that do not add up."""

import glob
import os
import sys

import yaml
from settings import known_keys

FOLDER = "deploy/kubernetes/"
FILES = {os.path.basename(path): yaml.safe_load(open(path, encoding="utf-8")) for path in glob.glob(FOLDER + "*.yaml")}
OBJECTS = {file["kind"]: file for name, file in FILES.items() if name != "kustomization.yaml"}
POD = OBJECTS["Deployment"]["spec"]["template"]
CONTAINER = POD["spec"]["containers"][0]
SETTINGS = OBJECTS["ConfigMap"]["data"]
faults = []


def expect(holds, sentence):
    if not holds:
        faults.append(sentence)


def selects(labels):
    return labels.items() <= POD["metadata"]["labels"].items()


listed = set(FILES["kustomization.yaml"]["resources"])
expect(
    listed == set(FILES) - {"kustomization.yaml", "secret.example.yaml"},
    f"kustomization.yaml lists {sorted(listed)} of the files {sorted(FILES)}",
)
for name, file in FILES.items():
    expect("namespace" not in file.get("metadata", {}), f"{name} names a namespace")

for kind, selector in {
    "Deployment": OBJECTS["Deployment"]["spec"]["selector"]["matchLabels"],
    "Service": OBJECTS["Service"]["spec"]["selector"],
    "PodDisruptionBudget": OBJECTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    "NetworkPolicy": OBJECTS["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
}.items():
    expect(selects(selector), f"the selector of the {kind} does not select the pods")

expect(POD["spec"]["serviceAccountName"] == OBJECTS["ServiceAccount"]["metadata"]["name"], "another service account")
ports = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
used = [CONTAINER[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
used += [port["targetPort"] for port in OBJECTS["Service"]["spec"]["ports"]]
expect(set(used) == {"http"}, f"probes and service use the ports {used}")
expect(POD["metadata"]["annotations"]["prometheus.io/port"] == str(ports["http"]), "Prometheus reads another port")

secrets = [item["valueFrom"]["secretKeyRef"] for item in CONTAINER["env"] if "secretKeyRef" in item["valueFrom"]]
for secret in secrets:
    expect(secret["name"] == OBJECTS["Secret"]["metadata"]["name"], f"there is no secret {secret['name']}")
needed = {secret["key"] for secret in secrets if not secret.get("optional")}
expect(needed == set(OBJECTS["Secret"]["stringData"]), "secret and deployment differ")
with open(FOLDER + "secret.example.yaml", encoding="utf-8") as example:
    told = example.read()
for secret in secrets:
    expect(f"{secret['key']}:" in told, f"secret.example.yaml does not tell of {secret['key']}")
for key in [item["name"] for item in CONTAINER["env"]] + list(SETTINGS):
    expect(key in known_keys(), f"{key} is no setting of qkron")

graces = int(SETTINGS["QKRON_SHUTDOWN_GRACE"]) + int(SETTINGS["QKRON_KILL_GRACE"])
graces += CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
expect(POD["spec"]["terminationGracePeriodSeconds"] > graces, f"a pod needs more than {graces} s to end")
expect(
    {mount["name"] for mount in CONTAINER["volumeMounts"]} == {volume["name"] for volume in POD["spec"]["volumes"]},
    "the volumes are not those that are mounted",
)

print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
sys.exit(bool(faults))
