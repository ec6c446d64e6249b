#!/usr/bin/env python3
"""Rules for the text of tracked files: prints FILE:LINE: sentence; exit 1 on a finding.

    tools/check_text.py [ROOT]

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
            if path.suffix in SOURCES and len(line) > COLUMNS_MAX:
                warnings.append(f"{path}:{number}: {len(line)} columns")
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
