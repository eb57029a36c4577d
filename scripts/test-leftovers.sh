#!/usr/bin/env bash
# test-leftovers.sh: remove what tests have left: their folders, and what those that were cut off left on the engine. A test cleans up behind itself, but not
# one whose machine was switched off: its servers come up again with the engine, those that abuse it on purpose too, and
# slow down or fail all that follows. What a test that runs now has made is left alone.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

# The instances of tests are called it-PID-NUMBER.
owners() {
    docker ps --all --filter label=berth.instance --format '{{.Label "berth.instance"}}'
    docker network ls --filter label=berth.instance --format '{{.Label "berth.instance"}}'
    docker volume ls --filter label=berth.instance --format '{{.Label "berth.instance"}}'
}

# Their mail services.
mails() {
    docker ps --all --filter label=berth.mail --format '{{.Label "berth.mail"}}'
    docker volume ls --filter label=berth.mail --format '{{.Label "berth.mail"}}'
}

# A number may belong to another program by now.
runs() { grep -qs '^it-' "/proc/$1/comm"; }

remove() {
    local label=label=$1=$2
    docker ps --all --quiet --filter "$label" | xargs -r docker rm --force --volumes
    docker network ls --quiet --filter "$label" | xargs -r docker network rm
    docker volume ls --quiet --filter "$label" | xargs -r docker volume rm --force
}

# Each test keeps its key file in a folder of its process.
folders() {
    local folder pid
    for folder in "${TMPDIR:-/tmp}"/berth-test-[0-9]*; do
        pid=${folder##*-}
        [[ $pid =~ ^[0-9]+$ && ! -d /proc/$pid ]] || continue
        rm -rf -- "$folder"
    done
}

folders
owners | sort -u | while IFS= read -r instance; do
    [[ $instance =~ ^it-([0-9]+)-[0-9]+$ ]] || continue
    runs "${BASH_REMATCH[1]}" && continue
    note "removing what the test $instance left on the engine"
    remove berth.instance "$instance" >/dev/null
done
mails | sort -u | while IFS= read -r name; do
    [[ $name =~ ^it-([0-9]+)- ]] || continue
    runs "${BASH_REMATCH[1]}" && continue
    note "removing the mail service $name that a test left on the engine"
    remove berth.mail "$name" >/dev/null
done
