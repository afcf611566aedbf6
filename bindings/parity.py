#!/usr/bin/env python3
"""The parity table of bindings/README.md: what each function of the C interface is in Go, Rust and Node.

  parity.py           writes the table, from the three parity.tsv
  parity.py --check   exits with 1 if the table is not what they say

That each parity.tsv names every function there is, and nothing else, is a test of its own binding.
"""
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
LANGUAGES = ("go", "rust", "node")
BEGIN, END = "<!-- parity -->\n", "<!-- /parity -->\n"


def names(language):
    lines = (HERE / language / "parity.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if line)


def table():
    by_language = [names(language) for language in LANGUAGES]
    rows = ["| C | Go | Rust | Node |", "|---|---|---|---|"]
    for function in sorted(set().union(*by_language)):
        cells = (of.get(function, "missing").replace("|", "\\|") for of in by_language)
        rows.append(f"| `{function}` | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def main():
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = before + BEGIN + table() + END + after
    if sys.argv[1:] == ["--check"]:
        if text != wanted:
            print("the table in bindings/README.md is not what the parity.tsv say: run bindings/parity.py")
            return 1
        return 0
    readme.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
