#!/usr/bin/env bash
# test-panel.sh start|stop: a panel of its own for the tests that look from outside (browser, API): the binary of
# the tests, an empty database in the test cluster, an instance of its own on the engine. What it is and how to enter stands in
# var/test-panel/env, for scripts and for tests/browser.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib-http.sh
. "$(dirname "$0")/lib-http.sh"

DIR=$VAR/test-panel
LOG=$LOGS/test-panel.log
DATABASE=berth_outside
JAR=$DIR/cookies
PANEL=http://127.0.0.1:18080
BERTH=$ROOT/target/debug/berth
export BERTH_INSTANCE=berth-outside
MAIL=$BERTH_INSTANCE-mail

stop() {
    if alive "$DIR/pid" berth; then
        kill -TERM "$(cat "$DIR/pid")"
        wait_for 60 test ! -d "/proc/$(cat "$DIR/pid")" || kill -KILL "$(cat "$DIR/pid")"
    fi
    rm -rf "$DIR"
    remove_labelled "berth.mail=$MAIL"
    remove_labelled "berth.instance=$BERTH_INSTANCE"
}

settings() {
    local admin=$1
    export BERTH_LISTEN=127.0.0.1:18080 BERTH_METRICS_LISTEN=127.0.0.1:19464 BERTH_PUBLIC_URL=$PANEL
    export BERTH_DATA_DIR=$DIR/data BERTH_PORTS=30000-30999 BERTH_RATE_PER_MINUTE=60000
    export BERTH_DATABASE_ADMIN_URL=${admin/\/postgres?/\/$DATABASE?}
    export BERTH_MAIL_CONTAINER=$MAIL
    export DATABASE_URL=${BERTH_DATABASE_ADMIN_URL/berth_admin@/berth@}
}

start() {
    local admin link password staff_token tenant
    stop
    mkdir -p "$DIR"
    admin=$("$ROOT/scripts/test-db.sh" start)
    psql --no-psqlrc --quiet "$admin" -c "drop database if exists $DATABASE with (force)" \
        -c "create database $DATABASE" 2>/dev/null
    settings "$admin"
    # The tests' binary has the same features; cargo would build it once more for want of the tests' own dependencies.
    [ -n "${BERTH_TEST_BUILT:-}" ] || SQLX_OFFLINE=true cargo_with "$LOGS/build.log" build --locked --features testing
    (cd "$ROOT" && in_background "$LOG" "$BERTH" serve) >"$DIR/pid"
    # Whoever reaches the socket of the tests' cluster may come in, so the mail service needs no password.
    "$ROOT/scripts/mail.sh" build
    BERTH_MAIL_DATABASE_HOST=${admin##*host=} BERTH_MAIL_DATABASE_NAME=$DATABASE BERTH_MAIL_HOST=mail.outside.test \
        "$ROOT/scripts/mail.sh" start "$MAIL" >/dev/null
    wait_for 60 panel_ready || { tail -n 20 "$LOG" >&2; die "the panel does not start" "its log: $LOG"; }
    # The link is printed a moment after the panel is ready.
    wait_for 30 grep -q /setup/ "$LOG" || die "there is no set-up link in $LOG"
    link=$(setup_link <"$LOG")
    password=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
    own_panel "$link" "$password"
    staff_token=$(api_token staff)
    tenant=$(customer "$staff_token" "$password")
    cat >"$DIR/env" <<EOF
BERTH_TEST_URL=$PANEL
BERTH_TEST_OWNER_EMAIL=$OWNER_EMAIL
BERTH_TEST_OWNER_PASSWORD=$password
BERTH_TEST_STAFF_TOKEN=$staff_token
BERTH_TEST_TENANT_TOKEN=$(api_token "$tenant")
EOF
}

case ${1:-} in
    start) rm -f "$LOG"; start ;;
    stop) stop ;;
    *) die "usage: test-panel.sh start|stop" ;;
esac
