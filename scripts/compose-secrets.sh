#!/usr/bin/env bash
# compose-secrets.sh [FOLDER]: what docker-compose.yml needs and nobody should choose: passwords, and the group of the
# Docker socket. What is there already is never changed, so it can be run any number of times.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

FOLDER=${1:-$VAR/compose}
ENV_FILE=${2:-$ROOT/.env}

password() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

# Compose mounts these files as they are, and the programs that read them run as users of their own: so the files are
# readable, and the folder is closed.
secret() {
    local file=$FOLDER/$1
    [ -s "$file" ] && return 0
    printf '%s' "$2" >"$file.new"
    chmod 444 "$file.new"
    mv "$file.new" "$file"
    note "made $file"
}

mkdir -p "$FOLDER"
chmod 700 "$FOLDER"
secret postgres_password "$(password)"
secret database_admin_url "postgres://berth_admin:$(cat "$FOLDER/postgres_password")@postgres:5432/berth?sslmode=require"
secret mail_reader_password "$(password)"
secret database_url "postgres://berth:$(password)@postgres:5432/berth?sslmode=require"

socket_group() {
    stat -c %g /var/run/docker.sock || die "there is no Docker Engine at /var/run/docker.sock" "scripts/docker.sh"
}

# Asked for before anything is written: a failure inside the text would leave it out.
if [ ! -e "$ENV_FILE" ]; then
    GROUP=$(socket_group)
    cat >"$ENV_FILE" <<EOF
# Settings of docker-compose.yml; see docs/operations.md. Made once, yours to change.
DOCKER_GID=$GROUP
BERTH_SECRETS=$FOLDER
#BERTH_PUBLIC_URL=https://panel.example.com
# With a reverse proxy on this machine: the network that docker-compose.yml publishes the panel in (BERTH_WEB_SUBNET).
#BERTH_TRUSTED_PROXIES=10.207.0.0/24
#BERTH_PUBLIC_HOST=servers.example.com
#BERTH_PUBLISH_ADDRESS=0.0.0.0
# The name that mail programs and other mail servers know this machine by, and the address that its mail ports are opened on.
#BERTH_MAIL_HOST=mail.example.com
#BERTH_MAIL_BIND=0.0.0.0
# The address of webmail, which a reverse proxy leads to port 8081 of this machine.
#BERTH_WEBMAIL_URL=https://webmail.example.com
EOF
    note "made $ENV_FILE"
elif ! grep -q '^DOCKER_GID=.' "$ENV_FILE"; then
    GROUP=$(socket_group)
    printf 'DOCKER_GID=%s\n' "$GROUP" >>"$ENV_FILE"
    note "added DOCKER_GID to $ENV_FILE"
fi
