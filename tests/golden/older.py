"""older MUSTER ROOT: databases that an older muster made, as this one finds them. TAP on stdout.

If this failed, a plan that takes the newer muster into use would no longer find families of its own by their numbers.
"""
import json
import os
import sqlite3
import sys
import tempfile

from workspace import ROOT, Workspace, case, results

APPLICATION_ID = 0x6d737472
GROUPS = [("G1", "11-22"), ("G2", "33"), ("G3", "")]
# member, family, relationship, spans (group, begin, end)
MEMBERS = [("M1", "F1", "18", [("G2", 19000, 19500), ("G1", 19501, None)]), ("M2", "F1", "01", [("G2", 19000, 19500)]),
           ("M3", "F2", "18", [("G3", 19000, None)]), ("M4", "F3", "18", []), ("M5", "F4", "01", [("G2", 19000, None)])]


def database_of(version, path):
    """A database of this schema, with a few families."""
    database = sqlite3.connect(path)
    for number in range(1, version + 1):
        with open(os.path.join(ROOT, "specs", "schema", "%04d.sql" % number), encoding="utf-8") as text:
            database.executescript(text.read())
    for group, sponsor in GROUPS:
        database.execute("INSERT INTO groups VALUES(?,'','NCAL','active',18000,NULL,'self',1,1,0,'',?,'')", (group, sponsor))
    database.execute("INSERT INTO plans(plan_id, insurance_line, name, region) VALUES('P1','HMO','','')")
    for number, (member, family, kin, spans) in enumerate(MEMBERS, 1):
        database.execute("INSERT INTO members(member_no, member_id, subscriber_id, relationship, last_name, first_name, "
                         "middle_name, suffix, ssn, birth_on, sex, address1, address2, city, state, zip, phone, email, "
                         "employee_id, medicare_id, confidential, version) "
                         "VALUES(?,?,?,?,'STONE','ANNA','','','',5000,'F','','','','','','','','','',0,1)",
                         (number, member, family, kin))
        for span, (group, begin, end) in enumerate(spans, 1):
            database.execute("INSERT INTO coverage_spans VALUES(?,?,?,'P1','HMO','',?,?,0,0)",
                             (number, span, group, begin, end))
    database.execute("PRAGMA user_version = %d" % version)
    database.execute("PRAGMA application_id = %d" % APPLICATION_ID)
    database.commit()
    database.close()


def sponsors(folder):
    workspace = Workspace(folder)
    os.mkdir(folder)
    workspace.muster("init", ".")
    for name in os.listdir(folder):
        if name.startswith("muster.db"):
            os.remove(os.path.join(folder, name))
    database_of(13, os.path.join(folder, "muster.db"))
    faults = []
    # His latest coverage tells; a dependent goes with his subscriber; without a sponsor there is none.
    for member, wanted in (("M1", "1122"), ("M2", "1122"), ("M3", None), ("M4", None), ("M5", "33")):
        status, out, err = workspace.muster("members", "show", member, "--json")
        if status != 0 or json.loads(out)["sponsor_id"] != wanted:
            faults.append("%s: wanted sponsor %s, got %d %s%s" % (member, wanted, status, out, err))
    status, out, err = workspace.muster("doctor")
    if "is not in the ledger" in out + err or "schema" in err:
        faults.append("doctor: " + out + err)
    return faults


def main():
    with tempfile.TemporaryDirectory(prefix="muster-older-") as folder:
        case("numbers get the sponsor of the subscriber's latest coverage", sponsors(os.path.join(folder, "plan")))
    print("1..%d" % len(results))
    sys.exit(0 if all(results) else 1)


main()
