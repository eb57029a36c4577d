#!/usr/bin/env bash
# test.sh: everything that `make test` and CI run, in stages. The first stage that fails ends the run; those after it
# are shown as not run. The last line counts stages.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

# Name, then one command with its arguments: words only, a stage of several commands is a function.
STAGES=(
    "the machine|machine"
    "the pages' libraries|scripts/assets.sh"
    "checks|scripts/check.sh"
    "tests|tests"
    "the panel in a browser|browser"
    "the API, fuzzed|scripts/api-test.sh"
    "the panel under Compose|scripts/compose-test.sh"
)
export SQLX_OFFLINE=true CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}

# What a run that was killed has left goes first: the engine starts it again, and it is in the way of this one.
machine() {
    scripts/setup.sh test
    scripts/test-leftovers.sh
}

tests() {
    BERTH_TEST_DATABASE_URL=$(scripts/test-db.sh start)
    export BERTH_TEST_DATABASE_URL
    # The library, and the library with its tests: compiling either takes some 11 GB of memory, so one after the other. The tests of the
    # architecture need the first alone.
    cargo_with "$LOGS/test-library.log" nextest run --locked --features testing --test architecture --no-run
    cargo_with "$LOGS/test-build.log" nextest run --locked --features testing --no-run
    # Some minutes on a machine that has none of them, a moment afterwards.
    quietly "$LOGS/test-images.log" target/debug/berth catalogue build
    scripts/mail.sh build
    cargo nextest run --locked --features testing --cargo-quiet --status-level fail --final-status-level slow
}

# Its panel is the one that the API is fuzzed on, too.
browser() {
    BERTH_TEST_BUILT=1 scripts/test-panel.sh start
    npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --loglevel=error
    node --test tests/browser
}

finish() {
    local status=$?
    scripts/test-panel.sh stop || true
    printf '\n'
    for line in "${RESULTS[@]}"; do printf '%s\n' "$line"; done
    for stage in "${STAGES[@]:$((PASSED + FAILED))}"; do printf '  not run  %s\n' "${stage%%|*}"; done
    printf '\n%d passed, %d failed\n' "$PASSED" "$FAILED"
    exit "$status"
}

PASSED=0 FAILED=0 RESULTS=()
trap finish EXIT
for stage in "${STAGES[@]}"; do
    title=${stage%%|*} started=$SECONDS
    say "$title"
    # A subshell keeps a stage's `exit` and its variables to itself; `set -e` must still hold inside it.
    set +e
    (set -e; ${stage#*|})
    status=$?
    set -e
    took="$((SECONDS - started)) s"
    if [ "$status" != 0 ]; then
        FAILED=1
        RESULTS+=("  FAILED   $title ($took)")
        exit 1
    fi
    PASSED=$((PASSED + 1))
    RESULTS+=("  passed   $title ($took)")
done
