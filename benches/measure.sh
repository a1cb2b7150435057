# What both measurements share. Expects $times, a folder.

measure() { # name command…
    local name=$1; shift
    TIMEFORMAT='%R %U %S'
    { time "$@" > "$times/$name.out" 2> /dev/null; } 2>> "$times/$name"
}

compared() { # name of the one the others are compared with
    python3 - "$times" "$1" <<'PYTHON'
import pathlib, statistics, sys
rows = {}
for file in pathlib.Path(sys.argv[1]).iterdir():
    if file.suffix != ".out":
        runs = [[float(x) for x in line.split()] for line in file.read_text().splitlines()]
        rows[file.name] = statistics.median(r[0] for r in runs), min(r[1] + r[2] for r in runs)
own = rows[sys.argv[2]]
for name, (elapsed, cpu) in sorted(rows.items(), key=lambda r: r[1]):
    print(f"{name:12} elapsed {elapsed:7.2f} s ({elapsed / own[0]:5.2f} x)   CPU {cpu:7.2f} s ({cpu / own[1]:5.2f} x)")
PYTHON
}
