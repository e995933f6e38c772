"""providers MUSTER SOURCE_ROOT: candidates from the database and from memory, the same results. TAP on stdout.

What would go wrong for a member: whom his record is taken for would depend on a setting that is only about speed, or on
the run. The sample nights and a generated night are run with each setting of `candidates`, and each of them twice: all
outputs and all tables must be the same bytes (but for the clock). Another seed: MUSTER_SEED.
"""
import csv
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

MUSTER, ROOT = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SEED = os.environ.get("MUSTER_SEED", "71001")
SETTINGS = ("database", "memory", "auto")
DAYS = {1: "2026-03-02", 2: "2026-03-03", 3: "2026-03-04", 4: "2026-03-05"}

results = []


def case(name, faults):
    results.append(not faults)
    print("%sok %d - %s" % ("not " if faults else "", len(results), name))
    for fault in faults[:10]:
        print("# " + fault)
    sys.stdout.flush()


def muster(*arguments, cwd):
    done = subprocess.run([MUSTER, "-q", *arguments], cwd=cwd, capture_output=True, text=True, errors="replace",
                          env={**os.environ, "MUSTER_CONFIG": ""}, check=False)
    if done.returncode != 0 and not (done.returncode == 65 and "run" in arguments):
        raise RuntimeError("%s ends with %d: %s" % (" ".join(arguments), done.returncode, done.stderr))


def workspace(folder, setting, tables, partners=()):
    muster("init", folder, cwd="/")
    with open(os.path.join(ROOT, "samples", "muster.yaml"), encoding="utf-8") as text:
        config = text.read() + "chunk_members: 60\ncandidates: %s\n" % setting
    with open(os.path.join(folder, "muster.yaml"), "w", encoding="utf-8") as out:
        out.write(config)
    for path in partners:
        shutil.copy(path, os.path.join(folder, "partners"))
    for kind, path in tables:
        muster("load", kind, path, cwd=folder)


def is_of_the_clock(table, column):
    """Milliseconds of a clock, and the chain of hashes over them."""
    return column.endswith("_ms") or (table == "audit" and column == "chain")


def dump(folder):
    """All rows of all tables, by table."""
    rows = {}
    with sqlite3.connect(os.path.join(folder, "muster.db")) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            columns = [row[1] for row in database.execute('PRAGMA table_info("%s")' % table)]
            kept = ", ".join('"%s"' % column for column in columns if not is_of_the_clock(table, column))
            rows[table] = sorted(map(repr, database.execute('SELECT %s FROM "%s"' % (kept, table))))
    return rows


def outputs(folder):
    found = {}
    for base, folders, names in os.walk(os.path.join(folder, "out")):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(base, name)
            with open(path, "rb") as data:
                found[os.path.relpath(path, folder)] = hashlib.sha256(data.read()).hexdigest()
    return found


def differences(one, other):
    faults = ["%s is not in both" % name for name in sorted(set(one) ^ set(other))]
    for name in sorted(set(one) & set(other)):
        if one[name] == other[name]:
            continue
        if isinstance(one[name], list):
            faults += ["%s: %s" % (name, row[:300]) for row in sorted(set(one[name]) ^ set(other[name]))[:4]]
        faults.append("%s differs" % name)
    return faults


# ---- the sample nights ----

def sample_nights(folder, setting):
    base = os.path.join(ROOT, "samples")
    workspace(folder, setting, [(kind, os.path.join(base, kind + ".csv")) for kind in ("groups", "plans", "brokers", "members")],
              [os.path.join(base, "partners", name) for name in sorted(os.listdir(os.path.join(base, "partners")))])
    for night, day in DAYS.items():
        source = os.path.join(base, "night%d" % night)
        for partner in sorted(os.listdir(source)):
            shutil.copytree(os.path.join(source, partner), os.path.join(folder, "in", partner), dirs_exist_ok=True)
        muster("--as-of", day, "run", cwd=folder)


# ---- a generated night ----

