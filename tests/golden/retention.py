"""retention MUSTER SOURCE: what was kept long enough goes, and nothing that somebody needs. TAP on stdout.

If this failed, a representative would find that the record he decides on is gone, a court that what it asked for is, or a
member that his file of years ago still lies about.
"""
import fcntl
import os
import shutil
import sqlite3
import sys
import tempfile

from workspace import DAYS, SAMPLES, Workspace, case, results

RULES = "retention: {originals_days: 100, outputs_days: 50}\n"
RULES_DECIDED = "retention: {originals_days: 100, outputs_days: 50, decided_days: 300}\n"
SPRING, SUMMER, LATER = "2026-05-01", "2026-07-30", "2027-07-30"


class Plan(Workspace):
    def make(self):
        faults = super().make()
        for partner in ("benefitbridge", "harborline"):
            os.mkdir(os.path.join(self.folder, "in", partner))
        for night in (1, 2, 3):
            base = os.path.join(SAMPLES, "night%d" % night)
            for partner in os.listdir(base):
                for name in os.listdir(os.path.join(base, partner)):
                    shutil.copy(os.path.join(base, partner, name), self.path("in", partner))
            status, _, err = self.muster("--as-of", DAYS[night], "run")
            faults += [] if status in (0, 65) else ["night %d: %s" % (night, err)]
        return faults

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def rules(self, text):
        config = open(self.path("muster.yaml"), encoding="utf-8").read().split("retention:")[0]
        with open(self.path("muster.yaml"), "w", encoding="utf-8") as out:
            out.write(config + text)

    def files(self, *folders):
        """Every file below these folders, by its path."""
        return sorted(os.path.join(base, name) for folder in folders for base, _, names in os.walk(self.path(folder))
                      for name in names)

    def kept(self, number):
        return [path for path in self.files("done", "held", "rejected") if "/F%08d/" % number in path]

    def expect(self, faults, status, *arguments, says=()):
        got, out, err = self.muster(*arguments)
        if got != status or any(words not in out + err for words in says):
            faults.append("%s: %d, wanted %d and %s: %s%s" % (" ".join(arguments), got, status, says, out, err))
        return out

    def decide(self, faults, file_no, but=None):
        """Every item of a file rejected, but one."""
        for item, in self.rows("SELECT item_id FROM exceptions WHERE file_no = ? AND status IN ('open', 'assigned')", file_no):
            if item != but:
                self.expect(faults, 0, "queue", "resolve", item, "reject", "--operator", "rosa")


def nothing_by_default(plan):
    """Where no rule says otherwise all is kept for good."""
    faults, before = [], plan.files("done", "held", "rejected", "out")
    plan.expect(faults, 0, "retention", "show", says=["originals                      kept", "outputs                        kept"])
    plan.expect(faults, 0, "--as-of", "2096-01-01", "retention", "purge", "--yes", says=["0 originals and the outputs of 0 files"])
    return faults + ([] if plan.files("done", "held", "rejected", "out") == before else ["something is gone"])


def what_is_old_and_nobody_needs(plan):
    """What is old enough goes, each with its row in the trail; what waits, or would wait again, stays; a look does nothing."""
    faults, folders = [], ("done", "held", "rejected", "out")
    plan.rules(RULES)
    before, sums = plan.files(*folders), plan.rows("SELECT file_no, members_read, members_applied FROM files")
    plan.expect(faults, 0, "--as-of", SUMMER, "retention", "purge", "--dry-run",
                says=["F00000008  2026-03-04  original  BB-20260304-1.834: 1 file would go", "kept: an item of it waits"])
    plan.expect(faults, 64, "--as-of", SUMMER, "retention", "purge", says=["--dry-run"])
    faults += [] if plan.files(*folders) == before else ["a look has removed something"]
    # Too young; then the outputs alone are old enough.
    plan.expect(faults, 0, "--as-of", "2026-04-20", "retention", "purge", "--yes", says=["0 originals and the outputs of 0"])
    plan.expect(faults, 0, "--as-of", SPRING, "retention", "purge", "--yes", says=["0 originals and the outputs of 2"])
    faults += [] if [os.path.basename(path) for path in plan.kept(8)] == ["original.gz"] else ["kept: %s" % plan.kept(8)]
    faults += [path for path in plan.files("out") if "BB-20260304-1" in path or "BB-20260302-again" in path]
    plan.expect(faults, 0, "--as-of", SUMMER, "retention", "purge", "--yes", says=["2 originals and the outputs of 0"])
    faults += plan.kept(7) + plan.kept(8)
    gone = set(before) - set(plan.files(*folders))
    faults += ["%s is gone" % path for path in gone if not ("F0000000" in path and path.split("/")[-2][-1] in "78")
               and "BB-20260304-1" not in path and "BB-20260302-again" not in path]
    trail = plan.rows("SELECT subject, text, hex(payload) FROM audit WHERE kind = 'purge' ORDER BY audit_no")
    hashes = dict(plan.rows("SELECT printf('F%08d', file_no), hex(sha256) FROM files"))
    if [row[0] for row in trail] != ["F00000007", "F00000008"] * 2 or any(
            row[2] != hashes[row[0]] for row in trail if row[1].startswith("original")):
        faults.append("the trail: %s" % trail)
    # The file is a file received before, and nothing is made anew.
    faults += [] if plan.rows("SELECT file_no, members_read, members_applied FROM files") == sums else ["other tallies"]
    base = os.path.join(SAMPLES, "night3", "benefitbridge", "BB-20260304-1.834")
    shutil.copy(base, plan.path("in", "benefitbridge"))
    plan.expect(faults, 0, "--as-of", SUMMER, "run", says=["duplicate"])
    faults += plan.kept(8)
    plan.expect(faults, 0, "--as-of", SUMMER, "retention", "purge", "--yes", says=["0 originals and the outputs of 0"])
    plan.expect(faults, 0, "doctor", says=["all is well"])
    return faults


