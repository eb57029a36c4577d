#!/usr/bin/env bash
# sqlx.sh OUTPUT_DIR COMMAND…: run a cargo command that expands every query against a database with the migrations of
# this tree, and write what the macros learn into OUTPUT_DIR (that is what `cargo sqlx prepare` does, without the tool).
#
# The macros run only when the crate is compiled, so src/lib.rs is touched; and they write only when they are online.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

OUT=$1
shift
DATABASE=berth_prepare
ADMIN_URL=$("$ROOT/scripts/test-db.sh" start)
URL=${ADMIN_URL/\/postgres?/\/$DATABASE?}

sql() { psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$@"; }

migrated_database() {
    local file
    sql "$ADMIN_URL" -c "drop database if exists $DATABASE with (force)" -c "create database $DATABASE" 2>/dev/null
    sql "$URL" -f "$ROOT/src/platform/db/roles.sql"
    for file in "$ROOT"/migrations/*.up.sql; do
        # As the panel runs them: everything belongs to berth_owner.
        { echo 'set role berth_owner;' && cat "$file"; } | sql "$URL" >/dev/null
    done
}

migrated_database
rm -rf "$OUT"
mkdir -p "$OUT"
touch "$ROOT/src/lib.rs"
cd "$ROOT"
DATABASE_URL=$URL SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$OUT "$@"
