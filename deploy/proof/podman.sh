# Sourced by deploy/prove: podman with a store of its own, in a mount namespace of its own.
# shellcheck shell=bash

# Starts the script again in a mount namespace of its own. Some machines mount the second version of control groups
# beside the first, with which no container starts; in there it can be hidden.
stand_apart() {
    if [[ -n ${QKRON_STANDS_APART-} ]]; then
        if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
        return
    fi
    ((EUID == 0)) || { echo "This needs root." >&2 && exit 1; }
    QKRON_STANDS_APART=1 exec unshare --mount -- "$@"
}

open_store() {
    store=$(mktemp -d "${TMPDIR:-/tmp}/qkron-image.XXXXXX")
}

close_store() {
    podman_here rm --all --force --time 5 >/dev/null 2>&1 || true
    umount --recursive "$store/root/overlay" 2>/dev/null || true
    rm -rf -- "$store"
}

podman_here() {
    podman --root "$store/root" --runroot "$store/run" --runtime crun --cgroup-manager cgroupfs \
        --events-backend none --log-level fatal "$@"
}
