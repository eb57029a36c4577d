#!/usr/bin/env bash
# clean-demo.sh: stop the panel and remove what it made: its data, and the containers, volumes and networks that bear
# its label. Nothing else on the engine is touched.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

DATA=${BERTH_DATA_DIR:-$(private_dir berth)}
LABEL=berth.instance=${BERTH_INSTANCE:-$(run_instance)}

# The folder and all that bears the label are about to be removed: be sure that they are what make run made. Without the
# folder only the label tells, so it must be the one that nothing but this checkout's make run uses.
if [ -e "$DATA" ]; then
    [ -e "$DATA/berth.key" ] || [ -d "$DATA/postgres" ] || die "$DATA is no data folder of Berth"
    "$ROOT/scripts/stop.sh"
elif [ "$LABEL" != "berth.instance=$(run_instance)" ]; then
    die "there is no $DATA, so it is not sure whose servers bear $LABEL" "set BERTH_DATA_DIR to the folder that goes with it"
fi
say "Removing its containers, volumes and networks ($LABEL)"
remove_labelled "$LABEL"
remove_labelled "berth.mail=${LABEL#berth.instance=}-mail"
remove_labelled "berth.webmail=${LABEL#berth.instance=}-webmail"
"$ROOT/scripts/run-pool.sh" remove
say "Removing its data: $DATA"
rm -rf "$DATA"
