#!/usr/bin/env python3
"""Applies the mutants of test/mutants/ and runs the tests that must notice; see mutants.sh.

A mutant is one file:

    What is broken, in a sentence or two.

    file: src/entity/render.cpp
    red: unit Render.ADeleteStatesKeyAndVersion
    red: conformance engines/Version.AStaleVersionIsRefused/*
    find:
    the text to replace, as it stands there; white space counts as one blank
    replace:
    what takes its place

Each `red` names a program (a folder of test/) and a test; `/*` stands for every parameter that is
not skipped. All of them must turn red. `(or hangs)` behind the name: not to end counts as red, too.
`file`, `find` and `replace` may come several times for one mutant.
"""
import argparse
import dataclasses
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLACE = ROOT / "build/mutants"
TREE, BUILD, KILLED, SCRATCH = PLACE / "tree", PLACE / "build", PLACE / "killed.json", PLACE / "tmp"

RED = re.compile(r"(\w+) ([\w/]+\.\w+(?:/(?:\w+|\*))?)( \(or hangs\))?")
COMPILED = "compile_fail"  # its tests are files that the compiler must refuse
NAME = re.compile(r"(?:\w+/)?(\w+)\.(\w+)(?:/.*)?")


class Wrong(Exception):
    """A mutant that is of no use as it is."""


@dataclasses.dataclass
class Mutant:
    name: str
    sentence: str
    edits: list  # of (file, find, replace)
    reds: list  # of (program, pattern, may hang)
    digest: str


@dataclasses.dataclass
class Named:
    """A test as it is without a mutant."""
    name: str
    seconds: float
    green: bool
    skipped: bool


# --- the files ----------------------------------------------------------------------------------

def parse(path):
    text = path.read_text()
    head, edits, reds, file, part = [], [], [], None, None
    for line in text.splitlines():
        if line.startswith("file: "):
            file, part = line[6:].strip(), None
        elif line.startswith("red: "):
            found = RED.fullmatch(line[5:].strip())
            if not found:
                raise Wrong(f"this is no program and test: {line}")
            reds.append((found[1], found[2], bool(found[3])))
        elif line == "find:":
            edits.append([file, [], []])
            part = edits[-1][1]
        elif line == "replace:":
            part = edits[-1][2]
        elif part is not None:
            part.append(line)
        else:
            head.append(line)
    sentence = " ".join(" ".join(head).split())
    if not sentence or not edits or not reds or any(not one[0] or not one[1] for one in edits):
        raise Wrong("it lacks a sentence, file, red, find or replace")
    return Mutant(path.stem, sentence, [(one[0], "\n".join(one[1]), "\n".join(one[2]))
                                        for one in edits],
                  reds, hashlib.sha256(text.encode()).hexdigest())


def all_mutants(words, root):
    """The mutants, those of one file together, so that little is compiled; and what is wrong."""
    found, wrong = [], {}
    for path in sorted((root / "test/mutants").glob("*.mutant")):
        if words and not any(word in path.stem for word in words):
            continue
        try:
            found.append(parse(path))
        except Wrong as why:
            wrong[path.stem] = str(why)
    return sorted(found, key=lambda one: (one.edits[0][0], one.name)), wrong


def mutated(text, find, replace):
    """The text with the one place changed that reads like `find`."""
    places = list(re.finditer(r"\s+".join(re.escape(word) for word in find.split()), text))
    if len(places) != 1:
        raise Wrong(f"its text is found {len(places) or 'no'} times")
    at = places[0]
    return text[:at.start()] + replace.strip() + text[at.end():]


def mutated_files(one, root):
    """{file: text} with the mutant applied."""
    result = {}
    for file, find, replace in one.edits:
        if not (root / file).is_file():
            raise Wrong(f"{file} is not there")
        try:
            result[file] = mutated(result.get(file) or (root / file).read_text(), find, replace)
        except Wrong as why:
            raise Wrong(f"{file}: {why}") from why
    return result


def check_tests_exist(one, root, sources):
    for program, pattern, _ in one.reds:
        if program not in sources:
            folder = root / "test" / program
            sources[program] = "".join(path.read_text() for path in sorted(folder.rglob("*.cpp")))
        suite, case = NAME.fullmatch(pattern).groups()
        if program == COMPILED and (root / f"test/compile_fail/{case}.cpp").is_file():
            continue
        if not re.search(rf"\bTEST(_F|_P)?\(\s*{suite},\s*{case}\s*\)", sources[program]):
            raise Wrong(f"test/{program} has no test {suite}.{case}")