def rows_of(path):
    with open(path, newline="", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


def write_table(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def member_segments(record, number):
    """One INS loop. What kind of change it is follows from its number."""
    kind = ("021", "001", "001", "030", "025", "024")[number % 6]
    day = record["birth_on"].replace("-", "")
    yield "INS*%s*%s*%s*%s*A***%s" % ("Y" if record["relationship"] == "18" else "N", record["relationship"], kind,
                                     {"021": "28", "024": "08", "025": "41"}.get(kind, "AI"),
                                     "FT" if record["relationship"] == "18" else "")
    yield "REF*0F*" + (record["subscriber_id"] or "S%06d" % (900000 + number))
    yield "REF*1L*G001"
    if record["member_id"]:
        yield "REF*23*" + record["member_id"]
    yield "DTP*%s*D8*20260301" % ("357" if kind == "024" else "356")
    name = ["NM1", "IL", "1", record["last_name"], record["first_name"], record["middle_name"], "", record["suffix"]]
    yield "*".join(name + (["34", record["ssn"]] if record["ssn"] else [])).rstrip("*")
    if record["phone"]:
        yield "PER*IP**HP*" + record["phone"]
    if record["address1"] and record["city"]:
        yield "N3*" + record["address1"]
        yield "N4*%s*%s*%s" % (record["city"], record["state"], record["zip"])
    if day:
        yield "DMG*D8*%s*%s" % (day, record["sex"])
    yield "HD*%s**HLT*P001*FAM" % kind
    yield "DTP*%s*D8*%s" % (("349", "20260331") if kind == "024" else ("348", "20260301"))


def write_night(path, control, records):
    set_ = ["ST*834*0001*005010X220A1", "BGN*00*NIGHT-%d*20260301*0730****2" % control, "REF*38*G001",
            "DTP*007*D8*20260301", "N1*P5*GENERATED PLAN*FI*900000001", "N1*IN*EXAMPLE HEALTH PLAN*FI*900000002"]
    for number, record in enumerate(records):
        set_ += member_segments(record, number)
    set_.append("SE*%d*0001" % (len(set_) + 1))
    head = ["ISA*00*          *00*          *ZZ*GENERATOR      *ZZ*MUSTERHEALTH   *260301*0730*^*00501*%09d*0*P*:" % control,
            "GS*BE*GENERATOR*MUSTERHEALTH*20260301*0730*%d*X*005010X220A1" % control]
    tail = ["GE*1*%d" % control, "IEA*1*%09d" % control]
    with open(path, "w", encoding="utf-8") as out:
        out.write("".join(segment + "~\n" for segment in head + set_ + tail))


def make_generated(folder):
    subprocess.run([sys.executable, os.path.join(ROOT, "tools", "make-people.py"), SEED, "260", folder], check=True)
    spare = {"plan_id": "P001", "tier": "FAM", "begins_on": "2025-01-01"}
    members = [{**row, **spare, "group_id": "G001"} for row in rows_of(os.path.join(folder, "members.csv"))]
    for member in members:
        del member["id"]
    write_table(os.path.join(folder, "m.csv"), members)
    write_table(os.path.join(folder, "g.csv"), [{"group_id": "G001", "name": "Generated", "region": "NCAL", "status": "active",
                                               "effective_on": "2018-01-01", "cobra_admin": "self", "renewal_month": "1",
                                               "billing_day": "1"}])
    write_table(os.path.join(folder, "p.csv"), [{"plan_id": "P001", "insurance_line": "HLT", "name": "Generated", "region": "NCAL",
                                               "effective_on": "2015-01-01"}])
    records = rows_of(os.path.join(folder, "records.csv"))[:1400]
    # Half of the first file again in the second, under other family numbers: only keys lead to those whom the run added.
    again = [{**record, "member_id": "", "subscriber_id": ""} for record in records[:700:2]]
    write_night(os.path.join(folder, "n1.834"), 1, records[:700])
    write_night(os.path.join(folder, "n2.834"), 2, records[700:] + again)
    with open(os.path.join(folder, "generator.yaml"), "w", encoding="utf-8") as out:
        out.write("isa_sender: GENERATOR\nreject: member\nguards: {terminations_percent: 100, changes_percent: 100}\n")


def generated_night(folder, setting, source):
    workspace(folder, setting, [(kind, os.path.join(source, kind[0] + ".csv")) for kind in ("groups", "plans", "members")],
              [os.path.join(source, "generator.yaml")])
    for control in (1, 2):
        os.makedirs(os.path.join(folder, "in", "generator"), exist_ok=True)
        shutil.copy(os.path.join(source, "n%d.834" % control), os.path.join(folder, "in", "generator"))
    muster("--as-of", "2026-03-02", "run", cwd=folder)


def compare(name, base, run):
    """Each setting twice; all like the first."""
    first = None
    for setting in SETTINGS:
        for turn in (1, 2):
            folder = os.path.join(base, "%s-%s-%d" % (name, setting, turn))
            run(folder, setting)
            made = (outputs(folder), dump(folder))
            if first is None:
                first = made
                changes = [row for row in made[1]["changes"]]
                case("%s: there is something to compare" % name,
                     [] if len(made[0]) > 6 and len(changes) > 20 else ["%d outputs, %d changes" % (len(made[0]), len(changes))])
                continue
            case("%s, candidates: %s, run %d: outputs" % (name, setting, turn), differences(first[0], made[0]))
            case("%s, candidates: %s, run %d: database" % (name, setting, turn), differences(first[1], made[1]))


def main():
    base = tempfile.mkdtemp(prefix="muster-providers-")
    try:
        compare("sample nights", base, sample_nights)
        source = os.path.join(base, "source")
        os.mkdir(source)
        make_generated(source)
        compare("generated night, seed " + SEED, base, lambda folder, setting: generated_night(folder, setting, source))
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print("1..%d" % len(results))
    return 0 if all(results) else 1


sys.exit(main())
