"""undo MUSTER SOURCE_ROOT: the sample nights taken back: file by file, set by set, change by change. TAP on stdout.

What would go wrong for a member: a mistake taken back from the command line would leave him other data or another
coverage than he had before it, or a later file's rightful change would go with it.
"""
import csv
import json
import os
import shutil
import sys
import tempfile

from workspace import DAYS, SAMPLES, Workspace, case, results

UNDO_DAY = "2026-03-09"


class World(Workspace):
    def state(self, known=None):
        """Members with their coverage as lines. Of those who came after `known` nothing but what covers them."""
        last = known if known is not None else self.rows("SELECT max(member_no) FROM members")[0][0]
        columns = [row[1] for row in self.rows("PRAGMA table_info(members)") if row[1] != "version"]
        lines = ["member " + str(row) for row in
                 self.rows("SELECT %s FROM members WHERE member_no <= ? ORDER BY member_no" % ",".join(columns), last)]
        lines += ["span " + str(row) for row in
                  self.rows("SELECT * FROM coverage_spans WHERE voided = 0 ORDER BY member_no, span_no")]
        lines += ["key " + str(row) for row in
                  self.rows("SELECT * FROM match_keys WHERE member_no <= ? ORDER BY key, member_no", last)]
        return last, lines

    def undo(self, *arguments):
        return self.muster("--as-of", UNDO_DAY, "--operator", "lead", "undo", "--yes", *arguments)


def differences(then, now):
    gone, come = [x for x in then if x not in now], [x for x in now if x not in then]
    return ["then: " + line for line in gone[:5]] + ["now:  " + line for line in come[:5]]


def as_before(world, then, what):
    """Is all again as it was?"""
    known, lines = then
    faults = differences(lines, world.state(known)[1])
    return ["%s: %s" % (what, fault) for fault in faults]


def process_nights(world):
    """The files one by one. [(file id, state before, state after)]"""
    files, before, faults = [], world.state(), []
    out = os.path.join(world.folder, "results")
    os.mkdir(out)
    for night, day in DAYS.items():
        for partner in ("benefitbridge", "harborline"):
            base = os.path.join(SAMPLES, "night%d" % night, partner)
            for name in sorted(os.listdir(base)) if os.path.isdir(base) else []:
                status, _, err = world.muster("--as-of", day, "process", os.path.join(base, name), "--out", out)
                if status not in (0, 65):
                    faults.append("%s: status %d: %s" % (name, status, err))
                after = world.state()
                files.append(("F%08d" % world.rows("SELECT max(file_no) FROM files")[0][0], before, after))
                before = after
    return files, faults


def back_by_file(world, files):
    faults, done = [], 0
    for file_id, before, _ in reversed(files):
        status, out, err = world.undo("--file", file_id)
        if status != 0:
            faults.append("%s: status %d: %s" % (file_id, status, err))
        done += "taken back: " in out
        faults += as_before(world, before, file_id + " taken back")
    return faults + ([] if done >= 6 else ["only %d files had anything to take back" % done])


def again_by_file(world, files):
    faults = []
    for file_id, _, after in files:
        status, _, err = world.undo("--file", file_id, "--redo")
        if status != 0:
            faults.append("%s: status %d: %s" % (file_id, status, err))
        faults += as_before(world, after, file_id + " applied again")
    return faults


def sets_of(world, file_id):
    return ["%s-%d" % (file_id, ordinal) for ordinal, in
            world.rows("SELECT ordinal FROM tsets WHERE file_no = ? ORDER BY ordinal", int(file_id[1:]))]


def back_by_set(world, files):
    faults = []
    for file_id, before, _ in reversed(files):
        for set_id in reversed(sets_of(world, file_id)):
            status, _, err = world.undo("--set", set_id)
            if status != 0:
                faults.append("%s: status %d: %s" % (set_id, status, err))
        faults += as_before(world, before, "all sets of %s taken back" % file_id)
    return faults


def again_by_set(world, files):
    faults = []
    for file_id, _, after in files:
        for set_id in sets_of(world, file_id):
            status, _, err = world.undo("--set", set_id, "--redo")
            if status != 0:
                faults.append("%s: status %d: %s" % (set_id, status, err))
        faults += as_before(world, after, "all sets of %s applied again" % file_id)
    return faults


def changes_of(world, file_id, undone):
    """Of the file, latest first; `undone`: the rows that took something back."""
    wanted = "c.action = 'undo'" if undone else "c.action NOT IN ('undo', 'no_change')"
    return ["%s-%d-%d-%d" % (file_id, *row) for row in world.rows(
        "SELECT t.ordinal, c.member_pos, c.op_index FROM changes c JOIN tsets t USING(tset_no) WHERE t.file_no = ? "
        "AND c.undone = 0 AND " + wanted + " ORDER BY 1 DESC, 2 DESC, 3 DESC", int(file_id[1:]))]


def one_by_one(world, wanted, faults):
    """
    Each change by itself. One on which others of the list rest is refused with its reason, and has its turn behind
    them; whatever is refused leaves no trace. How many there were.
    """
    done = 0
    while wanted:
        waits = []
        for change_id in wanted:
            before = world.state()
            status, _, err = world.undo("--member-change", change_id)
            done += status == 0
            if status == 65:
                waits.append(change_id)
                if "stays: " not in err or "F0000" not in err.split("stays: ")[1]:
                    faults.append("%s: refused without a reason: %s" % (change_id, err))
                faults += as_before(world, before, change_id + " refused")
            elif status != 0:
                faults.append("%s: status %d: %s" % (change_id, status, err))
        if len(waits) == len(wanted):
            faults.append("never: %s" % waits)
            break
        wanted = waits
    return done


