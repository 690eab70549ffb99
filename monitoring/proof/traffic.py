"""Has a server do a little of everything that its metrics count."""

import json
import secrets
import time
from urllib.parse import urlencode
from urllib.request import Request, urlopen

PASSWORD = secrets.token_hex(16)


class Account:
    """A new user of the server, logged in."""

    def __init__(self, url):
        self.base = url.rstrip("/") + "/api/v1"
        self.headers = {"Content-Type": "application/json"}
        name = "proof-" + secrets.token_hex(4)
        self.ask("/auth/register", {"email": f"{name}@example.org", "username": name, "password": PASSWORD})
        form = urlencode({"username": name, "password": PASSWORD}).encode()
        with urlopen(self.base + "/auth/login", data=form, timeout=30) as answer:
            self.headers["Authorization"] = "Bearer " + json.load(answer)["access_token"]

    def ask(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.base + path, data, self.headers, method=method), timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def keep_busy(self):
        """Makes tasks that run every second, one that completes and one that fails. Answers how to end that."""
        tasks = [
            self.ask(
                "/tasks",
                {"name": command, "command": command, "schedule_type": "interval", "schedule": "1s", "max_retries": 0},
            )["id"]
            for command in ("true", "false")
        ]
        return lambda: [self.ask(f"/tasks/{task}", method="DELETE") for task in tasks]


def await_true(what, holds, seconds=60):
    """Waits until `holds` answers something true, and answers that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := holds():
            return answer
        time.sleep(0.3)
    raise SystemExit(f"It took more than {seconds} s: {what}")
