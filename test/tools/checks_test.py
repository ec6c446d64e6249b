#!/usr/bin/env python3
"""Plants one violation of each kind in a small tree and sees that the checks find it.

    checks_test.py ROOT      the source tree, whose tools/ are tested
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(sys.argv.pop()).resolve() / "tools" if len(sys.argv) > 1 else None
HEAD = "// A file.\n"
PUBLIC = HEAD + "#pragma once\n"


class Checks(unittest.TestCase):
    """Each test writes files, runs one check, and looks for a sentence."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def run_check(self, script, **files):
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        subprocess.run(["git", "-C", self.root, "add", "-A"], check=True)
        run = subprocess.run([TOOLS / script, self.root], stdout=subprocess.PIPE, text=True,
                             check=False)
        return run.returncode, run.stdout

    def expect(self, sentence, script, **files):
        code, output = self.run_check(script, **files)
        self.assertIn(sentence, output)
        self.assertEqual(code, 1)

    def expect_right(self, script, **files):
        self.assertEqual(self.run_check(script, **files), (0, ""))

    def test_right_layers(self):
        self.expect_right("check_layers.py", **{
            "include/tiebreak/lease.hpp": "#include <tiebreak/database.hpp>\n#include <chrono>\n",
            "src/lease/a.cpp": '#include "database/core.hpp"\n#include <tiebreak/error.hpp>\n',
            "src/sqlite/a.cpp": '#include "sql/dialect.hpp"\n#include <sqlite3.h>\n',
            "systems/runs/a.cpp": '#include "systems/runs/a.hpp"\n#include "schema/schema.hpp"\n',
            "race/a.cpp": '#include "systems/runs/a.hpp"\n',
            "test/unit/a.cpp": '#include "sqlite/a.hpp"\n#include <gtest/gtest.h>\n'})

    def test_layer_upwards(self):
        self.expect("entity may not include database", "check_layers.py",
                    **{"src/entity/a.cpp": '#include "database/core.hpp"\n'})

    def test_layer_sideways(self):
        self.expect("sqlite may not include entity", "check_layers.py",
                    **{"src/sqlite/a.cpp": '#include "entity/render.hpp"\n'})

    def test_public_header_upwards(self):
        self.expect("retry may not include unit_of_work", "check_layers.py",
                    **{"include/tiebreak/retry.hpp": "#include <tiebreak/unit_of_work.hpp>\n"})

    def test_public_header_with_vendor(self):
        self.expect("may not include <spdlog/spdlog.h>", "check_layers.py",
                    **{"include/tiebreak/log.hpp": "#include <spdlog/spdlog.h>\n"})

    def test_public_header_into_src(self):
        self.expect("a public header may not include", "check_layers.py",
                    **{"include/tiebreak/log.hpp": '#include "base/a.hpp"\n'})

    def test_public_header_without_owner(self):
        self.expect("has no owner", "check_layers.py", **{"include/tiebreak/new.hpp": "\n"})

    def test_detail_outside_the_library(self):
        self.expect("is for the library alone", "check_layers.py",
                    **{"race/a.cpp": "#include <tiebreak/detail/plan.hpp>\n"})

    def test_folder_that_is_no_layer(self):
        self.expect("is no layer", "check_layers.py", **{"src/util/a.cpp": "\n"})

    def test_vendor_header_elsewhere(self):
        self.expect("belongs to src/sqlite/", "check_layers.py",
                    **{"src/database/a.cpp": "#include <sqlite3.h>\n"})

    def test_systems_into_src(self):
        self.expect("systems sees only", "check_layers.py",
                    **{"systems/runs/a.cpp": '#include "entity/render.hpp"\n'})

    def test_conformance_into_src(self):
        self.expect("test sees only", "check_layers.py",
                    **{"test/conformance/a.cpp": '#include "sqlite/a.hpp"\n'})

    def test_systems_into_race(self):
        self.expect("systems may not include", "check_layers.py",
                    **{"systems/runs/a.cpp": '#include "race/a.hpp"\n'})

    def test_right_text(self):
        self.expect_right("check_text.py", **{"a.hpp": PUBLIC, "a.md": "text /tmp/x\n"})

    def test_text(self):
        for sentence, text in {
                "a marker for later": HEAD + "// TO" + "DO: later\n",
                "a path of one machine": HEAD + "// see /wor" + "k/main\n",
                "spaces at the end": HEAD + "int a; \n",
                "no line break at the end": HEAD + "int a;",
                "no comment that tells": "int a;\n",
                "a carriage return": HEAD + "int a;\r\n"}.items():
            with self.subTest(sentence):
                self.expect(sentence, "check_text.py", **{"a.cpp": text})

    def test_text_of_header(self):
        self.expect("no #pragma once", "check_text.py", **{"a.hpp": HEAD})

    def test_clocks(self):
        now = HEAD + "auto const now = std::chrono::{}::now();\n"
        self.expect_right("check_text.py", **{"service/http/io_thread.cpp":
                                              now.format("system_clock")})
        self.expect("has no clock", "check_text.py",
                    **{"service/http/io_thread.cpp": now.format("steady_clock")})
        self.expect("a.cpp:2: the clock of this process", "check_text.py",
                    **{"systems/a.cpp": now.format("system_clock")})
        self.expect("b.cpp:2: the clock of this process", "check_text.py",
                    **{"test/b.cpp": HEAD + "auto const now = std::time(nullptr);\n"})

    def test_engines_by_name(self):
        text = HEAD + 'bool const is_one = db().engine() == "mariadb";\n'
        self.expect_right("check_text.py", **{"test/support/a.hpp": PUBLIC + text})
        self.expect("test/conformance/a.cpp:2: names an engine", "check_text.py",
                    **{"test/conformance/a.cpp": text})

    def test_sizes_are_warnings(self):
        code, output = self.run_check("check_text.py", **{
            "src/a.cpp": HEAD + "\n" * 400, "b.cpp": HEAD + "//" + "x" * 99 + "\n"})
        self.assertEqual(code, 0)
        self.assertIn("warning: src/a.cpp:1: 401 lines", output)
        self.assertIn("warning: b.cpp:2: 101 columns", output)

    def test_code_in_documents(self):
        source = "    // [part]\n    int a;\n    // [part end]\n"
        block = "<!-- from a.cpp#part -->\n```cpp\n{}```\n"
        self.expect_right("check_docs.py", **{"a.cpp": source, "a.md": block.format("int a;\n")})
        self.expect("differs from a.cpp#part", "check_docs.py",
                    **{"a.md": block.format("int b;\n")})
        self.expect("no code block follows", "check_docs.py", **{"a.md": "<!-- from a.cpp -->\n"})
        (self.root / "a.md").write_text(block.format(""))
        subprocess.run([TOOLS / "check_docs.py", "--write", self.root], check=True)
        self.assertEqual((self.root / "a.md").read_text(), block.format("int a;\n"))
        self.expect("there is no b.cpp", "check_docs.py",
                    **{"a.md": "<!-- from b.cpp -->\n```cpp\n```\n"})
        self.expect("a link to b.md", "check_docs.py", **{"a.md": "[b](b.md)\n"})

    def test_tables_in_documents(self):
        marks = "<!-- total -->\n{}<!-- total end -->\n"
        self.expect_right("check_docs.py", **{"a.md": marks.format("12 cases.\n")})
        self.expect("nothing between the marks 'total'", "check_docs.py",
                    **{"a.md": marks.format("\n")})

    def expect_of_mutant(self, sentence, mutant):
        for path, text in {"src/a.cpp": "if (a) return;\nif (b)\n    return;\n",
                           "test/unit/a_test.cpp": "TEST(Suite, Case)\n{\n}\n",
                           "test/mutants/a.mutant": mutant}.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        run = subprocess.run([TOOLS / "mutants.py", "--check", "--root", self.root],
                             stdout=subprocess.PIPE, text=True, check=False)
        self.assertIn(sentence, run.stdout)
        self.assertEqual(run.returncode, 1 if sentence else 0)

    def test_mutants(self):
        mutant = "Breaks it.\n\nfile: src/a.cpp\nred: unit {}\nfind:\n{}\nreplace:\nif (c)\n"
        self.expect_of_mutant("", mutant.format("Suite.Case", "if (b) return;"))
        self.expect_of_mutant("a.mutant: src/a.cpp: its text is found 2 times",
                              mutant.format("Suite.Case", "return;"))
        self.expect_of_mutant("its text is found no times", mutant.format("Suite.Case", "else"))
        self.expect_of_mutant("test/unit has no test Suite.Other",
                              mutant.format("Suite.Other", "if (b)"))
        self.expect_of_mutant("is no program and test", mutant.format("everything", "if (b)"))
        self.expect_of_mutant("it lacks", "Breaks nothing.\n")

    def test_systems_table(self):
        report = {"testsuites": [
            {"name": "engines/A3", "testsuite": [
                *({"name": f"OneWins/{engine}", "status": "RUN", "result": "COMPLETED"}
                  for engine in ("sqlite_memory", "postgresql", "mariadb")),
                {"name": "Other/sqlite", "status": "NOTRUN", "result": "SUPPRESSED"}]},
            {"name": "B7", "testsuite": [
                {"name": "AllServed", "status": "RUN", "result": "COMPLETED",
                 "failures": [{"failure": "no"}]}]}]}
        program = self.root / "program"
        program.write_text("#!/usr/bin/env python3\nimport sys\n"
                           "open(sys.argv[-1].partition('json:')[2], 'w').write("
                           f"{json.dumps(report)!r})\nsys.exit(1)\n")
        program.chmod(0o755)
        run = subprocess.run([TOOLS / "systems.py", program], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stdout, r"OneWins\n +passed on sqlite_memory, postgresql, mariadb")
        self.assertRegex(run.stdout, r"AllServed\n +FAILED on sqlite")
        self.assertNotIn("Other", run.stdout)
        self.assertIn("B7", run.stderr)
        self.assertNotIn("A3", run.stderr)


if __name__ == "__main__":
    unittest.main()
