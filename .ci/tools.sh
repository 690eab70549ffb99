# Sourced by .ci/run and the checks: tools that are installed under .build/ci-tools and nowhere else.
# shellcheck shell=bash

# prometheus and promtool come out of Debian's package without installing it: installed, it would start a Prometheus.
get_prometheus() {
    local tools=$PWD/.build/ci-tools
    export PATH="$PATH:$tools/usr/bin"
    if command -v promtool >/dev/null && command -v prometheus >/dev/null; then return; fi
    mkdir -p "$tools"
    (
        cd "$tools" || exit
        apt-get download prometheus || { apt-get update && apt-get download prometheus; }
        dpkg -x prometheus_*.deb .
    ) >&2
    promtool --version >&2
}

# What .ci/requirements.txt names, once for each content of it.
get_python_tools() {
    local tools=$PWD/.build/ci-tools/python
    export PATH="$tools/bin:$PATH"
    if cmp -s .ci/requirements.txt "$tools/requirements.txt"; then return; fi
    need_packages python3-venv
    rm -rf -- "$tools"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement .ci/requirements.txt >&2
    cp .ci/requirements.txt "$tools/requirements.txt"
}

# A port of 127.0.0.1 that nobody listens on.
free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 10000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    return 1
}
