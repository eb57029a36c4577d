#!/usr/bin/env bash
# base-image.sh [NAME]: make sure that the image which all our Dockerfiles start from is there. Where a registry
# answers it is pulled; where none does (closed networks, CI) the same thing is made from Debian's own packages.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

IMAGE=${1:-debian:bookworm-slim}
SUITE=bookworm

exists() { docker image inspect "$IMAGE" >/dev/null 2>&1; }

# A closed network says no at once; one that swallows packets gets 60 s for the 30 MB, no more.
pull() { timeout 60 docker pull --quiet "$IMAGE" >"$LOGS/base-image-pull.log" 2>&1; }

# By way of a file: `docker import` takes whatever arrives, and half an image must not get the name.
from_packages() {
    local tar
    has mmdebstrap || die "no registry answers and mmdebstrap is missing" "run scripts/setup.sh"
    tar=$(mktemp "${TMPDIR:-/tmp}/berth-base.XXXXXX.tar")
    # shellcheck disable=SC2064 # the name is known now and gone later
    trap "rm -f '$tar'" EXIT
    quietly "$LOGS/base-image.log" as_root mmdebstrap --variant=minbase "$SUITE" "$tar"
    docker import --change 'CMD ["bash"]' --message "Debian $SUITE, made by Berth" "$tar" "$IMAGE" >/dev/null
}

ensure() {
    if exists; then return 0; fi
    say "Getting the base image $IMAGE"
    if pull; then return 0; fi
    note "no registry answers; making it from Debian's packages (about 30 s)"
    from_packages
}

locked base-image ensure
