#!/usr/bin/env bash
# compose-test.sh: docker-compose.yml as an operator uses it: images, secrets, up, the set-up link from the log, the
# first account, signing in, down. Under names, ports and an instance of its own, so it meets no other panel.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/lib-http.sh
. "$(dirname "$0")/lib-http.sh"
cd "$ROOT"

WORK=$VAR/compose-test
JAR=$WORK/cookies
PANEL=http://127.0.0.1:18081
PASSWORD=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
export BERTH_VERSION=test BERTH_INSTANCE=berth-compose-test BERTH_BIND=127.0.0.1:18081 BERTH_PUBLIC_URL=$PANEL

compose() {
    local command=(docker compose)
    docker compose version >/dev/null 2>&1 || command=(docker-compose)
    "${command[@]}" --project-name berthtest --env-file "$WORK/env" "$@"
}

down() {
    local status=$?
    [ "$status" = 0 ] || compose logs --no-color --tail 40 >&2 || true
    compose down --volumes --remove-orphans >"$LOGS/compose-down.log" 2>&1 || true
    remove_labelled "berth.instance=$BERTH_INSTANCE"
    rm -rf "$WORK"
    exit "$status"
}

healthy() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$(compose ps -q panel)")" = healthy ]; }

BERTH_BINARY=target/debug/berth scripts/image.sh
rm -rf "$WORK"
mkdir -p "$WORK"
scripts/compose-secrets.sh "$WORK/secrets" "$WORK/env"
trap down EXIT
# What a run that was cut off may have left.
compose down --volumes --remove-orphans >/dev/null 2>&1 || true
remove_labelled "berth.instance=$BERTH_INSTANCE"

say "Bringing the panel and PostgreSQL up"
quietly "$LOGS/compose-up.log" compose up --detach --no-build
wait_for 120 healthy || die "the panel does not become healthy"

say "Setting it up, and signing in"
LINK=$(compose logs --no-color panel | setup_link) || die "there is no set-up link in the log"
own_panel "$LINK" "$PASSWORD"
sign_out
sign_in "$OWNER_EMAIL" "$PASSWORD"
expect_page /staff "$OWNER_NAME"

say "Restarting: the account and the key must outlive the containers"
quietly "$LOGS/compose-again.log" compose up --detach --no-build --force-recreate
wait_for 120 healthy || die "the panel does not become healthy again"
sign_in "$OWNER_EMAIL" "$PASSWORD"
expect_page /staff "$OWNER_NAME"
