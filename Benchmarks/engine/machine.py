"""The machine that was measured on, without its name."""

import os
import platform
import re
import subprocess


def first_line(*command) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return "none"
    return (done.stdout + done.stderr).strip().splitlines()[0].strip()


def describe() -> dict[str, str]:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = re.findall(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    with open("/proc/meminfo", encoding="utf-8") as file:
        kilobytes = int(re.search(r"MemTotal:\s+(\d+)", file.read())[1])
    with open("/etc/os-release", encoding="utf-8") as file:
        system = re.search(r'^PRETTY_NAME="?([^"\n]*)', file.read(), re.MULTILINE)[1]
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "cpu": models[0] if models else platform.machine(),
        "memory": f"{kilobytes / 1048576:.0f} GiB",
        "kernel": platform.release(),
        "system": system,
        "qkron": first_line(os.environ["QKRON"], "version"),
        "postgres": first_line(postgres_program("postgres"), "--version"),
        "swift": first_line("swift", "--version"),
        "python": platform.python_version(),
        "load": load(),
    }


def text(description) -> str:
    return "; ".join(f"{key}: {value}" for key, value in description.items())


def load() -> str:
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def postgres_program(name) -> str:
    """The newest PostgreSQL program of this name, where Debian keeps it, else in PATH."""
    root = "/usr/lib/postgresql"
    versions = os.listdir(root) if os.path.isdir(root) else []
    for version in sorted((v for v in versions if v.isdigit()), key=int, reverse=True):
        path = f"{root}/{version}/bin/{name}"
        if os.access(path, os.X_OK):
            return path
    return name


def children(pid) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def cpu_seconds(pid) -> tuple[float, float]:
    """Seconds of processor time of a process, and of the children that it has waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):  # It has just ended.
        return 0, 0
    own, of_children = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own / os.sysconf("SC_CLK_TCK"), of_children / os.sysconf("SC_CLK_TCK")
