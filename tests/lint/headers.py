"""Compiles every header alone: public ones as C99 and C++11 without a warning, ours as C++20.

Of ours only those that no source of their own includes first: the others have been compiled so by the build.

headers.py ROOT CC CXX [include folder of a dependency ...]
"""
import concurrent.futures
import os
import re
import subprocess
import sys

from source_tree import SourceTree, code_lines

STRICT = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]


def built_first(tree, header):
    """Whether the source of the same name is built, and begins with this header."""
    folder, name = os.path.split(header.removesuffix(".h") + ".cc")
    if not {f"{folder}/{name}", f"{folder}/CMakeLists.txt"} <= set(tree.paths):
        return False
    text = "".join(line + "\n" for _, line in code_lines(tree, f"{folder}/{name}")).lstrip()
    listed = re.search(rf"\b{re.escape(name)}\b", tree.text(f"{folder}/CMakeLists.txt"))
    return bool(listed) and text.startswith(f'#include "{header.removeprefix("src/")}"\n')


def jobs(tree, cc, cxx, folders):
    """[(header, language, command, source)]"""
    root = str(tree.root)
    found = []
    for path in tree.under("include/dbpool/", endings=(".h",)):
        source = f"#include <{path.removeprefix('include/')}>\nint dbpool_lint_unused;\n"
        base = STRICT + [f"-I{root}/include"]
        found.append((path, "C99", [cc, "-x", "c", "-std=c99", *base, "-"], source))
        found.append((path, "C++11", [cxx, "-x", "c++", "-std=c++11", *base, "-"], source))
    ours = [f"-I{root}/include", f"-I{root}/src", f"-I{root}", *(f"-idirafter{f}" for f in folders)]
    for path in tree.under("src/", "tests/support/", endings=(".h",)):
        if built_first(tree, path):
            continue
        source = f'#include "{path.removeprefix("src/")}"\n'
        found.append((path, "C++20", [cxx, "-x", "c++", "-std=c++20", "-fsyntax-only", *ours, "-"], source))
    return found


def compile_one(job):
    path, language, command, source = job
    done = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
    return "" if done.returncode == 0 else f"{path}:1: does not compile alone as {language}\n{done.stderr}"


def main():
    root, cc, cxx, *folders = sys.argv[1:]
    todo = jobs(SourceTree(root), cc, cxx, folders)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [text for text in pool.map(compile_one, todo) if text]
    print("".join(wrong) + f"{len(todo)} compiled, {len(wrong)} failed")
    return 1 if wrong or not todo else 0


if __name__ == "__main__":
    sys.exit(main())