def undo_and_the_original(plan):
    """A record that would wait again keeps its original; where the site lets that go, its undo is refused, others are not."""
    faults, item = [], "F00000002-1-6"
    plan.rules(RULES)
    plan.decide(faults, 2, item)
    plan.expect(faults, 0, "queue", "resolve", item, "match:M100020361", "--operator", "rosa", says=["applied"])
    plan.expect(faults, 0, "--as-of", LATER, "retention", "purge", "--yes",
                says=["HL-20260302.834: kept: a record could be taken back and would wait"])
    faults += [] if plan.kept(2)[-1:] and plan.kept(2)[-1].endswith("original.gz") else ["the original is gone"]
    plan.rules(RULES_DECIDED)
    plan.expect(faults, 0, "--as-of", "2026-12-20", "retention", "purge", "--yes", says=["would wait"])
    plan.expect(faults, 0, "--as-of", LATER, "retention", "purge", "--yes", says=["F00000002  2026-03-02  original"])
    faults += plan.kept(2)
    plan.expect(faults, 65, "undo", "--member-change", item, "--yes", says=["its original is no longer kept"])
    plan.expect(faults, 65, "undo", "--file", "F00000002", "--yes", says=["its original is no longer kept"])
    plan.expect(faults, 0, "undo", "--member-change", "F00000002-1-1", "--yes", says=["taken back: 1 changes"])
    plan.expect(faults, 0, "doctor", says=["all is well"])
    return faults


