#!/usr/bin/env bash
# stop.sh: end the panel gracefully, then its private PostgreSQL. Customers' servers go on: they need neither. The volume driver
# stays for as long as they have volumes of it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

DATA=${BERTH_DATA_DIR:-$(private_dir berth)}
PID_FILE=$DATA/berth.pid

gone() { ! alive "$PID_FILE" berth; }

stop_panel() {
    if gone; then return 0; fi
    say "Stopping the panel (work under way is finished first)"
    kill -TERM "$(cat "$PID_FILE")"
    if ! wait_for 60 gone; then
        note "it does not end by itself; ending it (nothing is lost: the next start goes on from there)"
        kill -KILL "$(cat "$PID_FILE")"
        wait_for 5 gone || die "process $(cat "$PID_FILE") does not end"
    fi
    rm -f "$PID_FILE"
}

# A build that was cleaned away leaves the cluster to PostgreSQL's own tool.
stop_database() {
    local pid
    [ -e "$DATA/postgres/data/postmaster.pid" ] || return 0
    say "Stopping its PostgreSQL"
    pid=$(head -n 1 "$DATA/postgres/data/postmaster.pid")
    # SIGINT is the fast shutdown: sessions end, nothing that was committed is lost.
    kill -INT "$pid" 2>/dev/null || return 0
    wait_for 60 test ! -d "/proc/$pid" || die "PostgreSQL (process $pid) does not stop" "its log: $DATA/postgres/data/server.log"
}

stop_panel
# It would answer "try again later" to everything.
if has docker; then
    "$ROOT/scripts/webmail.sh" stop "${BERTH_INSTANCE:-$(run_instance)}-webmail"
    "$ROOT/scripts/mail.sh" stop "${BERTH_INSTANCE:-$(run_instance)}-mail"
fi
stop_database
"$ROOT/scripts/run-pool.sh" stop
