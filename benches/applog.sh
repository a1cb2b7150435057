#!/usr/bin/env bash
# An application's log of 400 MB (unless told otherwise) read, its times parsed and its lines grouped, beside
# tools that do a part of that: rg counts the lines that match, lnav indexes the times, agrind (`cargo install ag`)
# takes the date out of each line. Interleaved rounds;
# the least CPU and the median elapsed time of each count. Tools that are not installed are left out.
#   benches/applog.sh [FILE [ROUNDS [MEGABYTES]]]
set -euo pipefail
file=${1:-target/applog-bench.log} rounds=${2:-3} megabytes=${3:-400}
export LC_ALL=C

cargo build --release --quiet --bin alb-triage --example access_logs --example app_logs
bin=${CARGO_TARGET_DIR:-target}/release/examples/app_logs
[ -f "$file" ] || "$bin" write "$file" "$megabytes"
times=$(mktemp -d) && trap 'rm -rf "$times"' EXIT
source "$(dirname "$0")/measure.sh"

for _ in $(seq "$rounds"); do
    measure alb-triage "$bin" read "$file"
    measure wc wc -l "$file"
    if command -v rg > /dev/null; then measure rg rg -caN 'ERROR|WARN|Exception' "$file"; fi
    if command -v lnav > /dev/null; then measure lnav lnav -n -c ';SELECT log_level, count(*) FROM all_logs GROUP BY log_level' "$file"; fi
    if command -v agrind > /dev/null; then measure agrind agrind -f "$file" '* | parse "* * " as day, clock | count by day'; fi
done
cat "$times/alb-triage.out"
compared alb-triage
