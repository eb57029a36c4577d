#!/usr/bin/env bash
# test-db.sh start|stop: a private PostgreSQL cluster for tests and for writing .sqlx. Prints the administrator's
# address. Fast and unsafe at a power cut. It does not need the berth binary, which cannot be built from queries that
# no database has checked yet.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

ADMIN=berth_admin
DIR=$(private_dir test-db)

binaries() {
    local newest
    newest=$(find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
    [ -n "$newest" ] || die "there is no PostgreSQL on this machine" "run scripts/setup.sh test"
    dirname "$newest"
}

BIN=$(binaries)

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

pg() {
    local program=$1
    shift
    (cd / && as_postgres "$BIN/$program" "$@")
}

make_cluster() {
    mkdir -p "$DIR"
    [ "$(id -u)" != 0 ] || chown postgres "$DIR"
    chmod 700 "$DIR"
    # The socket's folder is closed to everybody else, so whoever reaches the socket may come in.
    pg initdb -D "$DIR/data" -U "$ADMIN" --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync \
        >"$LOGS/test-db-initdb.log" 2>&1 || die "initdb failed" "its output: $LOGS/test-db-initdb.log"
}

start() {
    [ -e "$DIR/data/PG_VERSION" ] || make_cluster
    if ! pg pg_ctl status -D "$DIR/data" >/dev/null 2>&1; then
        pg pg_ctl start --wait --timeout=60 --silent -D "$DIR/data" -l "$DIR/server.log" -o "-k $DIR \
            -c listen_addresses= -c max_connections=300 -c fsync=off -c synchronous_commit=off \
            -c full_page_writes=off -c max_wal_size=4GB -c autovacuum_naptime=10min" >/dev/null 9>&- ||
            die "the test PostgreSQL does not start" "its log: $DIR/server.log"
    fi
    echo "postgres://$ADMIN@localhost/postgres?host=$DIR"
}

case ${1:-} in
    start) locked test-db start ;;
    stop) pg pg_ctl stop --mode=fast --silent -D "$DIR/data" 2>/dev/null || true ;;
    *) die "usage: test-db.sh start|stop" ;;
esac
