#!/usr/bin/env bash
# run.sh: from a fresh machine to a panel that answers, with a demo to look at. Does only what is not done yet, so
# the second time takes seconds; a panel that runs is left alone unless it was built anew.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

"$ROOT/scripts/setup.sh" run
"$ROOT/scripts/assets.sh"

DATA=${BERTH_DATA_DIR:-$(private_dir berth)}
PID_FILE=$DATA/berth.pid
LOG=$LOGS/berth.log
BERTH=$ROOT/target/release/berth
export BERTH_DATA_DIR=$DATA
export BERTH_INSTANCE=${BERTH_INSTANCE:-$(run_instance)}
export BERTH_LISTEN=${BERTH_LISTEN:-127.0.0.1:8080}
export BERTH_PUBLIC_URL=${BERTH_PUBLIC_URL:-http://$BERTH_LISTEN}
mkdir -p "$DATA"
MAIL=
WEBMAIL=

ready() { curl --silent --fail --max-time 2 --output /dev/null "http://$BERTH_LISTEN/readyz"; }

# Compares what runs with what was built: cargo replaces the file, and the running one shows as deleted.
is_current() {
    alive "$PID_FILE" berth && [ "$(readlink "/proc/$(cat "$PID_FILE")/exe")" = "$BERTH" ] && has_same BERTH_VOLUME_DRIVER_SOCKET && has_same BERTH_MAIL_CONTAINER && has_same BERTH_WEBMAIL_URL
}

# has_same SETTING: a panel that was started before there was a pool or a mail service does not know of it.
has_same() {
    local known
    known=$(tr '\0' '\n' <"/proc/$(cat "$PID_FILE")/environ" | sed -n "s/^$1=//p")
    [ "$known" = "${!1:-}" ]
}

# Disk limits are enforced where this machine can. A driver of your own is left to you.
start_pool() {
    [ -z "${BERTH_VOLUME_DRIVER_SOCKET:-}" ] || return 0
    local socket
    socket=$("$ROOT/scripts/run-pool.sh" start "$BERTH")
    [ -z "$socket" ] || export BERTH_VOLUME_DRIVER_SOCKET=$socket
}

build_panel() {
    [ -x "$BERTH" ] || say "Building Berth (the first time takes some minutes)"
    SQLX_OFFLINE=true cargo_with "$LOGS/build.log" build --release --locked
}

# Mail goes through a container beside the panel, which reads the panel's PostgreSQL. With a database of your own you start it
# yourself: docs/mail.md.
prepare_mail() {
    [ -z "${BERTH_NO_MAIL:-}${BERTH_MAIL_CONTAINER:-}" ] || return 0
    if [ -n "${DATABASE_URL:-}${DATABASE_URL_FILE:-}" ]; then
        note "no mail service: the database is yours; docs/mail.md says how to start one"
        return 0
    fi
    MAIL=$BERTH_INSTANCE-mail
    say "Looking at the mail service (its image takes a minute the first time)"
    "$ROOT/scripts/mail.sh" build
    export BERTH_MAIL_PORTS=${BERTH_MAIL_PORTS:-high}
    # What the panel tells mail programs.
    [ "$BERTH_MAIL_PORTS" != high ] || export BERTH_MAIL_CLIENT_PORTS=${BERTH_MAIL_CLIENT_PORTS:-9930,9950,4650,5870}
    export BERTH_MAIL_CONTAINER=$MAIL BERTH_MAIL_READER_PASSWORD_FILE=$DATA/mail-reader.password
    if [ ! -s "$BERTH_MAIL_READER_PASSWORD_FILE" ]; then
        (umask 077 && head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$BERTH_MAIL_READER_PASSWORD_FILE")
    fi
}

# After the panel, which makes the folder that PostgreSQL's socket is in. The database of a private cluster is the administrator's
# own: EMBEDDED_DATABASE in src/commands/start.rs.
start_mail() {
    [ -n "$MAIL" ] || return 0
    export BERTH_MAIL_DATABASE_HOST=$DATA/postgres/run BERTH_MAIL_DATABASE_PASSWORD_FILE=$BERTH_MAIL_READER_PASSWORD_FILE
    export BERTH_MAIL_DATABASE_NAME=postgres
    "$ROOT/scripts/mail.sh" start "$MAIL" >/dev/null ||
        die "the mail service does not start" "other ports: BERTH_MAIL_PORTS=random make run; without it: BERTH_NO_MAIL=1 make run"
}

# Webmail of your own is left to you.
prepare_webmail() {
    [ -n "$MAIL" ] && [ -z "${BERTH_NO_WEBMAIL:-}${BERTH_WEBMAIL_URL:-}" ] || return 0
    WEBMAIL=$BERTH_INSTANCE-webmail
    say "Looking at webmail (its image takes a minute the first time)"
    "$ROOT/scripts/webmail.sh" build
    export BERTH_WEBMAIL_LISTEN=${BERTH_WEBMAIL_LISTEN:-127.0.0.1:8081}
    export BERTH_WEBMAIL_URL=http://$BERTH_WEBMAIL_LISTEN
}

start_webmail() {
    [ -n "$WEBMAIL" ] || return 0
    local ports
    ports=$("$ROOT/scripts/mail.sh" ports "$MAIL")
    BERTH_MAIL_IMAP_PORT=$(sed -n 's/^993 .*://p' <<<"$ports") BERTH_MAIL_SMTP_PORT=$(sed -n 's/^465 .*://p' <<<"$ports") \
        BERTH_PANEL_URL=http://$BERTH_LISTEN "$ROOT/scripts/webmail.sh" start "$WEBMAIL" >/dev/null ||
        die "webmail does not start" "another port: BERTH_WEBMAIL_LISTEN=127.0.0.1:8091 make run; without it: BERTH_NO_WEBMAIL=1 make run"
}

start_panel() {
    if is_current && ready; then return 0; fi
    if alive "$PID_FILE" berth; then
        say "Restarting the panel: it was built anew, or has another pool or mail service"
        kill -TERM "$(cat "$PID_FILE")"
        wait_for 60 test ! -d "/proc/$(cat "$PID_FILE")" || die "the old panel does not end" "make stop"
    fi
    if curl --silent --max-time 2 --output /dev/null "http://$BERTH_LISTEN/"; then
        die "something else answers at $BERTH_LISTEN" "choose another address: BERTH_LISTEN=127.0.0.1:8090 make run"
    fi
    say "Starting the panel"
    # Each start has a log of its own; the one before is kept for comparison.
    [ ! -e "$LOG" ] || mv "$LOG" "$LOG.1"
    (cd "$ROOT" && in_background "$LOG" "$BERTH" serve) >"$PID_FILE"
    wait_for 60 ready_or_dead
    ready || { tail -n 20 "$LOG" >&2; die "the panel does not start" "its whole log: $LOG"; }
}

ready_or_dead() { ready || ! alive "$PID_FILE" berth; }

setup_link() { sed -n 's/.*Set Berth up here[^:]*: //p' "$LOG" | tail -n 1; }

# What there is to see, as key=value lines. The first time its image is built, which takes a minute. An invitation that
# still works is kept: whoever has it open would find it taken back.
show_demo() {
    [ -z "${BERTH_NO_DEMO:-}" ] || return 0
    say "Looking at the demo (a customer with a real web site)"
    local invitation
    invitation=$(demo_value invitation)
    if ! works "$invitation"; then invitation=; fi
    (cd "$ROOT" && "$BERTH" demo ${invitation:+--no-invitation}) >"$VAR/demo.new" 2>>"$LOGS/demo.log" ||
        { tail -n 10 "$LOGS/demo.log" >&2; die "the demo cannot be shown" "the panel runs; its log: $LOG"; }
    [ -z "$invitation" ] || echo "invitation=$invitation" >>"$VAR/demo.new"
    # Passwords are told when a mailbox is made and never again, so what was told before is kept.
    grep -q '^mailbox=' "$VAR/demo.new" || { [ ! -e "$VAR/demo" ] || sed -n '/^mailbox=/p' "$VAR/demo" >>"$VAR/demo.new"; }
    mv "$VAR/demo.new" "$VAR/demo"
}

# works LINK: does this panel still take it?
works() {
    [[ $1 == "$BERTH_PUBLIC_URL"/* ]] && curl --silent --fail --max-time 5 --output /dev/null "http://$BERTH_LISTEN${1#"$BERTH_PUBLIC_URL"}"
}

# Empty before the first demo.
demo_value() {
    [ ! -e "$VAR/demo" ] || sed -n "s/^$1=//p" "$VAR/demo" | tail -n 1
}

summary() {
    local link server invitation broke status
    link=$(setup_link)
    server=$(demo_value server)
    invitation=$(demo_value invitation)
    broke=$(demo_value breakdown)
    status=$(demo_value status)
    printf '\n  Berth is at   %s%s%s\n' "$BOLD" "$BERTH_PUBLIC_URL" "$PLAIN"
    [ -z "$link" ] || printf '  Set it up at  %s   (works once)\n' "$link"
    [ -z "$server" ] || printf '  Demo server   %s\n' "$server"
    [ -z "$status" ] || printf '  Status page   %s\n' "$status"
    [ -z "$broke" ] || printf '  It broke once %s   (a ticket that opened and resolved itself)\n' "$broke"
    [ -z "$invitation" ] || printf '  Be a customer %s   (works once)\n' "$invitation"
    [ ! -e "$VAR/demo" ] || sed -n 's/^mailbox=\([^ ]*\) \(.*\)/  Mailbox       \1   password \2/p' "$VAR/demo"
    [ -z "$MAIL" ] || printf '  Mail ports    %s\n' "$("$ROOT/scripts/mail.sh" ports "$MAIL" | sort -n | sed 's/ [^ ]*:/ at /' | paste -sd, | sed 's/,/, /g')"
    [ -z "$WEBMAIL" ] || printf '  Webmail       %s\n' "$BERTH_WEBMAIL_URL"
    printf '\n  make logs     follow its log\n  make stop     stop it; servers go on\n  make clean-demo  remove it all\n\n'
}

build_panel
start_pool
prepare_mail
prepare_webmail
start_panel
start_mail
start_webmail
show_demo
summary
