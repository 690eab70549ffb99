# Sourced by deploy/prove: what the unit has to do under a systemd of its own, which runs in a container.
# shellcheck shell=bash disable=SC2154,SC2034

live_as_unit() {
    container=unit
    say "a machine with systemd, and the unit"
    make_machine
    start_machine
    systemctl_there start qkron
    becomes_ready
    register
    log_in
    say "a command of a user without rights"
    gives_root_up
    drops_rights
    say "a run that outlives systemctl reload, and kill -9 of the server"
    outlives_its_server
    say "a restart, which finds the private cluster"
    restarts
    say "systemctl stop"
    stops
    podman_here rm --force --time 10 unit >/dev/null
}

make_machine() {
    mkdir "$store/machine"
    cat >"$store/machine/Dockerfile" <<'END'
FROM qkron
USER root
RUN apt-get update && apt-get install -y --no-install-recommends dbus procps systemd systemd-sysv util-linux
COPY qkron.service /etc/systemd/system/
RUN mkdir /etc/qkron && echo QKRON_ALLOW_REGISTRATION=true >/etc/qkron/qkron.env
END
    cp deploy/systemd/qkron.service "$store/machine/"
    podman_here build --quiet --format docker --pull=never --isolation chroot --network host \
        "${mounts[@]}" --tag machine "$store/machine"
}

start_machine() {
    local limit deadline=$((SECONDS + 60))
    limit=$(ulimit -Hn)
    podman_here run --detach --name unit --network none "${mounts[@]}" --systemd=always --privileged \
        --ulimit "nofile=$limit:$limit" --ulimit nproc=4096:4096 --entrypoint /lib/systemd/systemd machine >/dev/null
    until systemctl_there is-system-running 2>/dev/null | grep -qE '^(running|degraded)'; do
        ((SECONDS < deadline)) || fail "systemd was not up within 60 s"
        sleep 0.5
    done
}

systemctl_there() { podman_here exec unit systemctl --no-pager "$@"; }

drops_rights() {
    local said
    run_command "id -un; grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '[:blank:]';\
 touch /usr/mark /tmp/mark; ls /tmp/mark"
    said=$(member stdout <<<"$execution")
    [[ $said == $'nobody\nCapBnd:'*$'\nNoNewPrivs:1\nSeccomp:2\n/tmp/mark' ]] || fail "the command said: $execution"
}

gives_root_up() {
    local status
    status=$(podman_here exec unit cat "/proc/$(main_pid)/status")
    grep -qE $'^Uid:(\t10001){4}$' <<<"$status" || fail "the server is somebody else: $status"
    grep -qE $'^CapEff:\t0+$' <<<"$status" || fail "the server has capabilities: $status"
}

main_pid() { systemctl_there show --property MainPID --value qkron; }

outlives_its_server() {
    local first deadline=$((SECONDS + 60))
    first=$(main_pid)
    # shellcheck disable=SC2016  # It is the command's own variable.
    start_command 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 2; done'
    await_status running
    systemctl_there reload qkron
    until podman_here exec unit journalctl --no-pager -u qkron | grep -q 'Runs of an earlier server are carried on'; do
        ((SECONDS < deadline)) || fail "it was not replaced within 60 s of systemctl reload"
        sleep 0.3
    done
    becomes_ready
    [[ $(main_pid) == "$first" ]] || fail "systemctl reload started another process"
    podman_here exec unit kill -KILL "$first"
    becomes_ready
    [[ $(main_pid) != "$first" ]] || fail "the server was not killed"
    await_status 'completed|failed|timeout|cancelled'
    [[ $(member stdout <<<"$execution") == $'1\n2\n3\n4\n5\n6\n7\n8' ]] || fail "the run was cut: $execution"
    [[ $(member attempt_number <<<"$execution") == 1 ]] || fail "the run was made again: $execution"
}

restarts() {
    local owner
    systemctl_there restart qkron
    becomes_ready
    gives_root_up
    log_in
    owner=$(podman_here exec unit stat -c %u /var/lib/qkron /var/lib/qkron/postgres)
    [[ $owner == $'10001\n10001' ]] || fail "the data belongs to somebody else: $owner"
}

stops() {
    local left
    systemctl_there stop qkron
    [[ $(systemctl_there show --property Result --value qkron) == success ]] || fail "the unit did not end well"
    left=$(podman_here exec unit pgrep -l 'qkron|postgres' || true)
    [[ -z $left ]] || fail "these processes were left: $left"
}
