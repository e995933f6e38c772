"""backup MUSTER SOURCE: a plan lost and gone back to, as the manual tells it. TAP on stdout.

If this failed, a site whose disk died would find that its copies cannot be gone back to, that members stand otherwise
afterwards than before, or that two files bear one number.
"""
import os
import shutil
import sys
import tempfile

from workspace import DAYS, SAMPLES, Workspace, case, results

STATE = ("SELECT * FROM members ORDER BY member_no", "SELECT * FROM coverage_spans ORDER BY member_no, span_no",
         "SELECT * FROM remittance_lines l JOIN remittances USING (tset_no) ORDER BY trace, line_pos",
         "SELECT category, status, decision, reason FROM exceptions ORDER BY 1, 2, 3, 4",
         "SELECT sender_id, sponsor_id, last_control, last_applied FROM lanes ORDER BY 1, 2")


class Plan(Workspace):
    def make(self):
        faults = super().make()
        for partner in ("benefitbridge", "harborline"):
            os.mkdir(os.path.join(self.folder, "in", partner))
        return faults

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def night(self, night):
        """The night's files come, and are taken. (status, talk)"""
        base = os.path.join(SAMPLES, "night%d" % night)
        for partner in os.listdir(base):
            for name in os.listdir(os.path.join(base, partner)):
                shutil.copy(os.path.join(base, partner, name), self.path("in", partner))
        status, _, err = self.muster("--as-of", DAYS[night], "run")
        return status, err

    def state(self):
        rows = [self.rows(query) for query in STATE]
        # Rows of the two queries in the middle bear the number of a set.
        return [rows[0], rows[1], [row[1:] for row in rows[2]], *rows[3:]]

    def expect(self, faults, status, *arguments, says=()):
        got, out, err = self.muster(*arguments)
        if got != status or any(words not in out + err for words in says):
            faults.append("%s: %d, wanted %d and %s: %s%s" % (" ".join(arguments), got, status, says, out, err))


def gone_back_to(plan):
    """A database lost and put back from a copy: with the files that came since every member stands as before."""
    faults = []
    faults += [] if plan.night(1)[0] == 0 else ["night 1"]
    plan.expect(faults, 0, "--as-of", DAYS[1], "queue", "resolve", "F00000001-2-7", "reject", "--operator", "rosa")
    plan.expect(faults, 0, "backup", "make", "copies")
    plan.expect(faults, 0, "backup", "verify", "copies", says=["copies is sound"])
    faults += [] if os.stat(plan.path("copies")).st_mode & 0o777 == 0o600 else ["others may read the copy"]
    copied = plan.state()
    nights = [plan.night(2), plan.night(3)]
    want = plan.state()
    faults += [] if want != copied and all(status in (0, 65) for status, _ in nights) else ["nothing has changed since"]
    # The disk of the database dies.
    os.mkdir(plan.path("before"))
    for name in ("muster.db", "muster.db-wal", "muster.db-shm"):
        if os.path.exists(plan.path(name)):
            os.rename(plan.path(name), plan.path("before", name))
    shutil.copy(plan.path("copies"), plan.path("muster.db"))
    # The anchors tell of rows that it has not: somebody has to say that it is the right one.
    plan.expect(faults, 70, "doctor", says=["an older database was put back", "1 things to mend"])
    faults += [] if plan.state() == copied else ["what was put back is not what was copied"]
    plan.expect(faults, 0, "audit", "restart", "--note", "the disk died; the copy of the first night was put back")
    plan.expect(faults, 0, "doctor", says=["all is well"])
    status, said = plan.night(2)
    words = "are archived, but the database does not know them: was an older backup restored?"
    faults += [] if status == nights[0][0] and words in said else ["the files since are not named: %d %s" % (status, said)]
    status, said = plan.night(3)
    faults += [] if status == nights[1][0] and words not in said else ["night 3: %d %s" % (status, said)]
    faults += ["%s: %s, before %s" % difference for difference in zip(STATE, plan.state(), want)
               if difference[1] != difference[2]]
    plan.expect(faults, 0, "doctor", says=["all is well"])
    return faults


def refused(plan):
    """Nothing is written over, a wrong folder makes no copy of nothing, and a copy that was touched is not sound."""
    faults = []
    plan.expect(faults, 0, "backup", "make", ".", says=["muster-20"])
    plan.expect(faults, 0, "backup", "make", "copy.db")
    before = open(plan.path("copy.db"), "rb").read()
    plan.expect(faults, 73, "backup", "make", "copy.db", says=["is there already"])
    plan.expect(faults, 66, "backup", "make", "nowhere/copy.db")
    plan.expect(faults, 66, "backup", "verify", "nowhere.db")
    plan.expect(faults, 64, "backup", "make")
    faults += [] if open(plan.path("copy.db"), "rb").read() == before else ["the copy was written over"]
    with open(plan.path("copy.db"), "r+b") as copy:
        copy.seek(len(before) // 2)
        copy.write(bytes([before[len(before) // 2] ^ 1]))
    plan.expect(faults, 70, "backup", "verify", "copy.db", says=["cannot be gone back to"])
    os.mkdir(plan.path("elsewhere"))
    plan.expect(faults, 69, "--db", "elsewhere/muster.db", "backup", "make", "nothing.db", says=["there is no database"])
    left = os.listdir(plan.path("elsewhere")) + [name for name in os.listdir(plan.folder) if name.endswith(".tmp")]
    faults += ["left lying: %s" % left] if left or os.path.exists(plan.path("nothing.db")) else []
    rows = plan.rows("SELECT kind, text FROM audit WHERE kind = 'backup'")
    return faults + ([] if len(rows) == 2 and all(row[1].endswith(" bytes") for row in rows) else ["the trail: %s" % rows])


def put_beside_a_wal(plan):
    """A copy put back beside the WAL of the database that stood there is refused, not mixed with it."""
    faults = []
    plan.expect(faults, 0, "backup", "make", "copy.db")
    plan.expect(faults, 0, "user", "add", "ada", "--role", "administrator", "--login", "daemon")
    faults += [] if os.path.getsize(plan.path("muster.db-wal")) > 0 else ["no WAL"]
    shutil.copy(plan.path("copy.db"), plan.path("muster.db"))
    plan.expect(faults, 69, "user", "list", says=["was put back from a backup", "muster.db-wal"])
    os.unlink(plan.path("muster.db-wal"))
    os.unlink(plan.path("muster.db-shm"))
    plan.expect(faults, 0, "user", "list", says=["nobody is listed"])
    return faults


def wanted(plan):
    """doctor says how old the last copy is, and wants a young one where the site does."""
    faults = []
    plan.expect(faults, 0, "doctor", says=["last backup                none was made"])
    with open(plan.path("muster.yaml"), "a", encoding="utf-8") as config:
        config.write("backup_days: 2\n")
    plan.expect(faults, 70, "doctor", says=["MEND  last backup", "muster backup make"])
    plan.expect(faults, 0, "backup", "make", "copy.db")
    plan.expect(faults, 0, "doctor", says=["0 days ago"])
    return faults


def main():
    with tempfile.TemporaryDirectory() as folder:
        for number, work in enumerate([gone_back_to, refused, put_beside_a_wal, wanted]):
            plan = Plan(os.path.join(folder, "plan%d" % number))
            case(work.__doc__, plan.make() or work(plan))
    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
