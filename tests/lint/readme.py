"""Holds README.md against what it speaks of. readme.py ROOT COMMAND; exits with 1 if they differ.

Every block of C or Python is a file of tests/examples, or the part of one between the lines `README` and
`end` (as comments); every such part is in the README. The table of options is what `COMMAND options
--markdown` prints. Links into the tree lead somewhere.
"""
import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"^```(c|python)\n(.*?)^```$", re.M | re.S)
REGION = re.compile(r"^(?:/\* README \*/|# README)\n(.*?)^(?:/\* end \*/|# end)$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def regions(examples):
    """{text: file name} of all that may stand in the README, and the names that must."""
    known, wanted = {}, set()
    for path in sorted(examples.glob("*")):
        if path.suffix not in (".c", ".py"):
            continue
        text = path.read_text()
        parts = REGION.findall(text)
        known.update({part: path.name for part in parts or [text]})
        wanted.add(path.name)
    return known, wanted


def check_blocks(text, examples):
    known, missing = regions(examples)
    for match in BLOCK.finditer(text):
        name = known.get(match.group(2))
        if name is None:
            yield f"README.md:{line_of(text, match.start())}: this block is in no file of tests/examples"
        missing.discard(name)
    for name in sorted(missing):
        yield f"README.md: nothing of tests/examples/{name} is shown, or not all of its part"


def check_table(text, table):
    head = table.splitlines()[0]
    lines = text.splitlines()
    if head not in lines:
        yield "README.md: the table of options is missing"
        return
    start = lines.index(head)
    for offset, wanted in enumerate(table.splitlines()):
        found = lines[start + offset] if start + offset < len(lines) else ""
        if found != wanted:
            yield f"README.md:{start + offset + 1}: the table of options should read: {wanted}"
            return
    after = start + len(table.splitlines())
    if after < len(lines) and lines[after].startswith("|"):
        yield f"README.md:{after + 1}: no such option"


def check_links(text, root):
    for match in LINK.finditer(text):
        if not (root / match.group(1)).exists():
            yield f"README.md:{line_of(text, match.start())}: no file {match.group(1)}"


def findings(root, table):
    text = (root / "README.md").read_text()
    yield from check_blocks(text, root / "tests/examples")
    yield from check_table(text, table)
    yield from check_links(text, root)


def main():
    root, command = pathlib.Path(sys.argv[1]), sys.argv[2]
    table = subprocess.run([command, "options", "--markdown"], check=True, capture_output=True, text=True).stdout
    found = list(findings(root, table))
    print("\n".join(found) or "README.md agrees with the examples and the options")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