def back_by_change(world, files):
    faults, done = [], 0
    for file_id, before, _ in reversed(files):
        done += one_by_one(world, changes_of(world, file_id, False), faults)
        faults += as_before(world, before, "all changes of %s taken back" % file_id)
    return faults + ([] if done > 40 else ["only %d changes" % done])


def again_by_change(world, files):
    faults = []
    for file_id, _, after in files:
        one_by_one(world, changes_of(world, file_id, True), faults)
        faults += as_before(world, after, "all changes of %s applied again" % file_id)
    return faults


def refused_for_later(world, files):
    """Night 3 gives the newborn of night 1 an SSN: night 1 cannot go before that."""
    first, last = files[0][0], world.state()
    status, _, err = world.undo("--file", first)
    faults = [] if status == 65 else ["status %d" % status]
    for words in ("(add, member", "stays: a later change depends on it: F", "nothing was done"):
        if words not in err:
            faults.append("does not say '%s': %s" % (words, err))
    return faults + as_before(world, last, "refused")


def told_in_history(world):
    """Every step is there: nothing was deleted."""
    faults = []
    with open(os.path.join(SAMPLES, "members.csv"), newline="", encoding="utf-8") as text:
        moved = next(row["member_id"] for row in csv.DictReader(text) if row["subscriber_id"] == "BH1001")
    status, out, err = world.muster("members", "history", moved)
    for words in ("  change\n    taken back by F00000001-1-4-", "  undo\n    taken back by", "  redo\n", "    by    lead\n",
                  "takes back F", "applies again F"):
        if status != 0 or words not in out:
            faults.append("'%s' is not told: %s%s" % (words, out, err))
    _, then, _ = world.muster("members", "history", moved, "--known-at", "2026-03-08")
    faults += ["told before it happened: " + then] if "taken back" in then or "  change\n" not in then else []
    _, table, _ = world.muster("members", "history", moved, "--csv")
    rows = list(csv.DictReader(table.splitlines()))
    _, text, _ = world.muster("members", "history", moved, "--json")
    for row, entry in zip(rows, json.loads(text)):
        if row["id"] != entry["id"] or row["undone_by"] != (entry["undone_by"] or "") or \
                entry["undone"] != bool(row["undone_by"]):
            faults.append("CSV says %s, JSON %s" % (row, entry))
    return faults + ([] if [row["action"] for row in rows][:3] == ["change", "undo", "redo"] else ["CSV: " + table])


def shown_as_then(world):
    """When it held, and when it was known: the sample's change of plan, which holds from a day in April."""
    faults = []
    for arguments, wanted, not_wanted in (
            (("--as-of", "2026-03-31"), "NHMO20", "NPPO50"), (("--as-of", "2026-04-01"), "NPPO50", "NHMO20"),
            (("--on", "2026-04-01"), "NPPO50", "NHMO20"), (("--on", "2026-04-01", "--known-at", "2026-03-01"), "NHMO20", "NPPO50"),
            (("--on", "2026-04-01", "--known-at", "2026-03-02"), "NPPO50", "NHMO20"),
            (("--on", "2019-01-01"), "none on 2019-01-01", "NHMO20")):
        status, out, err = world.muster("members", "show", "M100015601", *arguments)
        if status != 0 or wanted not in out or not_wanted in out:
            faults.append("%s: %d %s%s" % (arguments, status, out, err))
    return faults


def sound(world):
    status, out, err = world.muster("doctor")
    faults = [] if status == 0 and "agree" in out else ["doctor ends with %d: %s%s" % (status, out, err)]
    empty = world.rows("SELECT count(*) FROM changes WHERE before LIKE '%\"spans\":[]%' OR after LIKE '%\"spans\":[]%'")
    return faults + (["%d changes keep a list of no coverages" % empty[0][0]] if empty[0][0] else [])


def main():
    world = World(os.path.join(tempfile.mkdtemp(prefix="muster-undo-"), "plan"))
    try:
        case("the sample plan is loaded", world.make())
        files, faults = process_nights(world)
        case("four nights, file by file", faults)
        case("members as they were, and as they were known", shown_as_then(world))
        case("refused where a later file depends on it", refused_for_later(world, files))
        case("each file taken back, the last one first", back_by_file(world, files))
        case("each file applied again", again_by_file(world, files))
        case("each set taken back, the last one first", back_by_set(world, files))
        case("each set applied again", again_by_set(world, files))
        case("each change taken back, the last one first", back_by_change(world, files))
        case("each change applied again", again_by_change(world, files))
        case("each file taken back once more", back_by_file(world, files))
        case("each file applied again once more", again_by_file(world, files))
        case("the history tells of all of it", told_in_history(world))
        case("the database is sound", sound(world))
    finally:
        if os.environ.get("MUSTER_KEEP") is None:
            shutil.rmtree(os.path.dirname(world.folder))
    print("1..%d" % len(results))
    sys.exit(0 if all(results) else 1)


main()
