#!/usr/bin/env bash
# What every script here shares: where things are, how to speak to the person at the terminal, how to wait
# for a condition instead of a time, and how to become root. Sourced, never run.
#
# Everything that the scripts make lies under var/ (data, logs) or $BERTH_CACHE (tools that take minutes to
# build, shared by every clone on the machine), so that `rm -rf var` is a clean start.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VAR=$ROOT/var
LOGS=$VAR/log
CACHE=${BERTH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/berth}
export ROOT VAR LOGS CACHE
export PATH="$CACHE/tools/bin:$CACHE/venv/bin:$PATH:$HOME/.cargo/bin"
mkdir -p "$LOGS"

if [ -t 2 ]; then BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' PLAIN=$'\e[0m'; else BOLD='' DIM='' RED='' PLAIN=''; fi

# Where a proxy opens TLS, the machine says so with SSL_CERT_FILE; builds of images need to know it too.
[ -z "${SSL_CERT_FILE:-}" ] || export BERTH_BUILD_CA=${BERTH_BUILD_CA:-$SSL_CERT_FILE}

# say TEXT: one line about what happens now. On stderr, so that stdout stays for results.
say() { printf '%s==>%s %s\n' "$BOLD" "$PLAIN" "$*" >&2; }

# note TEXT: a detail below a `say`.
note() { printf '    %s%s%s\n' "$DIM" "$*" "$PLAIN" >&2; }

# die TEXT [NEXT STEP]: what went wrong and what to do about it, then exit 1.
die() {
    printf '%serror:%s %s\n' "$RED" "$PLAIN" "$1" >&2
    [ $# -lt 2 ] || printf '       %s\n' "$2" >&2
    exit 1
}

# has COMMAND: is it on the path?
has() { command -v "$1" >/dev/null 2>&1; }

# as_root COMMAND…: run it as root, with sudo where we are somebody else.
AS_ROOT=()
[ "$(id -u)" = 0 ] || AS_ROOT=(sudo)
as_root() {
    [ "${#AS_ROOT[@]}" = 0 ] || has sudo || die "this needs root: $*" "run it as root, or install sudo"
    "${AS_ROOT[@]}" "$@"
}

# quietly LOG COMMAND…: run it with its output in LOG; a sign of life every 15 s; the log's end if it fails.
quietly() {
    local log=$1 start=$SECONDS pid status=0 next=15
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        if [ $((SECONDS - start)) -ge "$next" ]; then
            note "still working, $((SECONDS - start)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c1-90)"
            next=$((next + 15))
        fi
    done
    wait "$pid" || status=$?
    if [ "$status" != 0 ]; then
        tail -n 25 "$log" >&2
        printf '%serror:%s this failed (exit %s): %s\n       the whole log: %s\n' \
            "$RED" "$PLAIN" "$status" "$*" "$log" >&2
    fi
    return "$status"
}

# wait_for SECONDS COMMAND…: wait until the command succeeds; 1 when the time is up.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# locked NAME COMMAND…: one at a time on this machine, whoever starts it.
locked() {
    local name=$1
    shift
    mkdir -p "$CACHE"
    (
        flock 9
        "$@"
    ) 9>"$CACHE/$name.lock"
}

# in_background LOG COMMAND…: start it so that it survives this script and its terminal; prints its pid.
# It must not keep the lock of `locked` (descriptor 9) for as long as it lives.
in_background() {
    local log=$1
    shift
    setsid nohup "$@" >>"$log" 2>&1 </dev/null 9>&- &
    echo $!
}

# alive PIDFILE [NAME]: does the process in the file run (and is it the named program)?
alive() {
    local pid
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && [ -d "/proc/$pid" ] || return 1
    [ $# -lt 2 ] || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

# compose2: where setup.sh keeps Compose version 2.
compose2() { echo "$CACHE/tools/compose-$COMPOSE2_VERSION/docker-compose"; }
COMPOSE2_VERSION=2.40.3

# checkout_id: a number of this checkout's own, the same each time.
checkout_id() { cksum <<<"$ROOT" | cut -d' ' -f1; }

# run_instance: the name on what make run makes on the engine. Not the panel's default, which production has: make
# clean-demo removes all that bears it, and two panels of one name take each other's servers for left-overs.
run_instance() { printf 'berth-run-%s\n' "$(checkout_id)"; }

# private_dir NAME: the folder for NAME's data. Below var/, unless PostgreSQL could not live there: it refuses to run
# as root, so its own user must be able to reach the folder, and the path of its socket must be short.
private_dir() {
    local dir=$VAR/$1 elsewhere=/var/lib
    if [ "${#dir}" -gt 70 ] || { [ "$(id -u)" = 0 ] && ! runuser -u postgres -- test -x "$VAR" 2>/dev/null; }; then
        [ "$(id -u)" = 0 ] || elsewhere=${XDG_DATA_HOME:-$HOME/.local/share}
        dir=$elsewhere/berth-$(checkout_id)/$1
        mkdir -p "$(dirname "$dir")"
    fi
    echo "$dir"
}

# cargo_with LOG ARGUMENT…: cargo with a sign of life; its own progress bar where somebody is watching.
cargo_with() {
    local log=$1
    shift
    if [ -t 2 ]; then (cd "$ROOT" && cargo "$@"); else quietly "$log" env -C "$ROOT" cargo "$@"; fi
}

# release_guards LABEL: lets the network guards with it take their rules out of the host. Only they can: they outlive a
# guard that is merely removed.
release_guards() {
    local guard
    for guard in $(docker ps --all --quiet --filter "label=$1" --filter label=berth.guard); do
        if ! { docker start "$guard" && docker exec "$guard" guard release && docker stop "$guard"; } >/dev/null; then
            note "the rules of the network guard $guard may be left behind: see nft list tables"
        fi
    done
}

# remove_labelled LABEL: the containers, volumes and networks with it. Nothing else on the engine is touched.
remove_labelled() {
    docker version >/dev/null 2>&1 || return 0
    release_guards "$1"
    docker ps --all --quiet --filter "label=$1" | xargs -r docker rm --force --volumes >/dev/null
    docker volume ls --quiet --filter "label=$1" | xargs -r docker volume rm >/dev/null
    docker network ls --quiet --filter "label=$1" | xargs -r docker network rm >/dev/null
}
