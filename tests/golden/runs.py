"""runs MUSTER SOURCE: what a run did can be told, and what it wrote can be made again, long afterwards (P31, P32).

If this failed, nobody could show which outputs a night has given out for a member, or whether those at hand are the same.
TAP on stdout.
"""
import glob
import hashlib
import json
import os
import shutil
import sys
import tempfile

from workspace import DAYS, SAMPLES, Workspace, case, results

FORMS = ([], ["--json"], ["--ndjson"], ["--csv"])


class World(Workspace):
    def live(self):
        """The four nights; what each run's report said right after it."""
        faults, said = [], {}
        for night, day in DAYS.items():
            for partner in os.listdir(os.path.join(SAMPLES, "night%d" % night)):
                shutil.copytree(os.path.join(SAMPLES, "night%d" % night, partner), os.path.join(self.folder, "in", partner),
                                dirs_exist_ok=True)
            status, _, err = self.muster("--as-of", day, "run", "--operator", "night")
            faults += [] if status in (0, 65) else ["run ends with %d: %s" % (status, err)]
            for form in FORMS:
                said[night, tuple(form)] = self.muster("report", *form)
        return faults, said

    def report(self, *words):
        status, out, err = self.muster("report", "--json", *words)
        return json.loads(out) if status == 0 else {"files": [], "error": err}


def digest(path):
    with open(path, "rb") as data:
        return hashlib.sha256(data.read()).hexdigest()


def says_what_was_done(world):
    """Files, counts and sums, as the database and the summaries have them."""
    faults = []
    for night in DAYS:
        run = world.report("--run", "R%08d" % night)
        if (run.get("as_of"), run.get("operator"), run.get("balanced")) != (DAYS[night], "night", True):
            faults.append("run %d: %s" % (night, run))
        for kind in ("members", "money"):
            total = run[kind]
            parts = [float(value) for key, value in total.items() if key != "read"]
            if abs(float(total["read"]) - sum(parts)) > 0.001:
                faults.append("run %d: %s %s" % (night, kind, total))
        for file in run["files"]:
            rows = world.rows("SELECT name, lower(hex(sha256)), bytes, members_read FROM files WHERE file_no = ?",
                              int(file["file_id"][1:]))
            if rows != [(file["file"], file["sha256"], file["bytes"], file["members"]["read"])]:
                faults.append("%s: %s, not %s" % (file["file_id"], rows, file))
    seen = [file["file_id"] for night in DAYS for file in world.report("--run", str(night))["files"]]
    known = ["F%08d" % row for row, in world.rows("SELECT file_no FROM files ORDER BY file_no")]
    return faults + ([] if seen == known else ["the runs tell of %s" % seen])


def manifest_is_true(world):
    """Everything in out/ has its line, and every line its output."""
    lines = {}
    for night in DAYS:
        for file in world.report("--run", str(night))["files"]:
            for output in file["outputs"]:
                lines[os.path.join(file["partner"], output["output"])] = output
    faults = []
    for path in glob.glob(os.path.join(world.folder, "out", "**", "*"), recursive=True):
        name = os.path.relpath(path, os.path.join(world.folder, "out"))
        if os.path.isdir(path):
            continue
        line = lines.pop(name, {})
        if (line.get("sha256"), line.get("bytes")) != (digest(path), os.path.getsize(path)):
            faults.append("%s: the manifest says %s" % (name, line))
        if name.endswith(".csv") and line.get("rows") is not None:
            with open(path, encoding="utf-8", newline="") as text:
                found = text.read().count("\r\n") - 1
            if found != line["rows"]:
                faults.append("%s has %d rows, not %s" % (name, found, line["rows"]))
    return faults + ["%s is not there" % name for name in lines]


def same_later(world, said):
    """By another clock, another language and after a representative's decisions, to the byte."""
    faults = []
    items = [row for row, in world.rows("SELECT item_id FROM exceptions WHERE member_pos > 0 ORDER BY exception_no LIMIT 8")]
    for number, item in enumerate(items):
        world.muster("queue", "resolve", item, "reject" if number % 2 else "skip", "--operator", "rosa", "--note", "no")
    os.environ.update({"TZ": "Asia/Tokyo", "LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8"})
    for (night, form), want in said.items():
        got = world.muster("report", "--run", "R%08d" % night, *form)
        if got != want:
            faults.append("report %s of night %d: %s instead of %s" % (list(form), night, got, want))
    shutil.rmtree(os.path.join(world.folder, "out"))
    for night in DAYS:
        status, _, err = world.muster("report", "--run", str(night), "--out", "again%d" % night)
        if status != 0 or "0 otherwise" not in err:
            faults.append("night %d made again: %d %s" % (night, status, err))
        for file in world.report("--run", str(night))["files"]:
            for output in file["outputs"]:
                path = os.path.join(world.folder, "again%d" % night, file["file_id"], output["output"])
                if not os.path.isfile(path) or digest(path) != output["sha256"]:
                    faults.append("%s was not made again" % path)
    return faults


def otherwise(world):
    """What cannot be made again as it was is named."""
    faults = []
    for original in glob.glob(os.path.join(world.folder, "done", "**", "original*"), recursive=True):
        os.unlink(original)
    status, _, err = world.muster("report", "--run", "1", "--out", "lost")
    if status != 65 or "its original is no longer kept" not in err:
        faults.append("without originals: %d %s" % (status, err))
    for words, wanted in ((["--run", "R9"], 66), (["--run", "x"], 64), (["show"], 64)):
        status, _, err = world.muster("report", *words)
        if status != wanted:
            faults.append("%s: %d %s" % (words, status, err))
    return faults


def released(world):
    """A set that is released stands under the run that released it; the first run's report stays as it was."""
    faults = []
    item, = world.rows("SELECT item_id FROM exceptions WHERE category = 'MASS_TERM' ORDER BY exception_no LIMIT 1")[0]
    before = world.muster("report", "--run", "2", "--csv")
    for operator in ("lee", "kim"):
        status, _, err = world.muster("queue", "resolve", item, "release", "--note", "so", "--operator", operator)
        faults += [] if status == 0 else ["release by %s: %d %s" % (operator, status, err)]
    run = world.report()
    if [(file["file_id"], file["released"]) for file in run["files"]] != [(item[:9], True)]:
        faults.append("the release: %s" % run)
    if world.muster("report", "--run", "2", "--csv") != before:
        faults.append("the first run's report has changed")
    if "has written its outputs anew" not in world.muster("report", "--run", "2")[1]:
        faults.append("the first run's report does not say who wrote the outputs since")
    status, _, err = world.muster("report", "--out", "again-released")
    return faults + ([] if status == 0 and " 0 otherwise" in err else ["made again: %d %s" % (status, err)])


def main():
    with tempfile.TemporaryDirectory() as scratch:
        world = World(os.path.join(scratch, "w"))
        faults = world.make()
        if world.muster("report")[0] != 66:
            faults.append("a report before any run")
        more, said = world.live()
        case("four nights, each with a report", faults + more)
        case("a report tells of each file once, with sums that hold", says_what_was_done(world))
        case("every output in out/ is what the manifest says", manifest_is_true(world))
        case("reports and outputs are the same later, to the byte", same_later(world, said))
        case("a released set stands under the run that released it", released(world))
        case("what cannot be made again is named", otherwise(world))
    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
