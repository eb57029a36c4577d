#!/usr/bin/env bash
# run-pool.sh start BINARY|stop|remove: a pool of storage for `make run`, in a sparse file of its own, and the driver that serves
# it, so that disk limits of the demo's servers are enforced. Prints the driver's socket, or nothing and says why not.
#
# stop leaves a driver alone that has volumes: servers go on without a panel, and need it when they start. remove takes all of it
# away, once no volume is left: an engine waits 15 seconds for a driver that has gone while volumes of it are left.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

DATA=${BERTH_DATA_DIR:-$(private_dir berth)}
POOL=$DATA/pool
NAME=berth-run-$(checkout_id)
SOCKET=/run/docker/plugins/$NAME.sock
PID_FILE=$DATA/volume-driver.pid
LOG=$LOGS/volume-driver.log
# It takes space as it fills.
SIZE=${BERTH_RUN_POOL_SIZE:-20GiB}

# call NAME: one of the driver's own calls.
call() { curl --silent --fail --max-time 5 --unix-socket "$SOCKET" --data '{"Fresh":false}' "http://berth/$1"; }
serving() { alive "$PID_FILE" berth && call Berth.Usage | grep -q '"Err":""'; }
gone() { ! alive "$PID_FILE" berth; }

# Cargo replaces the file, and the running one shows as deleted.
is_current() { serving && [ "$(readlink "/proc/$(cat "$PID_FILE")/exe")" = "$1" ]; }

# soft REASON: go on without.
soft() {
    note "disk limits are a soft quota, measured and not enforced: $1"
    exit 0
}

knows_btrfs() { grep -qw btrfs /proc/filesystems || { has modprobe && modprobe btrfs 2>/dev/null && grep -qw btrfs /proc/filesystems; }; }

end_driver() {
    if ! gone; then
        kill -TERM "$(cat "$PID_FILE")"
        wait_for 30 gone || die "the volume driver does not end" "its log: $LOG"
    fi
    rm -f "$PID_FILE"
}

start() {
    local binary=$1
    [ -z "${BERTH_NO_POOL:-}" ] || soft "BERTH_NO_POOL is set"
    [ "$(id -u)" = 0 ] || soft "a pool needs root"
    knows_btrfs || soft "this kernel has no btrfs"
    has mkfs.btrfs || soft "btrfs-progs are not installed"
    case ${BERTH_DOCKER_HOST:-unix:///var/run/docker.sock} in
        unix:///var/run/docker.sock) ;;
        *) soft "the engine is elsewhere: $BERTH_DOCKER_HOST" ;;
    esac
    if ! is_current "$binary"; then
        mkdir -p "$DATA"
        if [ ! -e "$POOL.img" ]; then say "Making a pool of storage (a sparse file of $SIZE)"; fi
        # Running containers do not notice: their volumes are folders of a file system that stays mounted.
        end_driver
        "$binary" pool init --pool "$POOL" --size "$SIZE" >>"$LOG" 2>&1 || {
            tail -n 5 "$LOG" >&2
            soft "no pool can be made; the log: $LOG"
        }
        in_background "$LOG" "$binary" volume-driver --pool "$POOL" --socket "$SOCKET" >"$PID_FILE"
        wait_for 60 serving || { tail -n 20 "$LOG" >&2; die "the volume driver does not start" "its log: $LOG, or without: BERTH_NO_POOL=1 make run"; }
    fi
    echo "$SOCKET"
}

has_volumes() { call VolumeDriver.List 2>/dev/null | grep -q '"Name"'; }

stop() {
    if gone; then return 0; fi
    if has_volumes; then
        note "the volume driver stays, for the servers that go on (make clean-demo ends it)"
        return 0
    fi
    say "Stopping the volume driver"
    end_driver
}

remove() {
    if ! gone && has_volumes; then die "volumes of the pool are left: docker volume ls" "remove them, then run this again"; fi
    end_driver
    rm -f "$SOCKET"
    local device
    if findmnt --noheadings "$POOL" >/dev/null 2>&1; then
        device=$(findmnt --noheadings --output SOURCE "$POOL")
        umount "$POOL"
        case $device in /dev/loop*) losetup --detach "$device" 2>/dev/null || true ;; esac
    fi
    rm -rf "$POOL" "$POOL.img"
}

case ${1:-} in
    start) locked "run-pool-$(checkout_id)" start "$2" ;;
    stop) stop ;;
    remove) remove ;;
    *) die "usage: run-pool.sh start BINARY | stop | remove" ;;
esac
