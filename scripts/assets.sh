#!/usr/bin/env bash
# assets.sh: the pages' libraries and icons, from npm into static/vendor. Quick and silent when they are there.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

locked assets quietly "$LOGS/assets.log" node "$ROOT/scripts/vendor.mjs"
