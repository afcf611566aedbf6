"""The check of the README finds what it should."""
import pathlib
import tempfile
import unittest

import readme

TABLE = "| option | help |\n|---|---|\n| `a` | One. |\n"
EXAMPLE = "int unseen;\n/* README */\nint seen;\n/* end */\nint main;\n"
GOOD = "# Title\n\n```c\nint seen;\n```\n\n" + TABLE + "\nSee [the code](tests/examples/one.c#L1).\n"


class Readme(unittest.TestCase):
    def found(self, text):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "tests/examples").mkdir(parents=True)
            (root / "tests/examples/one.c").write_text(EXAMPLE)
            (root / "README.md").write_text(text)
            return list(readme.findings(root, TABLE))

    def assert_finds(self, word, text):
        self.assertNotEqual(text, GOOD)
        found = self.found(text)
        self.assertTrue(any(word in f for f in found), found)

    def test_a_good_readme_has_no_finding(self):
        self.assertEqual(self.found(GOOD), [])

    def test_a_block_that_is_not_compiled(self):
        self.assert_finds("README.md:3: this block", GOOD.replace("int seen;", "int seen ;"))

    def test_an_example_that_is_not_shown(self):
        self.assert_finds("one.c", GOOD.replace("```c\nint seen;\n```\n", ""))

    def test_an_option_that_reads_otherwise(self):
        self.assert_finds("| `a` | One. |", GOOD.replace("One.", "Two."))

    def test_an_option_that_is_none(self):
        self.assert_finds("no such option", GOOD.replace("| One. |\n", "| One. |\n| `b` | Two. |\n"))

    def test_a_table_that_is_gone(self):
        self.assert_finds("table of options is missing", GOOD.replace(TABLE, ""))

    def test_a_link_to_nowhere(self):
        self.assert_finds("no file tests/examples/two.c", GOOD.replace("one.c", "two.c"))


if __name__ == "__main__":
    unittest.main()
