#!/usr/bin/env python3
"""Runs the tests of the systems' requirements and prints requirement, test, engine and result.

    tools/systems.py [--markdown] PROGRAM…

A test belongs to a requirement when its suite is named after it: `TEST(A3, …)`, or with
parameters `…/A3.Case/sqlite`. Exit 1 when a requirement of this release has no test that passed,
or a test of one failed.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import textwrap

ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mariadb": "MariaDB"}
BUILT = ["sqlite", "postgresql", "mariadb"]  # the engines of this release
REQUIREMENTS = pathlib.Path(__file__).parent.parent / "test/systems/requirements.txt"


def requirements():
    """{id: (sentence, what it comes with)}, in the order of the file."""
    rows = {}
    for line in REQUIREMENTS.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, sentence, later = (part.strip() for part in line.split("|"))
            rows[name] = (sentence, later)
    return rows


def engine_of(suite, case):
    """The engine a test ran on: in its parameter or its suite's prefix, else SQLite."""
    for word in [case.rpartition("/")[2], suite.partition("/")[0]]:
        for engine in ENGINES:
            if word == engine or word.startswith(engine + "_"):
                return engine, word
    return "sqlite", "sqlite"


def results_of(program, names):
    """Yields (requirement, case, engine, result) for each test of a program."""
    filters = ":".join(f"{name}.*:*/{name}.*" for name in names)
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.json"
        run = subprocess.run([program, f"--gtest_filter={filters}", f"--gtest_output=json:{report}"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             errors="replace", check=False)
        if not report.exists():
            sys.exit(f"{program} ended without a report:\n{run.stdout[-4000:]}")
        suites = json.loads(report.read_text())["testsuites"]
    if run.returncode not in (0, 1):
        sys.exit(f"{program} ended with {run.returncode}:\n{run.stdout[-4000:]}")
    for suite in suites:
        name = suite["name"].rpartition("/")[2]
        for test in suite["testsuite"]:
            if name not in names or test.get("status") == "NOTRUN":
                continue
            case = test["name"].partition("/")[0]
            engine, shown = engine_of(suite["name"], test["name"])
            failed = bool(test.get("failures"))
            for one in test.get("failures", []):
                print(f"FAILED: {suite['name']}.{test['name']}\n{one['failure']}\n", file=sys.stderr)
            skipped = test.get("result") == "SKIPPED"
            result = "FAILED" if failed else "skipped" if skipped else "passed"
            yield name, case, engine, shown, result


def open_reason(later, passed):
    """Why a row is open still; empty when it is closed on every engine."""
    if later and not passed:
        return f"comes with {later}"
    missing = [shown for engine, shown in ENGINES.items() if engine not in passed]
    return ", ".join(missing)


def by_case(tests):
    """(case, engines, result) in the order of the tests: engines with one result share a line."""
    lines = {}
    for case, _, shown, result in tests:
        lines.setdefault((case, result), []).append(shown)
    return [(case, ", ".join(engines), result) for (case, result), engines in lines.items()]


def report(rows, tests, markdown):
    """Prints the table; answers the requirements that are not fulfilled."""
    wrong, still_open = [], []
    if markdown:
        print("| requirement | test | engine | result |\n|---|---|---|---|")
    for name, (sentence, later) in rows.items():
        mine = tests.get(name, [])
        passed = {engine for _, engine, _, result in mine if result == "passed"}
        if any(result == "FAILED" for *_, result in mine) or \
                (not later and not set(BUILT) <= passed):
            wrong.append(name)
        if reason := open_reason(later, passed):
            still_open.append((name, reason))
        if markdown:
            lead = f"**{name}** {sentence}".replace("|", "\\|")
            for case, shown, result in by_case(mine) or [("none yet", "", open_reason(later, passed))]:
                print(f"| {lead} | {case} | {shown} | {result} |")
                lead = ""
            continue
        print(textwrap.fill(sentence, 100, initial_indent=f"{name:<5}", subsequent_indent=" " * 5))
        for case, shown, result in by_case(mine):
            print(f"       {case}\n           {result} on {shown}")
        if not mine:
            print(f"       {'no test yet: comes with ' + later if later else 'NO TEST'}")
    closed = [name for name, (_, later) in rows.items() if not later and name not in wrong]
    required = [name for name, (_, later) in rows.items() if not later]
    print(f"\n{len(closed)} of {len(required)} requirements of this release hold on "
          f"{', '.join(ENGINES[engine] for engine in BUILT)}.")
    print("Open:" if still_open else "Nothing is open.")
    for reason in dict.fromkeys(reason for _, reason in still_open):
        names = [name for name, why in still_open if why == reason]
        line = f"{reason}: {', '.join(names)}"
        print(f"- {line}" if markdown else
              textwrap.fill(line, 100, initial_indent="  ", subsequent_indent="    "))
    return wrong


def main():
    arguments = [word for word in sys.argv[1:] if word != "--markdown"]
    if not arguments or arguments[0].startswith("-"):
        print(__doc__.strip(), file=sys.stdout if arguments[:1] == ["--help"] else sys.stderr)
        return 0 if arguments[:1] == ["--help"] else 2
    rows = requirements()
    tests = {}
    for program in arguments:
        for name, *result in results_of(program, rows):
            tests.setdefault(name, []).append(result)
    wrong = report(rows, tests, "--markdown" in sys.argv)
    if wrong:
        print(f"Not fulfilled: {', '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
