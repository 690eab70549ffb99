"""Starts what is measured, on 127.0.0.1 and in a directory of its own, and always cleans up."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg

from engine import machine
from engine.server import Server

COMPILER = ("cc", "-O2", "-Wall", "-Wextra", "-Werror")


class Lab(contextlib.ExitStack):
    """A temporary directory and the processes started in it, all gone at the end."""

    def __init__(self, is_quick: bool, rounds: int):
        super().__init__()
        self.is_quick = is_quick
        self.rounds = rounds
        self.directory = tempfile.mkdtemp(prefix="qkron-bench-")
        os.chmod(self.directory, 0o755)
        self.callback(shutil.rmtree, self.directory, ignore_errors=True)

    def pick(self, quick, full):
        """The one of the two that fits how long a row may take."""
        return quick if self.is_quick else full

    def path(self, *names) -> str:
        return os.path.join(self.directory, *names)

    def write(self, name, text) -> str:
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def compile(self, source) -> str:
        """Compiles a C file that stands beside this one."""
        program = self.path(source.removesuffix(".c"))
        if not os.path.exists(program):
            here = os.path.dirname(os.path.abspath(__file__))
            subprocess.run([*COMPILER, "-o", program, os.path.join(here, source)], check=True)
            os.chmod(program, 0o755)
        return program

    def start(self, command, stop=signal.SIGTERM, **options) -> subprocess.Popen:
        """Starts a process that is stopped with the lab."""
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        self.callback(end, process, stop)
        return process

    def cluster(self, settings=()) -> "Cluster":
        return self.enter_context(Cluster(self, settings))

    def server(self, database_url, **options) -> Server:
        return self.enter_context(Server(self, database_url, **options))


class Cluster(contextlib.ExitStack):
    """A private PostgreSQL with default settings but for those named, reached over a Unix socket alone."""

    count = 0

    def __init__(self, lab: Lab, settings=()):
        super().__init__()
        Cluster.count += 1
        self.home = lab.path(f"pg{Cluster.count}")
        os.mkdir(self.home, 0o700)
        as_owner = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.home, owner.pw_uid, owner.pw_gid)
            as_owner += ["--reuid", "postgres", "--regid", "postgres", "--init-groups"]
        data = f"{self.home}/data"
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        subprocess.run(
            [*as_owner, machine.postgres_program("initdb"), "-D", data, "-U", "bench", "-A", "trust", "--no-locale",
             "-E", "UTF8", "--no-instructions"],
            env=environment, stdout=subprocess.DEVNULL, check=True)
        settings = ("listen_addresses=", "unix_socket_directories={home}", *settings)
        options = [f"-c{setting.format(home=self.home)}" for setting in settings]
        self.log = open(f"{self.home}.log", "wb")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [*as_owner, machine.postgres_program("postgres"), "-D", data, *options], env=environment,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.callback(end, self.process, signal.SIGINT)
        wait(lambda: self._answers(), "PostgreSQL")

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"PostgreSQL ended; see {self.log.name}"
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database) -> str:
        return f"postgresql://bench@/{database}?host={self.home}"

    def connect(self, database) -> psycopg.Connection:
        return psycopg.connect(self.url(database), autocommit=True)

    def create(self, database) -> str:
        """Makes a database and returns its address."""
        with self.connect("postgres") as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def cpu_seconds(self) -> float:
        """Seconds of processor time that all its processes have used."""
        pid = self.process.pid
        while True:
            children = machine.children(pid)
            seconds = sum(machine.cpu_seconds(child)[0] for child in children) + sum(machine.cpu_seconds(pid))
            # A backend that ended meanwhile would count twice: by itself, and with what the postmaster waited for.
            if machine.children(pid) == children:
                return seconds

    def transactions(self, database, clients, seconds, *arguments) -> float:
        """Transactions a second that pgbench makes, prepared, without looking after its tables."""
        text = self.pgbench(database, "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)), "-T",
                            str(seconds), *arguments)
        rate = re.search(r"^tps = ([\d.]+)", text, re.MULTILINE)
        return float(rate[1]) if rate else 0.0  # It tells no rate of nothing.

    def pgbench(self, database, *arguments) -> str:
        """What pgbench prints."""
        command = [machine.postgres_program("pgbench"), "-h", self.home, "-U", "bench", *arguments, database]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def end(process, how, patience=30):
    """Ends a process and waits for it."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait(is_so, what, patience=60, pause=0.01):
    """Waits until something is so."""
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was waited for in vain")
        time.sleep(pause)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
