"""Does what Athena would do with a directory of access logs, in DuckDB: reads every line by the expression
of the table's own DDL, and answers statements written for Athena, translated by sqlglot.

Standard input: {"dir", "ddl", "statements"}. Standard output: {"unread", "answers", "plain"}, where
"plain" are the failed requests by status, counted by DuckDB's CSV reader without any of this.
"""

import csv
import gzip
import json
import pathlib
import re
import sys
import tempfile

import duckdb
import sqlglot

asked = json.load(sys.stdin)
ddl = asked["ddl"]
columns = re.findall(r"^  (\w+) (\w+),?$", ddl, re.M)
literal = re.search(r"'input.regex' = '(.*)'\)", ddl)[1]
expression = re.compile(re.sub(r"\\(.)", r"\1", literal))
assert expression.groups == len(columns) + 1, (expression.groups, len(columns))

files = sorted(pathlib.Path(asked["dir"]).glob("*.gz"))
unread = 0
NUMBERS = {"int": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE", "string": "VARCHAR"}


def value(text, kind):
    """As the table's reader does: what is no number is null."""
    if kind == "string":
        return text if text is not None else ""
    try:
        return (float if kind == "double" else int)(text)
    except (TypeError, ValueError):
        return None


database = duckdb.connect()
database.execute("SET TimeZone = 'UTC'")
kinds = ", ".join(f'"{name}" {NUMBERS[kind]}' for name, kind in columns)
database.execute(f'CREATE TABLE alb_access_logs ({kinds}, "day" VARCHAR, "$path" VARCHAR)')
with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", encoding="utf-8") as rows:
    writer = csv.writer(rows, quoting=csv.QUOTE_ALL)
    for file in files:
        stamp = re.search(r"_(\d{4})(\d\d)(\d\d)T\d{4}Z_", file.name)
        for line in gzip.open(file, "rt", encoding="utf-8", errors="replace", newline="\n"):
            match = expression.fullmatch(line.rstrip("\r\n"))
            if not match:
                unread += 1
                continue
            cells = [value(text, kind) for text, (_, kind) in zip(match.groups(), columns)]
            writer.writerow(["\\N" if cell is None else cell for cell in cells] + ["/".join(stamp.groups()), str(file)])
    rows.flush()
    database.execute(f"COPY alb_access_logs FROM '{rows.name}' (FORMAT csv, HEADER false, NULLSTR '\\N', QUOTE '\"', ESCAPE '\"')")

answers = []
for statement in asked["statements"]:
    [translated] = sqlglot.transpile(statement, read="athena", write="duckdb")
    answers.append([[str(cell) for cell in row] for row in database.execute(translated).fetchall()])

# 29 fields at least; what came later may be missing.
names = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(1, 35))
plain = database.execute(
    f"""SELECT c9, count(*) FROM read_csv({[str(f) for f in files]!r}, delim = ' ', quote = '"', escape = '"', header = false,
        auto_detect = false, null_padding = true, strict_mode = false, columns = {{{names}}})
        WHERE c9 BETWEEN '500' AND '599' OR c9 = '460' GROUP BY c9 ORDER BY c9"""
).fetchall()
json.dump({"unread": unread, "answers": answers, "plain": plain}, sys.stdout)
