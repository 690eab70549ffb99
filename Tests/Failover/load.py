"""What goes on while the primary dies: servers, tasks that are due every second, and writes over the API."""

import http.client
import json
import os
import random
import subprocess
import threading
import time
from dataclasses import dataclass

import psycopg2

from cluster import until

# What a command notes of itself: one write of one line, which the system keeps whole.
NOTE = 'echo "$QKRON_TASK_ID $QKRON_SCHEDULED_FOR $QKRON_EXECUTION_ID $QKRON_FENCING_TOKEN" >> '


@dataclass
class Request:
    sent: float
    answered: float
    status: int  # 0 is no answer at all


class Server:
    """One `qkron serve` on the cluster."""

    def __init__(self, name, root, url, settings):
        self.name, self.root = name, root
        directory = f"{root}/{name}"
        os.mkdir(directory)
        environment = {
            "PATH": os.environ["PATH"], "HOME": root, "DATA_DIR": directory, "PORT": "0", "NODE_NAME": name,
            "DATABASE_URL": url, "ENVIRONMENT": "development", "LOG_FORMAT": "json", "PASSWORD_HASH_COST": "1",
            "ACCESS_TOKEN_EXPIRE_MINUTES": "1440", "SECRET_KEY": "the-servers-of-one-database-share-this",
            "ENCRYPTION_KEY": "c2hhcmVkIGJ5IHRoZSBzZXJ2ZXJzIG9mIGEgdGVzdCE=", "SUPERUSER_USERNAME": "root",
            "SUPERUSER_EMAIL": "root@tests.example", "SUPERUSER_PASSWORD": "superuser-password", **settings,
        }
        with open(f"{root}/{name}.out", "ab") as output, open(f"{root}/{name}.log", "ab") as log:
            self.process = subprocess.Popen(
                [os.environ["QKRON"], "serve"], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=log,
                cwd=root, start_new_session=True)
        self.port = until(f"{name} says where it listens", self._announced)
        self.token = None
        until(f"{name} is ready", lambda: self.call("GET", "/ready").status == 200)
        login = {"username": "root", "password": "superuser-password"}
        self.token = self.ask("POST", "/auth/login", login)["access_token"]

    def _announced(self):
        if self.process.poll() is not None:
            raise ChildProcessError(f"{self.name} ended with {self.process.returncode}; see its log")
        with open(f"{self.root}/{self.name}.out", encoding="utf-8") as file:
            _, found, rest = file.read().partition("http://127.0.0.1:")
        digits = "".join(character for character in rest[:6] if character.isdigit())
        return int(digits) if found and len(digits) < len(rest) else None

    def send(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        sent, status, answer = time.time(), 0, None
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            text = response.read()
            status, answer = response.status, json.loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError):
            pass
        finally:
            connection.close()
        return Request(sent, time.time(), status), answer

    def call(self, method, path, body=None):
        return self.send(method, path, body)[0]

    def ask(self, method, path, body=None):
        request, answer = self.send(method, path, body)
        if not 200 <= request.status < 300:
            raise ValueError(f"{method} {path}: {request.status} {answer}")
        return answer

    def stop(self):
        self.process.terminate()
        return self.process.wait(90)


@dataclass
class Kind:
    """A manner of tasks, and what may become of a slot that did not run."""
    name: str
    fields: dict
    may_skip: tuple = ()


KINDS = [
    Kind("allow", {"overlap_policy": "allow"}),
    Kind("queue", {"overlap_policy": "queue"}),
    Kind("overlap", {"overlap_policy": "skip"}, ("overlap",)),
    Kind("fire_all", {"overlap_policy": "queue", "misfire_policy": "fire_all", "misfire_grace": 1}),
    Kind("misfire", {"overlap_policy": "allow", "misfire_policy": "skip", "misfire_grace": 1}, ("misfire",)),
    Kind("fire_once", {"overlap_policy": "allow", "misfire_policy": "fire_once", "misfire_grace": 1}, ("misfire",)),
    # Long enough to be under way when the primary dies.
    Kind("long", {"overlap_policy": "skip", "retry_delay": 1}, ("overlap",)),
]


