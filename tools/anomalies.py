#!/usr/bin/env python3
"""Runs the interleavings and makes tables of the lines that they print: which anomaly came about
in how many orders where nothing is checked, and what became of the losers where something is.

    tools/anomalies.py [--write] PROGRAM

The program prints one line for each case:

    | anomaly | form | "control" or empty | engine | level | sessions × steps | orders
    | orders in which somebody waited | outcomes | orders with the anomaly
    | orders in which somebody lost | the same by what he was told | what else was seen |

`--write` puts the tables into docs/concepts/isolation-and-anomalies.md, between its marks.
"""
import os
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).parent.parent / "docs/concepts/isolation-and-anomalies.md"
PLACES = [("sqlite", "read_committed", "SQLite rc"), ("sqlite", "serializable", "SQLite s"),
          ("postgresql", "read_committed", "PostgreSQL rc"),
          ("postgresql", "repeatable_read", "rr"), ("postgresql", "serializable", "s"),
          ("mariadb", "read_committed", "MariaDB rc"), ("mariadb", "repeatable_read", "rr"),
          ("mariadb", "serializable", "s")]
NAMES = ["anomaly", "form", "control", "engine", "level", "shape", "orders", "waited", "outcomes",
         "wrong", "losing", "told", "seen"]
# As the page explains them; what is not here are the systems, which come last.
ORDER = ["lost update", "outrun", "write skew", "read skew", "unrepeatable read", "dirty read",
         "phantom", "phantom read", "delete against update", "insert against insert", "deadlock",
         "lock hand-over", "lease hand-over"]


def run(program):
    """The lines of all cases, as dictionaries."""
    environment = {**os.environ, "TIEBREAK_INTERLEAVINGS": "all"}
    done = subprocess.run([program], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode != 0:
        sys.exit(f"{program} ended with {done.returncode}:\n{done.stdout[-8000:]}")
    cases = []
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if line.startswith("| ") and len(cells) == len(NAMES):
            case = dict(zip(NAMES, cells))
            case["level"] = case["level"].replace("engine_default", "read_committed")
            cases.append(case)
    return cases


def grouped(cases):
    """{(anomaly, form): {(engine, level): case}}, in ORDER, the forms as they were run."""
    rows = {}
    for case in cases:
        key = case["anomaly"], case["form"]
        rows.setdefault(key, {})[case["engine"], case["level"]] = case
    order = ORDER + sorted({anomaly for anomaly, _ in rows} - set(ORDER))
    return dict(sorted(rows.items(), key=lambda row: order.index(row[0][0])))


def table(rows, cell, more=()):
    """One row for each form, one column for each engine and level."""
    head = ["anomaly", "form", "orders", *(name for name, _ in more),
            *(name for *_, name in PLACES)]
    lines = ["| " + " | ".join(head) + " |",
             "|---|---|---:" + "|---" * len(more) + "|:-:" * len(PLACES) + "|"]
    for (anomaly, form), found in rows.items():
        orders = next(iter(found.values()))["orders"]
        cells = [cell(found[engine, level]) if (engine, level) in found else ""
                 for engine, level, _ in PLACES]
        lines.append("| " + " | ".join([anomaly, form, orders, *(of(found) for _, of in more),
                                        *cells]) + " |")
    return "\n".join(lines)


def told(found):
    """What losers are told on any engine and level, in words."""
    words = {word.partition(":")[0].strip() for case in found.values()
             for word in case["told"].split(",") if word}
    return ", ".join(f"`{word}`" for word in sorted(words)) or "nobody loses"


def lost(case):
    """In how many orders somebody lost or waited."""
    return f"{case['losing']} · {case['waited']}"


def allowed(case):
    return case["wrong"] if case["wrong"] != "0" else "–"


def total(cases):
    lines = []
    for engine, name in [("sqlite", "SQLite"), ("postgresql", "PostgreSQL"),
                         ("mariadb", "MariaDB")]:
        mine = [case for case in cases if case["engine"] == engine]
        orders = sum(int(case["orders"]) for case in mine)
        lines.append(f"{name}: {len(mine)} cases, {orders:,} orders")
    return "; ".join(lines) + "."


def main():
    arguments = [word for word in sys.argv[1:] if word != "--write"]
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stdout if arguments[:1] == ["--help"] else sys.stderr)
        return 0 if arguments[:1] == ["--help"] else 2
    cases = run(arguments[0])
    rows = grouped(cases)
    controls = {key: found for key, found in rows.items()
                if any(case["control"] for case in found.values())}
    checked = {key: found for key, found in rows.items() if key not in controls}
    parts = {"total": total(cases), "controls": table(controls, allowed),
             "checked": table(checked, lost, [("losers are told", told)])}
    if "--write" not in sys.argv:
        print("\n\n".join(parts.values()))
        return 0
    page = PAGE.read_text()
    for name, text in parts.items():
        page, number = re.subn(rf"(<!-- {name} -->\n).*?(<!-- {name} end -->)",
                               lambda marks, text=text: f"{marks[1]}{text}\n{marks[2]}", page,
                               flags=re.DOTALL)
        if number != 1:
            sys.exit(f"{PAGE}: the marks of '{name}' are missing")
    PAGE.write_text(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
