"""site MUSTER SOURCE: the machine around muster, as a site may have it: other logins, folders, runs at once.

If this failed, one partner's folder would keep all members waiting, an administrator would be locked out, or nobody could
tell from what a timer's run says what is to be mended. TAP on stdout.
"""
import fcntl
import gzip
import os
import shutil
import subprocess
import sys
import tempfile

from workspace import DAYS, MUSTER, SAMPLES, Workspace, case, results

NOBODY = 54321  # a uid that no machine has a name for


class Site(Workspace):
    def make(self):
        faults = super().make()
        for partner in ("benefitbridge", "harborline"):
            os.mkdir(os.path.join(self.folder, "in", partner))
            self.drop(partner)
        return faults

    def drop(self, partner, night=1, to=None):
        source = os.path.join(SAMPLES, "night%d" % night, partner)
        for name in os.listdir(source):
            shutil.copy(os.path.join(source, name), os.path.join(self.folder, "in", to or partner))

    def give_to(self, uid):
        for folder, folders, files in os.walk(self.folder):
            for name in [folder] + [os.path.join(folder, leaf) for leaf in folders + files]:
                os.chown(name, uid, uid)

    def muster_as(self, uid, *arguments):
        def become():
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)

        done = subprocess.run([MUSTER, *arguments], cwd=self.folder, capture_output=True, text=True, errors="replace",
                              env={**os.environ, "MUSTER_CONFIG": ""}, preexec_fn=become, check=False)
        return done.returncode, done.stdout, done.stderr


def expect(got, status, *words):
    """The faults of one command: its status, and words that it must say."""
    said = got[1] + got[2]
    return (["status %d instead of %d: %s" % (got[0], status, said)] if got[0] != status else []) + \
        ["does not say %r: %s" % (word, said) for word in words if word not in said]


