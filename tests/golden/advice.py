"""The 824 beside the other outputs. TAP on stdout.

What would go wrong for a member: a partner who is not told that a record waits believes that it was taken.
"""
import csv
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

MUSTER, ROOT = map(os.path.abspath, sys.argv[1:3])
PARTNERS = ("benefitbridge", "harborline")


def muster(folder, *arguments):
    return subprocess.run([MUSTER, "-q", *arguments], cwd=folder, capture_output=True, check=False)


def workspace(folder, wanted):
    muster("/", "init", folder)
    samples = os.path.join(ROOT, "samples")
    shutil.copy(os.path.join(samples, "muster.yaml"), folder)
    for partner in PARTNERS:
        shutil.copy(os.path.join(samples, "partners", partner + ".yaml"), os.path.join(folder, "partners"))
        with open(os.path.join(folder, "partners", partner + ".yaml"), "a", encoding="utf-8") as profile:
            profile.write("report_824: true\n" if wanted else "")
    for kind in ("groups", "plans", "brokers", "members"):
        muster(folder, "load", kind, os.path.join(samples, kind + ".csv"))
    for night in ("1", "2", "3"):
        for partner in PARTNERS:
            target = os.path.join(folder, "in", partner)
            os.makedirs(target, exist_ok=True)
            for path in glob.glob(os.path.join(samples, "night" + night, partner, "*")):
                shutil.copy(path, target)
        muster(folder, "run", "--as-of", "2026-03-0" + str(int(night) + 1))


def outputs(folder, suffix):
    return sorted(glob.glob(os.path.join(folder, "out", "*", "*" + suffix)))


def segments(path):
    with open(path, encoding="ascii") as text:
        return [line.rstrip("~\n").split("*") for line in text]


def each_item_that_waits_is_told(folder):
    for path in outputs(folder, ".exceptions.csv"):
        with open(path, encoding="utf-8", newline="") as text:
            wanted = [(row["set"], row["member_pos"]) for row in csv.DictReader(text) if row["set"]]
        advice = path[:-len(".exceptions.csv")] + ".824"
        told = []
        if os.path.exists(advice):
            told = [(s[9], "0" if s[2] == "TN" else s[3]) for s in segments(advice) if s[0] == "OTI"]
        if told != wanted:
            yield "%s: %s, not %s" % (advice, told, wanted)
    if len(outputs(folder, ".824")) < 5:
        yield "too few"


def each_is_sound(folder):
    for path in outputs(folder, ".824"):
        result = subprocess.run([MUSTER, "validate", path], cwd="/", capture_output=True, check=False)
        if result.returncode != 0 or b"0 errors, 0 warnings" not in result.stdout:
            yield path + ": " + result.stdout.decode()


def no_control_number_comes_twice(folder):
    seen = set()
    for path in outputs(folder, ".824") + outputs(folder, ".999") + outputs(folder, ".ta1"):
        for number in (s[13] for s in segments(path) if s[0] == "ISA"):
            if number in seen:
                yield "%s: %s" % (path, number)
            seen.add(number)


def no_ssn_is_in_it(folder):
    for path in outputs(folder, ".824"):
        for segment in segments(path):
            if segment[0] in ("REF", "RED", "TED", "NM1") and re.search(r"(?<![\dA-Z])\d{9}(?!\d)", "*".join(segment)):
                yield "%s: %s" % (path, segment)


def main():
    cases = [each_item_that_waits_is_told, each_is_sound, no_control_number_comes_twice, no_ssn_is_in_it]
    failed = False
    print("1..%d" % (len(cases) + 1))
    with tempfile.TemporaryDirectory() as folder:
        asked, unasked = os.path.join(folder, "asked"), os.path.join(folder, "unasked")
        workspace(asked, True)
        workspace(unasked, False)
        for number, case in enumerate(cases, 1):
            faults = list(case(asked))
            failed = failed or bool(faults)
            print("%sok %d - %s" % ("not " if faults else "", number, case.__name__.replace("_", " ")))
            for fault in faults:
                print("# " + fault)
        quiet = not outputs(unasked, ".824") and outputs(unasked, ".999")
        print("%sok %d - none unless the partner asked" % ("" if quiet else "not ", len(cases) + 1))
    sys.exit(1 if failed or not quiet else 0)


main()
