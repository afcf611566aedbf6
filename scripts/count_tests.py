"""Counts the single tests of one ctest run: count_tests.py RESULTS

RESULTS holds ctest.junit and, for GoogleTest programs, <program>.xml. A program whose XML is missing
(crashed, timed out, or no GoogleTest) counts as one test, by ctest's verdict, and is named with the case it
was at; one that fails by ctest without a failed case of its own (a leak found at exit, a crash after the last
case) adds one failure.
Prints the failed ones and the closing line; exits with 1 if anything failed or nothing ran.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


def cases_of(path):
    """[(name, verdict)] of a GoogleTest XML, or None if there is no readable one."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return None
    cases = []
    for case in root.iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        if case.find("failure") is not None:
            cases.append((name, "failed"))
        elif case.get("status") == "notrun" or case.find("skipped") is not None:
            cases.append((name, "skipped"))
        else:
            cases.append((name, "passed"))
    return cases


def with_case_at_work(name, program):
    """The program's name, and the case that had begun and not ended when its output did."""
    said = "".join(output.text or "" for output in program.iter("system-out"))
    begun = re.findall(r"^\[ RUN      \] (\S+)", said, re.M)
    ended = set(re.findall(r"^\[ *(?:OK|FAILED|SKIPPED) *\] (\S+?)(?:,| \(|$)", said, re.M))
    return f"{name}: ended in {begun[-1]}" if begun and begun[-1] not in ended else name


def count(results):
    verdicts = []
    for program in ElementTree.parse(results / "ctest.junit").getroot().iter("testcase"):
        name, status = program.get("name"), program.get("status")
        verdict = {"run": "passed", "fail": "failed"}.get(status, "skipped")
        if status == "notrun" and program.find("skipped") is not None:
            # ctest also calls "not run" what could not run: no program, or a test it rests on failed.
            reason = program.find("skipped").get("message", "")
            verdict = "skipped" if reason.startswith(("SKIP_", "Disabled")) else "failed"
        cases = cases_of(results / f"{name}.xml")
        if not cases:
            verdicts.append((with_case_at_work(name, program) if verdict == "failed" else name, verdict))
            continue
        verdicts += [(f"{name}: {case}", case_verdict) for case, case_verdict in cases]
        if verdict == "failed" and all(v != "failed" for _, v in cases):
            verdicts.append((f"{name}: failed outside its test cases", "failed"))
    return verdicts


def main():
    results = pathlib.Path(sys.argv[1])
    try:
        verdicts = count(results)
    except (OSError, ElementTree.ParseError) as error:
        print(f"no results of ctest: {error}", file=sys.stderr)
        verdicts = [("ctest", "failed")]
    for name, verdict in verdicts:
        if verdict == "failed":
            print(f"FAILED  {name}")
    total = {kind: sum(v == kind for _, v in verdicts) for kind in ("passed", "failed", "skipped")}
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
