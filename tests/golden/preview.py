"""preview MUSTER SOURCE_ROOT: what preview tells of the sample nights, and that it is what process does. TAP on stdout.

What would go wrong for a member: a person who reads a preview before a risky file would be told something else than
what the file then does to him.
"""
import csv
import hashlib
import json
import os
import re
import shutil
import sqlite3
import sys
import tempfile

from workspace import DAYS, SAMPLES, Workspace, case, results

SIGNS = {"add": "+", "reinstate": "+", "change": "~", "transfer": "~", "terminate": "-", "void": "-", "no_change": "="}
SSN = re.compile(r"(?<!\d)(?:219|457|078)-?\d{2}-?\d{4}(?!\d)")


class World(Workspace):
    def dump(self):
        connection = sqlite3.connect("file:%s?mode=ro" % os.path.join(self.folder, "muster.db"), uri=True)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()


def read_changeset(path):
    with open(path, encoding="utf-8") as text:
        return [json.loads(line) for line in text]


def told_rows(lines):
    """(set, record) -> signs of what is told of it; new members have no number yet."""
    told = {}
    for line in lines:
        for member in line.get("members", []) if line["kind"] == "family" else []:
            told.setdefault((line["set"], str(member["member_pos"])), []).append(
                (member["sign"], member["member_id"] if member["sign"] != "?" else member["category"]))
    return told


def told_reports(lines):
    """What an audit would report: members, and the fields of those that differ."""
    return {(member["member_id"], difference["field"]) for line in lines if line["kind"] == "family"
            for member in line["members"] if member["sign"] == "!" for difference in member.get("differences", [])}


