# Sourced by deploy/prove: asks the server in the container named $container over HTTP, and looks at its processes.
# shellcheck shell=bash disable=SC2154

# ask METHOD PATH [options of curl]
ask() {
    local method=$1 path=$2
    shift 2
    podman_here exec "$container" curl -fsS --max-time 20 -X "$method" \
        ${token:+-H "Authorization: Bearer $token"} "$@" "http://127.0.0.1:8000/api/v1$path"
}

ask_json() { ask "$1" "$2" -H 'Content-Type: application/json' -d "$3"; }

# The member of this name of the JSON object on standard input.
member() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

becomes_ready() {
    local deadline=$((SECONDS + 90))
    until ask GET /ready >/dev/null 2>&1; do
        ((SECONDS < deadline)) || fail "it was not ready within 90 s"
        sleep 0.5
    done
}

register() {
    token=
    ask_json POST /auth/register \
        '{"email": "ada@example.org", "username": "ada", "password": "analytical engine"}' >/dev/null
}

log_in() {
    token=
    token=$(ask POST /auth/login -d username=ada -d 'password=analytical engine' | member access_token)
}

remembers_the_account() {
    log_in
    [[ $(ask GET /auth/me | member username) == ada ]] || fail "the account is gone"
}

# Starts a run of the command, which must hold nothing that JSON escapes. Leaves where it is to be asked for in $run.
start_command() {
    local task
    task=$(ask_json POST /tasks \
        "{\"name\": \"proof $RANDOM\", \"schedule\": \"0 0 1 1 *\", \"max_retries\": 0, \"command\": \"$1\"}" | member id)
    run=/tasks/$task/executions/$(ask POST "/tasks/$task/execute" | member execution_id)
}

# Leaves the execution in $execution, once it has this status (an extended regular expression).
await_status() {
    local deadline=$((SECONDS + 60))
    while :; do
        execution=$(ask GET "$run")
        [[ ! $(member status <<<"$execution") =~ ^($1)$ ]] || return 0
        ((SECONDS < deadline)) || fail "the run was not $1 within 60 s: $execution"
        sleep 0.3
    done
}

# run_command COMMAND: the execution, ended, is in $execution.
run_command() {
    start_command "$1"
    await_status 'completed|failed|timeout|cancelled'
}

# The processes of the container, as this machine numbers them.
processes() {
    local space process
    space=$(readlink "/proc/$(podman_here inspect --format '{{.State.Pid}}' "$container")/ns/pid")
    for process in /proc/[0-9]*; do
        if [[ $(readlink "$process/ns/pid" 2>/dev/null) == "$space" ]]; then echo "${process#/proc/}"; fi
    done
}

tell_of_container() {
    if [[ -n ${container-} ]]; then podman_here logs --tail 30 "$container" >&2; fi
}
