#!/usr/bin/env bash
# pool.sh start [BINARY]|stop: a volume driver with a pool of its own for the tests of this checkout, served by a copy of
# BINARY (target/debug/berth). Prints the driver's name on the engine, its socket and its pool, a line each.
#
# One driver for all tests, which stays: an engine never forgets the name of a driver that it has spoken to, and waits 15
# seconds for one that has gone whenever somebody lists volumes.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

DIR=$(private_dir test-pool)
NAME=berth-test-$(checkout_id)
SOCKET=/run/docker/plugins/$NAME.sock
PID_FILE=$DIR/driver.pid
LOG=$LOGS/test-pool.log

serving() {
    alive "$PID_FILE" berth &&
        curl --silent --fail --max-time 5 --unix-socket "$SOCKET" --data '{"Fresh":false}' http://berth/Berth.Usage |
        grep -q '"Err":""'
}

stop() {
    if alive "$PID_FILE" berth; then
        kill -TERM "$(cat "$PID_FILE")"
        wait_for 30 test ! -d "/proc/$(cat "$PID_FILE")" || die "the tests' volume driver does not end" "its log: $LOG"
    fi
    rm -f "$PID_FILE"
}

start() {
    local binary=$1
    [ "$(id -u)" = 0 ] || die "a pool needs root: mounting, and quotas" "run this as root"
    mkdir -p "$DIR"
    if ! { cmp -s "$binary" "$DIR/berth" && serving; }; then
        stop
        cp "$binary" "$DIR/berth.new"
        mv "$DIR/berth.new" "$DIR/berth"
        "$DIR/berth" pool init --pool "$DIR/pool" --size 40GiB >>"$LOG" || die "no pool can be made" "see above"
        in_background "$LOG" "$DIR/berth" volume-driver --pool "$DIR/pool" --socket "$SOCKET" >"$PID_FILE"
        wait_for 60 serving || { tail -n 20 "$LOG" >&2; die "the tests' volume driver does not start" "its log: $LOG"; }
    fi
    printf '%s\n' "$NAME" "$SOCKET" "$DIR/pool"
}

case ${1:-} in
    start) locked test-pool start "${2:-$ROOT/target/debug/berth}" ;;
    stop) locked test-pool stop ;;
    *) die "usage: pool.sh start [BINARY] | stop" ;;
esac
