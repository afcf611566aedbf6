"""Compiles every header alone: public ones as C99 and C++11 without a warning, ours as C++20.

headers.py ROOT CC CXX [include folder of a dependency ...]
"""
import concurrent.futures
import os
import subprocess
import sys

from source_tree import SourceTree

STRICT = ["-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]


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
