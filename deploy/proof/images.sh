# Sourced by deploy/prove: stands in for the images that the Dockerfile starts from, and builds it.
# shellcheck shell=bash disable=SC2154

# What https://www.swift.org/install/linux/ asks for on Debian 12, as far as a build of ours needs it.
toolchain_needs=(binutils ca-certificates gcc git libc6-dev libcurl4-openssl-dev libncurses6 libsqlite3-0 libstdc++-12-dev
    libxml2-dev)

# The images named in the Dockerfile, of the packages that they are made of.
make_base_images() {
    local runtime build
    runtime=$(awk '$1 == "FROM" && $3 == "" { print $2 }' Dockerfile)
    build=$(awk '$1 == "FROM" && $4 == "build" { print $2 }' Dockerfile)
    debian_image "$runtime"
    if [[ -z $program ]]; then
        debian_image "$build" --include "$(IFS=, && echo "${toolchain_needs[*]}")"
    fi
}

debian_image() {
    local name=$1
    shift
    # The images of Debian too have dpkg wait for no disk.
    mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io "$@" bookworm "$store/base.tar"
    podman_here import --quiet --change "ENV PATH=$(image_path)" "$store/base.tar" "docker.io/library/$name" >/dev/null
    rm "$store/base.tar"
}

image_path() {
    local path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    if [[ -z $program ]]; then path=$(dirname "$(command -v swift)"):$path; fi
    echo "$path"
}

build_image() {
    local file=$PWD/Dockerfile context=$PWD
    if [[ -n $program ]]; then
        file=$store/Dockerfile context=$store/context
        mkdir -p "$context/deploy"
        cp -R deploy/docs-assets "$context/deploy"
        install --strip --mode 0711 "$program" "$context/qkron"
        {
            printf 'FROM scratch AS build\nCOPY qkron /out/qkron\n\n'
            awk '$1 == "FROM" && $4 != "build" { here = 1 } here' Dockerfile
        } >"$file"
    fi
    find_mounts
    # Control groups and networks are not what is proven, and some machines can make neither for a build.
    podman_here build --quiet --format docker --pull=never --isolation chroot --network host \
        "${mounts[@]}" --tag qkron --file "$file" "$context"
}

# What the build, or a program that was not linked statically, takes from this machine.
find_mounts() {
    local directory
    # pip in the image believes the certificates that this machine does.
    printf '[global]\ncert = /etc/pip-certificates\n' >"$store/pip.conf"
    mounts=(--volume "$store/pip.conf:/etc/pip.conf:ro"
        --volume /etc/ssl/certs/ca-certificates.crt:/etc/pip-certificates:ro)
    if [[ -n $program ]]; then
        directory=$(ldd "$program" | awk '$1 == "libswiftCore.so" { print $3 }')
        if [[ -n $directory ]]; then mounts+=(--volume "$(dirname "$directory"):$(dirname "$directory"):ro"); fi
        return
    fi
    directory=$(dirname "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")")
    mounts+=(--volume "$directory:$directory:ro")
    # Where git is told to read packages from a directory of this machine, it has to be there.
    if [[ -f /etc/gitconfig ]]; then mounts+=(--volume /etc/gitconfig:/etc/gitconfig:ro); fi
    while read -r directory; do
        if [[ -d $directory ]]; then mounts+=(--volume "$directory:$directory:ro"); fi
    done < <(git config --system --get-regexp '^url\..*\.insteadof$' | sed -E 's/^url\.(.*)\.insteadof .*/\1/' | sort -u)
}
