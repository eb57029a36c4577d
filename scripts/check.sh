#!/usr/bin/env bash
# check.sh [quick|docs]: everything that can be said about the code without running it, or only what needs no compiler, or only its
# documentation. Stops at the first complaint; the cheap ones come first. scripts/test.sh takes the lints and queries from the
# compiler of its tests.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

check() {
    local title=$1 start=$SECONDS
    shift
    "$@" || die "$title"
    note "$title: $((SECONDS - start)) s"
}

shell_scripts() {
    git ls-files -z -- '*.sh' 'catalogue/*/start' 'catalogue/*/healthy' 'docker/*' 'docker/guard/*' .ci/run |
        xargs -0 -r grep -lzE '^#!/(usr/)?bin/(env )?(ba)?sh' -- | tr '\0' '\n' | sort -u
}

shellcheck_all() {
    local scripts
    mapfile -t scripts < <(shell_scripts)
    shellcheck -x "${scripts[@]}"
}

# No advisories: their database lives where this machine may not reach. The other three need nothing but cargo.
deny() { cargo deny --log-level error check --hide-inclusion-graph bans licenses sources; }

# clippy compiles every query anyway, so it is clippy that asks the database; what it learns must be what is committed.
# Asking takes a compilation, so nothing is asked when nothing that matters has changed since the last agreement.
lints_and_queries() {
    local state
    state=$(git ls-files -z --cached --others --exclude-standard -- src tests benches migrations .sqlx Cargo.lock clippy.toml Cargo.toml templates |
        xargs -0 -r sha256sum 2>/dev/null | sha256sum | cut -d' ' -f1)
    [ "$(cat "$VAR/checked" 2>/dev/null)" != "$state" ] || return 0
    scripts/sqlx.sh "$VAR/sqlx" cargo clippy --quiet --all-targets --features testing -- -D warnings || return 1
    diff -rq .sqlx "$VAR/sqlx" >&2 || die ".sqlx is not what the queries are now" "run make prepare, and commit .sqlx"
    echo "$state" >"$VAR/checked"
}

docs() {
    SQLX_OFFLINE=true RUSTDOCFLAGS='-D warnings' \
        cargo doc --quiet --no-deps --document-private-items --features testing
}

# As systemd reads it, wherever the program is installed. Containers without systemd's own units can't be asked.
systemd_units() {
    local copy status=0
    if ! has systemd-analyze || [ ! -d /usr/lib/systemd/system ]; then
        note "no systemd here to ask"
        return 0
    fi
    copy=$(mktemp -d)
    sed 's#/usr/local/bin/berth#/bin/true#' packaging/berth-volume-driver.service >"$copy/berth-volume-driver.service"
    systemd-analyze verify --man=no "$copy/berth-volume-driver.service" || status=1
    rm -r "$copy"
    return $status
}

quick() {
    check "the code is formatted (make fmt)" cargo fmt --check
    check "the words are spelt right" typos --config typos.toml
    check "the shell scripts are sound" shellcheck_all
    check "systemd understands the unit" systemd_units
    check "every dependency is used" cargo machete --skip-target-dir
    check "licences, sources and versions of dependencies" deny
}

case ${1:-all} in
    quick) quick ;;
    docs) check "the documentation has no broken link" docs ;;
    all)
        quick
        check "no lint complains, and .sqlx is what the queries are" lints_and_queries
        check "the documentation has no broken link" docs
        ;;
    *) die "usage: check.sh [quick|docs]" ;;
esac
