#!/usr/bin/env python3
"""Rules for the text of tracked files: prints FILE:LINE: sentence; exit 1 on a finding.

    tools/check_text.py [ROOT]

The database decides about time, so the clock of this process is for the files in CLOCK_FILES alone.
A source beside a header of its name needs no comment that tells its purpose: the header does.
Sizes above the aim (header 250 lines, source 400, test 600, line 100 columns) are warnings.
"""
import pathlib
import re
import subprocess
import sys

SOURCES = {".cpp", ".hpp"}
TEXT = SOURCES | {".py", ".sh", ".md", ".txt", ".cmake", ".sql", ".html", ".json", ".css", ".js", ".mutant", ""}
COLUMNS_MAX = 100

# Written in pieces so that this file does not find itself.
FORBIDDEN = [
    (re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b"),
     "a marker for later: do it, or leave it out"),
    (re.compile(r"(?<![\w.$}])/(" + "|".join(["root", "home/[a-z]", "wor" + "k", "Users/[a-z]"]) +
                r")(/|\b(?![-\w]))"),
     "a path of one machine"),
    (re.compile(r"[ \t]+$"), "spaces at the end of the line"),
    (re.compile(r"\r$"), "a carriage return at the end of the line"),
    (re.compile(r"^(<{7}|>{7}) "), "a merge conflict"),
]

# Clocks that tell the time of day; those that only measure how long something takes are free.
CLOCK = re.compile(r"\b(system_clock|utc_clock|CLOCK_REALTIME\w*|gettimeofday|"
                   r"std::time\(|time\((nullptr|NULL)\))")
CLOCK_FILES = {
    "src/sqlite/opening.cpp": "is the clock of SQLite, whose own counts milliseconds",
    "service/http/io_thread.cpp": "the Date of answers",
    "service/http/access_log.cpp": "when a request was answered, for people",
    "service/http/access_log.hpp": "the type of that moment",
    "test/service/watching_test.cpp": "a fixed moment for the access log",
    "test/unit/mariadb/dialect_test.cpp": "compares the server's clock with it",
    "test/unit/sqlite/statement_test.cpp": "compares SQLite's clock with it",
}

# Tests ask for a capability by name, or a helper of test/support; there the engines are told apart.
ENGINE = re.compile(r"\bengine\(\) *[=!]=|\bTIEBREAK_ON_SERVERS\b")
WITHOUT_ENGINES = "test/conformance/"


def tracked(root):
    """Tracked text files."""
    names = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], check=True,
                           stdout=subprocess.PIPE).stdout.decode().split("\0")
    for name in filter(None, names):
        path = pathlib.PurePath(name)
        if path.suffix in TEXT and (root / path).is_file():
            yield path


def lines_at_most(path):
    """The aim for the length of a file; None for other files than C++."""
    if path.suffix not in SOURCES:
        return None
    if path.parts[0] == "test":
        return 600
    return 250 if path.suffix == ".hpp" else 400


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    findings, warnings = [], []
    for path in tracked(root):
        try:
            text = (root / path).read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            findings.append(f"{path}:1: not UTF-8")
            continue
        lines = text.split("\n")
        if text and lines[-1] != "":
            findings.append(f"{path}:{len(lines)}: no line break at the end of the file")
        for number, line in enumerate(lines, 1):
            for pattern, sentence in FORBIDDEN:
                if pattern.search(line):
                    findings.append(f"{path}:{number}: {sentence}")
            if path.suffix in SOURCES and str(path) not in CLOCK_FILES and CLOCK.search(line):
                findings.append(f"{path}:{number}: the clock of this process: the database decides "
                                "about time, see CLOCK_FILES in tools/check_text.py")
            if str(path).startswith(WITHOUT_ENGINES) and ENGINE.search(line):
                findings.append(f"{path}:{number}: names an engine: ask for a capability, or use a "
                                "helper of test/support")
            if path.suffix in SOURCES and len(line) > COLUMNS_MAX:
                warnings.append(f"{path}:{number}: {len(line)} columns")
        if str(path) in CLOCK_FILES and not CLOCK.search(text):
            findings.append(f"{path}:1: has no clock: take it from CLOCK_FILES")
        limit = lines_at_most(path)
        if limit and len(lines) - 1 > limit:
            warnings.append(f"{path}:1: {len(lines) - 1} lines, the aim is {limit}")
        has_header = path.suffix == ".cpp" and (root / path.with_suffix(".hpp")).is_file()
        if path.suffix in SOURCES and not text.startswith("//") and not has_header:
            findings.append(f"{path}:1: no comment that tells the file's purpose")
        if path.suffix == ".hpp" and "#pragma once" not in text:
            findings.append(f"{path}:1: no #pragma once")
    for warning in warnings:
        print(f"warning: {warning}")
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
