#!/usr/bin/env bash
# clean-demo.sh: stop the panel and remove what it made: its data, and the containers, volumes and networks that bear
# its label. Nothing else on the engine is touched.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

DATA=${BERTH_DATA_DIR:-$(private_dir berth)}
LABEL=berth.instance=${BERTH_INSTANCE:-$(run_instance)}

# The folder and all that bears the label are about to be removed: be sure that they are what make run made.
[ -e "$DATA" ] || { note "there is no $DATA, so there is nothing to remove"; exit 0; }
[ -e "$DATA/berth.key" ] || [ -d "$DATA/postgres" ] || die "$DATA is no data folder of Berth"

"$ROOT/scripts/stop.sh"
say "Removing its containers, volumes and networks ($LABEL)"
remove_labelled "$LABEL"
say "Removing its data: $DATA"
rm -rf "$DATA"
