"""What was agreed with a partner about answers and files. TAP on stdout.

What would go wrong for a member: a partner who is answered otherwise than agreed takes what was refused for done.
"""
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

MUSTER, ROOT = map(os.path.abspath, sys.argv[1:3])
GROUPS = "group_id,name,effective_on,sponsor_id\nG1,ACME,2020-01-01,11\n"
PLANS = "plan_id,insurance_line,name,effective_on\nP10,HMO,Gold,2020-01-01\n"
SUBSCRIBER = ("INS*Y*18*021*28*A***FT~REF*0F*S1~REF*1L*G1~NM1*IL*1*ROE*ALEX****34*219091001~DMG*D8*19850214*M~"
              "HD*021**HMO*P10*FAM~DTP*348*D8*20260401~")
DEPENDENT = ("INS*N*19*021*28*A~REF*0F*S2~REF*1L*G1~NM1*IL*1*POE*KIM****34*219091002~DMG*D8*20150214*F~"
             "HD*021**HMO*P10~DTP*348*D8*20260401~")


def muster(folder, *arguments):
    return subprocess.run([MUSTER, "-q", *arguments], cwd=folder, capture_output=True, check=False)


def file_of(number, *bodies):
    sets = ""
    for ordinal, body in enumerate(bodies, 1):
        text = ("ST*834*%04d*005010X220A1~BGN*00*R%d%d*20260301*0930****2~N1*P5*ACME*FI*11~N1*IN*PLAN*FI*987654321~"
                % (ordinal, number, ordinal)) + body
        sets += "%sSE*%d*%04d~" % (text, text.count("~") + 1, ordinal)
    return ("ISA*00*          *00*          *ZZ*ACME           *ZZ*MUSTER         *260301*0930*^*00501*%09d*0*P*:~"
            "GS*BE*ACME*MUSTER*20260301*0930*%d*X*005010X220A1~%sGE*%d*%d~IEA*1*%09d~"
            % (number, number, sets, len(bodies), number, number))


class World:
    def __init__(self, folder, profile):
        self.folder = folder
        muster("/", "init", folder)
        self.write("partners/acme.yaml", "isa_sender: ACME\n" + profile)
        self.write("groups.csv", GROUPS)
        self.write("plans.csv", PLANS)
        muster(folder, "load", "groups", "groups.csv")
        muster(folder, "load", "plans", "plans.csv")

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as out:
            out.write(text)

    def process(self, name, text):
        """The file's state, and its answers by kind: each a list of segments; None where there is none."""
        self.write(name, text)
        done = muster(self.folder, "process", name, "--out", "out", "--as-of", "2026-03-02")
        answers = {}
        for kind in ("ta1", "999", "824"):
            path = os.path.join(self.folder, "out", name + "." + kind)
            answers[kind] = None
            if os.path.exists(path):
                with open(path, encoding="ascii") as source:
                    answers[kind] = [line.rstrip("~\n").split("*") for line in source]
        with open(os.path.join(self.folder, "out", name + ".summary.json"), encoding="utf-8") as source:
            summary = json.load(source)
        return done.returncode, summary, answers


def ta1(answers):
    return [segment[4:] for segment in answers["ta1"] if segment[0] == "TA1"]


def of(answers, kind, ident):
    return [segment[1:] for segment in answers[kind] or [] if segment[0] == ident]


def a_control_number_that_came_before(folder):
    world = World(folder, "dup_isa13: reject\n")
    world.process("a.834", file_of(1, SUBSCRIBER))
    status, summary, answers = world.process("b.834", file_of(1, SUBSCRIBER.replace("FAM", "EMP")))
    yield status == 65 and summary["state"] == "rejected" and "used before" in summary["reason"]
    yield ta1(answers) == [["R", "025"]] and answers["999"] is None
    status, summary, answers = world.process("c.834", file_of(2, SUBSCRIBER.replace("FAM", "EMP")))
    yield ta1(answers) == [["A", "000"]] and summary["state"] == "processed"


def a_file_that_came_before(folder):
    world = World(folder, "")
    world.process("a.834", file_of(1, SUBSCRIBER))
    status, summary, answers = world.process("b.834", file_of(1, SUBSCRIBER))
    yield status == 0 and summary["state"] == "duplicate" and ta1(answers) == [["R", "025"]] and answers["999"] is None


def a_file_that_came_before_where_the_999_says_so(folder):
    world = World(folder, "ack_rules: {duplicate: 999}\n")
    world.process("a.834", file_of(1, SUBSCRIBER))
    status, summary, answers = world.process("b.834", file_of(1, SUBSCRIBER))
    yield status == 0 and summary["state"] == "duplicate" and summary["members"]["duplicate"] == 1
    yield ta1(answers) == [["A", "000"]] and of(answers, "999", "AK9") == [["A", "1", "1", "1"]]


