#!/usr/bin/env bash
# A person with a browser, played by curl: what the scripts that test a running panel from outside have in common.
# Sourced after lib.sh. PANEL is the panel's address, JAR the file with the cookies.

PANEL=${PANEL:-}
JAR=${JAR:-}
OWNER_NAME="Olive Owner"
OWNER_EMAIL=owner@example.org

# http ARGUMENT…: curl with the cookies, saying nothing but the body; fails on 4xx and 5xx.
http() { curl --silent --show-error --fail --max-time 30 --cookie "$JAR" --cookie-jar "$JAR" "$@"; }

# panel_ready: for wait_for.
panel_ready() { http --output /dev/null "$PANEL/readyz"; }

# expect_page PATH TEXT: the page is there for whom the cookies belong to, and says this. Read to its end before it is
# searched: a grep that has found what it wants would cut curl off, which then fails.
expect_page() {
    local page
    page=$(http "$PANEL$1")
    grep -qF "$2" <<<"$page" || die "$PANEL$1 does not say: $2"
}

# setup_link: the newest one in the log on standard input.
setup_link() { grep -oE '(http|https)://[^ ]+/setup/[A-Za-z0-9_-]+' | tail -n 1; }

# own_panel LINK PASSWORD: the first account, as its owner makes it with the one-time link.
own_panel() {
    expect_page "${1#"$PANEL"}" "Set Berth up"
    http --output /dev/null --data-urlencode "name=$OWNER_NAME" --data-urlencode "email=$OWNER_EMAIL" \
        --data-urlencode "password=$2" "$1" || die "the set-up form refuses"
}

# sign_in EMAIL PASSWORD, sign_out: both forget what they had before.
sign_in() {
    rm -f "$JAR"
    http --output /dev/null --data-urlencode "email=$1" --data-urlencode "password=$2" "$PANEL/sign-in" ||
        die "$1 cannot sign in"
}

sign_out() {
    http --output /dev/null --request POST "$PANEL/sign-out"
    rm -f "$JAR"
}

# api_token AREA: a token with every scope that the person may give there, printed. AREA is as the form names it.
api_token() {
    local form scope arguments=(--data-urlencode "area=$1" --data-urlencode "name=tests" --data-urlencode "days=30")
    form=$(http "$PANEL/account/tokens/new?area=$1")
    while read -r scope; do arguments+=(--data-urlencode "scopes=$scope"); done \
        < <(grep -oE 'name="scopes" value="[^"]+"' <<<"$form" | sed 's/.*value="\(.*\)"/\1/')
    http "${arguments[@]}" "$PANEL/account/tokens/new" | grep -oE 'brt_[A-Za-z0-9_]+' | head -n 1
}

# field NAME: its value, from JSON on standard input; the first one of that name.
field() { grep -oE "\"$1\":\"[^\"]+\"" | head -n 1 | cut -d '"' -f 4; }

# api TOKEN PATH JSON: asks the API to make something, and prints its answer.
api() {
    curl --silent --show-error --fail --max-time 30 --header "Authorization: Bearer $1" \
        --header "Content-Type: application/json" --data "$3" "$PANEL/api/v1/$2"
}

# customer STAFF_TOKEN PASSWORD: a tenant and its owner, made by the API and the invitation's page. From then on the
# cookies are the owner's. Prints the tenant's id.
customer() {
    local limits plan tenant link
    limits='{"servers":3,"cpu_millis":4000,"memory_mib":8192,"disk_mib":51200,"members":50}'
    plan=$(api "$1" staff/plans "{\"name\":\"Fuzzed\",\"limits\":$limits}" | field id)
    tenant=$(api "$1" staff/tenants "{\"name\":\"Fuzzed\",\"plan_id\":\"$plan\"}" | field id)
    link=$(api "$1" "staff/tenants/$tenant/invitations" '{"email":"ada@example.org","role":"owner"}' | field url)
    rm -f "$JAR"
    http --output /dev/null --data-urlencode "email=ada@example.org" --data-urlencode "name=Ada Baker" \
        --data-urlencode "password=$2" "$link" || die "the invitation $link does not work"
    printf '%s\n' "$tenant"
}
