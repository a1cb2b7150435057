#!/usr/bin/env bash
# Whole processes side by side on the same generated logs (1.4 GB of text unless told otherwise): failed
# requests per minute, target, status and target status. Interleaved rounds; the least CPU and the median
# elapsed time of each count. Tools that are not installed are left out.
#   benches/accesslog.sh [DIR [ROUNDS [OBJECTS]]]
set -euo pipefail
dir=${1:-target/accesslog-bench} rounds=${2:-5} objects=${3:-174}
export LC_ALL=C

cargo build --release --quiet --bin alb-triage --example access_logs
bin=${CARGO_TARGET_DIR:-target}/release
[ -d "$dir" ] || "$bin/examples/access_logs" write "$dir" "$objects"
times=$(mktemp -d) && trap 'rm -rf "$times"' EXIT

by=minute,target,status,target_status
awk_program='{ s = $9; if (s ~ /^5[0-9][0-9]$/ || s == "460") n[substr($2, 1, 16) " " $5 " " s " " $10]++ } END { for (k in n) print k, n[k] }'
awk=$(command -v mawk || command -v awk)

measure() { # name command…
    local name=$1; shift
    TIMEFORMAT='%R %U %S'
    { time "$@" > "$times/$name.out" 2> /dev/null; } 2>> "$times/$name"
}
zgrep_awk() { zgrep -ahE ' (5[0-9][0-9]|460) ' "$dir"/*.gz | "$awk" "$awk_program"; }
gzip_awk() { printf '%s\0' "$dir"/*.gz | xargs -0 -P2 -n8 sh -c 'gzip -dc "$@" | '"$awk"' "$0"' "$awk_program"; }
rg_awk() { rg -zaIN ' (5[0-9][0-9]|460) ' "$dir" | "$awk" "$awk_program"; }

for _ in $(seq "$rounds"); do
    measure alb-triage "$bin/alb-triage" logs "$dir" --by "$by" --format json
    measure one-worker "$bin/alb-triage" logs "$dir" --by "$by" --format json --workers 1
    measure unpack-only "$bin/examples/access_logs" unpack "$dir"
    measure zgrep-awk zgrep_awk
    measure gzip-awk gzip_awk
    if command -v rg > /dev/null; then measure rg-awk rg_awk; fi
done

python3 - "$times" <<'PYTHON'
import pathlib, statistics, sys
rows = {}
for file in pathlib.Path(sys.argv[1]).iterdir():
    if file.suffix != ".out":
        runs = [[float(x) for x in line.split()] for line in file.read_text().splitlines()]
        rows[file.name] = statistics.median(r[0] for r in runs), min(r[1] + r[2] for r in runs)
own = rows["alb-triage"]
for name, (elapsed, cpu) in sorted(rows.items(), key=lambda r: r[1]):
    print(f"{name:12} elapsed {elapsed:7.2f} s ({elapsed / own[0]:5.2f} x)   CPU {cpu:7.2f} s ({cpu / own[1]:5.2f} x)")
PYTHON
