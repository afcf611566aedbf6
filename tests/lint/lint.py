"""Reads the tree and prints file:line: what breaks a rule of the house. lint.py [ROOT]; exits with 1 if any does.

The rules: rooms.py (who includes whom), abi.py (the lists of the ABI agree), habits.py (length, leftovers,
sleeps, paths of one machine). headers.py, a test of its own, compiles every header alone.
"""
import pathlib
import sys

import abi
import habits
import rooms
from source_tree import SourceTree


def findings(tree):
    return [f for module in (rooms, abi, habits) for rule in module.RULES for f in rule(tree)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]
    tree = SourceTree(root)
    found = sorted(findings(tree))
    for finding in found:
        print(finding)
    print(f"{len(tree.paths)} files, {len(found)} findings")
    return 1 if found or not tree.paths else 0


if __name__ == "__main__":
    sys.exit(main())
