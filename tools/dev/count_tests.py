#!/usr/bin/env python3
"""count_tests.py CTEST_XML RESULTS: the cases of all GoogleTest programs of a ctest run that failed, and their counts.

ctest counts programs; people want cases. A program that died left no result of its cases, or one that
says all is well: it counts as one failure more.
"""
import pathlib
import sys
import xml.etree.ElementTree as xml


MESSAGE_MAX = 600  # of a case that failed; all of it stands further up


def cases(result):
    """Passed, failed and skipped cases of one GoogleTest report, and a line for each that failed."""
    passed = failed = skipped = 0
    lines = []
    for case in xml.parse(result).getroot().iter("testcase"):
        failure = case.find("failure")
        if failure is not None:
            failed += 1
            said = " ".join((failure.get("message") or "").split())
            lines.append(f"FAILED {case.get('classname')}.{case.get('name')}: {said[:MESSAGE_MAX]}")
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            skipped += 1
        else:
            passed += 1
    return [passed, failed, skipped], lines


def count(ctest_xml, results):
    total = [0, 0, 0]
    complaints = []
    for program in xml.parse(ctest_xml).getroot().iter("testcase"):
        name, ok = program.get("name"), program.get("status") == "run"
        result = pathlib.Path(results) / f"{name}.xml"
        try:
            found, failures = cases(result)
        except (OSError, xml.ParseError):
            found, failures = [1 if ok else 0, 0, 0], []
        complaints += failures
        if not ok and found[1] == 0:
            found[1] = 1
            complaints.append(f"{name} did not end well: {program.get('status')}")
        if ok and found[1] > 0:
            complaints.append(f"{name} ended with 0 though cases failed")
        total = [a + b for a, b in zip(total, found)]
    return total, complaints


def main():
    (passed, failed, skipped), complaints = count(sys.argv[1], sys.argv[2])
    for line in complaints:
        print(line)
    note = f", {skipped} skipped" if skipped else ""
    print(f"{passed} passed, {failed} failed{note}")
    return 1 if failed or complaints else 0


if __name__ == "__main__":
    sys.exit(main())
