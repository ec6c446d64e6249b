#!/usr/bin/env python3
"""Fails when an #include points the wrong way. The tables below are the architecture.

    tools/check_layers.py [ROOT]
"""
import pathlib
import re
import sys

# A folder of src/ -> the folders right below it. What is below those is allowed, too.
BELOW = {
    "base": [],
    "sql": ["base"],
    "sqlite": ["sql"],
    "postgres": ["sql"],
    "mariadb": ["sql"],
    "entity": ["sql"],
    "unit_of_work": ["entity"],
    "retry": ["base"],
    "database": ["sqlite", "postgres", "mariadb", "unit_of_work", "retry"],
    "lease": ["database"],
    "redis": ["base"],
    "idempotency": ["lease", "redis"],
}

# A public header <tiebreak/NAME.hpp> -> the layer it belongs to. What stands below detail/ is
# included by the library alone.
OWNER = {
    "conflict": "base", "counters": "base", "error": "base", "log": "base", "observer": "base",
    "outcome": "base", "sha256": "base", "time": "base", "value": "base", "version": "base",
    "capability": "sql", "field_type": "sql",
    "condition": "entity", "field": "entity", "lock_mode": "entity", "mapping": "entity",
    "mapping_error": "entity", "mapping_words": "entity", "row": "entity", "select": "entity",
    "detail/entity": "entity", "detail/expression": "entity", "detail/key": "entity",
    "detail/mapping_check": "entity", "detail/members": "entity", "detail/operand": "entity",
    "detail/plan": "entity", "detail/plan_maker": "entity",
    "retry": "retry",
    "detail/queued_call": "unit_of_work", "savepoint": "unit_of_work",
    "unit_of_work": "unit_of_work",
    "commit_token": "database", "database": "database", "repository": "database",
    "schema": "database",
    "lease": "lease",
    "redis": "redis", "redis_claim": "redis",
    "canonical_json": "idempotency", "idempotency": "idempotency",
    "idempotent_request": "idempotency",
}

# A folder outside src/ -> the other such folders whose headers it may include. All of them see
# <tiebreak/…>, and none sees src/ but test/unit.
OUTSIDE = {
    "schema": [],
    "systems": ["schema"],
    "race": ["systems", "schema"],
    "service": ["systems", "schema"],
    "cli": ["race", "service", "systems", "schema"],
    "examples": [],
    "bench": ["service", "systems", "schema"],
    "test": ["support", "unit", "examples", "race", "service", "systems", "schema", "cli", "bench"],
}
SEES_SRC = "test/unit/"

# Headers of other projects -> the only places that may include them.
VENDOR = {
    "sqlite3.h": ["src/sqlite/", "bench/", "test/"],
    "libpq-fe.h": ["src/postgres/", "bench/baseline/", "test/"],
    "mysql.h": ["src/mariadb/", "bench/baseline/", "test/"],
    "errmsg.h": ["src/mariadb/", "bench/baseline/", "test/"],
    "mysqld_error.h": ["src/mariadb/", "bench/baseline/", "test/"],
    "hiredis/": ["src/redis/", "test/"],
    "openssl/": ["src/base/", "service/api/"],
    "spdlog/": ["src/base/"],
    "fmt/": ["src/base/"],
    "curl/": ["service/", "race/http/"],
    "prometheus/": ["service/"],
    "CLI/": ["cli/", "bench/"],
    "boost/beast": ["service/", "bench/http/", "test/"],
    "boost/asio": ["service/", "bench/http/", "test/"],
    "boost/json": ["src/idempotency/", "race/", "service/", "cli/", "bench/", "test/"],
    "gtest/": ["test/"],
    "benchmark/": ["bench/"],
}

# What public headers may include beside <tiebreak/…> and the standard library.
PUBLIC_MAY_INCLUDE = ("boost/describe/", "boost/mp11/", "boost/pfr/", "boost/describe.hpp",
                      "boost/mp11.hpp", "boost/pfr.hpp")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def all_below(layer):
    """The layer and everything below it."""
    reached = {layer}
    for lower in BELOW[layer]:
        reached |= all_below(lower)
    return reached


def owner_of(name):
    """The layer of the public header <NAME>, "tiebreak/lease.hpp"; None when it is in no table."""
    return OWNER.get(name.removeprefix("tiebreak/").removesuffix(".hpp"))


def layer_of(path):
    """The layer a file of the library belongs to; None outside it."""
    if path.parts[0] == "src":
        return path.parts[1] if len(path.parts) > 2 else None
    if path.parts[0] == "include":
        return owner_of(path.relative_to("include").as_posix())
    return None


def public_problem(path, quote, name):
    """What is wrong with an include of a public header."""
    if quote == '"':
        return f'a public header may not include "{name}"'
    is_standard = "/" not in name and not name.endswith((".h", ".hpp"))
    if not is_standard and not name.startswith(("tiebreak/", *PUBLIC_MAY_INCLUDE)):
        return f"a public header may not include <{name}>"
    return None


def library_problem(home, quote, name):
    """What is wrong with an include within the library, by layer."""
    head = name.split("/")[0]
    if quote == '"':
        target = head
        if target not in BELOW:
            return f'the library may not include "{name}"'
    elif head == "tiebreak":
        target = owner_of(name)
        if target is None:
            return f"<{name}> has no owner: add it to the table in tools/check_layers.py"
    else:
        return None
    if target not in all_below(home):
        return f"{home} may not include {target} ({name})"
    return None


def outside_problem(root, path, quote, name):
    """What is wrong with an include above the library."""
    head = name.split("/")[0]
    if name.startswith("tiebreak/detail/") and not path.as_posix().startswith(SEES_SRC):
        return f"<{name}> is for the library alone"
    if quote != '"' or (root / path.parent / name).exists():
        return None
    own = path.parts[0]
    if head == own or head in OUTSIDE[own]:
        return None
    if head in BELOW and path.as_posix().startswith(SEES_SRC):
        return None
    if head in BELOW:
        return f'{own} sees only <tiebreak/…>, not "{name}"'
    return f'{own} may not include "{name}"'


def vendor_problem(path, name):
    """What is wrong with an include of another project's header."""
    for start, homes in VENDOR.items():
        if name.startswith(start) and not path.as_posix().startswith(tuple(homes)):
            return f"<{name}> belongs to {', '.join(homes)} alone"
    return None


def problems_of(root, path):
    """Yields (line number, sentence) for each wrong include of a file."""
    home = layer_of(path)
    if path.parts[0] == "include" and home is None:
        yield 1, "this header has no owner: add it to the table in tools/check_layers.py"
        return
    if path.parts[0] == "src" and home not in BELOW:
        yield 1, "this folder is no layer: add it to the table in tools/check_layers.py"
        return
    for number, line in enumerate((root / path).read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, name = match.groups()
        if path.parts[0] == "include":
            problem = public_problem(path, quote, name)
        elif path.parts[0] in OUTSIDE:
            problem = outside_problem(root, path, quote, name)
        else:
            problem = None
        problem = problem or (home and library_problem(home, quote, name))
        problem = problem or vendor_problem(path, name)
        if problem:
            yield number, problem


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    count = 0
    for folder in ["include", "src", *OUTSIDE]:
        for file in sorted((root / folder).glob("**/*.[ch]pp")):
            path = file.relative_to(root)
            for number, sentence in problems_of(root, path):
                print(f"{path}:{number}: {sentence}")
                count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
