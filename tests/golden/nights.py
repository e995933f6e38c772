"""nights MUSTER SOURCE_ROOT: the sample nights, record by record against samples/expected. TAP on stdout.

What would go wrong for a member: his record would end in another way than the one that samples/README.md promises.
With MUSTER_UPDATE=1 the rosters of samples/expected are written anew; the diff is then to be reviewed.
"""
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile

MUSTER, ROOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SAMPLES = os.path.join(ROOT, "samples")
DAYS = {1: "2026-03-02", 2: "2026-03-03", 3: "2026-03-04", 4: "2026-03-05"}
GROUPS = ["G1001", "G1002", "G2001", "G2002"]
UPDATE = os.environ.get("MUSTER_UPDATE") == "1"
OUTPUTS = ["applied.csv", "exceptions.csv", "exceptions.xml", "notices.csv", "summary.json", "report.html"]

results = []


def case(name, faults):
    results.append(not faults)
    print("%sok %d - %s" % ("not " if faults else "", len(results), name))
    for fault in faults:
        print("# " + fault)
    sys.stdout.flush()


def muster(*arguments, cwd):
    done = subprocess.run([MUSTER, *arguments], cwd=cwd, capture_output=True, text=True, errors="replace",
                          env={**os.environ, "MUSTER_CONFIG": ""}, check=False)
    return done.returncode, done.stdout, done.stderr


