#!/usr/bin/env bash
# clean-demo.sh: stop the panel and remove what it made: its data, and the containers, volumes and networks that bear
# its label. Nothing else on the engine is touched.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

DATA=${BERTH_DATA_DIR:-$(private_dir berth)}
LABEL=berth.instance=${BERTH_INSTANCE:-berth}

# The folder is about to be removed whole: be sure that it is one of ours.
[ ! -e "$DATA" ] || [ -e "$DATA/berth.key" ] || [ -d "$DATA/postgres" ] || die "$DATA is no data folder of Berth"

"$ROOT/scripts/stop.sh"
say "Removing its containers, volumes and networks ($LABEL)"
remove_labelled "$LABEL"
say "Removing its data: $DATA"
rm -rf "$DATA"
