#!/usr/bin/env bash
# mail.sh build | start NAME | stop NAME | ports NAME: the mail service in a container of its own: its image, from mail/, and a
# container of it beside a panel that runs without Compose.
#
# start reads BERTH_MAIL_* of the environment (docs/mail.md), and these two: BERTH_MAIL_PUBLISH is the address that its ports are
# published on (127.0.0.1), BERTH_MAIL_PORTS says on which: real (25, 465, 587, 110, 143, 993, 995, 4190), high (2525, 4650, 5870,
# 1100, 1430, 9930, 9950, 41900) or random, which is what is done if nothing is said. A container of the same settings is left
# alone, others are replaced; the mail is in the volume of the same name. Prints the name. What it makes bears the label
# berth.mail=NAME, and not the panel's own, by which a panel finds servers that nobody wants any more.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

IMAGE=berth-mail:${BERTH_VERSION:-latest}
BASE=${BASE_IMAGE:-debian:bookworm-slim}
INSIDE=(25 465 587 110 143 993 995 4190)
HIGH=(2525 4650 5870 1100 1430 9930 9950 41900)
# What the programs need to become other users, to open ports below 1024, and to end each other.
CAPABILITIES=(CHOWN DAC_OVERRIDE FOWNER KILL NET_BIND_SERVICE SETGID SETUID SYS_CHROOT)
LEAST_MEMORY=1g

# Docker compares by itself what has changed, which takes a second when nothing has.
build() {
    "$ROOT/scripts/base-image.sh" "$BASE"
    quietly "$LOGS/image-mail.log" docker build --build-arg "BASE=$BASE" --tag "$IMAGE" "$ROOT/mail"
}

# published NUMBER: the port on this machine for the one inside, by its place in the list; nothing for a random one.
published() {
    case ${BERTH_MAIL_PORTS:-random} in
        real) echo "${INSIDE[$1]}" ;;
        high) echo "${HIGH[$1]}" ;;
        random) ;;
        *) die "BERTH_MAIL_PORTS is real, high or random" ;;
    esac
}

arguments() {
    local name=$1 i variable
    printf '%s\n' --name "$name" --label "berth.mail=$name" --restart unless-stopped --memory "$LEAST_MEMORY" \
        --pids-limit 1000 --cap-drop ALL --security-opt no-new-privileges --stop-timeout 20
    printf -- '--cap-add\n%s\n' "${CAPABILITIES[@]}"
    for i in "${!INSIDE[@]}"; do
        printf '%s\n' --publish "${BERTH_MAIL_PUBLISH:-127.0.0.1}:$(published "$i"):${INSIDE[$i]}"
    done
    printf '%s\n' --volume "$name:/var/mail/berth"
    # Programs on this machine all come from the bridge's address, and one wrong password must not slow down all of them.
    [ "${BERTH_MAIL_PUBLISH:-127.0.0.1}" != 127.0.0.1 ] || printf '%s\n' --env "BERTH_MAIL_AUTH_PENALTY=${BERTH_MAIL_AUTH_PENALTY:-no}"
    for variable in HOST DATABASE_PORT DATABASE_NAME DATABASE_USER DATABASE_PASSWORD RELAY NETWORKS MAX_MESSAGE_MIB DNS; do
        variable=BERTH_MAIL_$variable
        [ -z "${!variable:-}" ] || printf '%s\n' --env "$variable=${!variable}"
    done
    # The folder of a socket is mounted, so that it may be another socket after PostgreSQL's next start.
    case ${BERTH_MAIL_DATABASE_HOST:-} in
        /*) printf '%s\n' --volume "$BERTH_MAIL_DATABASE_HOST:/run/postgresql" --env BERTH_MAIL_DATABASE_HOST=/run/postgresql ;;
        *) printf '%s\n' --env "BERTH_MAIL_DATABASE_HOST=${BERTH_MAIL_DATABASE_HOST:?where PostgreSQL is}" ;;
    esac
    if [ -n "${BERTH_MAIL_DATABASE_PASSWORD_FILE:-}" ]; then
        printf '%s\n' --volume "$BERTH_MAIL_DATABASE_PASSWORD_FILE:/run/secrets/mail_reader_password:ro" \
            --env BERTH_MAIL_DATABASE_PASSWORD_FILE=/run/secrets/mail_reader_password
    fi
    if [ -n "${BERTH_MAIL_TLS:-}" ]; then printf '%s\n' --volume "$BERTH_MAIL_TLS:/etc/berth-mail/tls:ro"; fi
    printf '%s\n' "$IMAGE"
}

healthy() { docker exec "$1" berth-mail healthy; }

start() {
    local name=$1 wanted is
    local -a all
    arguments "$name" >/dev/null
    mapfile -t all < <(arguments "$name")
    wanted=$( (printf '%s\n' "${all[@]}"; docker image inspect --format '{{.Id}}' "$IMAGE") | sha256sum | cut -d' ' -f1)
    is=$(docker inspect --format '{{index .Config.Labels "berth.mail.settings"}}' "$name" 2>/dev/null || true)
    if [ "$is" != "$wanted" ]; then
        docker rm --force "$name" >/dev/null 2>&1 || true
        # The volume bears the label, too, so that whoever removes all of it finds it.
        docker volume create --label "berth.mail=$name" "$name" >/dev/null
        docker create --label "berth.mail.settings=$wanted" "${all[@]}" >/dev/null
    fi
    docker start "$name" >/dev/null
    wait_for 60 healthy "$name" || { docker logs --tail 20 "$name" >&2; die "the mail service does not start" "its log: docker logs $name"; }
    echo "$name"
}

stop() { docker stop "$1" >/dev/null 2>&1 || true; }

# Each port inside and where it is published, a line each.
ports() { docker inspect --format '{{range $inside, $out := .NetworkSettings.Ports}}{{range $out}}{{printf "%s %s:%s\n" $inside .HostIp .HostPort}}{{end}}{{end}}' "$1" | sed 's,/tcp,,; /^$/d'; }

case ${1:-} in
    build) locked mail-image build ;;
    start) start "${2:?name it}" ;;
    stop) stop "${2:?name it}" ;;
    ports) ports "${2:?name it}" ;;
    *) die "usage: mail.sh build | start NAME | stop NAME | ports NAME" ;;
esac
