"""The lists of the ABI say the same: headers, version script, Debian symbols; and every function's comment is whole."""
import re

from source_tree import Finding

MAP = "src/capi/dbpool.map"
SYMBOLS = "debian/libdbpool0.symbols"
DECLARATION = re.compile(r"^DBPOOL_API\b([^;]*?)\b(\w+)\s*\([^;]*;", re.M)
# What the comment above a function must hold, each with words after it; @return only if there is something to return.
TAGS = ("@brief", "@return", "@since", "@threadsafety")


def declared(tree):
    """{function: (path, line, the comment right above it, what it returns)}"""
    functions = {}
    for path in tree.under("include/dbpool/", endings=(".h",)):
        text = tree.text(path)
        for match in DECLARATION.finditer(text):
            above = text[:match.start()].rstrip()
            comment = above[above.rfind("/**"):] if above.endswith("*/") else ""
            line = text.count("\n", 0, match.start()) + 1
            functions[match.group(2)] = (path, line, comment, match.group(1).strip())
    return functions


def listed(tree, path, pattern):
    """{function: line}"""
    return {m.group(1): n for n, line in tree.lines(path) if (m := re.match(pattern, line))}


def check_lists(tree):
    functions = declared(tree)
    for path, pattern in ((MAP, r"\s+(dbpool_\w+);"), (SYMBOLS, r" (dbpool_\w+)@DBPOOL_\d+ ")):
        if path not in tree.paths:
            continue
        lines = listed(tree, path, pattern)
        for name in sorted(functions.keys() - lines.keys()):
            header, line, *_ = functions[name]
            yield Finding(header, line, f"{name} is not in {path}")
        for name in sorted(lines.keys() - functions.keys()):
            yield Finding(path, lines[name], f"{name} is declared in no public header")


def check_comments(tree):
    for name, (path, line, comment, returns) in declared(tree).items():
        if not name.startswith("dbpool_"):
            yield Finding(path, line, f"{name}: exported names begin with dbpool_")
        for tag in TAGS:
            if not re.search(rf"{tag}[ \t]+[^\s*@]", comment) and (tag, returns) != ("@return", "void"):
                yield Finding(path, line, f"{name} has no {tag} in the comment above it")


RULES = (check_lists, check_comments)
