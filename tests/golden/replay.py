"""replay MUSTER SOURCE_ROOT: the originals that a workspace keeps, in a new one: the same database. TAP on stdout.

What would go wrong for a member: what muster says of him would hang on more than what was loaded and what partners sent:
on the folder's order, the clock, what ran together; and after a loss nobody could make it again from the files.
"""
import glob
import gzip
import os
import shutil
import sys
import tempfile

from workspace import DAYS, SAMPLES, Workspace, case, results


class World(Workspace):
    def drop(self, partner, data, name):
        os.makedirs(os.path.join(self.folder, "in", partner), exist_ok=True)
        with open(os.path.join(self.folder, "in", partner, name), "wb") as out:
            out.write(data)

    def run(self, day):
        status, _, err = self.muster("--as-of", day, "run")
        return [] if status in (0, 65) else ["run ends with %d: %s" % (status, err)]

    def dump(self):
        """All rows of all tables but what the clock said: times of the audit trail, and hashes over them; and which run
        did what: here each file has one of its own."""
        lines = []
        for table, in self.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
            columns = [row[1] for row in self.rows("PRAGMA table_info(%s)" % table)
                       if (table, row[1]) not in (("audit", "at_ms"), ("audit", "chain")) and row[1] != "run_no"]
            if table == "runs":
                continue
            lines += ["%s %s" % (table, row) for row in
                      self.rows('SELECT "%s" FROM "%s"' % ('", "'.join(columns), table))]
        return sorted(lines)


def live(world):
    faults = []
    for night, day in DAYS.items():
        for partner in ("benefitbridge", "harborline"):
            for path in glob.glob(os.path.join(SAMPLES, "night%d" % night, partner, "*")):
                with open(path, "rb") as data:
                    world.drop(partner, data.read(), os.path.basename(path))
        faults += world.run(day)
    return faults


def original(world, file_id):
    """Its bytes: kept whole, or packed where they were not packed already."""
    found = glob.glob(os.path.join(world.folder, "*", "**", file_id, "original*"), recursive=True)
    if len(found) != 1:
        return None
    with (gzip.open if found[0].endswith(".gz") else open)(found[0], "rb") as data:
        return data.read()


def replay(world, again):
    """What the first world keeps, file by file as it came."""
    faults = []
    for file_no, name, partner, as_of in world.rows(
            "SELECT file_no, name, partner, date(as_of * 86400, 'unixepoch') FROM files ORDER BY file_no"):
        data = original(world, "F%08d" % file_no)
        if data is None:
            faults.append("the original of %s is not kept" % name)
            continue
        again.drop(partner, data, name)
        faults += again.run(as_of)
    return faults


def main():
    parent = tempfile.mkdtemp(prefix="muster-replay-")
    world, again = World(os.path.join(parent, "plan")), World(os.path.join(parent, "again"))
    try:
        case("two plans with the same members", world.make() + again.make())
        case("four nights in the first", live(world))
        case("what it keeps, in the second", replay(world, again))
        then, now = world.dump(), again.dump()
        case("the same database, but for the clock",
             ["then: " + line for line in then if line not in now] + ["now:  " + line for line in now if line not in then])
        case("which holds something", [] if len(then) > 1000 else ["only %d rows" % len(then)])
    finally:
        if os.environ.get("MUSTER_KEEP") is None:
            shutil.rmtree(parent)
        else:
            print("# " + parent)
    print("1..%d" % len(results))
    sys.exit(0 if all(results) else 1)


main()
