# Sourced by ./run, ./test and .ci/run: finds Swift and installs the system packages that are missing.
# shellcheck shell=bash

# What a build needs. pkg-config tells SwiftPM where Debian keeps the headers of libpq.
# shellcheck disable=SC2034
build_packages=(pkg-config libpq-dev libssl-dev libcrypt-dev postgresql tzdata)
# What fetches the files of the pages that describe the API.
# shellcheck disable=SC2034
docs_packages=(python3 python3-venv)
# What the tests need beside it: the clock of a server and its PostgreSQL is shifted, and the page of operations uses jq.
# shellcheck disable=SC2034
test_packages=(faketime jq)

# How a release is built: with Swift's library linked in, which answers some 6 % more requests than with the shared one.
# shellcheck disable=SC2034
release_build=(-c release --static-swift-stdlib)

# Puts a Swift toolchain into PATH, or says where it was looked for and ends the script.
# (A program called swift need not be one: OpenStack has another.)
find_swift() {
    local dir
    for dir in "" /opt/swift/usr/bin "${SWIFTLY_BIN_DIR:-}" "${HOME:-/root}/.local/share/swiftly/bin"; do
        if [[ -n $dir && ! -x $dir/swift ]]; then continue; fi
        if PATH="${dir:+$dir:}$PATH" swift --version 2>/dev/null | grep -q 'Swift version'; then
            export PATH="${dir:+$dir:}$PATH"
            return
        fi
    done
    cat >&2 <<'END'
No Swift toolchain was found in PATH, /opt/swift/usr/bin or ~/.local/share/swiftly/bin.
Install Swift 6.3 from https://www.swift.org/install/linux/ and try again.
END
    exit 1
}

# Runs tests, and while they fail again, TEST_TRIES times (1) in all. tries tells how often; failures keeps which tests
# failed, for the end of a long output.
failures=
steadily() {
    local printed status
    printed=$(mktemp /tmp/qkron-test.XXXXXX)
    for ((tries = 1; ; tries++)); do
        status=0
        "$@" 2>&1 | tee "$printed" || status=$?
        if ((status == 0)); then break; fi
        failures+=$(grep -a '^✘' "$printed" || tail -n 20 "$printed")$'\n'
        if ((tries >= ${TEST_TRIES:-1})); then break; fi
    done
    rm -f -- "$printed"
    return "$status"
}

# Installs those of the named packages that are missing, when it may (as root, or by sudo).
# When it may not, prints the exact command and ends the script.
need_packages() {
    local name missing=() script
    if ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian; these packages, or what they are called here, must be there: $*" >&2
        return
    fi
    for name in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || missing+=("$name")
    done
    if ((${#missing[@]} == 0)); then return; fi

    script="apt-get update; DEBIAN_FRONTEND=noninteractive"
    script+=" apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 ${missing[*]}"
    if [[ " ${missing[*]} " == *" postgresql "* ]]; then
        # Otherwise the package starts a server of its own, which nothing here uses.
        local conf=/etc/postgresql-common/createcluster.d
        script="mkdir -p $conf; echo 'create_main_cluster = false' >$conf/qkron.conf; $script"
    fi

    if ((EUID == 0)); then
        echo "Installing ${missing[*]}" >&2
        bash -c "$script" </dev/null >&2
    elif can_sudo; then
        echo "Installing ${missing[*]} by sudo" >&2
        sudo bash -c "$script" >&2
    else
        printf 'These packages are missing: %s\nAs root, run:\n\n    %s\n\n' "${missing[*]}" "$script" >&2
        exit 1
    fi
}

# Whether sudo works: without a password, or with one where somebody can type it.
can_sudo() {
    command -v sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || { [[ -t 0 && -t 2 ]] && sudo -v; }
}
