"""No SSN stands where people read, not even where a partner takes it for an id. TAP on stdout.

What would go wrong for a member: his SSN goes round in a report, because his employer uses it for the family's number.
"""
import csv
import glob
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

MUSTER, ROOT = map(os.path.abspath, sys.argv[1:3])
# Invented people; as subscriber ids (REF*0F), group ids (REF*1L) and SSNs.
A, B, C, D, UNKNOWN_GROUP = "219091001", "219091002", "219091003", "219-09-1004", "457550063"
SECRETS = [A, B, C, D, UNKNOWN_GROUP, D.replace("-", "")]
GROUPS = "group_id,name,effective_on,sponsor_id,terminates_on\nG1,ACME,2020-01-01,11,\n457550064,OLD,2020-01-01,11,2025-12-31\n"
PLANS = "plan_id,insurance_line,name,effective_on,rate_emp\nP10,HMO,Gold,2020-01-01,500.00\nP20,PPO,Silver,2020-01-01,400.00\n"
MEMBERS = ("member_id,subscriber_id,relationship,last_name,first_name,ssn,birth_on,sex,group_id,plan_id,tier,begins_on\n"
           "M000000018,%s,18,ROE,ALEX,%s,1985-02-14,M,G1,P10,FAM,2025-01-01\n"
           "M000000026,%s,01,ROE,SAM,219091009,1986-03-15,F,G1,P10,,2025-01-01\n"
           "M000000034,%s,18,POE,KIM,%s,1990-04-04,F,G1,P10,EMP,2025-01-01\n" % (A, A, A, B, B))
COVER = "HD*021**HMO*%s*EMP~DTP*348*D8*%s~"


def ins(kind, action, family, name, born, more="", group="G1", coverage=COVER % ("P10", "20260401")):
    relation = {"Y": "Y*18", "N": "N*19"}[kind]
    return ("INS*%s*%s*28*A***FT~REF*0F*%s~REF*1L*%s~%sNM1*IL*1*%s~DMG*D8*%s*M~%s"
            % (relation, action, family, group, more, name, born, coverage))


RECORDS = [
    ins("N", "021", C, "DOE*PAT****34*219091011", "20100101"),                         # no subscriber
    ins("N", "021", D, "DOE*LEE****34*219091012", "20100102"),
    ins("Y", "021", C + "7", "DOE*NED****34*" + C, "19700102", group=UNKNOWN_GROUP),    # unknown group
    ins("Y", "021", "S9", "FOE*ANN****34*219091021", "19700103", group="457550064"),    # ended contract
    ins("Y", "021", B, "NEW*BOB****34*219091031", "19750105"),                         # the family number of another
    ins("Y", "021", A, "ROE*ALEX****34*" + A, "19850214"),                             # active already
    ins("Y", "001", A, "ROE*ALEX****34*" + B, "19850214", coverage=""),                # another's SSN
    ins("Y", "024", "219091099", "NOBODY*SUE****34*219091099", "19600606", coverage=""),
    ins("N", "021", A, "ROE*NEWKID****34*219091041", "20260101", coverage=COVER % ("P99", "20260401")),
    ins("Y", "001", B, "POE*KIM****34*" + B, "19900404", coverage="HD*001**PPO*P20*EMP~DTP*303*D8*20260501~"),
    "INS*Y*18*ZZZ*28*A~REF*0F*%s~REF*1L*G1~NM1*IL*1*BAD*%s****34*%sX~" % (C, C, C),
]
LINES = [("ENT*%d*2J*34*%s~NM1*IL*1*ROE*ALEX****34*%s~REF*1L*%s~RMR*AZ*%s**%s~DTM*582****RD8*20260301-20260331~"
          % (n, who, who, group, who, amount)) for n, (who, group, amount) in enumerate(
              [(A, "G1", "100.00"), (C, "G1", "100.00"), (B, UNKNOWN_GROUP, "100.00")], 1)]


def muster(folder, *arguments):
    return subprocess.run([MUSTER, *arguments], cwd=folder, capture_output=True, check=False)


def envelope(number, functional, version, body):
    text = body + "SE*%d*0001~" % (body.count("~") + 1)
    return ("ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTER         *260301*0930*^*00501*%09d*0*P*:~"
            "GS*%s*ACME*MUSTER*20260301*0930*%d*X*%s~%sGE*1*%d~IEA*1*%09d~"
            % (number, functional, number, version, text, number, number))


def file_834(number, action, records):
    return envelope(number, "BE", "005010X220A1",
                    "ST*834*0001*005010X220A1~BGN*00*R%d*20260301*0930****%s~N1*P5*ACME*FI*11~N1*IN*PLAN*FI*987654321~"
                    % (number, action) + "".join(records))


