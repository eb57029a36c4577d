#!/usr/bin/env bash
# prepare.sh: write anew what is generated and committed: .sqlx (what each query takes and gives), openapi.json and
# docs/routes.txt. Commit them with the change that caused them.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

"$ROOT/scripts/assets.sh"
say "Asking PostgreSQL about every query"
"$ROOT/scripts/sqlx.sh" "$VAR/sqlx" cargo check --quiet --all-targets --features testing
rm -rf "$ROOT/.sqlx"
mv "$VAR/sqlx" "$ROOT/.sqlx"
say "Writing openapi.json and docs/routes.txt"
export SQLX_OFFLINE=true
cd "$ROOT"
cargo build --quiet
target/debug/berth openapi >"$VAR/openapi.json"
target/debug/berth routes >"$VAR/routes.txt"
mv "$VAR/openapi.json" openapi.json
mv "$VAR/routes.txt" docs/routes.txt
git status --short .sqlx openapi.json docs/routes.txt >&2
