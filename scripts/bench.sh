#!/usr/bin/env bash
# bench.sh [group…]: measure what docs/benchmarks.md tells, each figure beside its floor in the same run. Groups: weight,
# create, files, console, reconcile, checks, lists, pool, backups, mail, tickets, breakdowns; all if none is named. Prints a table; a figure that misses its bar is told and is no failure.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

scripts/setup.sh test
scripts/assets.sh
export SQLX_OFFLINE=true
BERTH_TEST_DATABASE_URL=$(scripts/test-db.sh start)
export BERTH_TEST_DATABASE_URL
say "building the panel as it is released"
cargo bench --locked --features testing --bench panel --no-run --quiet
say "measuring; the machine should have nothing else to do"
cargo bench --locked --features testing --bench panel --quiet -- "$@"