def file_820(number):
    return envelope(number, "RA", "005010X218",
                    "ST*820*0001*005010X218~BPR*C*300.00*C*ACH*CTX*01*111000025*DA*1122*1123456789**01*021000021*DA*77889"
                    "*20260301~TRN*1*T1*1123456789~REF*14*%s~N1*PE*PLAN*FI*987654321~N1*PR*ACME*FI*11~"
                    % UNKNOWN_GROUP + "".join(LINES))


def site(folder, ref0f):
    muster("/", "-q", "init", folder)
    files = {"partners/acme.yaml": "isa_sender: ACME\nreject: member\nreport_824: true\nerror_report: {minor: {hours: 72}}\nref0F: %s\n" % ref0f,
             "groups.csv": GROUPS, "plans.csv": PLANS, "members.csv": MEMBERS, "a.834": file_834(1, "2", RECORDS),
             "b.834": file_834(2, "RX", [RECORDS[1].replace("*021*", "*030*").replace("HD*021", "HD*030"), RECORDS[9]]),
             "c.820": file_820(3)}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="ascii") as out:
            out.write(text)
    shown = []
    for kind in ("groups", "plans", "members"):
        shown.append(muster(folder, "load", kind, kind + ".csv"))
    for name in ("a.834", "b.834", "c.820"):
        shown.append(muster(folder, "validate", name))
        shown.append(muster(folder, "validate", "--ndjson", name))
        shown.append(muster(folder, "-v", "preview", name, "--as-of", "2026-03-02"))
        shown.append(muster(folder, "-v", "process", name, "--out", "out", "--as-of", "2026-03-02"))
    items = muster(folder, "-q", "queue", "list", "--csv").stdout.decode().splitlines()
    shown += [muster(folder, "queue", "list"), muster(folder, "queue", "next")]
    for item in csv.DictReader(items):
        shown.append(muster(folder, "queue", "show", item["item"]))
    for member in ("M000000018", "M000000034"):
        shown.append(muster(folder, "members", "history", member))
        shown.append(muster(folder, "members", "show", member))
    shown += [muster(folder, "members", "find", "ROE"), muster(folder, "groups", "roster", "G1", "--on", "2026-03-02")]
    return b"\n".join(result.stdout + result.stderr for result in shown).decode()


def secrets_in(text):
    """Where it stands, with a few words around it."""
    for secret in SECRETS:
        for match in re.finditer(r"(?<![\w])" + secret + r"(?![\w])", text):
            yield text[max(0, match.start() - 70):match.end() + 20].replace("\n", " | ")


# Columns that are ids by contract: scripts join by them.
IDS = {"subscriber_id", "group_id", "member_id", "plan_id"}


def csv_without_ids(path):
    with open(path, encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            yield " ".join(value for key, value in row.items() if key not in IDS)


def what_is_shown(folder, shown):
    yield from secrets_in(shown)


def what_is_written(folder, shown):
    for path in sorted(glob.glob(os.path.join(folder, "out", "*"))):
        if path.endswith(".applied.csv") or path.endswith("omissions.csv") or path.endswith("notices.csv"):
            text = "\n".join(csv_without_ids(path))
        else:
            with open(path, encoding="utf-8") as source:
                text = source.read()
        for found in secrets_in(text):
            yield os.path.basename(path) + ": " + found


def what_is_said_in_the_database(folder, shown):
    """Sentences, which go on to whoever asks; ids and persons are what the database is for."""
    base = sqlite3.connect(os.path.join(folder, "muster.db"))
    for table, column in (("exceptions", "reason"), ("tsets", "reason"), ("files", "reason"), ("changes", "change"),
                          ("remittance_lines", "reason"), ("audit", "text")):
        columns = [row[1] for row in base.execute("PRAGMA table_info(%s)" % table)]
        if column in columns:
            for (text,) in base.execute("SELECT %s FROM %s WHERE %s IS NOT NULL" % (column, table, column)):
                for found in secrets_in(str(text)):
                    yield "%s.%s: %s" % (table, column, found)
    base.close()


def main():
    cases = [what_is_shown, what_is_written, what_is_said_in_the_database]
    failed = False
    print("1..%d" % (2 * len(cases)))
    with tempfile.TemporaryDirectory() as folder:
        for kind, ref0f in enumerate(("ssn", "id")):
            where = os.path.join(folder, ref0f)
            shown = site(where, ref0f)
            for number, case in enumerate(cases, 1):
                faults = sorted(set(case(where, shown)))
                failed = failed or bool(faults)
                print("%sok %d - %s, ref0F: %s" % ("not " if faults else "", kind * len(cases) + number,
                                                   case.__name__.replace("_", " "), ref0f))
                for fault in faults[:40]:
                    print("# " + fault)
    sys.exit(1 if failed else 0)


main()
