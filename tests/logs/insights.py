"""Runs queries for CloudWatch Logs Insights over lines: the commands that the program writes, as AWS documents
them, and nothing else.

Standard input: {"messages", "queries"}. Standard output: for each query its rows, a field a name.
"""

import json
import math
import re
import sys
from collections import Counter


def least(*values):
    return min(values)


def floor(value):
    return math.floor(value)


def number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def parse(rows, field, expression):
    expression = re.compile(expression.replace("(?<", "(?P<"))
    for row in rows:
        match = expression.search(row.get(field.lstrip("@"), "") or "")
        row.update(match.groupdict() if match else {})
    return rows


def fields(rows, expressions):
    for row in rows:
        known = {name: number(value) for name, value in row.items()}
        for expression, name in expressions:
            try:
                row[name] = eval(expression, {"least": least, "floor": floor, "__builtins__": {}}, known)
            except (TypeError, NameError):
                pass  # A field that is missing or no number makes no value.
    return rows


def stats(rows, names):
    counts = Counter(tuple(None if row.get(n) is None else str(row[n]) for n in names) for row in rows)
    return [{**{n: v for n, v in zip(names, values) if v is not None}, "n": str(count)} for values, count in counts.items()]


def latest_by(rows, name):
    groups = {}
    for row in rows:
        groups.setdefault(row.get(name), []).append(row)
    return [
        {
            **({name: value} if value is not None else {}),
            "requests": str(len({row["root"] for row in group})),
            "first": group[0]["message"],
            "last": group[-1]["message"],
        }
        for value, group in groups.items()
    ]


def run(messages, query):
    rows = [{"message": message} for message in messages]
    for command in query.split("\n| "):
        if command == "fields @message":
            continue
        if match := re.fullmatch(r"parse (@?\w+) /(.*)/", command, re.S):
            rows = parse(rows, *match.groups())
        elif match := re.fullmatch(r"filter (\w+) like /(.*)/", command):
            rows = [row for row in rows if re.search(match[2], row.get(match[1]) or "")]
        elif match := re.fullmatch(r"filter ispresent\((\w+)\)", command):
            rows = [row for row in rows if row.get(match[1]) is not None]
        elif match := re.fullmatch(
            r"stats count_distinct\(root\) as requests, earliest\(@message\) as first, latest\(@message\) as last by (\w+)", command
        ):
            rows = latest_by(rows, match[1])
        elif match := re.fullmatch(r"fields (.*)", command, re.S):
            rows = fields(rows, re.findall(r"(.+?) as (\w+)(?:, |$)", match[1]))
        elif match := re.fullmatch(r"stats count\(\*\) as n by (.*)", command):
            rows = stats(rows, match[1].split(", "))
        elif match := re.fullmatch(r"sort n desc \| limit (\d+)", command):
            rows = sorted(rows, key=lambda row: -int(row["n"]))[: int(match[1])]
        else:
            raise SystemExit(f"unknown command: {command}")
    return rows


asked = json.load(sys.stdin)
json.dump([run(asked["messages"], query) for query in asked["queries"]], sys.stdout)
