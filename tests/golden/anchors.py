"""anchors MUSTER SOURCE: the audit trail as a site keeps it, after somebody has laid hands on the database (P36).

If this failed, whoever changes a member behind everybody's back could take away what the trail says of it. TAP on stdout.
"""
import os
import shutil
import sqlite3
import sys
import tempfile

from workspace import DAYS, SAMPLES, Workspace, case, results

TRIGGERS = ("audit_no_update", "audit_no_delete", "audit_no_replace")


class Site(Workspace):
    def make(self, *lines):
        faults = super().make()
        with open(os.path.join(self.folder, "muster.yaml"), "a", encoding="ascii") as config:
            config.write("".join(line + "\n" for line in lines))
        if lines:  # those of the loads
            os.remove(self.path("muster.db.anchors"))
        return faults

    def night(self, number):
        for partner in os.listdir(os.path.join(SAMPLES, "night%d" % number)):
            shutil.copytree(os.path.join(SAMPLES, "night%d" % number, partner), os.path.join(self.folder, "in", partner),
                            dirs_exist_ok=True)
        status, _, err = self.muster("--as-of", DAYS[number], "run")
        return [] if status in (0, 65) else ["run ends with %d: %s" % (status, err)]

    def path(self, name):
        return os.path.join(self.folder, name)

    def knife(self, *statements):
        """Somebody who has the file goes round the triggers."""
        connection = sqlite3.connect(self.path("muster.db"))
        kept = [connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0] for name in TRIGGERS]
        for name in TRIGGERS:
            connection.execute("DROP TRIGGER " + name)
        for statement in statements:
            connection.execute(statement)
        for trigger in kept:
            connection.execute(trigger)
        connection.commit()
        connection.close()

    def keep(self):
        """The database as it is now: what is in the WAL goes with it."""
        for name in ("muster.db", "muster.db-wal"):
            if os.path.exists(self.path(name)):
                shutil.copy(self.path(name), self.path(name + ".kept"))

    def put_back(self):
        for name in ("muster.db", "muster.db-wal", "muster.db-shm"):
            if os.path.exists(self.path(name)):
                os.remove(self.path(name))
        for name in ("muster.db", "muster.db-wal"):
            if os.path.exists(self.path(name + ".kept")):
                shutil.copy(self.path(name + ".kept"), self.path(name))

    def says(self, status, *words):
        """What audit verify and doctor say, and how they end."""
        faults = []
        for command in (["audit", "verify"], ["doctor"]):
            got, out, err = self.muster(*command)
            if got != status or any(word not in out for word in words):
                faults.append("%s: %d instead of %d: %s%s" % (command, got, status, out, err))
        return faults


def sound(site):
    """Each command that adds to the trail leaves one line; one that only looks leaves none."""
    faults = site.night(1) + site.says(0, "anchors agree")
    with open(site.path("muster.db.anchors"), encoding="ascii") as lines:
        before = lines.read()
    site.muster("queue", "list")
    site.muster("--as-of", DAYS[2], "preview", os.path.join(SAMPLES, "night2", "harborline", "HL-20260303.834"))
    site.muster("report")
    with open(site.path("muster.db.anchors"), encoding="ascii") as lines:
        if lines.read() != before:
            faults.append("a command that only looks left an anchor")
    if before.count("\n") != 5:  # four loads and a run
        faults.append("anchors: " + before)
    head = site.muster("audit", "head")[1]
    if head.split()[1:3] != before.splitlines()[-1].split()[1:3]:
        faults.append("head %s, last anchor %s" % (head, before))
    return faults


def cut_off(site):
    """The chain alone would not see it."""
    faults = site.night(1)
    site.keep()
    last = site.rows("SELECT max(audit_no) FROM audit")[0][0]
    site.knife("DELETE FROM audit WHERE audit_no > %d" % (last - 1))
    faults += site.says(70, "the trail ends with row %d, but row %d stood in it" % (last - 1, last))
    site.put_back()
    return faults + site.says(0, "anchors agree")