def accepted_sets_are_left_out(folder):
    world = World(folder, "ack_rules: {accepted_sets: left_out}\n")
    bad = DEPENDENT.replace("INS*N*19", "INS*N*99")
    _, _, answers = world.process("a.834", file_of(1, SUBSCRIBER, bad))
    yield of(answers, "999", "AK2") == [["834", "0002", "005010X220A1"]]
    yield of(answers, "999", "AK9") == [["P", "2", "2", "1"]]


def a_dependent_alone_goes_back(folder):
    world = World(folder, "dep_without_sub: reject\nreport_824: true\n")
    _, summary, answers = world.process("a.834", file_of(1, SUBSCRIBER + DEPENDENT))
    yield summary["members"]["rejected"] == 1 and summary["members"]["exception"] == 0
    yield [item[:3] for item in of(answers, "824", "OTI")] == [["IR", "IX", "2"]]
    yield muster(folder, "queue", "list", "--json").stdout.decode().strip() in ("[]", "")


def money_in_the_result(folder):
    """process --json says of an 820 what its summary says, and nothing of money of an 834."""
    world = World(folder, "")
    lines = "".join("ENT*%d*2J*EI*77%d~NM1*EY*1*ROE*ALEX****EI*77%d~RMR*IG*S%d**%s~" % (n, n, n, n, amount)
                    for n, amount in enumerate(("500.00", "450.00"), 1))
    body = ("ST*820*0001*005010X218~BPR*C*950.00*C*ACH*CTX*01*111000025*DA*1122*1123456789**01*021000021*DA*77889*20260301~"
            "TRN*1*T1*1123456789~N1*PE*PLAN*FI*987654321~N1*PR*ACME*FI*11~" + lines)
    text = file_of(1, SUBSCRIBER)
    world.write("a.834", text)
    head, tail = text[:text.index("GS*")], text[text.index("GE*"):]
    world.write("b.820", head.replace("000000001*0*P", "000000002*0*P") +
                "GS*RA*ACME*MUSTER*20260301*0930*2*X*005010X218~%sSE*%d*0001~" % (body, body.count("~") + 1) +
                tail.replace("GE*1*1", "GE*1*2").replace("000000001", "000000002"))
    results = []
    for name in ("a.834", "b.820"):
        done = muster(folder, "--json", "process", name, "--out", "out", "--as-of", "2026-03-02")
        results.append(json.loads(done.stdout))
    with open(os.path.join(folder, "out", "b.820.summary.json"), encoding="utf-8") as source:
        summary = json.load(source)
    yield "money" not in results[0] and results[1]["money"] == summary["money"]
    yield summary["money"]["read"] == "950.00" and results[1]["members"] == summary["members"]


def members_are_found(folder):
    """By the beginning of a name in any case, and by SSN, without reading all members."""
    world = World(folder, "")
    world.process("a.834", file_of(1, SUBSCRIBER, SUBSCRIBER.replace("S1", "S3").replace("ROE*ALEX", "ROSE*PAT")
                                   .replace("219091001", "219091077").replace("19850214", "19710101")))

    def found(*words):
        out = muster(folder, "--json", "members", "find", *words).stdout
        return sorted(member["first_name"] for member in json.loads(out))
    yield found("ro") == ["ALEX", "PAT"] and found("ROS") == ["PAT"] and found("roe", "al") == ["ALEX"]
    yield found("219091077") == ["PAT"] and found("219091078") == [] and found("ROX") == []
    yield found("219091077", "--group", "G1") == ["PAT"] and found("219091077", "--group", "G2") == []
    with sqlite3.connect(os.path.join(folder, "muster.db")) as base:
        plan = base.execute("EXPLAIN QUERY PLAN SELECT * FROM members WHERE last_name COLLATE NOCASE >= 'RO' AND "
                            "last_name COLLATE NOCASE < 'ROZ'").fetchall()
    yield any("members_by_name" in row[3] for row in plan)


def main():
    cases = [members_are_found, money_in_the_result, a_control_number_that_came_before, a_file_that_came_before, a_file_that_came_before_where_the_999_says_so,
             accepted_sets_are_left_out, a_dependent_alone_goes_back]
    failed = False
    print("1..%d" % len(cases))
    for number, case in enumerate(cases, 1):
        with tempfile.TemporaryDirectory() as folder:
            results = list(case(os.path.join(folder, "site")))
        failed = failed or not all(results)
        print("%sok %d - %s %s" % ("" if all(results) else "not ", number, case.__name__.replace("_", " "),
                                   "" if all(results) else results))
    sys.exit(1 if failed else 0)


main()
