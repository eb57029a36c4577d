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
    "checks|scripts/check.sh quick"
    "tests|tests"
    "the panel in a browser|browser"
    "the API, fuzzed, and the panel under Compose|outside"
)
export SQLX_OFFLINE=true CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}

# What a run that was killed has left goes first: the engine starts it again, and it is in the way of this one.
machine() {
    scripts/setup.sh test
    scripts/test-leftovers.sh
}

BESIDE=()
# beside LOG COMMAND…: it goes on beside what follows, until `joined`.
beside() {
    local log=$1
    shift
    trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
    "$@" >"$LOGS/$log.log" 2>&1 &
    BESIDE+=("$! $log")
}

# joined: waits for what goes on beside, and fails with the end of its log if any of it failed.
joined() {
    local one failed=0
    for one in "${BESIDE[@]}"; do
        wait "${one%% *}" || { failed=1; tail -n 40 "$LOGS/${one#* }.log" >&2; }
    done
    BESIDE=()
    return "$failed"
}

# Clippy is the compiler, so the lints cost no compilation of their own; and it asks PostgreSQL about each query meanwhile. The
# library first, and then the library with its tests: compiling either takes some 11 GB of memory.
compiled() {
    local url
    export RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__
    beside docs env -u RUSTC_WORKSPACE_WRAPPER CARGO_TARGET_DIR="$ROOT/target/docs" scripts/check.sh docs
    beside test-mail scripts/mail.sh build
    quietly "$LOGS/test-library.log" scripts/sqlx.sh "$VAR/sqlx" \
        cargo test --locked --features testing --test architecture --no-run
    joined
    # Some minutes on a machine that has none of the images, a moment afterwards.
    beside test-images target/debug/berth catalogue build
    url=${BERTH_TEST_DATABASE_URL/\/postgres?/\/berth_prepare?}
    DATABASE_URL=$url SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$VAR/sqlx \
        cargo_with "$LOGS/test-build.log" test --locked --features testing --all-targets --no-run
    joined
    diff -rq .sqlx "$VAR/sqlx" >&2 || die ".sqlx is not what the queries are now" "run make prepare, and commit .sqlx"
}

tests() {
    BERTH_TEST_DATABASE_URL=$(scripts/test-db.sh start)
    export BERTH_TEST_DATABASE_URL
    compiled
    cargo nextest run --locked --features testing --cargo-quiet --status-level fail --final-status-level slow
}

# Its panel is the one that the API is fuzzed on, too. A file that fails is tried once more, on a new panel: decision 0017.
browser() {
    local file
    export BERTH_TEST_BUILT=1
    scripts/test-panel.sh start
    npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --loglevel=error
    for file in tests/browser/*.test.mjs; do
        node --test "$file" && continue
        note "FLAKY, if it passes now: $file"
        scripts/test-panel.sh stop
        scripts/test-panel.sh start
        node --test "$file"
    done
}

# Compose brings up panels of its own, so it goes on beside the fuzzer.
outside() {
    beside compose scripts/compose-test.sh
    scripts/api-test.sh
    joined
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