def older_database(site):
    """A backup is put back: told of, until an administrator says that it is right."""
    faults = site.night(1)
    site.keep()
    faults += site.night(2)
    site.put_back()
    faults += site.says(70, "or an older database was put back")
    faults += site.night(2) + site.night(3)
    faults += site.says(70, "is another one than at")
    if site.muster("audit", "restart")[0] != 64:
        faults.append("restart without a reason")
    status, _, err = site.muster("audit", "restart", "--note", "backup of 2 March put back")
    faults += [] if status == 0 else ["restart: %d %s" % (status, err)]
    if site.rows("SELECT text FROM audit WHERE kind = 'anchors'") != [("backup of 2 March put back",)]:
        faults.append("the restart does not stand in the trail")
    return faults + site.says(0, "1 anchors agree") + site.night(4) + site.says(0, "2 anchors agree")


def changed(site):
    """A row that was changed is found by itself, where it is."""
    faults = site.night(1)
    site.knife("UPDATE audit SET actor = 'nobody' WHERE audit_no = 3")
    status, out, _ = site.muster("--json", "audit", "verify")
    if status != 70 or '"fault":"row"' not in out or '"bad_row":3' not in out:
        faults.append("changed: %d %s" % (status, out))
    return faults


def sealed(site):
    """Elsewhere, and sealed: who writes trail and anchors anew cannot seal them."""
    faults = site.night(1) + site.says(0, "anchors agree")
    if os.path.exists(site.path("muster.db.anchors")):
        faults.append("the anchors are beside the database")
    with open(site.path("elsewhere"), encoding="ascii") as lines:
        text = lines.read()
    with open(site.path("elsewhere"), "w", encoding="ascii") as lines:
        lines.write(text.replace(text.split()[2], "0" * 64))
    faults += site.says(70)
    with open(site.path("elsewhere"), "w", encoding="ascii") as lines:
        lines.write("".join(" ".join(line.split()[:-1]) + "\n" for line in text.splitlines()))
    faults += site.says(70, "is no anchor, or not sealed with this site's key")
    with open(site.path("copy"), "w", encoding="ascii") as lines:
        lines.write(text)
    status, out, err = site.muster("audit", "verify", "copy")
    faults += [] if status == 0 else ["a copy of the anchors: %d %s%s" % (status, out, err)]
    os.chmod(site.path("../key"), 0o644)
    status, _, err = site.muster("audit", "verify")
    return faults + ([] if status == 78 and "chmod 600" in err else ["an open key: %d %s" % (status, err)])


def not_to_be_written(site):
    """What was done is done; that its anchor is missing is said, and the status tells."""
    faults = site.night(1)
    os.remove(site.path("muster.db.anchors"))
    os.mkdir(site.path("muster.db.anchors"))
    status, _, err = site.muster("partners", "reset", "harborline", "--note", "new system")
    if status == 0 or "what was done is done" not in err:
        faults.append("%d %s" % (status, err))
    return faults


def main():
    with tempfile.TemporaryDirectory() as scratch:
        with open(os.path.join(scratch, "key"), "w", encoding="ascii") as key:
            key.write("a key of this site's own\n")
        os.chmod(os.path.join(scratch, "key"), 0o600)
        for name, test, lines in (("each command leaves its anchor", sound, []),
                                  ("an end that was cut off is seen", cut_off, []),
                                  ("an older database is seen, until it is said to be right", older_database, []),
                                  ("a row that was changed is found", changed, []),
                                  ("anchors elsewhere, sealed", sealed, ["anchors: elsewhere", "anchor_key: ../key"]),
                                  ("an anchor that cannot be written is told of", not_to_be_written, [])):
            site = Site(os.path.join(scratch, test.__name__))
            case(name, site.make(*lines) or test(site))
    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
