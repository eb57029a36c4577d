#!/usr/bin/env bash
# api-test.sh: schemathesis against the test panel. Whatever it sends, an answer must be one that openapi.json
# describes, and never a 5xx.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$VAR/test-panel/env"

CHECKS=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance
CHECKS+=,response_schema_conformance,negative_data_rejection,unsupported_method

# fuzz TITLE TOKEN PATHS: bounded in count and time; the seed makes a failure repeatable. One worker: CPython 3.11 counts the depth
# of a parse for all threads together, and two that read sources at once end in "AST constructor recursion depth mismatch".
fuzz() {
    say "$1"
    schemathesis run "$ROOT/openapi.json" --url "$BERTH_TEST_URL" --header "Authorization: Bearer $2" \
        --include-path-regex "$3" --checks "$CHECKS" --phases examples,coverage,fuzzing \
        --max-examples "${BERTH_FUZZ_EXAMPLES:-8}" --seed 20261123 --workers 1 --request-timeout 10 \
        --generation-deterministic --output-sanitize false --no-color
}

fuzz "the staff's API" "$BERTH_TEST_STAFF_TOKEN" '^/api/v1/(staff|me)(/|$)'
fuzz "the customers' API" "$BERTH_TEST_TENANT_TOKEN" '^/api/v1/(?!staff)'
