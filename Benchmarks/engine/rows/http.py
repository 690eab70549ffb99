"""Requests a second at 64 connections, against nginx with a file of the same size and pgbench's single-row select."""

import http.client
import json
import signal

from engine import wrk
from engine.figures import median
from engine.lab import free_port, wait
from engine.server import Server, add_tasks

CLIENTS = 64


def measure(lab, row):
    seconds = lab.pick(2, 6)
    cluster = lab.cluster()
    server = lab.server(cluster.create("qkron"))
    database = lab.enter_context(server.database())
    add_tasks(database, 1_000, "cron", "'0 0 1 1 *'", next_run="now() + interval '1 year'")
    database.execute("VACUUM ANALYZE")
    base = f"http://127.0.0.1:{server.port}"
    task = f"/api/v1/tasks/{database.execute('SELECT id FROM qkron.tasks LIMIT 1').fetchone()[0]}"
    body = json.dumps({"name": "made by a benchmark", "command": "true", "schedule": "0 0 1 1 *"})
    file = start_nginx(lab, size_of(server, task))
    cluster.create("bench")
    cluster.pgbench("bench", "-i", "-q", "-s", "10")

    def ask(path, headers=None, **request):
        server_began, database_began = server.cpu_seconds()["server"], cluster.cpu_seconds()
        answer = wrk.run(lab, base + path, seconds, CLIENTS, headers, **request)
        answer["server"] = (server.cpu_seconds()["server"] - server_began) / answer["requests"] * 1e6
        answer["database"] = (cluster.cpu_seconds() - database_began) / answer["requests"] * 1e6
        return answer

    def get(path):
        return ask(path, server.authorization)

    select, select_best, nginx, insert = [], [], [], []
    by_id, listed, created, live = [], [], [], []
    for _ in range(lab.rounds):
        select.append(cluster.transactions("bench", CLIENTS, seconds, "-S"))
        by_id.append(get(task))
        nginx.append(wrk.run(lab, file, seconds, CLIENTS))
        listed.append(get("/api/v1/tasks?page_size=20"))
        select_best.append(max(cluster.transactions("bench", clients, seconds, "-S") for clients in (4, 16)))
        insert.append(cluster.transactions("bench", CLIENTS, seconds, "-f", lab.write("insert.sql", INSERT)))
        created.append(ask("/api/v1/tasks", {**server.authorization, "Content-Type": "application/json"},
                           method="POST", body=body))
        database.execute("DELETE FROM qkron.tasks WHERE name = 'made by a benchmark'")
        database.execute("VACUUM ANALYZE qkron.tasks, qkron.task_schedules")
        live.append(ask("/live"))

    def tell(what, answers, references, at_least=None):
        for number, (reference, name) in enumerate(references):
            row.compare(what, median(answer["rate"] for answer in answers), "/s", median(reference), name,
                        at_least=at_least if number == 0 else None)
        row.value(f"{what}: p99", median(answer["p99"] for answer in answers), "ms")
        # Unlike the rate, this hardly depends on what else the machine does.
        row.value(f"{what}: processor time, server", median(answer["server"] for answer in answers), "us")
        row.value(f"{what}: processor time, PostgreSQL", median(answer["database"] for answer in answers), "us")

    static = ([answer["rate"] for answer in nginx], "nginx file")
    select64 = (select, f"pgbench -S, {CLIENTS} clients")
    tell("GET a task", by_id, [select64, (select_best, "pgbench -S, best of 4 and 16 clients"), static], 0.5)
    tell("list 20 of 1,000", listed, [select64, static])
    tell("create", created, [(insert, f"pgbench with one insert, {CLIENTS} clients"), static])
    tell("GET /live (no database)", live, [static])
    row.note("DB_POOL_SIZE 10 (default); the pgbench select is prepared (-M prepared), scale 10")


INSERT = "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (1, 1, 1, 1, CURRENT_TIMESTAMP);\n"


def size_of(server: Server, path) -> int:
    connection = server.connect_http()
    connection.request("GET", path, headers=server.authorization)
    return len(connection.getresponse().read())


def start_nginx(lab, size) -> str:
    """The address of a file of this size, served by nginx."""
    port = free_port()
    lab.write("task.json", "x" * size)
    configuration = lab.write("nginx.conf", f"""
        daemon off; worker_processes auto; error_log {lab.path('nginx.log')}; pid {lab.path('nginx.pid')};
        events {{ worker_connections 1024; }}
        http {{
            access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on; open_file_cache max=10;
            client_body_temp_path {lab.path('nginx-a')}; proxy_temp_path {lab.path('nginx-b')};
            fastcgi_temp_path {lab.path('nginx-c')}; uwsgi_temp_path {lab.path('nginx-d')};
            scgi_temp_path {lab.path('nginx-e')};
            server {{ listen 127.0.0.1:{port}; root {lab.directory}; location = /task.json {{ }} }}
        }}""")
    lab.start(["/usr/sbin/nginx", "-c", configuration, "-e", lab.path("nginx.log")], signal.SIGTERM)
    url = f"http://127.0.0.1:{port}/task.json"
    wait(lambda: _answers(port), "nginx")
    return url


def _answers(port) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        connection.request("GET", "/task.json")
        return connection.getresponse().status == 200
    except ConnectionError:
        return False
    finally:
        connection.close()
