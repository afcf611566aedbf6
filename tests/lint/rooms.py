"""Which way the arrows point: who may #include what (architecture.md, section 1).

A room is a folder of src/; the driver folder is three of them and one file: the seam (src/driver/*), one
room per database, and builtin.cc, the only file that names concrete drivers. A room may include itself and
what ROOMS lists. The vocabulary headers of the ABI are legal everywhere; the whole ABI only in capi, and
for those outside the library (the command, examples, packaging) nothing of ours but the ABI.
"""
import re

from source_tree import C_FAMILY, Finding, code_lines

ROOMS = {
    "base": (),
    "options": ("base",),
    "loop": ("base", "options"),
    "driver_seam": ("base", "options"),
    "driver/postgres": ("base", "options", "driver_seam"),
    "driver/sqlite": ("base", "options", "driver_seam"),
    "driver/builtin": ("base", "options", "driver_seam", "driver/postgres", "driver/sqlite"),
    "pool": ("base", "options", "loop", "driver_seam"),
    "sql": ("base", "options", "loop", "driver_seam", "pool"),
    "observe": ("base", "options", "loop", "driver_seam", "pool", "sql"),
    "manager": ("base", "options", "loop", "driver_seam", "pool", "sql"),
    "capi": ("base", "options", "loop", "driver_seam", "pool", "sql", "observe", "manager"),
    "cli": (),
}
VOCABULARY = ("types.h", "error.h", "options.h", "export.h", "pool.h", "loop.h", "events.h", "pipeline.h")
ABI_ONLY = ("src/cli/", "tests/examples/", "tests/packaging/", "bindings/")
# The command is a program on top of the ABI: it may have threads of its own.
THREAD_ROOMS = ("base", "loop", "pool", "observe", "cli")
# The seam hands a driver the flag of an abandoned connect (driver.h).
ATOMIC_ROOMS = THREAD_ROOMS + ("driver_seam", "driver/postgres", "driver/sqlite", "driver/builtin")
THREAD_HEADERS = ("thread", "mutex", "shared_mutex", "condition_variable", "future", "semaphore", "latch",
                  "barrier", "stop_token", "pthread.h", "threads.h")
DATABASE_HEADERS = {"libpq-fe.h": "driver/postgres", "libpq-events.h": "driver/postgres",
                    "sqlite3.h": "driver/sqlite"}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
CONCRETE = re.compile(r"\bMake(Postgres|Sqlite)Driver\b")


def room_of(path):
    """The room of a file under src/, or of a header as it is included; None if it is in none."""
    parts = path.removeprefix("src/").split("/")
    if parts[0] != "driver":
        return parts[0] if len(parts) > 1 and parts[0] in ROOMS else None
    if len(parts) > 2:
        return f"driver/{parts[1]}" if f"driver/{parts[1]}" in ROOMS else None
    return "driver/builtin" if parts[1] == "builtin.cc" else "driver_seam"


def includes(tree, path):
    for number, line in code_lines(tree, path):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def wrong_include(path, room, bracket, header):
    """What is wrong with this include, or None."""
    if header.startswith("dbpool/"):
        name = header.removeprefix("dbpool/")
        if path.startswith(ABI_ONLY) or room == "capi" or name in VOCABULARY:
            return None
        return f"<{header}> is not vocabulary; inside the library only capi includes it"
    if bracket == "<":
        if header in THREAD_HEADERS and room not in THREAD_ROOMS:
            return f"<{header}> in {room}: only {', '.join(THREAD_ROOMS)} share state between threads"
        if header == "atomic" and room not in ATOMIC_ROOMS:
            return f"<atomic> in {room}: only {', '.join(ATOMIC_ROOMS)} may"
        if DATABASE_HEADERS.get(header, room) != room:
            return f"<{header}> in {room}: only {DATABASE_HEADERS[header]} knows it"
        return None
    target = room_of(header)
    if target is None:
        return f'"{header}": write it as "room/file.h"'
    if target != room and target not in ROOMS[room]:
        allowed = ", ".join(ROOMS[room]) or "<dbpool/...> and itself alone"
        return f'"{header}": {room} may not include {target} (it may: {allowed})'
    return None


def check_arrows(tree):
    for path in tree.under("src/", endings=C_FAMILY):
        room = room_of(path)
        if room is None:
            yield Finding(path, 1, f"not in a room: one of {', '.join(ROOMS)}")
            continue
        for number, bracket, header in includes(tree, path):
            wrong = wrong_include(path, room, bracket, header)
            if wrong:
                yield Finding(path, number, wrong)


def check_outside(tree):
    """Those outside the library include nothing of ours but the ABI."""
    for path in tree.under(*(p for p in ABI_ONLY if p != "src/cli/"), endings=C_FAMILY):
        for number, bracket, header in includes(tree, path):
            if bracket == '"' and room_of(header) and (tree.root / "src" / header).exists():
                yield Finding(path, number, f'"{header}" is inside the library; only <dbpool/...> is for users')
    for path in tree.under("include/", endings=(".h",)):
        for number, bracket, header in includes(tree, path):
            if bracket == '"':
                yield Finding(path, number, f'"{header}": a public header includes <dbpool/...> and C99 alone')


def check_concrete_drivers(tree):
    for path in tree.under("src/", endings=C_FAMILY):
        room = room_of(path) or ""
        if room in ("driver/postgres", "driver/sqlite", "driver/builtin"):
            continue
        for number, line in code_lines(tree, path):
            if CONCRETE.search(line):
                yield Finding(path, number, "only src/driver/builtin.cc names a concrete driver")


RULES = (check_arrows, check_outside, check_concrete_drivers)
