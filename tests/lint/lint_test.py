"""The lint finds what it should: each rule on a small tree that breaks it once, and on one that does not."""
import pathlib
import tempfile
import unittest

import headers
import lint
from source_tree import SourceTree

# A tree that keeps every rule; each test spoils one thing.
GOOD = {
    "include/dbpool/types.h": "typedef int dbpool_status;\n",
    "include/dbpool/pool.h": "#include <dbpool/types.h>\n"
                             "#define DBPOOL_API\n"
                             "/** @brief Pings.\n * @return \"\".\n * @since 0.1 @threadsafety any thread\n */\n"
                             "DBPOOL_API int dbpool_ping(\n    int a);\n",
    "src/capi/dbpool.map": "DBPOOL_0 {\n  global:\n    dbpool_ping;\n  local:\n    *;\n};\n",
    "debian/libdbpool0.symbols": "libdbpool.so.0 libdbpool0\n dbpool_ping@DBPOOL_0 0.1.0\n",
    "src/base/status.h": "#include <mutex>\n#include <dbpool/types.h>\n",
    "src/driver/driver.h": '#include <atomic>\n#include "base/status.h"\n',
    "src/driver/postgres/driver.h": '#include <libpq-fe.h>\n#include "driver/driver.h"\n',
    "src/driver/builtin.cc": '#include "driver/postgres/driver.h"\nauto d = MakePostgresDriver();\n',
    "src/pool/pool.h": '#include <thread>\n#include "driver/driver.h"\n',
    "src/sql/result.h": '// #include "capi/guard.h"\n#include "pool/pool.h"\n',
    "src/capi/pool.cc": '#include <dbpool/dbpool.h>\n#include "sql/result.h"\n',
    "src/cli/main.cc": '#include <dbpool/dbpool.h>\n#include "cli/text.h"\n#include <thread>\n',
    "src/cli/text.h": "",
    "tests/unit/pool/pool_test.cc": '#include "pool/pool.h"\n',
}


