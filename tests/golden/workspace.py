"""workspace: a workspace with the plan of samples/, and the cases of a TAP test, for the tests beside it."""
import os
import shutil
import sqlite3
import subprocess
import sys

MUSTER, ROOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SAMPLES = os.path.join(ROOT, "samples")
DAYS = {1: "2026-03-02", 2: "2026-03-03", 3: "2026-03-04", 4: "2026-03-05"}

results = []


def case(name, faults):
    results.append(not faults)
    print("%sok %d - %s" % ("not " if faults else "", len(results), name))
    for fault in faults[:20]:
        print("# " + fault.replace("\n", "\n# "))
    sys.stdout.flush()


class Workspace:
    def __init__(self, folder):
        self.folder = folder

    def muster(self, *arguments):
        done = subprocess.run([MUSTER, *arguments], cwd=self.folder, capture_output=True, text=True, errors="replace",
                              env={**os.environ, "MUSTER_CONFIG": ""}, check=False)
        return done.returncode, done.stdout, done.stderr

    def make(self):
        """The faults of making it: none when there are none."""
        os.mkdir(self.folder)
        runs = [self.muster("init", ".")]
        shutil.copy(os.path.join(SAMPLES, "muster.yaml"), self.folder)
        for name in os.listdir(os.path.join(SAMPLES, "partners")):
            shutil.copy(os.path.join(SAMPLES, "partners", name), os.path.join(self.folder, "partners"))
        runs += [self.muster("load", kind, os.path.join(SAMPLES, kind + ".csv"))
                 for kind in ("groups", "plans", "brokers", "members")]
        return ["status %d: %s" % (status, err) for status, _, err in runs if status != 0]

    def rows(self, query, *values):
        """What the database holds; only read, the program's own connection is closed by now."""
        connection = sqlite3.connect("file:%s?mode=ro" % os.path.join(self.folder, "muster.db"), uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()
