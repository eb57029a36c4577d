#!/usr/bin/env bash
# image.sh: the images that docker-compose.yml runs: the panel (from a release binary), its PostgreSQL (the same
# folder that customers' PostgreSQL is made from), and the mail service.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

BASE=${BASE_IMAGE:-debian:bookworm-slim}
VERSION=${BERTH_VERSION:-latest}
# Tests give the binary that they have built anyway; everybody else gets the release.
BINARY=${BERTH_BINARY:-target/release/berth}

if [ "$BINARY" = target/release/berth ]; then
    "$ROOT/scripts/setup.sh" run
    "$ROOT/scripts/assets.sh"
    say "Building Berth"
    SQLX_OFFLINE=true cargo_with "$LOGS/build.log" build --release --locked
fi
say "Building the images berth:$VERSION, berth-postgres:$VERSION, berth-mail:$VERSION and berth-webmail:$VERSION"
quietly "$LOGS/image.log" docker build --build-arg "BASE=$BASE" --build-arg "BINARY=$BINARY" \
    --tag "berth:$VERSION" "$ROOT"
quietly "$LOGS/image-postgres.log" docker build --build-arg "BASE=$BASE" --tag "berth-postgres:$VERSION" \
    "$ROOT/catalogue/postgresql"
"$ROOT/scripts/mail.sh" build
"$ROOT/scripts/webmail.sh" build