def check(mutants, wrong, root):
    sources = {}
    for one in mutants:
        try:
            mutated_files(one, root)
            check_tests_exist(one, root, sources)
        except Wrong as why:
            wrong[one.name] = str(why)
    for name, why in sorted(wrong.items()):
        print(f"test/mutants/{name}.mutant: {why}")
    return 1 if wrong else 0


# --- the copy -----------------------------------------------------------------------------------

def bring_up_to_date():
    """Makes the copy equal to the sources; answers what identifies its content."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others",
                             "--exclude-standard"], check=True, stdout=subprocess.PIPE).stdout
    names = sorted({name for name in listed.decode().split("\0")
                    if name and (ROOT / name).is_file() and not name.startswith("test/mutants/")})
    digest = hashlib.sha256()
    for name in names:
        content = (ROOT / name).read_bytes()
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
        to = TREE / name
        if not to.is_file() or to.read_bytes() != content:
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(content)
        shutil.copymode(ROOT / name, to)
    for path in [path for path in TREE.rglob("*") if path.is_file()]:
        if str(path.relative_to(TREE)) not in set(names):
            path.unlink()
    return digest.hexdigest()


def run(command, seconds=None, **more):
    """(exit code, None when it did not end in time; output). Leaves no process behind."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", start_new_session=True, **more) as child:
        try:
            output = child.communicate(timeout=seconds)[0]
            return child.returncode, output
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def progress(text):
    print(text, end="", file=sys.stderr, flush=True)


def configure():
    code, output = run(["cmake", "-S", str(TREE), "-B", str(BUILD), "-G", "Ninja",
                        "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0",
                        "-DBUILD_SHARED_LIBS=ON", "-DCMAKE_LINK_DEPENDS_NO_SHARED=ON",
                        f"-DCMAKE_RUNTIME_OUTPUT_DIRECTORY={BUILD}/bin"])
    if code != 0:
        sys.exit(output)


def build(programs):
    programs = programs - {COMPILED}
    if not programs:
        return 0, ""
    environment = os.environ | {"CCACHE_BASEDIR": str(PLACE), "CCACHE_NOHASHDIR": "1"}
    return run(["cmake", "--build", str(BUILD), "--parallel", str(os.cpu_count()), "--target",
                *(f"{one}_tests" for one in sorted(programs))], env=environment)


# --- the tests ----------------------------------------------------------------------------------

def environment_of_tests():
    SCRATCH.mkdir(parents=True, exist_ok=True)
    return os.environ | {"TMPDIR": str(SCRATCH), "TIEBREAK_REQUIRE_ENGINES": "1"}


def run_test(program, name, seconds):
    """(True when red, None when it hangs; output)"""
    command = [str(BUILD / f"bin/{program}_tests"), f"--gtest_filter={name}"]
    if program == COMPILED:
        folder = TREE / "test/compile_fail"
        command = [str(folder / "check.sh"), "c++", str(TREE / "include"),
                   f"{folder}/{name.partition('.')[2]}.cpp"]
    code, output = run(command, seconds, cwd=SCRATCH, env=environment_of_tests())
    if code is None:
        return None, output
    return code != 0, output


def names_in(program):
    if program == COMPILED:
        return [f"CompileFail.{path.stem}" for path in (TREE / "test/compile_fail").glob("*.cpp")]
    code, output = run([str(BUILD / f"bin/{program}_tests"), "--gtest_list_tests"],
                       env=environment_of_tests())
    if code != 0:
        sys.exit(output)
    suite, names = "", []
    for line in output.splitlines():
        word = line.split("#")[0].strip()
        if line.startswith("  "):
            names.append(suite + word)
        elif word.endswith("."):
            suite = word
    return names


def run_without_mutant(program, name):
    start = time.monotonic()
    red, output = run_test(program, name, 300)
    if red is not False:
        print(output[-3000:], file=sys.stderr)
    return Named(name, time.monotonic() - start, red is False, "[  SKIPPED ]" in output)


def find_named(mutants):
    """{(program, pattern): tests} of all that mutants name, each run once."""
    wanted = sorted({red[:2] for one in mutants for red in one.reds})
    known = {program: names_in(program) for program in {program for program, _ in wanted}}
    tests, result = {}, {}
    for number, (program, pattern) in enumerate(wanted, 1):
        progress(f"\rtests without any mutant: {number} of {len(wanted)} ")
        result[program, pattern] = []
        for name in known[program]:
            if not fnmatch.fnmatchcase(name, pattern):
                continue
            if (program, name) not in tests:
                tests[program, name] = run_without_mutant(program, name)
            if not tests[program, name].skipped:
                result[program, pattern].append(tests[program, name])
    progress("\n")
    return result


