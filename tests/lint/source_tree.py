"""The files of a source tree, and what a finding is."""
import os
import pathlib
import re
import shutil
import subprocess
from typing import NamedTuple

CODE = (".h", ".hpp", ".c", ".cc", ".cpp", ".py", ".sh", ".go", ".rs", ".js", ".ts")
C_FAMILY = (".h", ".hpp", ".c", ".cc", ".cpp")


class Finding(NamedTuple):
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class SourceTree:
    """Tracked files and new ones that are not ignored; without git, everything outside build folders."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.paths = sorted(p for p in self._list() if (self.root / p).is_file())

    def _list(self):
        if (self.root / ".git").exists() and shutil.which("git"):
            out = subprocess.run(
                ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"],
                cwd=self.root, check=True, capture_output=True)
            return out.stdout.decode().split("\0")[:-1]
        found = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = [f for f in folders if f != "build" and not f.startswith(("obj-", ".pc"))]
            found += [str((pathlib.Path(folder) / f).relative_to(self.root)) for f in files]
        return found

    def under(self, *prefixes, endings=None):
        for path in self.paths:
            if path.startswith(prefixes) and (endings is None or path.endswith(endings)):
                yield path

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        return enumerate(self.text(path).splitlines(), start=1)


def code_lines(tree, path):
    """Lines of a C or C++ file with comments blanked; strings stay."""
    def blank(match):
        text = match.group(0)
        return text if text[0] in "\"'" else re.sub(r"[^\n]", " ", text)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*|/\*.*?\*/', blank, tree.text(path), flags=re.S)
    return enumerate(text.splitlines(), start=1)