def decided_and_not_carried_out(plan):
    """What was decided while another muster was at work keeps its original until the next run has carried it out."""
    faults, kept = [], "original  HL-20260302.834: kept: a decision is not carried out"
    plan.rules(RULES_DECIDED)
    plan.decide(faults, 2, "F00000002-1-6")
    plan.decide(faults, 6, "F00000006-1-0")
    with open(plan.path("muster.db.run.lock"), "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        plan.expect(faults, 0, "queue", "resolve", "F00000002-1-6", "match:M100020361", "--operator", "rosa", says=["the next run"])
        for operator in ("lee", "ada"):
            plan.expect(faults, 0, "queue", "resolve", "F00000006-1-0", "release", "--note", "called", "--operator", operator)
        plan.expect(faults, 75, "--as-of", LATER, "retention", "purge", "--yes")
        plan.expect(faults, 0, "--as-of", LATER, "retention", "purge", "--dry-run",
                    says=[kept, "original  HL-FULL-20260303.834: kept: a decision is not carried out"])
    plan.expect(faults, 0, "--as-of", LATER, "retention", "purge", "--yes", says=[kept])
    plan.expect(faults, 0, "--as-of", DAYS[3], "run", says=["F00000002-1-6, decided match:M100020361: applied"])
    plan.expect(faults, 0, "--as-of", LATER, "retention", "purge", "--yes", says=["original  HL-20260302.834: 1 file removed"])
    return faults


def cut_short(plan):
    """A removal that was begun and cut short is ended by the next run."""
    faults = []
    connection = sqlite3.connect(plan.path("muster.db"))
    connection.execute("INSERT INTO removals VALUES (8, 'outputs', 1, 0), (8, 'original', 1, 0), (7, 'outputs', 1, 0)")
    connection.commit()
    connection.close()
    os.unlink(next(path for path in plan.files("out") if path.endswith("BB-20260304-1.834.999")))
    plan.expect(faults, 0, "--as-of", SPRING, "run")
    faults += plan.kept(8) + [path for path in plan.files("out") if "BB-20260304-1" in path or "BB-20260302-again" in path]
    faults += [] if [os.path.basename(path) for path in plan.kept(7)] == ["original.gz"] else ["kept: %s" % plan.kept(7)]
    owed = plan.rows("SELECT * FROM removals WHERE done = 0")
    return faults + ["owed still: %s" % row for row in owed]


def legal_holds(plan):
    """What a court asks for stays however old it is: by file, partner, group or member; and goes once the hold is lifted."""
    faults = []
    plan.rules(RULES_DECIDED)
    member, = plan.rows("SELECT c.member_id, g.group_id FROM changes c JOIN tsets t USING (tset_no) "
                        "JOIN group_members g USING (member_no) WHERE t.file_no = 8")[:1]
    for subject in ("F00000008", "partner:benefitbridge", "group:" + member[1], "member:" + member[0]):
        plan.expect(faults, 0, "retention", "hold", subject, "--note", "letter of the court", "--operator", "ada")
        plan.expect(faults, 0, "retention", "show", says=["legal hold on %s since" % subject, "letter of the court"])
        plan.expect(faults, 0, "--as-of", LATER, "retention", "purge", "--dry-run",
                    says=["original  BB-20260304-1.834: kept: legal hold", "outputs   BB-20260304-1.834: kept: legal hold"])
        plan.expect(faults, 0, "retention", "lift", subject, "--operator", "ada")
        plan.expect(faults, 0, "--as-of", LATER, "retention", "purge", "--dry-run", says=["original  BB-20260304-1.834: 1 file would go"])
    plan.expect(faults, 0, "retention", "hold", "F00000008", "--note", "letter", "--operator", "ada")
    plan.expect(faults, 0, "--as-of", LATER, "retention", "purge", "--yes")
    faults += [] if len(plan.kept(8)) > 5 and not plan.kept(7) else ["kept of 8: %s, of 7: %s" % (plan.kept(8), plan.kept(7))]
    for subject in ("F00000099", "F8", "group:G77", "member:M1", "partner:nobody", "nothing"):
        plan.expect(faults, 66, "retention", "hold", subject, "--note", "letter", says=["there is no " + subject])
    plan.expect(faults, 64, "retention", "hold", "F00000007", says=["on whose order"])
    trail = plan.rows("SELECT count(*) FROM audit WHERE kind = 'legal hold'")
    return faults + ([] if trail == [(9,)] else ["%s rows in the trail" % trail])


def same_name(plan):
    """Of two files of one name the outputs in out/ are the later one's, whatever stands in them."""
    faults, name = [], "twice.834"
    for day in ("2026-03-10", "2026-06-10"):
        # Both are duplicates: their outputs are the same bytes but for the summary.
        shutil.copy(os.path.join(SAMPLES, "night3", "benefitbridge", "BB-20260304-1.834"), plan.path("in", "benefitbridge", name))
        plan.expect(faults, 0, "--as-of", day, "run", says=["duplicate"])
    plan.rules(RULES)
    before = [path for path in plan.files("out") if name in path]
    plan.expect(faults, 0, "--as-of", SUMMER, "retention", "purge", "--yes", says=[name + ": 7 files removed"])
    after = [path for path in plan.files("out") if name in path]
    faults += [] if after == before and len(after) > 4 else ["of the later file %s are left of %s" % (after, before)]
    plan.expect(faults, 0, "--as-of", LATER, "retention", "purge", "--yes", says=[name])
    return faults + [path for path in plan.files("out") if name in path]


def not_ours(plan):
    """What somebody else put into out/, and what process --out wrote, is left alone."""
    faults = []
    plan.rules(RULES)
    with open(plan.path("out", "benefitbridge", "BB-20260304-1.834.applied.csv"), "a", encoding="utf-8") as out:
        out.write("my own note\n")
    os.mkdir(plan.path("mine"))
    plan.expect(faults, 0, "--as-of", "2026-03-06", "process",
                os.path.join(SAMPLES, "night3", "benefitbridge", "BB-20260304-1.834"), "--out", "mine")
    before = plan.files("mine")
    plan.expect(faults, 0, "--as-of", SUMMER, "retention", "purge", "--yes")
    faults += [] if before and plan.files("mine") == before else ["mine: %s" % plan.files("mine")]
    left = [os.path.basename(path) for path in plan.files("out") if "BB-20260304-1" in path]
    return faults + ([] if left == ["BB-20260304-1.834.applied.csv"] else ["left in out: %s" % left])


def main():
    cases = [nothing_by_default, what_is_old_and_nobody_needs, undo_and_the_original, decided_and_not_carried_out, cut_short, legal_holds, same_name, not_ours]
    with tempfile.TemporaryDirectory() as folder:
        first = Plan(os.path.join(folder, "first"))
        faults = first.make()
        case("a plan with three nights", faults)
        for number, work in enumerate([] if faults else cases):
            plan = Plan(os.path.join(folder, "plan%d" % number))
            shutil.copytree(first.folder, plan.folder)
            case(work.__doc__, work(plan))
    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
