#!/usr/bin/env bash
# test-outside.sh: a panel of its own, looked at from outside: in Chromium, by schemathesis, and brought up by Compose.
# Apart from `make test` until all of it passes.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

scripts/setup.sh test
scripts/assets.sh
trap 'scripts/test-panel.sh stop || true' EXIT
scripts/test-panel.sh start
npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --loglevel=error
node --test tests/browser
scripts/api-test.sh
scripts/compose-test.sh
