"""A qkron server under measurement, and what is asked of its database."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import time
import urllib.parse

import psycopg

from engine import machine

PASSWORD = "a password for benchmarks"


class Server(contextlib.ExitStack):
    """qkron with default settings, but for those named; its log goes to a file."""

    count = 0

    def __init__(self, lab, database_url, settings=None, data_dir=None):
        super().__init__()
        Server.count += 1
        self.database_url = database_url
        self.data_dir = data_dir or lab.path(f"qkron{Server.count}")
        self.log_path = lab.path(f"qkron{Server.count}.log")
        self.connections = []
        environment = {
            "PATH": os.environ["PATH"], "DATABASE_URL": database_url, "QKRON_DATA_DIR": self.data_dir,
            "QKRON_HOST": "127.0.0.1", "QKRON_PORT": "0", "QKRON_SUPERUSER_USERNAME": "bench",
            "QKRON_SUPERUSER_EMAIL": "bench@example.org", "QKRON_SUPERUSER_PASSWORD": PASSWORD,
            **{f"QKRON_{key}": str(value) for key, value in (settings or {}).items()},
        }
        began = time.monotonic()
        log = self.enter_context(open(self.log_path, "wb"))
        self.process = subprocess.Popen(
            [os.environ["QKRON"], "serve"], env=environment, cwd=lab.directory, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=log)
        self.callback(self._stop)
        try:
            self.port = self._listening_port()
            while self.request("GET", "/ready")[0] != 200:
                time.sleep(0.002)
        except BaseException:
            self.close()
            raise
        self.seconds_to_ready = time.monotonic() - began
        self._token = None

    def _listening_port(self) -> int:
        for line in self.process.stdout:
            if b"Listening on " in line:
                return urllib.parse.urlsplit(line.split()[-1].decode()).port
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"qkron did not start: {log.read()[-2000:]}")

    def _stop(self):
        for connection in self.connections:
            connection.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            # The executor ends by itself once its leases have lapsed.
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    @property
    def token(self) -> str:
        if self._token is None:
            form = urllib.parse.urlencode({"username": "bench", "password": PASSWORD})
            status, body = self.request(
                "POST", "/api/v1/auth/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
            assert status == 200, f"login answered {status}: {body}"
            self._token = body["access_token"]
        return self._token

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def connect_http(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.connections.append(connection)
        return connection

    def request(self, method, path, body=None, headers=None):
        """One request over a connection of its own: the status and what the JSON says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        except ConnectionError:
            return 0, None
        finally:
            connection.close()

    def post(self, path, body) -> dict:
        status, answer = self.request("POST", f"/api/v1{path}", json.dumps(body), self.authorization)
        assert status < 300, f"{path} answered {status}: {answer}"
        return answer

    def database(self) -> psycopg.Connection:
        return psycopg.connect(self.database_url, autocommit=True)

    @property
    def pids(self) -> dict[str, int]:
        """The server and its executor."""
        found = {"server": self.process.pid}
        children = machine.children(self.process.pid)
        # Where root started the server, the executor is its launcher's.
        for child in children + [child for parent in children for child in machine.children(parent)]:
            with open(f"/proc/{child}/cmdline", "rb") as arguments:
                if b"executor" in arguments.read().split(b"\0"):
                    found["executor"] = child
        return found

    def memory(self, name, key="VmRSS") -> float:
        """MiB of resident memory of the server or its executor; VmHWM is the most there ever was."""
        with open(f"/proc/{self.pids[name]}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(f"{key}:"):
                    return int(line.split()[1]) / 1024
        raise KeyError(key)

    def cpu_seconds(self) -> dict[str, float]:
        """Seconds of processor time that the server, its executor and the commands that have ended have used."""
        pids = self.pids
        executor, commands = machine.cpu_seconds(pids["executor"])
        return {"server": machine.cpu_seconds(pids["server"])[0], "executor": executor, "commands": commands}


TASKS = """
    WITH made AS (
        INSERT INTO qkron.tasks (
            id, owner_id, name, task_type, parameters, schedule_type, schedule, timezone, anchor, once_at, timing_since,
            misfire_policy, misfire_grace, overlap_policy, timeout, max_retries, retry_delay, retry_backoff, priority,
            tags, is_active, status, next_run, created_at, updated_at)
        SELECT gen_random_uuid(), u.id, %(name)s || ' ' || i, 'command', %(parameters)s::jsonb, %(kind)s, {schedule},
               'UTC', {anchor}, {once}, clock_timestamp(), 'fire_once', 60, %(overlap)s, 300, 0, 60, 'fixed', 5, '{{}}',
               true, 'pending', {next_run}, clock_timestamp(), clock_timestamp()
        FROM generate_series(0, %(count)s - 1) AS i, (SELECT id FROM qkron.users WHERE username = 'bench') AS u
        RETURNING *
    )
    INSERT INTO qkron.task_schedules (
        task_id, valid_from, schedule_type, schedule, timezone, starts_at, ends_at, anchor, once_at, is_active,
        owner_is_active)
    SELECT id, created_at, schedule_type, schedule, timezone, starts_at, ends_at, anchor, once_at, is_active, true
    FROM made
"""


def add_tasks(connection, count, kind, schedule, next_run, anchor="NULL::timestamptz", once="NULL::timestamptz",
              overlap="skip", command="true", **values):
    """Stores tasks as the API would; the parts of their timing are SQL over the number `i`."""
    statement = TASKS.format(schedule=schedule, next_run=next_run, anchor=anchor, once=once)
    parameters = {"name": "benchmark", "parameters": json.dumps({"command": command}), "kind": kind, "count": count,
                  "overlap": overlap, **values}
    connection.execute(statement, parameters)
    connection.execute("SELECT pg_notify('qkron', 'due')")


def clear_tasks(connection):
    """Removes all tasks with their executions, none of which is unfinished, and their dead rows from the files."""
    # No TRUNCATE: its locks could deadlock with those of a running engine.
    connection.execute("DELETE FROM qkron.executions")
    connection.execute("DELETE FROM qkron.tasks")
    connection.execute("VACUUM ANALYZE qkron.tasks, qkron.task_schedules, qkron.executions, qkron.execution_output")


def count_ended(connection) -> int:
    return connection.execute("SELECT count(*) FROM qkron.executions WHERE ended_at IS NOT NULL").fetchone()[0]


def count_unfinished(connection) -> int:
    return connection.execute(
        "SELECT count(*) FROM qkron.executions WHERE status IN ('pending', 'running')").fetchone()[0]


def count_due(connection) -> int:
    """Tasks that have not fired for the last time; asked of an index, so that asking costs little."""
    return connection.execute("SELECT count(*) FROM qkron.tasks WHERE next_run IS NOT NULL").fetchone()[0]
