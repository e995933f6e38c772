"""count-tests LOG STATUS: from meson's JSON log, `N passed, N failed, N skipped`, counting the cases of TAP tests.

A program that fails without a failing case (a crash, a leak, a missing case) counts as one failure; so does a run
without any log. STATUS is meson's own exit status: it can only make the result worse.
"""
import json
import re
import sys

TAP_LINE = re.compile(r"^(not )?ok\b(.*)$")


def cases(test):
    """Passed, failed, skipped of one program."""
    failed_program = test["result"] in ("FAIL", "TIMEOUT", "ERROR", "INTERRUPT", "UNEXPECTEDPASS")
    counts = [0, 0, 0]
    for line in test.get("stdout", "").splitlines():
        match = TAP_LINE.match(line)
        if not match:
            continue
        if re.search(r"#\s*skip", match.group(2), re.IGNORECASE):
            counts[2] += 1
        else:
            counts[1 if match.group(1) else 0] += 1
    if sum(counts) == 0:
        if failed_program:
            return [0, 1, 0]
        return [0, 0, 1] if test["result"] == "SKIP" else [1, 0, 0]
    if failed_program and counts[1] == 0:
        counts[1] = 1
    return counts


def skipped_cases(test):
    """Names of the cases that skipped themselves, for all to see."""
    names = re.findall(r"^ok \d+ # skip (.*)$", test.get("stdout", ""), re.IGNORECASE | re.MULTILINE)
    return [test["name"] + ": " + name for name in names] or ([test["name"]] if test["result"] == "SKIP" else [])


def remarks_of(test):
    lines = test.get("stdout", "").splitlines()
    told = [line[3:] for line in lines if line.startswith("#: ")]
    if "fault" in test["name"].split(" / ")[0]:
        told += [line[2:] for line in lines if line.startswith("# ")]
    return ["%s: %s" % (test["name"], line) for line in told]


def main():
    log, status = sys.argv[1], int(sys.argv[2])
    total = [0, 0, 0]
    failures, skips, remarks = [], [], []
    try:
        with open(log, encoding="utf-8", errors="replace") as lines:
            tests = [json.loads(line) for line in lines]
    except FileNotFoundError:
        tests = []
    for test in tests:
        counts = cases(test)
        total = [a + b for a, b in zip(total, counts)]
        if counts[1]:
            failures.append(test["name"])
        skips += skipped_cases(test)
        remarks += remarks_of(test)
    if (status != 0 or not tests) and total[1] == 0:
        total[1] = 1
    for remark in remarks:
        print(remark)
    for name in skips:
        print("skipped: " + name)
    for name in failures:
        print("failed: " + name)
    print("%d passed, %d failed, %d skipped" % tuple(total))
    sys.exit(1 if total[1] else 0)


main()
