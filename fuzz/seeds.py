#!/usr/bin/env python3
"""Small cases to begin with: the shipped ones with every list cut short, whole and fact by fact, unpacked, so that
a change of a byte is a change of a fact. seeds.py CORPUS; needs zstd."""
import json, pathlib, subprocess, sys

corpus = pathlib.Path(sys.argv[1])


def short(value):
    if isinstance(value, dict):
        return {key: short(inner) for key, inner in value.items()}
    if isinstance(value, list):
        numbers = all(not isinstance(inner, (dict, list, str)) for inner in value)
        return [short(inner) for inner in value[: 40 if numbers else 2]]
    return value


seen = set()
for demo in sorted(pathlib.Path("assets/demo").glob("*.case")):
    text = subprocess.run(["zstd", "-dcq", demo], check=True, capture_output=True, text=True).stdout
    header, *facts = text.splitlines()
    facts = [json.dumps(short(json.loads(fact)), ensure_ascii=False, separators=(",", ":")) for fact in facts]
    (corpus / f"seed-{demo.stem}").write_text("\n".join([header, *facts, ""]))
    for fact in facts:
        row = json.loads(fact)
        kind = row["fact"], row.get("origin", {}).get("operation")
        if kind not in seen:
            seen.add(kind)
            (corpus / f"seed-fact-{len(seen)}").write_text("\n".join([header, facts[0], fact, ""]))
