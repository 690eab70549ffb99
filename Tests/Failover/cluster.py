"""Three PostgreSQL servers under Patroni, with one etcd, on ports of the loopback."""

import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import psycopg2
import psycopg2.extensions

NODES = ("alpha", "beta", "gamma")


def wait(connection):
    """Waits for a connection, not for ever: a frozen server never answers."""
    deadline = time.monotonic() + 60
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        sides = [[connection], []] if state == psycopg2.extensions.POLL_READ else [[], [connection]]
        if not any(select.select(*sides, [], max(0, deadline - time.monotonic()))):
            raise psycopg2.OperationalError("No answer in time")


psycopg2.extensions.set_wait_callback(wait)


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def until(what, condition, seconds=120.0, pause=0.1):
    """Asks again and again; the first answer that is true is returned."""
    deadline = time.monotonic() + seconds
    while True:
        if answer := condition():
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {seconds:.0f} s in vain: {what}")
        time.sleep(pause)


def processes():
    """The parent of every process."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                pass
    return parents


def tree(roots):
    """These processes and all that descend from them."""
    found, parents = set(roots), processes()
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


class Cluster:
    def __init__(self, root, ttl):
        self.root = root
        self.ttl = ttl
        self.password = secrets.token_hex(16)
        self.etcd_port, peer, *ports = free_ports(2 + 2 * len(NODES))
        self.port = dict(zip(NODES, ports))
        self.rest = dict(zip(NODES, ports[len(NODES):]))
        self.patroni = {}
        self.become = []
        if os.geteuid() == 0:
            self.become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        self.directory = f"{root}/cluster"
        os.mkdir(self.directory)
        if self.become:
            shutil.chown(self.directory, "postgres", "postgres")
        client, peers = f"http://127.0.0.1:{self.etcd_port}", f"http://127.0.0.1:{peer}"
        self.etcd = self._spawn("etcd", [
            "etcd", "--name=etcd", f"--data-dir={self.directory}/etcd", f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}", f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=etcd={peers}",
        ])
        for node in NODES:
            with open(f"{root}/{node}.yml", "w", encoding="utf-8") as file:
                json.dump(self._configuration(node), file)  # which is YAML
            os.chmod(file.name, 0o640)
            if self.become:
                shutil.chown(file.name, group="postgres")

    def _spawn(self, name, arguments):
        with open(f"{self.root}/{name}.log", "ab") as log:
            return subprocess.Popen(
                self.become + arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                start_new_session=True,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": self.directory})

    def _configuration(self, node):
        home = f"{self.directory}/{node}"
        binaries = max(os.listdir("/usr/lib/postgresql"), key=int)
        login = {"password": self.password}
        return {
            "scope": "failover",
            "name": node,
            "restapi": {
                "listen": f"127.0.0.1:{self.rest[node]}", "connect_address": f"127.0.0.1:{self.rest[node]}"},
            "etcd3": {"host": f"127.0.0.1:{self.etcd_port}"},
            "bootstrap": {
                "dcs": {
                    "ttl": self.ttl, "loop_wait": max(1, self.ttl // 5), "retry_timeout": max(3, self.ttl // 4),
                    # What is acknowledged is on two servers; with one alone nothing is acknowledged.
                    "synchronous_mode": True, "synchronous_mode_strict": True,
                    "postgresql": {
                        "use_pg_rewind": True, "use_slots": True,
                        "parameters": {"max_connections": 100, "wal_keep_size": "512MB"}},
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"],
            },
            "postgresql": {
                "listen": f"127.0.0.1:{self.port[node]}", "connect_address": f"127.0.0.1:{self.port[node]}",
                "data_dir": home, "bin_dir": f"/usr/lib/postgresql/{binaries}/bin", "pgpass": f"{home}.pgpass",
                "authentication": {
                    "superuser": {"username": "postgres", **login}, "replication": {"username": "replicator", **login},
                    "rewind": {"username": "rewinder", **login}},
                "parameters": {"unix_socket_directories": self.directory, "shared_buffers": "64MB"},
                "pg_hba": [
                    "local all all scram-sha-256", "host all all 127.0.0.1/32 scram-sha-256",
                    "host replication all 127.0.0.1/32 scram-sha-256"],
                "remove_data_directory_on_rewind_failure": True,
                "remove_data_directory_on_diverged_timelines": True,
            },
        }

    def start(self):
        until("etcd answers", lambda: self._get(self.etcd_port, "/health"), 60)
        self.start_node(NODES[0])
        until("there is a primary", self.primary)
        for node in NODES[1:]:
            self.start_node(node)
        self.wait_until_whole()

    def start_node(self, node):
        self.patroni[node] = self._spawn(node, ["patroni", f"{self.root}/{node}.yml"])

    @staticmethod
    def _get(port, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as answer:
                return json.load(answer)
        except (OSError, ValueError):
            return None

    def members(self):
        """What the first Patroni that answers says of all."""
        for node in NODES:
            if self.patroni.get(node) and self.patroni[node].poll() is None:
                if answer := self._get(self.rest[node], "/cluster"):
                    return {member["name"]: member for member in answer["members"]}
        return {}

    def primary(self):
        leaders = [name for name, member in self.members().items() if member["role"] == "leader"]
        return leaders[0] if leaders else None

    def wait_until_whole(self):
        """Waits for a primary, its synchronous standby and the third server, all of them up to date."""
        def is_whole():
            members = self.members()
            roles = sorted(member["role"] for member in members.values())
            return (
                roles == ["leader", "replica", "sync_standby"]
                and all(member["state"] in ("running", "streaming") for member in members.values())
                and all(member.get("lag", 0) == 0 for member in members.values())
                and len({member.get("timeline") for member in members.values()}) == 1)
        until("the cluster is whole", is_whole, 240, 0.5)

    def node_processes(self, node):
        roots = {self.patroni[node].pid}
        try:
            with open(f"{self.directory}/{node}/postmaster.pid", encoding="utf-8") as file:
                roots.add(int(file.readline()))
        except OSError:
            pass
        return tree(roots)

    def signal_node(self, node, number):
        for process in self.node_processes(node):
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass
        if number == signal.SIGKILL:
            self.patroni.pop(node).wait()

    def switch_over(self, node):
        """Asks Patroni to make the synchronous standby the primary."""
        standby = next(name for name, member in self.members().items() if member["role"] == "sync_standby")
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.rest[node]}/switchover", method="POST",
            data=json.dumps({"leader": node, "candidate": standby}).encode(),
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()

    def url(self, user="qkron", database="qkron", nodes=NODES):
        hosts = ",".join(f"127.0.0.1:{self.port[node]}" for node in nodes)
        return f"postgresql://{user}:{self.password}@{hosts}/{database}?target_session_attrs=read-write"

    def connect(self, user="qkron", database="qkron", nodes=NODES):
        connection = psycopg2.connect(self.url(user, database, nodes))
        connection.autocommit = True
        return connection

    def stop(self):
        for patroni in self.patroni.values():
            patroni.terminate()
        for node in list(self.patroni):
            try:
                self.patroni[node].wait(60)
            except subprocess.TimeoutExpired:
                self.signal_node(node, signal.SIGKILL)
        self.etcd.terminate()
        self.etcd.wait()