def make_tasks(server, count, ledger, root):
    """Tasks that are due every second, by turns on a grid of their own and on the clock's; their kinds by id."""
    made = {}
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        schedule = ("interval", "1s") if number % 2 else ("cron", "* * * * * *")
        work = "; sleep 2.5" if kind.name == "long" else ""
        task = server.ask("POST", "/tasks", {
            "name": f"{kind.name} {number}", "schedule_type": schedule[0], "schedule": schedule[1],
            "command": f"{NOTE}{ledger}{work}", "env": {"FAILOVER_TEST": root}, "max_retries": 3, **kind.fields})
        made[task["id"]] = kind
    return made


class Writer(threading.Thread):
    """Writes over the API and remembers what was answered. Its tasks are its own, so nobody else changes them."""

    def __init__(self, server, number, seed, ledger, root):
        super().__init__(daemon=True)
        self.server = server
        self.random = random.Random(f"{seed} {number}")
        self.label = f"writer {number}"
        self.requests: list[Request] = []
        self.names: dict[str, set[str]] = {}  # what a task may be called: the last one answered, and those since
        self.gone: set[str] = set()
        self.maybe_gone: set[str] = set()
        self.executions: set[str] = set()
        self.is_over = threading.Event()
        self.by_hand = server.ask("POST", "/tasks", {
            "name": f"{self.label} by hand", "schedule_type": "once", "schedule": "2120-01-01T00:00:00Z",
            "command": f"{NOTE}{ledger}", "env": {"FAILOVER_TEST": root}, "overlap_policy": "allow",
            "retry_delay": 1})["id"]

    def run(self):
        count = 0
        while not self.is_over.is_set():
            count += 1
            self._write(f"{self.label} {count}")
            self.is_over.wait(0.1)

    def _write(self, name):
        choice = self.random.random()
        certain = [task for task in self.names if task not in self.maybe_gone]
        if choice < 0.3 or not certain:
            body = {"name": name, "schedule_type": "once", "schedule": "2120-01-01T00:00:00Z", "command": "true"}
            if answer := self._send("POST", "/tasks", body):
                self.names[answer["id"]] = {name}
        elif choice < 0.6:
            task = self.random.choice(certain)
            self.names[task].add(name)
            if self._send("PATCH", f"/tasks/{task}", {"name": name}):
                self.names[task] = {name}
        elif choice < 0.9:
            if answer := self._send("POST", f"/tasks/{self.by_hand}/execute"):
                self.executions.add(answer["execution_id"])
        else:
            task = self.random.choice(certain)
            self.maybe_gone.add(task)
            if self._send("DELETE", f"/tasks/{task}"):
                self.gone.add(task)
                self.maybe_gone.remove(task)
                del self.names[task]

    def _send(self, method, path, body=None):
        request, answer = self.server.send(method, path, body)
        self.requests.append(request)
        return (answer or True) if 200 <= request.status < 300 else None

    def stop(self):
        self.is_over.set()
        self.join(90)


class Probe(threading.Thread):
    """Commits a row of its own on one node again and again: when the database itself took writes, without qkron."""

    def __init__(self, cluster, node):
        super().__init__(daemon=True)
        self.cluster, self.node = cluster, node
        self.commits: list[float] = []
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.is_set():
            try:
                connection = self.cluster.connect("postgres", "postgres", [self.node])
                try:
                    while not self.is_over.is_set():
                        with connection.cursor() as cursor:
                            cursor.execute("INSERT INTO probe DEFAULT VALUES")
                        self.commits.append(time.time())
                        self.is_over.wait(0.1)
                finally:
                    connection.close()
            except psycopg2.Error:
                self.is_over.wait(0.1)

    def stop(self):
        self.is_over.set()