def done_rows(folder, name):
    base = os.path.join(folder, "results", name)
    done = {}
    with open(base + ".applied.csv", newline="", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            done.setdefault((row["set"], row["member_pos"]), []).append((SIGNS.get(row["action"], "?"), row["member_id"]))
    with open(base + ".exceptions.csv", newline="", encoding="utf-8") as text:
        for row in csv.DictReader(text):
            if row["member_pos"] != "0":
                done.setdefault((row["set"], row["member_pos"]), []).append(("?", row["category"]))
    return done


def compare(told, done):
    """Each person of each record: the same sign; of several rows about one the sign that stands for all of them."""
    faults = []
    for place in sorted(set(told) | set(done)):
        rows = {}
        for sign, who in done.get(place, []):
            rows.setdefault(who, set()).add(sign)
        for sign, who in told.get(place, []):
            mine = rows.pop(who, None) if who is not None else None
            if who is None:
                mine = rows.pop(next(iter(rows), None), None)
            if mine is None:
                faults.append("%s: told %s of %s, which was not done" % (place, sign, who))
            elif sign not in mine and sign != "~":
                faults.append("%s: told %s of %s, done %s" % (place, sign, who, mine))
        faults += ["%s: not told: %s %s" % (place, who, signs) for who, signs in rows.items()]
    return faults


def check_end(lines, summary):
    end = [line for line in lines if line["kind"] == "end"][0]
    faults = []
    if end["state"] != summary["state"]:
        faults.append("state %s, then %s" % (end["state"], summary["state"]))
    if end["records"] != summary["members"]:
        faults.append("records %s, then %s" % (end["records"], summary["members"]))
    return faults


def check_file(world, night, path):
    name = os.path.basename(path)
    before = world.dump()
    saved, page = os.path.join(world.folder, "saved"), os.path.join(world.folder, "page.html")
    status, text, err = world.muster("--as-of", DAYS[night], "preview", path, "-o", saved, "--html", page)
    faults = [] if status in (0, 65) else ["preview ends with %d: %s" % (status, err)]
    if world.dump() != before:
        faults.append("a preview changes the database")
    lines = read_changeset(saved)
    with open(path, "rb") as data:
        if lines[0]["sha256"] != hashlib.sha256(data.read()).hexdigest():
            faults.append("the changeset is about other bytes")
    for fmt in ("--ndjson", "--json"):
        _, out, _ = world.muster("--as-of", DAYS[night], "preview", path, fmt)
        same = json.loads(out) if fmt == "--json" else [json.loads(line) for line in out.splitlines()]
        faults += [] if same == lines else ["%s tells otherwise than -o" % fmt]
    with open(page, encoding="utf-8") as html:
        content = html.read()
    for what, shown in (("text", text), ("page", content), ("changeset", json.dumps(lines))):
        faults += ["%s shows an SSN: %s" % (what, found) for found in SSN.findall(shown)]
    if "<script" in content or "http" in content.replace("http-equiv", ""):
        faults.append("the page runs or loads something")
    for line in lines:
        for member in line.get("members", []) if line["kind"] == "family" else []:
            if member["sign"] != "=" and (member["last_name"] not in text or member["last_name"] not in content):
                faults.append("%s is not shown" % member["last_name"])
    status, _, err = world.muster("--as-of", DAYS[night], "process", path, "--out", "results")
    if status not in (0, 65):
        return faults + ["process ends with %d: %s" % (status, err)]
    with open(os.path.join(world.folder, "results", name + ".summary.json"), encoding="utf-8") as data:
        faults += check_end(lines, json.load(data))
    if "FULL" in name and lines[-1]["state"] == "processed":
        wanted = ["terminate  [in no record, omission 1.000000]", "family TP2019, HAWTHORNE", "waits as OMITTED  [in no record]",
                  "left out: M100018407  HAWTHORNE, PRIYANKA\n"]
        faults += ["not told: " + words for words in wanted if words not in text]
    if "AUDIT" in name:
        told = told_reports(lines)
        with open(os.path.join(world.folder, "results", name + ".audit.csv"), newline="", encoding="utf-8") as text:
            done = {(row["member_id"], row["field"]) for row in csv.DictReader(text) if row["outcome"] == "differs"}
        faults += [] if told and told == done else ["told %s, reported %s" % (sorted(told), sorted(done))]
    elif name.endswith(".834"):
        faults += compare(told_rows(lines), done_rows(world.folder, name))
    return faults


def check_words(world):
    """What a reader looks for, on a file made for it."""
    path = os.path.join(SAMPLES, "night1", "benefitbridge", "BB-20260302.834")
    _, text, _ = world.muster("--as-of", DAYS[1], "preview", path)
    wanted = ["BB-20260302.834: would be processed", "? 5 waiting", "waiting: 1 NO_MATCH", "family BH1001, ACHTERBERG (set 0001)",
              "~ M100010073  ACHTERBERG, JASPER, subscriber: change  [record 4, member_id+birth_on 1.000000]",
              "address1       830 WILLOW AVENUE -> 48 LANTERN COURT", "[along with record 4,",
              "+ (new)       FERREIRA, ODALYS, subscriber: add", "ssn            ***-**-",
              "G1001 NHMO20 HLT       covered FAM 2026-04-01 to open", "G1001 DENT10 DEN       ends open -> 2026-03-31",
              "waits as MEDICARE_REVIEW", "may be M100015957"]
    faults = ["not told: " + words for words in wanted if words not in text]
    if text.index("? 5 waiting") > text.index("family "):
        faults.append("the counts do not come first")
    if "  = " in text.split("family ", 1)[1]:
        faults.append("who stays as he is stands among what changes")
    _, verbose, _ = world.muster("--as-of", DAYS[1], "preview", path, "-v")
    return faults + ([] if "  = " in verbose.split("family ", 1)[1] else ["-v does not tell who stays as he is"])


def check_hostile(world):
    """What a partner sends is shown, and no browser obeys it."""
    with open(os.path.join(SAMPLES, "night1", "benefitbridge", "BB-20260302.834"), "rb") as data:
        sent = data.read().replace(b"FERREIRA", b"F<B>R&'RA")
    path, page = os.path.join(world.folder, "hostile.834"), os.path.join(world.folder, "hostile.html")
    with open(path, "wb") as out:
        out.write(sent)
    status, text, err = world.muster("--as-of", DAYS[1], "preview", path, "--html", page)
    with open(page, encoding="utf-8") as html:
        content = html.read()
    faults = [] if status in (0, 65) else ["status %d: %s" % (status, err)]
    faults += ["the page obeys a name"] if "<B>" in content else []
    return faults + ([] if "F&lt;B&gt;R&amp;" in content and "F<B>R&'RA" in text else ["the name is not shown: " + text[:600]])


def main():
    world = World(os.path.join(tempfile.mkdtemp(prefix="muster-preview-"), "plan"))
    try:
        case("the sample plan is loaded", world.make())
        case("counts first, then by family, with reasons and differences", check_words(world))
        case("what partners sent is shown as text", check_hostile(world))
        for night in DAYS:
            for partner in ("benefitbridge", "harborline"):
                base = os.path.join(SAMPLES, "night%d" % night, partner)
                for name in sorted(os.listdir(base)) if os.path.isdir(base) else []:
                    case("night %d: %s" % (night, name), check_file(world, night, os.path.join(base, name)))
        status, _, err = world.muster("preview", "nothing.834")
        case("a file that is not there: 66", [] if status == 66 and "there is no file" in err else ["%d %s" % (status, err)])
    finally:
        shutil.rmtree(os.path.dirname(world.folder))
    print("1..%d" % len(results))
    sys.exit(0 if all(results) else 1)


main()
