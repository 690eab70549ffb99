"""Runs wrk and reads what it says."""

import json
import subprocess

REPORT = """
done = function(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format('\\nREPORT {"requests": %d, "microseconds": %d, "p50": %f, "p99": %f, "bad": %d}\\n',
        summary.requests, summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


def run(lab, url, seconds, connections=64, headers=None, method="GET", body=None, script="", allows_errors=False):
    """Requests a second, and p50 and p99 in milliseconds."""
    lines = [REPORT, f"wrk.method = {json.dumps(method)}"]
    lines += [f"wrk.headers[{json.dumps(key)}] = {json.dumps(value)}" for key, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"wrk.body = {json.dumps(body)}")
    path = lab.write("wrk.lua", "\n".join([*lines, script]))
    threads = min(2, connections)
    command = ["wrk", f"-c{connections}", f"-t{threads}", f"-d{seconds}s", "-s", path, url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    report = json.loads(text.split("REPORT ", 1)[1].splitlines()[0])
    if report["bad"] and not allows_errors:
        raise RuntimeError(f"{report['bad']} of {report['requests']} requests to {url} failed")
    report["rate"] = (report["requests"] - report["bad"]) / (report["microseconds"] / 1e6)
    return report
