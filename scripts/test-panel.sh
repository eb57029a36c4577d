#!/usr/bin/env bash
# test-panel.sh start|stop: a panel of its own for the tests that look from outside (browser, API): the binary of
# the tests, an empty database in the test cluster, an instance of its own on the engine, a mail service, and a name server that is
# all that there is of DNS. What it is and how to enter stands in var/test-panel/env, for scripts and for tests/browser.
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
MAIL_HOST=mail.outside.test
DNS=$DIR/dns
DNS_PORT=18053

# end PIDFILE NAME: ends the program that the file names, if its name still begins so.
end() {
    local pid
    alive "$1" || return 0
    pid=$(cat "$1")
    [[ $(cat "/proc/$pid/comm" 2>/dev/null) == "$2"* ]] || return 0
    kill -TERM "$pid"
    wait_for 60 test ! -d "/proc/$pid" || kill -KILL "$pid"
}

stop() {
    end "$DIR/pid" berth
    end "$DNS/pid" nsd
    rm -rf "$DIR"
    remove_labelled "berth.mail=$MAIL"
    remove_labelled "berth.instance=$BERTH_INSTANCE"
}

# The provider's own records. A test adds its customers' to the file zone, and sends SIGHUP: tests/browser/post.mjs.
name_server() {
    mkdir -p "$DNS"
    printf '%s\n' "@ 1 IN SOA ns. hostmaster. 1 3600 600 86400 1" "@ 1 IN NS ns." "ns. 1 IN A 127.0.0.1" \
        "$MAIL_HOST. 1 IN A 127.0.0.1" >"$DNS/provider"
    cp "$DNS/provider" "$DNS/zone"
    cat >"$DNS/nsd.conf" <<EOF
server:
  ip-address: 127.0.0.1@$DNS_PORT
  username: ""
  chroot: ""
  database: ""
  server-count: 1
  zonesdir: "$DNS"
  xfrdir: "$DNS"
  pidfile: "$DNS/nsd.pid"
  xfrdfile: "$DNS/xfrd.state"
  zonelistfile: "$DNS/zone.list"
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "zone"
EOF
    PATH=$PATH:/usr/sbin in_background "$LOGS/test-panel-dns.log" nsd -d -c "$DNS/nsd.conf" >"$DNS/pid"
}

# mail_port NUMBER: where a port of the mail service is on this machine.
mail_port() { "$ROOT/scripts/mail.sh" ports "$MAIL" | sed -n "s/^$1 .*://p" | head -n 1; }

settings() {
    local admin=$1
    export BERTH_LISTEN=127.0.0.1:18080 BERTH_METRICS_LISTEN=127.0.0.1:19464 BERTH_PUBLIC_URL=$PANEL
    export BERTH_DATA_DIR=$DIR/data BERTH_PORTS=30000-30999 BERTH_RATE_PER_MINUTE=60000
    # The first end is one too many: what a test kills stays down.
    export BERTH_CRASH_LIMIT=1
    export BERTH_DATABASE_ADMIN_URL=${admin/\/postgres?/\/$DATABASE?}
    export BERTH_MAIL_CONTAINER=$MAIL BERTH_MAIL_HOST=$MAIL_HOST BERTH_DNS_SERVER=127.0.0.1:$DNS_PORT
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
    name_server
    # The tests' binary has the same features; cargo would build it once more for want of the tests' own dependencies.
    [ -n "${BERTH_TEST_BUILT:-}" ] || SQLX_OFFLINE=true cargo_with "$LOGS/build.log" build --locked --features testing
    (cd "$ROOT" && in_background "$LOG" "$BERTH" serve) >"$DIR/pid"
    # Whoever reaches the socket of the tests' cluster may come in, so the mail service needs no password.
    "$ROOT/scripts/mail.sh" build
    BERTH_MAIL_DATABASE_HOST=${admin##*host=} BERTH_MAIL_DATABASE_NAME=$DATABASE "$ROOT/scripts/mail.sh" start "$MAIL" >/dev/null
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
BERTH_TEST_INSTANCE=$BERTH_INSTANCE
BERTH_TEST_OWNER_EMAIL=$OWNER_EMAIL
BERTH_TEST_OWNER_PASSWORD=$password
BERTH_TEST_STAFF_TOKEN=$staff_token
BERTH_TEST_TENANT_TOKEN=$(api_token "$tenant")
BERTH_TEST_SMTP_PORT=$(mail_port 25)
BERTH_TEST_SUBMISSION_PORT=$(mail_port 587)
BERTH_TEST_DNS_FOLDER=$DNS
BERTH_TEST_DNS_PORT=$DNS_PORT
EOF
}

case ${1:-} in
    start) rm -f "$LOG"; start ;;
    stop) stop ;;
    *) die "usage: test-panel.sh start|stop" ;;
esac
