# Sourced by deploy/prove-image: what a container of the image has to do in its life.
# shellcheck shell=bash disable=SC2154

# As deploy/kubernetes starts it, and docker-compose.yml almost: no rights, a root that is only read.
start_container() {
    local limit
    limit=$(ulimit -Hn)
    secret=$(openssl rand -hex 32)
    podman_here run --detach --name qkron --network none "${mounts[@]}" \
        --ulimit "nofile=$limit:$limit" --ulimit nproc=4096:4096 \
        --cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp --volume qkron:/var/lib/qkron \
        --env QKRON_ALLOW_REGISTRATION=true --env "QKRON_SECRET_KEY=$secret" \
        qkron >/dev/null
}

becomes_healthy() {
    local deadline=$((SECONDS + 60))
    until podman_here healthcheck run qkron >/dev/null 2>&1; do
        is_running || fail "the container has ended"
        ((SECONDS < deadline)) || fail "its health check did not pass within 60 s"
        sleep 0.5
    done
}

is_running() { [[ $(podman_here inspect --format '{{.State.Running}}' qkron) == true ]]; }

# The processes of the container, as this machine numbers them.
processes() {
    local space proc
    space=$(readlink "/proc/$(podman_here inspect --format '{{.State.Pid}}' qkron)/ns/pid")
    for proc in /proc/[0-9]*; do
        if [[ $(readlink "$proc/ns/pid" 2>/dev/null) == "$space" ]]; then echo "${proc#/proc/}"; fi
    done
}

runs_without_rights() {
    local pid names=
    for pid in $(processes); do
        names+=" $(cat "/proc/$pid/comm")"
        grep -qE '^Uid:\s10001\s10001\s10001\s10001$' "/proc/$pid/status" || fail "a process is not of the user 10001:$names"
        grep -qE '^CapEff:\s0+$' "/proc/$pid/status" || fail "a process has capabilities:$names"
        grep -qE '^NoNewPrivs:\s1$' "/proc/$pid/status" || fail "a process may gain rights:$names"
    done
    [[ $names == *tini* && $names == *qkron* && $names == *postgres* ]] || fail "these processes run:$names"
}

# ask METHOD PATH [options of curl]
ask() {
    local method=$1 path=$2
    shift 2
    podman_here exec qkron curl -fsS --max-time 20 -X "$method" ${token:+-H "Authorization: Bearer $token"} "$@" \
        "http://127.0.0.1:8000/api/v1$path"
}

member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

log_in() {
    token=
    token=$(ask POST /auth/login -d username=ada -d 'password=analytical engine' | member access_token)
}

runs_a_task() {
    ask POST /auth/register -H 'Content-Type: application/json' -o /dev/null \
        -d '{"email": "ada@example.org", "username": "ada", "password": "analytical engine"}'
    log_in
    run_command 'id -u; pwd >&2; exit 3'
    [[ $(member stdout <<<"$execution") == 10001 ]] || fail "the command said: $execution"
    [[ $(member return_code <<<"$execution") == 3 ]] || fail "the command ended otherwise: $execution"
}

# Leaves the execution, ended, in $execution. A command must not hold what JSON escapes.
run_command() {
    local task run deadline=$((SECONDS + 30))
    task=$(ask POST /tasks -H 'Content-Type: application/json' \
        -d "{\"name\": \"proof $RANDOM\", \"schedule\": \"0 0 1 1 *\", \"max_retries\": 0, \"command\": \"$1\"}" | member id)
    run=$(ask POST "/tasks/$task/execute" | member execution_id)
    while :; do
        execution=$(ask GET "/tasks/$task/executions/$run")
        case $(member status <<<"$execution") in
            completed | failed | timeout | cancelled) return ;;
        esac
        ((SECONDS < deadline)) || fail "the task did not end within 30 s: $execution"
        sleep 0.2
    done
}

# A command is of the same user as the server: it must find the key in no environment, also while health checks run.
keeps_its_secrets() {
    local checks seen
    (for _ in {1..40}; do podman_here healthcheck run qkron >/dev/null 2>&1 || true; done) &
    checks=$!
    run_command "for i in \$(seq 600); do cat /proc/[0-9]*/environ 2> /dev/null | tr '\\\\0' '\\\\n' | grep -aE '^(QKRON_SECRET_KEY|QKRON_EXECUTION_ID)='; done | sort -u"
    kill "$checks" 2>/dev/null || true
    wait "$checks" 2>/dev/null || true
    seen=$(member stdout <<<"$execution")
    [[ $seen == *QKRON_EXECUTION_ID=* ]] || fail "the command did not even see its own environment: $execution"
    [[ $seen != *"$secret"* ]] || fail "a command can read the signing key in /proc"
}

reaps_orphans() {
    local pid deadline=$((SECONDS + 10))
    podman_here exec qkron sh -c 'for i in 1 2 3; do (sleep 0.2 &); done'
    sleep 0.5
    for pid in $(processes); do
        while [[ $(awk '$1 == "State:" { print $2 }' "/proc/$pid/status" 2>/dev/null) == Z ]]; do
            ((SECONDS < deadline)) || fail "a process that has ended is still there: $(cat "/proc/$pid/comm")"
            sleep 0.2
        done
    done
}

reloads() {
    local deadline=$((SECONDS + 30))
    podman_here kill --signal HUP qkron >/dev/null
    until podman_here logs qkron 2>&1 | grep -q "The server is replaced by the program on disk"; do
        ((SECONDS < deadline)) || fail "it was not replaced within 30 s"
        sleep 0.5
    done
    becomes_healthy
    remembers_the_account
}

remembers_the_account() {
    log_in
    [[ $(ask GET /auth/me | member username) == ada ]] || fail "the account is gone"
}

ends_cleanly() {
    local status pids pid
    pids=$(processes)
    podman_here kill --signal TERM qkron >/dev/null
    status=$(timeout 60 podman --root "$store/root" --runroot "$store/run" wait qkron) || fail "it did not end within 60 s"
    [[ $status == 0 ]] || fail "it ended with status $status"
    for pid in $pids; do
        if [[ -e /proc/$pid ]]; then fail "process $pid outlived it"; fi
    done
    tail -n 1 "$(podman_here volume inspect --format '{{.Mountpoint}}' qkron)/log/postgres.log" |
        grep -q 'database system is shut down' || fail "its PostgreSQL was not shut down"
}
