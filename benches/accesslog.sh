#!/usr/bin/env bash
# Whole processes side by side on the same generated logs (1.4 GB of text unless told otherwise): failed
# requests per minute, target, status and target status. Interleaved rounds; the least CPU and the median
# elapsed time of each count. Tools that are not installed are left out; DuckDB is the Python package.
#   benches/accesslog.sh [DIR [ROUNDS [OBJECTS]]]
set -euo pipefail
dir=${1:-target/accesslog-bench} rounds=${2:-5} objects=${3:-174}
export LC_ALL=C

cargo build --release --quiet --bin alb-triage --example access_logs --example app_logs
bin=${CARGO_TARGET_DIR:-target}/release
[ -d "$dir" ] || "$bin/examples/access_logs" write "$dir" "$objects"
times=$(mktemp -d) && trap 'rm -rf "$times"' EXIT
source "$(dirname "$0")/measure.sh"

by=minute,target,status,target_status
awk_program='{ s = $9; if (s ~ /^5[0-9][0-9]$/ || s == "460") n[substr($2, 1, 16) " " $5 " " s " " $10]++ } END { for (k in n) print k, n[k] }'
awk=$(command -v mawk || command -v awk)
python=.awsemu/duckdb/bin/python; [ -x "$python" ] || python=python3

zgrep_awk() { zgrep -ahE ' (5[0-9][0-9]|460) ' "$dir"/*.gz | "$awk" "$awk_program"; }
gzip_awk() { printf '%s\0' "$dir"/*.gz | xargs -0 -P2 -n8 sh -c 'gzip -dc "$@" | '"$awk"' "$0"' "$awk_program"; }
igzip_rg_awk() { printf '%s\0' "$dir"/*.gz | xargs -0 -P2 -n8 sh -c 'igzip -dc "$@" | rg -aN " (5[0-9][0-9]|460) " | '"$awk"' "$0"' "$awk_program"; }
rg_awk() { rg -zaIN ' (5[0-9][0-9]|460) ' "$dir" | "$awk" "$awk_program"; }
duckdb() { "$python" "$(dirname "$0")/accesslog/duckdb_query.py" "$dir"; }

for _ in $(seq "$rounds"); do
    measure alb-triage "$bin/alb-triage" logs "$dir" --by "$by" --format json
    measure one-worker "$bin/alb-triage" logs "$dir" --by "$by" --format json --workers 1
    measure unpack-only "$bin/examples/access_logs" unpack "$dir"
    measure unpack-one "$bin/examples/access_logs" unpack "$dir" 1
    measure zgrep-awk zgrep_awk
    measure gzip-awk gzip_awk
    if command -v rg > /dev/null; then measure rg-awk rg_awk; fi
    if command -v rg > /dev/null && command -v igzip > /dev/null; then measure igzip-rg-awk igzip_rg_awk; fi
    if "$python" -c 'import duckdb' 2> /dev/null; then measure duckdb duckdb; fi
done
compared alb-triage
if [ -x /usr/bin/time ]; then
    /usr/bin/time -f 'alb-triage peak memory %M KB' "$bin/alb-triage" logs "$dir" --by "$by" --format json > /dev/null
fi
