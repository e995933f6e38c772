"""verbs MUSTER SOURCE_ROOT: commands that no night gives, as representatives and operators give them. TAP on stdout.

What would go wrong for a member: a representative's decisions, written into the file that the queue gave out, would not
come back, come back twice, or to another item; or who looks before he undoes would be told what is not so.
"""
import csv
import json
import os
import shutil
import sqlite3
import sys
import tempfile

from workspace import DAYS, SAMPLES, Workspace, case, results

DAY = "2026-03-09"


class World(Workspace):
    def expect(self, faults, status, *arguments, says=()):
        """What it says on stdout; stdout and stderr together have all of `says`."""
        got, out, err = self.muster("--as-of", DAY, *arguments)
        if got != status:
            faults.append("%s ends with %d, wanted %d: %s%s" % (" ".join(arguments), got, status, out, err))
        faults += ["%s does not say %s: %s%s" % (" ".join(arguments), words, out, err)
                   for words in says if words not in out + err]
        return out

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as out:
            out.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as text:
            return text.read()

    def dump(self):
        connection = sqlite3.connect("file:%s?mode=ro" % self.path("muster.db"), uri=True)
        try:
            return list(connection.iterdump())
        finally:
            connection.close()

    def item(self, item):
        return json.loads(self.muster("queue", "show", item, "--json")[1])


def one_night(world):
    faults = []
    for partner in ("benefitbridge", "harborline"):
        base = os.path.join(SAMPLES, "night1", partner)
        for name in sorted(os.listdir(base)):
            status, _, err = world.muster("--as-of", DAYS[1], "process", os.path.join(base, name), "--out", "out")
            faults += [] if status == 0 else ["%s: status %d: %s" % (name, status, err)]
    return faults


COBRA, MEDICARE, DATES, SPLIT = "F00000001-2-7", "F00000001-2-8", "F00000002-1-9", "F00000002-1-10"