def verdict_of(one, named):
    green = []
    for program, pattern, may_hang in one.reds:
        if not named[program, pattern]:
            return f"NO TEST: {pattern} does not run"
        for test in named[program, pattern]:
            if not test.green:
                return f"NO TEST: {test.name} is red without it"
            red, _ = run_test(program, test.name, 10 + 10 * test.seconds)
            if not red and not (red is None and may_hang):
                green.append(test.name + (" (hangs)" if red is None else ""))
    return "SURVIVED: green is " + ", ".join(green) if green else "killed"


def print_all_red(one):
    for program in sorted({program for program, *_ in one.reds}):
        code, output = run([str(BUILD / f"bin/{program}_tests"), "--gtest_brief=1"], 900,
                           cwd=SCRATCH, env=environment_of_tests())
        red = sorted(set(re.findall(r"^\[  FAILED  \] ([\w/]+\.[\w/]+)", output, re.M)))
        print(f"{one.name}: {program}_tests ended with {code}, {len(red)} red")
        for name in red:
            print(f"    red: {program} {name}")


# --- one after the other ------------------------------------------------------------------------

class Results:
    """What became of each mutant, on the screen and for --resume."""

    def __init__(self, total, content, resume):
        self.rows, self.total, self.content = [], total, content
        before = json.loads(KILLED.read_text()) if resume and KILLED.is_file() else {}
        self.killed = before.get("mutants", {}) if before.get("content") == content else {}

    def known(self, one):
        return self.killed.get(one.name) == one.digest

    def add(self, one, verdict, seconds):
        tests = ", ".join(f"{pattern}" for _, pattern, _ in one.reds)
        self.rows.append((one.name, tests, verdict))
        if verdict == "killed":
            self.killed[one.name] = one.digest
            KILLED.write_text(json.dumps({"content": self.content, "mutants": self.killed}))
        progress(f"[{len(self.rows)}/{self.total}] {one.name}: {verdict}  ({seconds:.0f} s)\n")

    def print(self):
        widths = [max([len(row[i]) for row in self.rows] + [6]) for i in range(2)]
        for row in [("mutant", "test", "result"), *sorted(self.rows)]:
            print(f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}")
        killed = sum(row[2] == "killed" for row in self.rows)
        print(f"{killed} of {self.total} killed")
        return 0 if killed == self.total else 1


def judge(one, named, all_tests):
    """Applies a mutant to the copy, builds, runs; the copy is as before afterwards."""
    try:
        changed = mutated_files(one, TREE)
    except Wrong as why:
        return f"DOES NOT APPLY: {why}"
    before = {file: (TREE / file).read_text() for file in changed}
    try:
        for file, text in changed.items():
            (TREE / file).write_text(text)
        code, output = build({program for program, *_ in one.reds})
        if code != 0:
            print(output[-3000:], file=sys.stderr)
            return "DOES NOT BUILD"
        if all_tests:
            print_all_red(one)
            return "killed"
        return verdict_of(one, named)
    finally:
        for file, text in before.items():
            (TREE / file).write_text(text)


def run_all(mutants, resume, all_tests):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    results = Results(len(mutants), bring_up_to_date(), resume)
    open_ones = [one for one in mutants if not results.known(one)]
    for one in mutants:
        if results.known(one):
            results.add(one, "killed", 0)
    try:
        if open_ones:
            progress("building without any mutant …\n")
            configure()
            code, output = build({program for one in open_ones for program, *_ in one.reds})
            if code != 0:
                sys.exit(output[-5000:])
        named = {} if all_tests else find_named(open_ones)
        for one in open_ones:
            start = time.monotonic()
            results.add(one, judge(one, named, all_tests), time.monotonic() - start)
    except KeyboardInterrupt:
        results.print()
        return 130
    finally:
        shutil.rmtree(SCRATCH, ignore_errors=True)
    return results.print()


def main():
    options = argparse.ArgumentParser(add_help=False)
    for flag in ["--list", "--check", "--resume", "--all-tests"]:
        options.add_argument(flag, action="store_true")
    options.add_argument("--root", type=pathlib.Path, default=ROOT)  # with --check: another tree
    options.add_argument("names", nargs="*")
    asked = options.parse_args()
    mutants, wrong = all_mutants(asked.names, asked.root)
    if not mutants and not wrong:
        sys.exit("mutants: no mutant has such a name; see --list")
    if asked.list:
        width = max(len(one.name) for one in mutants)
        for one in sorted(mutants, key=lambda one: one.name):
            print(f"{one.name:<{width}}  {one.sentence}")
        return 0
    if check(mutants, wrong, asked.root) != 0:
        return 1
    return 0 if asked.check else run_all(mutants, asked.resume, asked.all_tests)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
