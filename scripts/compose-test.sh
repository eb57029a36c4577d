#!/usr/bin/env bash
# compose-test.sh: docker-compose.yml as an operator uses it, with every Compose that is here: images, secrets, up, the
# set-up link from the log, the first account, signing in, behind a proxy too, and after a restart, down. Under names,
# ports, a network and an instance of its own, so it meets no other panel.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib-http.sh
. "$(dirname "$0")/lib-http.sh"
cd "$ROOT"

WORK=$VAR/compose-test
JAR=$WORK/cookies
DIRECT=http://127.0.0.1:18081
PROXIED=http://127.0.0.1:18082
PANEL=$DIRECT
PASSWORD=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
export BERTH_VERSION=test BERTH_INSTANCE=berth-compose-test BERTH_BIND=127.0.0.1:18081 BERTH_PUBLIC_URL=$DIRECT
# Mail has ports that must be what they are, so they are on an address of their own.
export BERTH_MAIL_CONTAINER=berth-compose-test-mail BERTH_MAIL_BIND=127.0.0.25 BERTH_MAIL_HOST=mail.compose.test
# Networks of its own for what is between its parts.
export BERTH_NOTICES_SUBNET=10.207.11.0/24 BERTH_WEBMAIL_SUBNET=10.207.12.0/24 BERTH_WEBMAIL_ADDRESS=10.207.12.2
export BERTH_WEBMAIL_WEB_SUBNET=10.207.13.0/24 BERTH_WEBMAIL_TRUSTED_PROXIES=10.207.13.1 BERTH_WEBMAIL_BIND=127.0.0.1:18083
# What an operator sets whose proxy runs on the host.
export BERTH_WEB_SUBNET=10.207.1.0/24 BERTH_TRUSTED_PROXIES=10.207.1.0/24

COMPOSE=()
PROXY=

compose() { "${COMPOSE[@]}" --project-name berthtest --env-file "$WORK/env" "$@"; }

# each_compose: the commands, a line each: Debian's, version 2 from setup.sh, and Docker's plugin.
each_compose() {
    ! has docker-compose || echo docker-compose
    [ ! -x "$(compose2)" ] || compose2
    ! docker compose version >/dev/null 2>&1 || echo docker compose
}

down() {
    local status=$?
    [ -z "$PROXY" ] || kill "$PROXY" 2>/dev/null || true
    [ "$status" = 0 ] || compose logs --no-color --tail 40 >&2 || true
    compose down --volumes --remove-orphans >"$LOGS/compose-down.log" 2>&1 || true
    remove_labelled "berth.instance=$BERTH_INSTANCE"
    rm -rf "$WORK"
    exit "$status"
}

healthy() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$(compose ps -q "$1")")" = healthy ]; }

# The mail service reaches PostgreSQL, with the password that the panel gave its role.
mail_reads() { compose exec -T mail berth-mail health | grep -q '"program": "database", "is_up": true'; }

bring_up() {
    quietly "$LOGS/compose-up.log" compose up --detach --no-build "$@"
    wait_for 120 healthy panel || die "the panel does not become healthy"
    wait_for 120 healthy mail || die "the mail service does not become healthy"
    wait_for 60 mail_reads || die "the mail service does not reach PostgreSQL"
}

# signed_in_from: the addresses that the audit log has for sign-ins, the latest first.
signed_in_from() { http "$DIRECT/staff/audit.csv?action=session.start" | grep -oE '\b[0-9]+(\.[0-9]+){3}\b'; }

# expect_from ADDRESS: that is where the last sign-in came from, as the audit log has it.
expect_from() {
    local found
    found=$(signed_in_from)
    found=${found%%$'\n'*}
    [ "$found" = "$1" ] || die "the audit log says that the sign-in came from $found, not from $1"
}

# From an address of this machine's own, through a proxy on the host; what the client itself claims is not believed.
sign_in_through_proxy() {
    node tests/proxy.mjs 18082 "$DIRECT" &
    PROXY=$!
    wait_for 30 http --output /dev/null "$PROXIED/livez" || die "the proxy does not answer"
    rm -f "$JAR"
    http --output /dev/null --interface 127.0.0.77 --header "X-Forwarded-For: 203.0.113.66" \
        --data-urlencode "email=$OWNER_EMAIL" --data-urlencode "password=$PASSWORD" "$PROXIED/sign-in"
    expect_from 127.0.0.77
    kill "$PROXY"
    PROXY=
}

# From a container that is no proxy. bash speaks HTTP, since the image has nothing that does.
sign_in_with_a_lie() {
    local body="email=${OWNER_EMAIL/@/%40}&password=$PASSWORD" request answer
    request="POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:18081\r\nConnection: close\r\nX-Forwarded-For: 203.0.113.66\r\n"
    request+="Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${#body}\r\n\r\n$body"
    answer=$(compose exec -T postgres bash -c "exec 3<>/dev/tcp/panel/8080; printf '%b' '$request' >&3; cat <&3")
    [[ $answer == HTTP/1.1\ 303\ * ]] || die "the sign-in from another container was refused"
    expect_from "$(docker inspect --format '{{(index .NetworkSettings.Networks "berthtest_database").IPAddress}}' \
        "$(compose ps -q postgres)")"
}

try() {
    say "$("${COMPOSE[@]}" version --short): bringing the panel and PostgreSQL up"
    rm -rf "$WORK"
    mkdir -p "$WORK"
    scripts/compose-secrets.sh "$WORK/secrets" "$WORK/env"
    trap down EXIT
    # What a run that was cut off may have left.
    compose down --volumes --remove-orphans >/dev/null 2>&1 || true
    remove_labelled "berth.instance=$BERTH_INSTANCE"
    bring_up
    note "setting it up, and signing in"
    LINK=$(compose logs --no-color panel | setup_link) || die "there is no set-up link in the log"
    own_panel "$LINK" "$PASSWORD"
    sign_out
    sign_in "$OWNER_EMAIL" "$PASSWORD"
    expect_page /staff "$OWNER_NAME"
    note "signing in through a proxy, and with a forged address"
    sign_in_through_proxy
    sign_in_with_a_lie
    note "restarting: the account and the key must outlive the containers"
    bring_up --force-recreate
    sign_in "$OWNER_EMAIL" "$PASSWORD"
    expect_page /staff "$OWNER_NAME"
}

BERTH_BINARY=target/debug/berth scripts/image.sh
mapfile -t ALL < <(each_compose)
[ "${#ALL[@]}" -gt 0 ] || die "there is no Compose on this machine" "run scripts/setup.sh test"
for command in "${ALL[@]}"; do
    read -ra COMPOSE <<<"$command"
    # A subshell: what it makes is taken down before the next begins.
    (try)
done
