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
        if "-again" in path: # a duplicate: no row waits, each set is told
            wanted = [("0001", "0"), ("0002", "0")]
        advice = path[:-len(".exceptions.csv")] + ".824"
        told = []
        if os.path.exists(advice):
            told = [(s[9], "0" if s[2] == "TN" else s[3]) for s in segments(advice) if s[0] == "OTI"]
        if told != wanted:
            yield "%s: %s, not %s" % (advice, told, wanted)
    if len(outputs(folder, ".824")) < 5:
        yield "too few"


def sound(path):
    result = subprocess.run([MUSTER, "validate", path], cwd="/", capture_output=True, check=False)
    if result.returncode != 0 or b"0 errors, 0 warnings" not in result.stdout:
        yield path + ": " + result.stdout.decode()


def each_is_sound(folder):
    for path in outputs(folder, ".824"):
        yield from sound(path)


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


def told(path):
    """[OTI01, its TED02, its RED01] of each item."""
    items = []
    if os.path.exists(path):
        for segment in segments(path):
            if segment[0] == "OTI":
                items.append([segment[1]])
            elif segment[0] in ("TED", "RED") and items:
                items[-1].append(segment[2] if segment[0] == "TED" else segment[1])
    return items


def process(folder, path, name):
    """One of our own files under another name; its 824."""
    out = os.path.join(folder, "byname")
    target = os.path.join(folder, name)
    with open(path, "rb") as source, open(target, "wb") as copy:
        copy.write(source.read())
    muster(folder, "process", target, "--out", out, "--as-of", "2026-03-05")
    return os.path.join(out, name + ".824")


def a_duplicate_is_told_set_by_set(folder):
    night = os.path.join(ROOT, "samples/night1/harborline/HL-20260302.834")
    path = process(folder, night, "again.834")
    items = told(path)
    if [item[:2] for item in items] != [["TR", "DUP_FILE"]] or "received before" not in " ".join(items[0]):
        yield str(items)
    yield from sound(path)


def a_file_that_waits_whole_is_told_set_by_set(folder):
    night = os.path.join(ROOT, "samples/night1/harborline/HL-20260302.834")
    with open(night, "rb") as source:
        data = source.read()
    cut = os.path.join(folder, "cut.834")
    with open(cut, "wb") as target:
        target.write(data[:data.index(b"IEA|")].replace(data[90:99], b"000077777"))
    path = process(folder, cut, "short.834")
    items = told(path)
    if [item[:2] for item in items] != [["TE", "FILE_HOLD"]] or "cut off" not in " ".join(items[0]):
        yield str(items)
    yield from sound(path)


def a_trial_tells_what_the_file_alone_tells(folder):
    """validate --ack: the records with errors of form; a set that is rejected is the 999's to tell."""
    acks = os.path.join(folder, "acks")
    night = os.path.join(ROOT, "samples/night1/harborline/HL-20260302.834")
    with open(night, "rb") as source:
        data = source.read()
    bad = os.path.join(folder, "bad.834")
    with open(bad, "wb") as target:
        target.write(data.replace(b"INS|Y|18|", b"INS|Y|99|", 1))
    muster(folder, "validate", "--ack", acks, bad)
    path = os.path.join(acks, "bad.834.824")
    items = told(path)
    if [item[:2] for item in items] != [["IR", "SYNTAX_RECORD"]] or "1 error of form" not in " ".join(items[0]):
        yield str(items)
    if not any(s[0] == "ISA" and s[15] == "T" for s in segments(path)):
        yield "not a trial"
    yield from sound(path)
    muster(folder, "validate", "--ack", acks, night)
    if os.path.exists(os.path.join(acks, os.path.basename(night) + ".824")):
        yield "an answer to a sound file"
    with open(bad, "rb") as source:
        data = source.read()
    with open(bad, "wb") as target:
        target.write(data.replace(b"\nSE|", b"\nSE|9", 1))
    os.unlink(path)
    muster(folder, "validate", "--ack", acks, bad)
    if os.path.exists(path):
        yield "an answer to a rejected set"
    with open(bad, "wb") as target:
        target.write(data[:data.index(b"IEA|")])
    muster(folder, "validate", "--ack", acks, bad)
    if [item[:2] for item in told(path)] != [["TE", "FILE_HOLD"]]:
        yield "cut: " + str(told(path))


def main():
    cases = [each_item_that_waits_is_told, each_is_sound, no_control_number_comes_twice, no_ssn_is_in_it,
             a_duplicate_is_told_set_by_set, a_file_that_waits_whole_is_told_set_by_set,
             a_trial_tells_what_the_file_alone_tells]
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
