"""Habits of the house that a reader would else have to watch for."""
import os
import re

from source_tree import C_FAMILY, CODE, Finding, code_lines

LINES_MAX = 400
# Put together, so that this file does not find itself.
LEFT_BEHIND = re.compile(r"\b(" + "TO" "DO" + "|" + "FIX" "ME" + r")\b")
SLEEP = re.compile(r"\b(sleep" r"_for|sleep" r"_until|u" r"sleep|nano" r"sleep|time\.s" r"leep|time\.S" r"leep|"
                   r"thread::s" r"leep)\b|(?<![\w.])s" r"leep\(")
# What can only be looked at is polled for; these alone pause between looks, and the metronome between its ticks.
AWAITS = ("tests/support/testing.h", "tests/support/stopwatch.h", "bindings/go/support_test.go")
ROOMS_WITH_CODE = ("src/", "include/", "tests/", "scripts/", "bindings/", ".ci/")
# Homes and work folders of whoever wrote it, and package hosts that only their network has.
FOREIGN_PATH = re.compile(r"(?<![\w.$}])/(?:ho" r"me|ro" r"ot|Us" r"ers|wo" r"rk|workspa" r"ce)/[\w.-]+")
FOREIGN_HOST = re.compile(
    r"https?://(?:[^/\s\"'@]*@)?("
    r"(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d+){2}"
    r"|[\w.-]*\.(?:internal|corp|intranet|lan)\b"
    r"|[\w.-]*(?:artifactory|nexus|pypi-proxy|npm-proxy|goproxy\.(?!io))[\w.-]*)", re.I)
LOCK_HOSTS = ("registry.npmjs.org", "github.com", "crates.io", "index.crates.io", "pypi.org", "proxy.golang.org",
              "files.pythonhosted.org", "opencollective.com", "tidelift.com")
BINARY = (".png", ".jpg", ".db", ".gz", ".ico")


def check_length(tree):
    for path in tree.under(*ROOMS_WITH_CODE, endings=CODE):
        length = len(tree.text(path).splitlines())
        if length > LINES_MAX:
            yield Finding(path, LINES_MAX + 1, f"{length} lines; a file answers one question in at most {LINES_MAX}")


def check_left_behind(tree):
    for path in tree.under(*ROOMS_WITH_CODE, "CMake", "debian/", "pkgconfig/"):
        for number, line in tree.lines(path):
            if LEFT_BEHIND.search(line):
                yield Finding(path, number, "left behind: do it, or open an issue")


def check_sleeps(tree):
    for path in tree.under("tests/", "bindings/", endings=CODE):
        if path in AWAITS or (path.startswith("bindings/") and "test" not in path):
            continue
        lines = code_lines(tree, path) if path.endswith(C_FAMILY) else tree.lines(path)
        for number, line in lines:
            if SLEEP.search(line):
                yield Finding(path, number, "a sleep in a test: inject the time, or await an event")


def check_foreign_places(tree):
    here = [str(tree.root) + "/", str(tree.root.parent) + "/"]
    here = [p for p in here if p.count("/") > 2]
    here += [os.environ["HOME"] + "/"] if os.environ.get("HOME", "/").count("/") > 1 else []
    for path in tree.paths:
        if path.endswith(BINARY):
            continue
        lock = re.search(r"(^|/)(package-lock\.json|yarn\.lock|Cargo\.lock|go\.sum|poetry\.lock)$", path)
        for number, line in tree.lines(path):
            if FOREIGN_PATH.search(line) or any(p in line for p in here):
                yield Finding(path, number, "a path of one machine")
            host = FOREIGN_HOST.search(line)
            if host:
                yield Finding(path, number, f"a host of one network: {host.group(1)}")
            if lock:
                for name in re.findall(r"https?://([^/\s\"']+)", line):
                    if not name.endswith(LOCK_HOSTS):
                        yield Finding(path, number, f"not a public registry: {name}")


RULES = (check_length, check_left_behind, check_sleeps, check_foreign_places)