def two_at_once(site):
    """A second run says in one line why it leaves, also where it was told to be quiet; a decision is kept for the run."""
    faults = expect(site.muster("--as-of", DAYS[1], "run"), 0)
    with open(os.path.join(site.folder, "muster.db.run.lock"), "r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for words in (["run"], ["-q", "run"], ["reprocess", "--item", "F00000001-1-10"]):
            status, out, err = site.muster(*words)
            if status != 75 or out != "" or err.count("\n") != 1 or "another muster is working on" not in err:
                faults.append("%s: %d %s%s" % (words, status, out, err))
        faults += expect(site.muster("queue", "assign", "F00000001-1-10", "rosa"), 0)
        faults += expect(site.muster("queue", "resolve", "F00000001-1-11", "reject", "--operator", "rosa"), 0,
                         "the next run carries it out")
    return faults + expect(site.muster("--as-of", DAYS[1], "run"), 0, "F00000001-1-11, decided reject: closed")


def told_once(site):
    """What a command has said of a refusal is not said again in words that mean something else."""
    faults = expect(site.muster("--as-of", DAYS[1], "run"), 0)
    faults += expect(site.muster("queue", "next", "--operator", "rosa"), 0, "F00000001-1-10")
    for words in (["queue", "resolve", "F00000001-1-10", "reject", "--operator", "lee"], ["queue", "show", "F1-1-1"],
                  ["members", "show", "M1"], ["groups", "show", "G1"], ["undo", "--yes", "--file", "F00000099"],
                  ["process", "none.834", "--out", "x"]):
        status, _, err = site.muster(*words)
        if status == 0 or err.count("\n") != 1:
            faults.append("%s: %d %s" % (words, status, err))
    return faults


def another_original(site):
    """A decision whose record is not in the kept original is no decision carried out: it is said, each time, and waits."""
    faults = expect(site.muster("--as-of", DAYS[1], "run"), 0)
    item, path = "F00000002-1-6", os.path.join(site.folder, "done", "2026", "03", "F00000002", "original.gz")
    with open(path, "rb") as kept:
        data = kept.read()
    with open(path, "wb") as other:
        other.write(gzip.compress(data))  # what cannot be read: packed twice
    words = ["queue", "resolve", item, "match:M100020361", "--operator", "rosa"]
    faults += expect(site.muster(*words), 0, "its record is not in the kept original")
    faults += expect(site.muster("-q", "run"), 0, item + ": its record is not in the kept original")
    with open(path, "wb") as other:
        other.write(data)
    faults += expect(site.muster("run"), 0, item + ", decided match:M100020361: applied")
    return faults + expect(site.muster("run"), 0, "nothing has arrived")


def no_name(site):
    """A machine user without a name can list himself, and work."""
    site.give_to(NOBODY)
    faults = expect(site.muster_as(NOBODY, "user", "add", "night", "--role", "administrator", "--login", "uid-7"), 65,
                    "knows no such login name")
    faults += expect(site.muster_as(NOBODY, "user", "add", "night", "--role", "administrator", "--login",
                                    "uid-%d" % NOBODY), 0)
    return faults + expect(site.muster_as(NOBODY, "user", "add", "rosa", "--role", "lead"), 0)


def misplaced(site):
    """What lies where no run looks is told of: a drop folder that is a symbolic link, a file beside the folders."""
    os.rename(os.path.join(site.folder, "in", "harborline"), os.path.join(site.folder, "upload"))
    os.symlink("../upload", os.path.join(site.folder, "in", "harborline"))
    night2 = os.path.join(SAMPLES, "night2", "harborline")
    shutil.copy(os.path.join(night2, os.listdir(night2)[0]),
                os.path.join(site.folder, "in", "stray.834"))
    faults = expect(site.muster("--as-of", DAYS[1], "run"), 66, "drop folder harborline is left alone: a symbolic link",
                    "stray.834 lies in no partner's folder", "BB-20260302.834: processed")
    os.unlink(os.path.join(site.folder, "in", "harborline"))
    os.rename(os.path.join(site.folder, "upload"), os.path.join(site.folder, "in", "harborline"))
    os.unlink(os.path.join(site.folder, "in", "stray.834"))
    return faults + expect(site.muster("--as-of", DAYS[1], "run"), 0, "HL-20260302.834: processed")


def who_did_it(site):
    """The trail names who has loaded the members and run the files."""
    faults = expect(site.muster("--as-of", DAYS[1], "run", "--operator", "lee"), 0)
    login = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    rows = site.rows("SELECT DISTINCT kind, actor FROM audit WHERE kind IN ('load', 'apply') ORDER BY kind")
    return faults + (["the trail says %s" % rows] if rows != [("apply", "lee"), ("load", login)] else [])


def shut_folders(site):
    """A folder that muster may not enter or take from is named, and stops nobody else's members."""
    for partner in ("aaa", "bbb"):
        os.mkdir(os.path.join(site.folder, "in", partner))
        site.drop("harborline", 2, partner)
    site.give_to(NOBODY)
    for partner, mode in (("aaa", 0o700), ("bbb", 0o755)):
        folder = os.path.join(site.folder, "in", partner)
        os.chown(folder, 0, 0)
        os.chmod(folder, mode)
    status, out, err = site.muster_as(NOBODY, "--as-of", DAYS[1], "-q", "run")
    faults = expect((status, out, err), 77, "drop folder aaa is left alone", "drop folder bbb: HL-")
    faults += ["work is not clean"] if os.listdir(os.path.join(site.folder, "work")) else []
    done = site.rows("SELECT count(*) FROM files WHERE partner IN ('benefitbridge', 'harborline')")
    return faults + (["%s files taken" % done] if done != [(2,)] else [])


def main():
    cases = [two_at_once, told_once, misplaced, who_did_it, another_original, no_name, shut_folders]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for number, work in enumerate(cases):
            if work in (no_name, shut_folders) and os.getuid() != 0:
                results.append(True)
                print("ok %d - %s # SKIP wants root, to become another user" % (len(results), work.__doc__))
                continue
            site = Site(os.path.join(folder, "site%d" % number))
            case(work.__doc__, site.make() or work(site))
    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