class Lint(unittest.TestCase):
    def found(self, **spoilt):
        with tempfile.TemporaryDirectory() as folder:
            files = GOOD | {path: text for path, text in spoilt.get("files", {}).items()}
            for path, text in files.items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return [str(f) for f in lint.findings(SourceTree(folder))]

    def assert_finds(self, where, word, path, text):
        found = self.found(files={path: text})
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(where + ": "), found)
        self.assertIn(word, found[0])

    def test_a_good_tree_has_no_finding(self):
        self.assertEqual(self.found(), [])

    def test_an_upward_include(self):
        self.assert_finds("src/pool/idle.h:2", "pool may not include sql", "src/pool/idle.h",
                          '\n#include "sql/result.h"\n')

    def test_a_driver_that_knows_the_pool(self):
        self.assert_finds("src/driver/sqlite/rows.cc:1", "may not include pool", "src/driver/sqlite/rows.cc",
                          '#include "pool/pool.h"\n')

    def test_a_driver_that_knows_the_other_one(self):
        self.assert_finds("src/driver/sqlite/rows.cc:1", "driver/postgres", "src/driver/sqlite/rows.cc",
                          '#include "driver/postgres/driver.h"\n')

    def test_a_concrete_driver_named_outside_of_builtin(self):
        self.assert_finds("src/pool/open.cc:1", "builtin.cc", "src/pool/open.cc", "auto d = MakeSqliteDriver();\n")

    def test_libpq_outside_of_its_driver(self):
        self.assert_finds("src/sql/copy.cc:1", "driver/postgres", "src/sql/copy.cc", "#include <libpq-fe.h>\n")

    def test_the_abi_included_inside(self):
        self.assert_finds("src/sql/one.cc:1", "vocabulary", "src/sql/one.cc", "#include <dbpool/dbpool.h>\n")

    def test_the_command_looking_inside(self):
        self.assert_finds("src/cli/ping.cc:1", "cli may not include base", "src/cli/ping.cc",
                          '#include "base/status.h"\n')

    def test_an_example_looking_inside(self):
        self.assert_finds("tests/examples/a.cc:1", "inside the library", "tests/examples/a.cc",
                          '#include "base/status.h"\n')

    def test_an_include_without_its_room(self):
        self.assert_finds("src/pool/idle.cc:1", "room/file.h", "src/pool/idle.cc", '#include "pool.h"\n')

    def test_a_file_in_no_room(self):
        self.assert_finds("src/util/text.h:1", "not in a room", "src/util/text.h", "")

    def test_threads_where_no_state_is_shared(self):
        for header in ("thread", "mutex", "atomic", "condition_variable"):
            with self.subTest(header):
                self.assert_finds("src/sql/one.cc:1", f"<{header}>", "src/sql/one.cc", f"#include <{header}>\n")

    def test_a_mutex_in_a_driver(self):
        self.assert_finds("src/driver/sqlite/rows.cc:1", "<mutex>", "src/driver/sqlite/rows.cc", "#include <mutex>\n")

    def test_an_export_missing_from_the_lists(self):
        header = GOOD["include/dbpool/pool.h"] + (
            "/** @brief New. @return 0. @since 0.2 @threadsafety none */\nDBPOOL_API int dbpool_new_one(void);\n")
        found = self.found(files={"include/dbpool/pool.h": header})
        self.assertEqual([f.split(": ")[0] for f in found], ["include/dbpool/pool.h:10"] * 2, found)

    def test_a_listed_export_that_is_declared_nowhere(self):
        self.assert_finds("src/capi/dbpool.map:3", "dbpool_gone", "src/capi/dbpool.map",
                          "DBPOOL_0 {\n  global:\n    dbpool_gone;\n    dbpool_ping;\n};\n")

    def test_a_function_whose_comment_lacks_a_tag(self):
        for tag in ("@brief", "@return", "@since", "@threadsafety"):
            with self.subTest(tag):
                text = GOOD["include/dbpool/pool.h"]
                self.assertIn(tag, text)
                self.assert_finds("include/dbpool/pool.h:7", f"no {tag} ", "include/dbpool/pool.h",
                                  text.replace(tag, "@see"))

    def test_a_tag_without_words(self):
        self.assert_finds("include/dbpool/pool.h:7", "no @return ", "include/dbpool/pool.h",
                          GOOD["include/dbpool/pool.h"].replace('@return "".', "@return"))

    def test_only_void_returns_nothing(self):
        text = GOOD["include/dbpool/pool.h"].replace("@return", "Gives")
        self.assertEqual(self.found(files={"include/dbpool/pool.h": text.replace("API int", "API void")}), [])
        self.assert_finds("include/dbpool/pool.h:7", "no @return ", "include/dbpool/pool.h",
                          text.replace("API int ", "API void *"))

    def test_a_comment_that_belongs_to_the_function_before(self):
        text = GOOD["include/dbpool/pool.h"].replace(" */", " */ int x;")
        found = self.found(files={"include/dbpool/pool.h": text})
        self.assertEqual([f.split(": ")[0] for f in found], ["include/dbpool/pool.h:7"] * 4, found)

    def test_a_long_file(self):
        self.assert_finds("src/base/long.h:401", "401 lines", "src/base/long.h", "\n" * 401)

    def test_leftovers(self):
        self.assert_finds("src/base/a.h:2", "left behind", "src/base/a.h", "\n// TO" "DO: later\n")

    def test_sleeps_in_tests(self):
        for call in ("std::this_thread::sleep" "_for(1s);", "us" "leep(5);", "s" "leep(1);"):
            with self.subTest(call):
                self.assert_finds("tests/unit/a_test.cc:1", "sleep", "tests/unit/a_test.cc", call + "\n")

    def test_a_path_of_one_machine(self):
        self.assert_finds("README.md:1", "path", "README.md", "see /ho" "me/anna/notes\n")

    def test_a_host_of_one_network(self):
        self.assert_finds("README.md:1", "host", "README.md", "from http://10.1" ".2.3:8080/simple\n")

    def test_a_lock_file_of_a_private_registry(self):
        self.assert_finds("bindings/node/package-lock.json:1", "registry", "bindings/node/package-lock.json",
                          '"resolved": "https://npm.example.net/a.tgz"\n')

    def test_a_header_that_leans_on_others_does_not_compile_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in (("include/dbpool/bad.h", "void f(size_t n);\n"), ("src/base/good.h", "int g();\n")):
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True)
                file.write_text(text)
            said = [headers.compile_one(job) for job in headers.jobs(SourceTree(folder), "cc", "c++", [])]
        self.assertEqual([bool(s) for s in said], [True, True, False], said)
        self.assertTrue(said[0].startswith("include/dbpool/bad.h:1: "), said[0])

    def test_a_header_that_its_own_built_source_includes_first_is_not_compiled_again(self):
        listed, source = "dbp_room(base a.cc)\n", '// Words.\n#include "base/a.h"\n'
        for again, cmake, text in ((False, listed, source), (True, "dbp_room(base data.cc)\n", source),
                                   (True, listed, '#include <string>\n' + source), (True, listed, "#ifdef A\n" + source)):
            with self.subTest(cmake=cmake, text=text), tempfile.TemporaryDirectory() as folder:
                base = pathlib.Path(folder, "src/base")
                base.mkdir(parents=True)
                for name, content in (("a.h", ""), ("a.cc", text), ("CMakeLists.txt", cmake)):
                    (base / name).write_text(content)
                self.assertEqual(bool(headers.jobs(SourceTree(folder), "cc", "c++", [])), again)


if __name__ == "__main__":
    unittest.main()
