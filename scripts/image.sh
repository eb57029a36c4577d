#!/usr/bin/env bash
# image.sh: the images that docker-compose.yml runs: the panel (from a release binary) and its PostgreSQL (the same
# folder that customers' PostgreSQL is made from).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

BASE=${BASE_IMAGE:-debian:bookworm-slim}
VERSION=${BERTH_VERSION:-latest}

"$ROOT/scripts/setup.sh" run
"$ROOT/scripts/assets.sh"
say "Building Berth"
SQLX_OFFLINE=true cargo_with "$LOGS/build.log" build --release --locked
say "Building the images berth:$VERSION and berth-postgres:$VERSION"
quietly "$LOGS/image.log" docker build --build-arg "BASE=$BASE" --tag "berth:$VERSION" "$ROOT"
quietly "$LOGS/image-postgres.log" docker build --build-arg "BASE=$BASE" --tag "berth-postgres:$VERSION" \
    "$ROOT/catalogue/postgresql"
