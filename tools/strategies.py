#!/usr/bin/env python3
"""Races the strategies of the coupon scenario in five situations, several times each in turn, and
prints the tables of docs/choosing-a-strategy.md. Needs the release build (make build).

Usage: tools/strategies.py [ROUNDS, default 5]
"""
import json
import pathlib
import statistics
import subprocess
import sys

TIEBREAK = pathlib.Path(__file__).resolve().parent.parent / "build/release/bin/tiebreak"
STRATEGIES = ["optimistic", "conditional", "pessimistic"]
SITUATIONS = [  # name, users, stock, processes, threads, think in ms
    ("few rivals, plenty of stock", 200, 200, 2, 1, 0),
    ("many rivals, plenty of stock", 400, 400, 4, 8, 0),
    ("many rivals, soon sold out", 1000, 50, 4, 8, 0),
    ("few rivals who think for 5 ms", 100, 100, 2, 1, 5),
    ("many rivals who think for 5 ms", 200, 200, 4, 4, 5),
]


def race(users, stock, processes, threads, think):
    command = [TIEBREAK, "race", "coupon", "--strategy", ",".join(STRATEGIES), "--quiet",
               "--users", users, "--stock", stock, "--processes", processes,
               "--threads", threads, "--think", think, "--deadline", 60, "--json", "-"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    if not TIEBREAK.exists():
        sys.exit("build/release/bin/tiebreak is missing: run `make build` first")
    rows = {(s[0], name): [] for s in SITUATIONS for name in STRATEGIES}
    flush_us = []
    for _ in range(rounds):
        for situation in SITUATIONS:
            report = race(*situation[1:])
            flush_us.append(report["flush_us"])
            for result in report["results"]:
                rows[situation[0], result["strategy"]].append(result)
    print(f"Medians of {rounds} rounds; one flush of this disk costs "
          f"{statistics.median(flush_us) / 1000:.1f} ms.\n")
    print("| situation | strategy | decisions a second | tries for one answer | p50 | p99 |")
    print("|---|---|---:|---:|---:|---:|")
    for situation in SITUATIONS:
        for name in STRATEGIES:
            results = rows[situation[0], name]

            def median(of):
                return statistics.median(of(result) for result in results)
            print(f"| {situation[0]} | {name} | {median(lambda r: r['decisions_per_s']):,.0f} "
                  f"| {median(lambda r: 1 + r['retries'] / r['requests']):.2f} "
                  f"| {median(lambda r: r['latency_ms']['p50']):.2g} ms "
                  f"| {median(lambda r: r['latency_ms']['p99']):.3g} ms |")


main()