def decisions_in_csv(world):
    faults = []
    world.expect(faults, 0, "queue", "export", "mine.csv")
    rows = list(csv.DictReader(world.read("mine.csv").splitlines()))
    faults += [] if len(rows) == 12 else ["%d rows" % len(rows)]
    before = {item: world.item(item) for item in (COBRA, MEDICARE, SPLIT)}
    for row in rows:
        if row["item"] == COBRA:
            row.update(decision="match:" + row["candidate1"], note="asked the group")
        if row["item"] == SPLIT:
            row.update(decision="reject", note="sent back")
    with open(world.path("mine.csv"), "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    world.expect(faults, 0, "queue", "import", "mine.csv", says=["12 rows: 2 decided, 10 without a decision, 0 refused"])
    now = {item: world.item(item) for item in before}
    if (now[COBRA]["status"], now[SPLIT]["status"]) != ("resolved", "rejected") or now[MEDICARE] != before[MEDICARE]:
        faults.append("decided as %s" % now)
    applied = world.rows("SELECT count(*) FROM changes c JOIN tsets t USING (tset_no) WHERE t.file_no = 1 AND t.ordinal = 2 "
                         "AND c.member_pos = 7 AND c.match_rule = 'representative'")[0][0]
    faults += [] if applied > 0 else ["the decided record was not applied"]
    # The same file once more: the items have changed since.
    then = world.dump()
    world.expect(faults, 65, "queue", "import", "mine.csv", says=["2 refused"])
    return faults + ([] if world.dump() == then else ["a stale file has changed the database"])


def decisions_in_xml(world):
    faults = []
    world.expect(faults, 0, "queue", "export", "mine.xml", "--category", "BAD_DATES")
    text = world.read("mine.xml")
    faults += [] if text.count("<item ") == 1 and DATES in text else ["other items: " + text]
    world.write("mine.xml", text.replace("</item>", "<decision>skip</decision><note>ended long ago</note></item>"))
    world.expect(faults, 0, "queue", "import", "mine.xml", says=["1 rows: 1 decided"])
    item = world.item(DATES)
    if item["status"] != "skipped" or item["note"] != "ended long ago":
        faults.append("decided as %s" % item)
    then = world.dump()
    world.write("other.xml", world.read("mine.xml").replace(DATES, "F00000099-1-1"))
    world.expect(faults, 65, "queue", "import", "other.xml", says=["F00000099-1-1"])
    world.write("bad.xml", text[:-20])
    world.expect(faults, 65, "queue", "import", "bad.xml")
    world.expect(faults, 66, "queue", "import", "nowhere.csv", says=["cannot read nowhere.csv"])
    return faults + ([] if world.dump() == then else ["what was refused has changed the database"])


def work_on_the_queue(world):
    faults = []
    world.expect(faults, 0, "queue", "note", MEDICARE, "called the group")
    world.expect(faults, 66, "queue", "note", "F00000099-1-1", "called", says=["there is no item"])
    world.expect(faults, 0, "--operator", "rosa", "queue", "next", says=["owner", "rosa"])
    leased = [row for row in json.loads(world.expect(faults, 0, "queue", "list", "--json")) if row["owner"] == "rosa"]
    faults += [] if len(leased) == 1 and leased[0]["leased_until"] else ["leased: %s" % leased]
    if world.item(MEDICARE)["note"] != "called the group":
        faults.append("the note: %s" % world.item(MEDICARE)["note"])
    return faults


def undo_as_json(world):
    faults = []
    looked = json.loads(world.expect(faults, 0, "undo", "--file", "F00000002", "--dry-run", "--json"))
    if looked["state"] != "possible" or looked["refused"] or len(looked["taken"]) != looked["changes"]:
        faults.append("a look: %s" % looked)
    # Later files change what the first one had changed: that stays.
    for night in (2, 3, 4):
        for partner in ("benefitbridge", "harborline"):
            base = os.path.join(SAMPLES, "night%d" % night, partner)
            for name in sorted(os.listdir(base)) if os.path.isdir(base) else []:
                world.muster("--as-of", DAYS[night], "process", os.path.join(base, name), "--out", "out")
    then = world.dump()
    refused = json.loads(world.expect(faults, 65, "undo", "--file", "F00000001", "--yes", "--json"))
    if refused["state"] != "refused" or not refused["refused"]:
        faults.append("refused: %s" % refused)
    for row in refused["refused"]:
        if not row["change"].startswith("F00000001-") or not row["why"] or not row["member_id"]:
            faults.append("refused: %s" % row)
    faults += [] if any(row["by"] and row["by"] > "F00000002" for row in refused["refused"]) else [
        "nobody is named whose change is in the way: %s" % refused["refused"]]
    return faults + ([] if world.dump() == then else ["a refused undo has changed the database"])


def groups_and_orders(world):
    faults = []
    text = world.expect(faults, 0, "groups", "list")
    rows = json.loads(world.expect(faults, 0, "groups", "list", "--json"))
    faults += ["%s is not listed" % row["group_id"] for row in rows if row["group_id"] not in text]
    faults += [] if [row["group_id"] for row in rows] == ["G1001", "G1002", "G2001", "G2002"] else ["listed: %s" % rows]
    then = world.dump()
    order = json.loads(world.expect(faults, 0, "groups", "terminate", "G1002", "--on", "2026-06-30", "--dry-run", "--json"))
    if (order["order"], order["dry_run"], order["file_id"]) != ("terminate", True, None) or order["members"] == 0:
        faults.append("order: %s" % order)
    world.expect(faults, 65, "groups", "terminate", "G9", "--on", "2026-06-30", says=["there is no group G9"])
    for words, why in ((("link", "G1001", "G1001"), "not linked with itself"), (("link", "G1001", "G9"), "no group G9")):
        world.expect(faults, 65, "groups", *words, says=[why])
    return faults + ([] if world.dump() == then else ["a dry run, or an order refused, has changed the database"])


def tell(world):
    """help of every verb: examples first; the guides; complaints about a line."""
    faults = []
    out = world.expect(faults, 0, "help", says=["--as-of DATE", "verbs:"])
    verbs = [line.split()[0] for line in out.split("verbs:")[1].split("options")[0].splitlines() if line.strip()]
    for verb in [verb for verb in verbs if verb != "help"]:
        about = world.expect(faults, 0, "help", verb)
        faults += [] if "muster " + verb in about else ["help %s: %s" % (verb, about)]
        if world.expect(faults, 0, verb, "--help") != about:
            faults.append("%s --help says something else" % verb)
    world.expect(faults, 0, "guide", "list", says=["005010X220A1", "005010X218"])
    world.expect(faults, 0, "guide", "show", "005010X220A1", says=["BGN", "INS"])
    world.write("bad.csv", "group_id,name,status,effective_on\nG77,ACME,asleep,2020-01-01\nG78,BOLT,active,2020-01-01\n")
    world.expect(faults, 65, "load", "groups", "bad.csv", says=["bad.csv:2:", "asleep", "1 added", "1 refused"])
    return faults


LEFT = """id,last_name,first_name,birth_on,ssn,address1,zip
a1,QUIRK,JADEN,1980-01-02,219091107,1 MAIN ST,90001
a2,VOSS,MAXIMILIAN,1975-05-06,219091203,9 OAK AVE,94610
a3,NOBODY,KNOWN,1999-09-09,219091305,4 ELM ST,94611
"""
RIGHT = """id,last_name,first_name,birth_on,ssn,address1,zip
b1,QUIRK,JADEN,1980-01-02,219091107,1 MAIN ST,90001
b2,VOSS,MAX,1975-05-06,219091203,9 OAK AVE,94610
b3,OTHER,PERSON,1955-03-04,219091999,8 PINE ST,10001
"""


def matcher(world):
    faults = []
    world.write("left.csv", LEFT)
    world.write("right.csv", RIGHT)
    world.write("truth.csv", "left_id,right_id\na1,b1\na2,b2\n")
    tables = ["--left", "left.csv", "--right", "right.csv"]
    world.expect(faults, 0, "match", "link", *tables, "--out", "pairs.csv", "--truth", "truth.csv",
                 says=["2 automatic", "2 (0 wrong)"])
    pairs = [(row["left_id"], row["right_id"], row["decision"]) for row in csv.DictReader(world.read("pairs.csv").splitlines())]
    faults += [] if pairs == [("a1", "b1", "auto"), ("a2", "b2", "auto")] else ["pairs: %s" % pairs]
    measured = json.loads(world.expect(faults, 0, "match", "evaluate", "--pairs", "pairs.csv", "--truth", "truth.csv", "--json"))
    if (measured["true_pairs"], measured["automatic"], measured["automatic_wrong"]) != (2, 2, 0):
        faults.append("measured: %s" % measured)
    world.write("wrong.csv", "left_id,right_id\na1,b2\na2,b1\n")
    measured = json.loads(world.expect(faults, 0, "match", "evaluate", "--pairs", "pairs.csv", "--truth", "wrong.csv", "--json"))
    faults += [] if measured["automatic_wrong"] == 2 else ["measured against another truth: %s" % measured]
    said = world.expect(faults, 0, "match", "explain", "--left", "left.csv:a1", "--right", "right.csv:b1",
                        says=["Automatic.", "JADEN", "***-**-1107"])
    faults += [] if "219091107" not in said else ["an SSN is shown: " + said]
    world.expect(faults, 0, "match", "explain", "--left", "left.csv:a3", "--right", "right.csv:b3",
                 says=["Nobody on file.", "Not among the best five"])
    world.expect(faults, 66, "match", "explain", "--left", "left.csv:a9", "--right", "right.csv:b1", says=["no row a9"])
    world.expect(faults, 0, "match", "train", *tables, "--truth", "truth.csv", "--out", "site.yaml")
    world.expect(faults, 0, "match", "link", *tables, "--model", "site.yaml", "--out", "again.csv", says=["model trained"])
    world.write("broken.csv", 'id,last_name\n"a1,QUIRK\n')
    for words in (["link", "--left", "broken.csv", "--right", "right.csv", "--out", "no.csv"],
                  ["train", *tables, "--truth", "broken.csv"]):
        world.expect(faults, 65, "match", *words)
    return faults + (["pairs of a broken table"] if os.path.exists(world.path("no.csv")) else [])


def main():
    folder = tempfile.mkdtemp(prefix="muster-verbs-")
    try:
        world = World(os.path.join(folder, "plan"))
        faults = world.make() or one_night(world)
        case("the sample plan and its first night", faults)
        if not faults:
            case("the queue as CSV, and decisions back", decisions_in_csv(world))
            case("the queue as XML, and decisions back", decisions_in_xml(world))
            case("notes, and the next item for whom asks", work_on_the_queue(world))
            case("an undo as JSON: what would be taken, what is refused and why", undo_as_json(world))
            case("groups, and orders that are only looked at or refused", groups_and_orders(world))
            case("help, guides, and complaints about a line", tell(world))
            case("the matcher over tables", matcher(world))
    finally:
        shutil.rmtree(folder)
    print("1..%d" % len(results))
    sys.exit(0 if all(results) else 1)


main()