def table(path):
    with open(path, newline="", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def make_workspace(folder):
    faults = []
    status, _, err = muster("init", folder, cwd="/")
    if status != 0:
        return ["init ends with %d: %s" % (status, err)]
    shutil.copy(os.path.join(SAMPLES, "muster.yaml"), folder)
    for name in os.listdir(os.path.join(SAMPLES, "partners")):
        shutil.copy(os.path.join(SAMPLES, "partners", name), os.path.join(folder, "partners"))
    for kind in ("groups", "plans", "brokers", "members"):
        status, _, err = muster("load", kind, os.path.join(SAMPLES, kind + ".csv"), cwd=folder)
        if status != 0:
            faults.append("load %s ends with %d: %s" % (kind, status, err))
    return faults


def drop(night, folder):
    base = os.path.join(SAMPLES, "night%d" % night)
    for partner in sorted(os.listdir(base)):
        to = os.path.join(folder, "in", partner)
        os.makedirs(to, exist_ok=True)
        for name in sorted(os.listdir(os.path.join(base, partner))):
            shutil.copy(os.path.join(base, partner, name), to)
            yield partner, name


def check_summary(summary):
    """The conservation law."""
    faults = []
    members = summary["members"]
    if members["read"] != sum(value for name, value in members.items() if name != "read"):
        faults.append("members do not add up: %s" % members)
    if "money" in summary:
        cents = {name: round(float(value) * 100) for name, value in summary["money"].items()}
        if cents["read"] != sum(value for name, value in cents.items() if name != "read"):
            faults.append("money does not add up: %s" % summary["money"])
    return faults


def check_record(want, applied, exceptions, summary):
    """One line of samples/expected. Faults as text."""
    place = "set %s record %s" % (want["set"], want["member_pos"])
    mine = [row for row in applied if row["set"] == want["set"] and row["member_pos"] == want["member_pos"]]
    waits = [row for row in exceptions if row["set"] == want["set"] and row["member_pos"] == want["member_pos"]]
    faults = []
    if want["outcome"] in ("applied", "no_change"):
        fitting = [row for row in mine if row["action"] == want["action"]]
        if waits:
            faults.append("%s: waits as %s: %s" % (place, waits[0]["category"], waits[0]["reason"]))
        if not fitting and (want["outcome"] == "applied" or mine):
            faults.append("%s: wanted %s, got %s" % (place, want["action"], [row["action"] for row in mine]))
        if want["member_id"] and fitting and want["member_id"] not in [row["member_id"] for row in fitting]:
            faults.append("%s: wanted %s, got %s" % (place, want["member_id"], [row["member_id"] for row in fitting]))
    elif want["outcome"] == "exception":
        if mine:
            faults.append("%s: was applied as %s" % (place, [row["action"] for row in mine]))
        if [row["category"] for row in waits] != [want["category"]]:
            faults.append("%s: wanted %s, got %s" % (place, want["category"],
                                                     ["%s (%s)" % (row["category"], row["reason"]) for row in waits]))
        elif want["member_id"] and waits[0]["candidate1"] != want["member_id"]:
            faults.append("%s: wanted candidate %s, got %s" % (place, want["member_id"], waits[0]["candidate1"]))
    else:
        if mine:
            faults.append("%s: %s, but was applied as %s" % (place, want["outcome"], [row["action"] for row in mine]))
        if want["member_pos"] == "0" and want["outcome"] != "rejected" and summary["state"] != want["outcome"]:
            faults.append("%s: wanted state %s, got %s" % (place, want["outcome"], summary["state"]))
        if want["category"] and want["category"] not in [row["category"] for row in exceptions]:
            faults.append("%s: wanted %s, got %s" % (place, want["category"], [row["category"] for row in exceptions]))
    return faults


def check_file(folder, partner, name, expected):
    base = os.path.join(folder, "out", partner, name)
    missing = [ending for ending in OUTPUTS if not os.path.exists(base + "." + ending)]
    if missing:
        return ["%s is missing in out/%s" % (", ".join(missing), partner)]
    with open(base + ".summary.json", encoding="utf-8") as text:
        summary = json.load(text)
    applied, exceptions = table(base + ".applied.csv"), table(base + ".exceptions.csv")
    faults = check_summary(summary)
    for want in expected:
        faults += check_record(want, applied, exceptions, summary)
    for key in {(row["set"], row["member_pos"]) for row in applied} & {(row["set"], row["member_pos"]) for row in exceptions}:
        faults.append("set %s record %s stands in applied and in exceptions" % key)
    for want in ("held", "rejected"):
        count = sum(row["outcome"] == want and row["member_pos"] != "0" for row in expected)
        if count and summary["members"][want] != count:
            faults.append("wanted %d %s, got %d" % (count, want, summary["members"][want]))
    return faults


def check_acknowledgments(folder, partner, name):
    path = os.path.join(folder, "out", partner, name + ".999")
    if not os.path.exists(path):
        return ["no 999"]
    status, out, _ = muster("validate", path, cwd="/")  # without our configuration: it is for the partner, not for us
    return ["the 999 is not sound: " + out] if status != 0 else []


def rosters(folder):
    texts = {}
    for group in GROUPS:
        status, out, err = muster("groups", "roster", group, "--on", "2026-04-01", "--csv", cwd=folder)
        texts[group] = out if status == 0 else "status %d: %s" % (status, err)
    return texts


def run_night(night, folder):
    files = list(drop(night, folder))
    status, _, err = muster("--as-of", DAYS[night], "run", cwd=folder)
    case("night %d ends with 0 or 65" % night, [] if status in (0, 65) else ["status %d: %s" % (status, err)])
    expected = table(os.path.join(SAMPLES, "expected", "night%d.csv" % night))
    for partner, name in files:
        mine = [row for row in expected if row["file"] == name]
        case("night %d: %s" % (night, name), (check_file(folder, partner, name, mine) if mine else ["not in expected/"]) +
             ([] if mine and mine[0]["outcome"] == "duplicate" else check_acknowledgments(folder, partner, name)))
    left = [name for _, _, names in os.walk(os.path.join(folder, "in")) for name in names]
    case("night %d leaves nothing in the drop folders" % night, left)


def check_rosters(folder):
    now = rosters(folder)
    for group in GROUPS:
        path = os.path.join(SAMPLES, "expected", "roster-%s.csv" % group)
        if UPDATE:
            with open(path, "w", encoding="utf-8") as out:
                out.write(now[group])
        with open(path, encoding="utf-8") as want:
            case("roster of " + group, [] if want.read() == now[group] else ["differs from %s" % os.path.basename(path)])
    return now


def check_again(folder, before):
    """Every file once more, with its name and under another one."""
    for night in DAYS:
        list(drop(night, folder))
    status, _, err = muster("--as-of", "2026-03-06", "run", cwd=folder)
    case("all nights again end with 0 or 65", [] if status in (0, 65) else ["status %d: %s" % (status, err)])
    after = rosters(folder)
    case("all nights again change nothing", [group for group in GROUPS if before[group] != after[group]])


def check_history(folder):
    members = table(os.path.join(SAMPLES, "members.csv"))
    moved = [row["member_id"] for row in members if row["subscriber_id"] == "BH1001"]
    faults = []
    for member_id in sorted(set(moved)):
        status, out, err = muster("members", "history", member_id, cwd=folder)
        if status != 0 or "BB-20260302.834" not in out or "LANTERN" not in out:
            faults.append("%s: status %d: %s%s" % (member_id, status, out, err))
    case("a family that moved: each history names the file and the new address", faults)


def check_broken(folder):
    out = os.path.join(folder, "broken-out")
    os.mkdir(out)
    for want in table(os.path.join(SAMPLES, "expected", "broken.csv")):
        path, name, faults = os.path.join(SAMPLES, want["file"]), os.path.basename(want["file"]), []
        status, text, err = muster("validate", "--ndjson", path, cwd=folder)
        codes = [json.loads(line).get("code") for line in text.splitlines()]
        if str(status) != want["validate_exit"]:
            faults.append("validate ends with %d, wanted %s: %s" % (status, want["validate_exit"], err))
        if want["finding"] and want["finding"] not in codes:
            faults.append("wanted finding %s, got %s" % (want["finding"], codes))
        status, _, err = muster("--as-of", "2026-03-07", "process", path, "--out", out, cwd=folder)
        if status not in (0, 65):
            faults.append("process ends with %d: %s" % (status, err))
        summary_path = os.path.join(out, name + ".summary.json")
        if not os.path.exists(summary_path):
            faults.append("no summary")
        else:
            with open(summary_path, encoding="utf-8") as text:
                summary = json.load(text)
            faults += check_summary(summary)
            if summary["state"] != want["outcome"]:
                faults.append("wanted %s, got %s: %s" % (want["outcome"], summary["state"], summary.get("reason")))
        case("%s: %s" % (want["file"], want["what"]), faults)


def main():
    folder = os.path.join(tempfile.mkdtemp(prefix="muster-nights-"), "plan")
    try:
        faults = make_workspace(folder)
        case("the sample plan is loaded", faults)
        if not faults:
            for night in DAYS:
                run_night(night, folder)
            before = check_rosters(folder)
            check_history(folder)
            check_again(folder, before)
            check_broken(folder)
    finally:
        shutil.rmtree(os.path.dirname(folder))
    print("1..%d" % len(results))
    sys.exit(0 if all(results) else 1)


main()
