# Sourced by deploy/prove: what a container of the image has to do in its life.
# shellcheck shell=bash disable=SC2154,SC2034

live_as_container() {
    container=qkron
    say "a container without rights, on a read-only root"
    start_container
    becomes_healthy
    has_no_rights
    say "an account and a task"
    register
    log_in
    runs_a_task
    describes_itself
    keeps_its_secrets
    reaps_orphans
    say "SIGHUP: the program is replaced in place"
    reloads
    say "SIGTERM, and a second life on the same volume"
    ends_cleanly
    podman_here start qkron >/dev/null
    becomes_healthy
    remembers_the_account
    ends_cleanly
}

# As deploy/kubernetes starts it, and docker-compose.yml almost.
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
    local deadline=$((SECONDS + 90))
    until podman_here healthcheck run qkron >/dev/null 2>&1; do
        [[ $(podman_here inspect --format '{{.State.Running}}' qkron) == true ]] || fail "the container has ended"
        ((SECONDS < deadline)) || fail "its health check did not pass within 90 s"
        sleep 0.5
    done
}

describes_itself() {
    local page
    for page in docs/assets/swagger-ui-bundle.js docs/assets/swagger-ui.css docs/assets/redoc.standalone.js; do
        podman_here exec qkron curl -fsS --max-time 20 -o /dev/null "http://127.0.0.1:8000/$page" || fail "no $page"
    done
}

has_no_rights() {
    local pid status names=
    for pid in $(processes); do
        names+=" $(cat "/proc/$pid/comm")"
        status=$(cat "/proc/$pid/status")
        grep -qE '^Uid:\s10001\s10001\s10001\s10001$' <<<"$status" || fail "a process is not of the user 10001:$names"
        grep -qE '^CapBnd:\s0+$' <<<"$status" || fail "a process may have capabilities:$names"
        grep -qE '^NoNewPrivs:\s1$' <<<"$status" || fail "a process may gain rights:$names"
        grep -qE '^Seccomp:\s2$' <<<"$status" || fail "a process is held by no filter of system calls:$names"
    done
    # In any order: the numbers of processes begin anew when they are used up.
    local name
    for name in tini qkron postgres; do [[ " $names " == *" $name "* ]] || fail "these processes run:$names"; done
}

runs_a_task() {
    run_command 'id -u; pwd >&2; exit 3'
    [[ $(member stdout <<<"$execution") == 10001 ]] || fail "the command said: $execution"
    [[ $(member return_code <<<"$execution") == 3 ]] || fail "the command ended otherwise: $execution"
}

# A command is of the same user as the server: it must find the key in no environment, also while health checks run.
keeps_its_secrets() {
    local checks seen
    (for _ in {1..40}; do podman_here healthcheck run qkron >/dev/null 2>&1 || true; done) &
    checks=$!
    run_command "for i in \$(seq 600); do cat /proc/[0-9]*/environ 2> /dev/null; done | tr '\\\\0' '\\\\n' |\
 grep -aE '^(QKRON_SECRET_KEY|QKRON_EXECUTION_ID)=' | sort -u"
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
    local deadline=$((SECONDS + 60))
    podman_here kill --signal HUP qkron >/dev/null
    until podman_here logs qkron 2>&1 | grep -q 'The server is replaced by the program on disk'; do
        ((SECONDS < deadline)) || fail "it was not replaced within 60 s"
        sleep 0.5
    done
    becomes_healthy
    remembers_the_account
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
