#!/usr/bin/env bash
# docker.sh: make a Docker Engine answer. An engine that answers is used as it is; where there is systemd it is
# started as a service; where there is none (containers, CI machines) dockerd is started by hand.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

LOG=$LOGS/dockerd.log

answers() { timeout 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

has_systemd() { [ -d /run/systemd/system ]; }

# A machine that was cut off leaves files that name processes long gone. Their numbers may belong to others by
# now, and then dockerd refuses to start ("process … is still running") or waits for a containerd that is not there.
forget_dead_engines() {
    alive /var/run/docker.pid dockerd || as_root rm -f /var/run/docker.pid
    alive /var/run/docker/containerd/containerd.pid containerd || as_root rm -f /var/run/docker/containerd/containerd.pid
    grep -qsx containerd /proc/[0-9]*/comm || as_root rm -f /run/containerd/containerd.sock
}

# A volume driver of ours that was cut off leaves its socket. The engine takes it for a driver that will come, and waits 15 s
# for it whenever somebody lists volumes, which is all the time.
forget_dead_drivers() {
    local socket status
    for socket in /run/docker/plugins/berth*.sock; do
        [ -S "$socket" ] || continue
        # 7: nobody listens there.
        status=0
        as_root curl --silent --max-time 5 --output /dev/null --unix-socket "$socket" http://berth/ || status=$?
        [ "$status" != 7 ] || as_root rm -f "$socket"
    done
}

start_by_hand() {
    has dockerd || die "there is no dockerd on this machine" "run scripts/setup.sh, or install docker.io"
    forget_dead_engines
    # A password that sudo may want is asked for here, not in the background.
    as_root true
    in_background "$LOG" "${AS_ROOT[@]}" dockerd >/dev/null
}

start() {
    forget_dead_drivers
    if answers; then return 0; fi
    if [ -n "${DOCKER_HOST:-}" ]; then
        die "no Docker Engine answers at DOCKER_HOST=$DOCKER_HOST" "start it, or unset DOCKER_HOST to use this machine's"
    fi
    say "Starting the Docker Engine"
    if has_systemd; then as_root systemctl start docker; else start_by_hand; fi
    wait_for 60 answers && return 0
    [ ! -s "$LOG" ] || tail -n 20 "$LOG" >&2
    if [ "$(id -u)" != 0 ] && ! id -nG | grep -qw docker; then
        die "the Docker Engine does not answer to you" "join its group: sudo usermod -aG docker $(id -un), then sign in again"
    fi
    die "the Docker Engine does not answer after 60 s" "its log: $LOG (or: journalctl -u docker)"
}

locked docker start
