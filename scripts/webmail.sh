#!/usr/bin/env bash
# webmail.sh build | start NAME | stop NAME: webmail in a container of its own: its image, from webmail/, and a container of it beside
# a panel that runs without Compose. It is in the host's network, since the panel and the mail service's ports are on 127.0.0.1.
#
# start reads BERTH_WEBMAIL_LISTEN (127.0.0.1:8081), BERTH_WEBMAIL_URL (http:// and that), BERTH_WEBMAIL_NAME, BERTH_TRUSTED_PROXIES,
# BERTH_MAIL_SERVER (127.0.0.1), BERTH_MAIL_IMAP_PORT (9930), BERTH_MAIL_SMTP_PORT (4650) and BERTH_PANEL_URL (http://127.0.0.1:8080):
# docs/mail.md. A container of the same settings is left alone, others are replaced; what people set is in the volume of the same
# name. Prints the address. What it makes bears the label berth.webmail=NAME.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

IMAGE=berth-webmail:${BERTH_VERSION:-latest}
BASE=${BASE_IMAGE:-debian:bookworm-slim}
LISTEN=${BERTH_WEBMAIL_LISTEN:-127.0.0.1:8081}
URL=${BERTH_WEBMAIL_URL:-http://$LISTEN}

# Docker compares by itself what has changed, which takes a second when nothing has.
build() {
    "$ROOT/scripts/base-image.sh" "$BASE"
    quietly "$LOGS/image-webmail.log" docker build --build-arg "BASE=$BASE" --tag "$IMAGE" "$ROOT/webmail"
}

arguments() {
    printf '%s\n' --name "$1" --label "berth.webmail=$1" --restart unless-stopped --memory 512m --pids-limit 200 --network host \
        --read-only --tmpfs /tmp --tmpfs /run/webmail:mode=1777 --cap-drop ALL --security-opt no-new-privileges --stop-timeout 20 \
        --volume "$1:/var/lib/berth-webmail" \
        --env "BERTH_WEBMAIL_LISTEN=$LISTEN" --env "BERTH_WEBMAIL_URL=$URL" --env "BERTH_WEBMAIL_NAME=${BERTH_WEBMAIL_NAME:-}" \
        --env "BERTH_TRUSTED_PROXIES=${BERTH_TRUSTED_PROXIES:-}" \
        --env "BERTH_MAIL_SERVER=${BERTH_MAIL_SERVER:-127.0.0.1}" \
        --env "BERTH_MAIL_IMAP_PORT=${BERTH_MAIL_IMAP_PORT:-9930}" --env "BERTH_MAIL_SMTP_PORT=${BERTH_MAIL_SMTP_PORT:-4650}" \
        --env "BERTH_PANEL_URL=${BERTH_PANEL_URL:-http://127.0.0.1:8080}" "$IMAGE"
}

healthy() { docker exec "$1" healthy; }

start() {
    local name=$1 wanted is
    local -a all
    mapfile -t all < <(arguments "$name")
    wanted=$( (printf '%s\n' "${all[@]}"; docker image inspect --format '{{.Id}}' "$IMAGE") | sha256sum | cut -d' ' -f1)
    is=$(docker inspect --format '{{index .Config.Labels "berth.webmail.settings"}}' "$name" 2>/dev/null || true)
    if [ "$is" != "$wanted" ]; then
        docker rm --force "$name" >/dev/null 2>&1 || true
        # The volume bears the label, too, so that whoever removes all of it finds it.
        docker volume create --label "berth.webmail=$name" "$name" >/dev/null
        docker create --label "berth.webmail.settings=$wanted" "${all[@]}" >/dev/null
    fi
    docker start "$name" >/dev/null
    wait_for 60 healthy "$name" || { docker logs --tail 20 "$name" >&2; die "webmail does not start" "its log: docker logs $name"; }
    echo "$URL"
}

stop() { docker stop "$1" >/dev/null 2>&1 || true; }

case ${1:-} in
    build) locked webmail-image build ;;
    start) start "${2:?name it}" ;;
    stop) stop "${2:?name it}" ;;
    *) die "usage: webmail.sh build | start NAME | stop NAME" ;;
esac
