"""scenarios MUSTER FILE...: several nights a scenario, in words. TAP on stdout.

Each scenario of a file stands for something that would go wrong for a member if it failed; it begins with `== title`
and runs in a workspace of its own. Indented lines belong to the line above; `#` begins a comment.

    covers: ID ...                rows of rules.list for which the scenario stands; it may be repeated
    profile KEY: VALUE            a line of the partner's profile
    config KEY: VALUE             a line of muster.yaml
    group G2 COLUMN=VALUE ...     beside G1 of sponsor 11
    plan P30 LINE COLUMN=VALUE    beside P10 (HMO), P20 (PPO), D10 (DEN)
    people N1..N20 [G1] [COLUMN=VALUE ...]   subscribers, each with plan P10 in G1 since 2025-01-01
    member NAME FAMILY KIN COLUMN=VALUE ...
    coverage NAME COLUMN=VALUE ...    another coverage of the member, who is as the line above says
    night DATE BGN08 [bgn03=DATE] [bgn01=..] [sponsor=ID] [name=NAME] [isa13=N] [header=SEGMENTS]
          [usage=T] [gs03=ID] [like=DATE: made on that day] [drop=yes: by the drop folder; drop=test: by its folder test]
          [again=yes: by reprocess, as a corrected file] [gz=yes: compressed] [cut=-60: without its last 60 bytes]
      set [bgn08=..] [sponsor=ID] another set in the same file; the first needs no such line
      030 N1 N2 all ...           a record each as the member is on file; `all` = everybody of G1, `but N3` = without
      030 NAME KEY=VALUE ...      with plan, tier, begins, ends, last, ssn, family, group, address, born, hd (none: no
                                  HD), end=none (an 024 without DTP 357); reason, benefit, medicare, event, work,
                                  student, handicapped, died, confidential, twin: INS04 to INS17; race: DMG05;
                                  _ is a blank
        at=303:2026-04-01 ref=6O:SN1 prior=LAST:FIRST:SSN:BORN    DTP and REF of the 2000 loop, several with commas; 2100B
        + HD*024**HMO*P10~DTP*349*D8*20260331     segments behind the record's own, as they stand
      raw INS*Y*18*021*28*A~REF*0F*S9~...         a record as it stands
    want STATE [WORDS OF THE REASON]
      POS ACTION NAME [WORDS]     rows of applied.csv but no_change (which may be left out): all of them
      POS CATEGORY [WORDS]        rows of exceptions.csv: all of them
      candidates POS NAME ...     of a row of exceptions.csv, all of them, in this order; `none`: none
      omitted NAME OUTCOME [WORDS]   rows of omissions.csv: all of them, where one is named
    audit POS OUTCOME NAME FIELD DATABASE|- FILE|- EXPLAINED|-   rows of audit.csv, likewise
      error POS CATEGORY SEVERITY ANSWER_BY   rows of errors.csv: all of them, where one is named; `error none`: none
      warns POS WORDS             warnings of the file: all of them, where one is named; `warns none`: none
      drift WORDS                 a sentence of the summary; `none`: none. Without such a line nobody looks
      members read=.. applied=..  of the summary
      notice KIND NAME|GROUP [WORDS]   rows of notices.csv, likewise; `notice none`: none
    order DATE WORDS              muster groups WORDS on that day; `notice` lines as above
    refuse DATE WORDS             the same, refused; the indented line is in the reason
    release ITEM | reject ITEM    F1-1-0 = file, set, record; a set is released by two operators
    match ITEM NAME DATE          on that day
    queue ITEM CATEGORY NAME ...  what waits, and its candidates as they stand; `none`: none
    not ITEM NAME                 that candidate is not meant
    new ITEM                      somebody not on file; `notice` lines: of the item's own notices.csv
    muster STATUS WORDS           any command; the indented lines are in what it says; @login: whoever runs the tests
    unchanged                     indented `muster` lines, with what they say indented below: none changes the database
    model FILE KEY=VALUE ...      the shipped weights with other settings
    promote FILE                  muster.yaml names it
    trail KIND N [WORDS]          so many rows of the audit trail, the last with these words; it ends `by OPERATOR`
    undo F1 [redo] [refused]
    refused DECISION ITEM [noted] the decision is not taken
    span NAME BEGINS..ENDS [PLAN [GROUP [TIER]]]   every span of the member that is not void, one line each; `none`
    shows NAME KEY=VALUE ...      of `members show`; _ is a blank, nothing is null or ""
    facts NAME KEY=VALUE ...      likewise, of its facts
    history NAME WORDS            of `members history --json`
    due ITEM TIME                 of exceptions.csv
"""
import contextlib
import csv
import datetime
import gzip
import json
import os
import pwd
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile

MUSTER = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


class Fault(Exception):
    pass


def invented_name(number):
    """A last name of its own for each number: letters far apart, so that no two people resemble each other."""
    text, left = "", number * 7919 + 104729
    while left:
        text += LETTERS[left % len(LETTERS)]
        left //= len(LETTERS)
    return "Q" + text + "ER" + LETTERS[number % 24] * 2


class World:
    def __init__(self, folder):
        self.folder = os.path.join(folder, "plan")
        self.people, self.groups, self.profile, self.config = {}, [("G1", {"sponsor_id": "11"})], [], []
        self.plans = [("P10", "HMO", {}), ("P20", "PPO", {}), ("D10", "DEN", {})]
        self.more, self.at, self.control, self.loaded = [], {}, 0, False

    def muster(self, *arguments):
        done = subprocess.run([MUSTER, *arguments], cwd=self.folder, capture_output=True, text=True, errors="replace",
                              env={**os.environ, "MUSTER_CONFIG": ""}, check=False)
        return done.returncode, done.stdout, done.stderr

    def add(self, name, family, kin, values):
        number = len(self.people) + 1
        born = datetime.date(1960, 1, 5) + datetime.timedelta(days=number * 137 % 14000)
        person = {"member_id": "M%08d" % number, "subscriber_id": family, "relationship": kin,
                  "last_name": invented_name(number), "first_name": invented_name(number + 5000)[1:8],
                  "ssn": "219%06d" % (91000 + number * 7), "birth_on": born.isoformat(), "sex": "FM"[number % 2],
                  "address1": "%d MAIN ST" % number, "city": "ANYTOWN", "state": "CA", "zip": "90001",
                  "group_id": "G1", "plan_id": "P10", "tier": "EMP", "begins_on": "2025-01-01", "ends_on": "",
                  "cobra": "0"}
        person.update(values)
        for column in ("last_name", "first_name", "address1", "city"):
            person[column] = person[column].replace("_", " ")
        self.people[name] = person

    def new_of(self, family):
        """Who is not on file as far as is known; `family` None: of all families."""
        return [name for name, person in self.people.items() if person.get("status") == "new" and not person.get("known")
                and family in (None, person["subscriber_id"])]

    def csv(self, name, rows):
        with open(os.path.join(self.folder, name), "w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        status, _, err = self.muster("load", name[:-4], name)
        if status != 0:
            raise Fault("load %s ends with %d: %s" % (name, status, err))

    def load(self):
        """Once, before the first night: what is not on file yet (status=new) comes by file only."""
        if self.loaded:
            return
        self.loaded = True
        os.makedirs(os.path.dirname(self.folder), exist_ok=True)
        subprocess.run([MUSTER, "-q", "init", self.folder], check=True)
        with open(os.path.join(self.folder, "muster.yaml"), "a", encoding="utf-8") as out:
            out.write("".join(line + "\n" for line in self.config))
        with open(os.path.join(self.folder, "partners", "acme.yaml"), "w", encoding="utf-8") as out:
            out.write("isa_sender: ACME\n" + "\n".join(self.profile) + "\n")
        common = {"name": "", "region": "NCAL", "status": "active", "effective_on": "2015-01-01", "terminates_on": "",
                  "cobra_admin": "self", "renewal_month": "1", "billing_day": "1", "sponsor_id": "11",
                  "linked_group_id": ""}
        self.csv("groups.csv", [{"group_id": group, **common, "name": group + " INC", **values}
                                for group, values in self.groups])
        self.csv("plans.csv", [{"plan_id": plan, "insurance_line": line, "name": plan, "region": "NCAL",
                                "effective_on": "2015-01-01", "terminates_on": "", **values}
                               for plan, line, values in self.plans])
        rows = [{key: value for key, value in person.items() if key != "status"}
                for person in self.people.values() if person.get("status") != "new"]
        rows += [{**{key: value for key, value in self.people[name].items() if key != "status"}, **values}
                 for name, values in self.more]
        rows = [{key: row.get(key, "") for key in dict.fromkeys(key for each in rows for key in each)} for row in rows]
        if rows:
            self.csv("members.csv", rows)


def expand(world, words):
    names, without = [], []
    target = names
    for word in words:
        if word == "but":
            target = without
        elif word == "all":
            target += [name for name, person in world.people.items()
                       if person["group_id"] == "G1" and person.get("status") != "new"]
        elif ".." in word:
            first, last = word.split("..")
            prefix = first.rstrip("0123456789")
            target += ["%s%d" % (prefix, i) for i in range(int(first[len(prefix):]), int(last[len(prefix):]) + 1)]
        else:
            target.append(word)
    return [name for name in names if name not in without]


def split(words):
    plain = [word for word in words if "=" not in word]
    return plain, dict(word.split("=", 1) for word in words if "=" in word)


# Short names of columns.
COLUMNS = {"plan": "plan_id", "begins": "begins_on", "ends": "ends_on", "last": "last_name", "family": "subscriber_id",
           "group": "group_id", "address": "address1", "born": "birth_on", "first": "first_name", "kin": "relationship"}
# INS04 and on: their names, and what is sent where nothing is said.
INS = {4: "reason", 5: "benefit", 6: "medicare", 7: "event", 8: "work", 9: "student", 10: "handicapped", 12: "died",
       13: "confidential", 17: "twin"}


def day_of(text):
    return text.replace("-", "")


def ins(person, action, values):
    subscriber = person["relationship"] == "18"
    elements = [""] * 18
    elements[:4] = ["INS", "Y" if subscriber else "N", person["relationship"], action]
    elements[4] = "XN" if action == "030" else "07" if action == "024" else "28"
    elements[5] = "C" if person["cobra"] == "1" else "A"
    elements[8] = "FT" if subscriber else ""
    for position, key in INS.items():
        elements[position] = values.get(key, elements[position])
    if elements[12]:
        elements[11:13] = ["D8", day_of(elements[12])]
    return "*".join(elements).rstrip("*")


def prior(text):
    """2100B: LAST:FIRST:SSN:BORN, each of which may be empty."""
    last, first, ssn, born = (text + ":::").split(":")[:4]
    segments = ["NM1*70*1*%s*%s%s" % (last, first, "****34*" + ssn if ssn else "")]
    return segments + (["DMG*D8*" + day_of(born)] if born else [])


def coverage_of(person, values):
    line = {"P10": "HMO", "P20": "PPO", "D10": "DEN"}.get(person["plan_id"], "HMO")
    segments = ["HD*%s**%s*%s*%s" % (person["hd"], values.get("line", line), person["plan_id"], person["tier"])]
    segments[0] = segments[0].rstrip("*")
    if person["begins_on"]:
        segments.append("DTP*348*D8*" + day_of(person["begins_on"]))
    if person["ends_on"] and "ends_on" in values:
        segments.append("DTP*349*D8*" + day_of(person["ends_on"]))
    if "card" in values:
        segments.append("IDC*%s*H" % person["plan_id"])
    return segments


def record(world, action, name, values):
    """One INS loop."""
    values = {COLUMNS.get(key, key): value.replace("_", " ") for key, value in values.items()}
    person = {**world.people[name], "hd": action, **values}
    segments = [ins(person, action, values), "REF*0F*" + person["subscriber_id"]]
    if person["group_id"]:
        segments.append("REF*1L*" + person["group_id"])
    if (person.get("status") != "new" or person.get("known")) and person.get("id") != "none":
        segments.append("REF*23*" + person["member_id"])
    segments += ["REF*" + part.replace(":", "*", 1) for part in values.get("ref", "").split(",") if part]
    if action == "024" and values.get("end") != "none":
        segments.append("DTP*357*D8*" + day_of(person["ends_on"]))
    for part in filter(None, values.get("at", "").split(",")):
        segments.append("DTP*%s*D8*%s" % tuple(day_of(part).split(":")))
    name = "NM1*%s*1*%s*%s*%s**%s*%s*%s" % ("74" if "prior" in values else "IL", person["last_name"],
                                            person["first_name"], person.get("middle_name", ""),
                                            person.get("suffix", ""), "34" if person["ssn"] else "", person["ssn"])
    segments.append(name.rstrip("*"))
    if person.get("phone"):
        segments.append("PER*IP**TE*" + person["phone"])
    if person["address1"]:
        segments += ["N3*" + person["address1"], "N4*%s*%s*%s" % (person["city"], person["state"], person["zip"])]
    segments.append(("DMG*D8*%s*%s**%s" % (day_of(person["birth_on"]), person["sex"], values.get("race", ""))).rstrip("*"))
    if "prior" in values:
        segments += prior(values["prior"])
    if action != "024" and person["hd"] != "none":
        segments += coverage_of(person, values)
    return segments


def file_text(world, options, day, lines):
    """The interchange of one night."""
    world.control = int(options.get("isa13", world.control + 1))
    date = day.replace("-", "")
    made = options.get("bgn03", day).replace("-", "")
    sets, action, sponsor = [[]], [options["bgn08"]], [options.get("sponsor", "11")]
    world.at = {}
    for line in lines:
        words = line.split()
        if words[0] == "set":
            plain, values = split(words[1:])
            if sets[-1]:
                sets.append([])
                action.append(options["bgn08"])
                sponsor.append(options.get("sponsor", "11"))
            sponsor[-1] = values.get("sponsor", sponsor[-1])
            action[-1] = values.get("bgn08", action[-1])
            continue
        if words[0] == "bad":
            sets[-1].append(["INS*Q*18*030*XN*A***FT", "REF*0F*%s" % words[1], "REF*1L*" + words[2]])
            continue
        if words[0] == "raw":
            sets[-1].append(line.strip()[4:].strip("~").split("~"))
            continue
        if words[0] == "+":
            sets[-1][-1] += line.strip()[2:].strip("~").split("~")
            continue
        plain, values = split(words[1:])
        for name in expand(world, plain):
            sets[-1].append(record(world, words[0], name, values))
            world.at[("%04d" % len(sets), str(len(sets[-1])))] = name
    out = "ISA*00*          *00*          *ZZ*%-15s*ZZ*%-15s*%s*0600*^*00501*%09d*0*%s*:~" % (
        "ACME", "PLAN", date[2:], world.control, options.get("usage", "P"))
    out += "GS*BE*ACME*%s*%s*0600*%d*X*005010X220A1~" % (options.get("gs03", "PLAN"), date, world.control)
    for number, loops in enumerate(sets, 1):
        body = ["ST*834*%04d*005010X220A1" % number,
                "BGN*%s*%s*%s*0600**%s**%s" % (options.get("bgn01", "00"), options.get("bgn02", "F%d" % world.control),
                                               made, options.get("bgn06", ""), action[number - 1]),
                *filter(None, options.get("header", "").strip("~").split("~")),
                "N1*P5*ACME*FI*" + sponsor[number - 1], "N1*IN*PLAN*FI*99"]
        for loop in loops:
            body += loop
        body.append("SE*%d*%04d" % (len(body) + 1, number))
        out += "".join(segment + "~" for segment in body)
    return out + "GE*%d*%d~IEA*1*%09d~" % (len(sets), world.control, world.control)


def table(path):
    if not os.path.exists(path):
        return []
    with open(path, newline="", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


class Runner:
    def __init__(self, world):
        self.world, self.name, self.results = world, None, "results"

    def id_of(self, name):
        person = self.world.people.get(name)
        if person is None:
            raise Fault("nobody is called " + name)
        return person["member_id"]

    def name_of(self, row):
        """Somebody new is known by his record's place until his number is."""
        for name, person in self.world.people.items():
            if row.get("member_id") and person["member_id"] == row["member_id"]:
                return name
        name = self.world.at.get((row.get("set"), row.get("member_pos")))
        if name is None and len(self.world.new_of(row.get("subscriber_id"))) == 1:
            name = self.world.new_of(row["subscriber_id"])[0]
        if name not in self.world.new_of(None):
            return row.get("member_id") or "-"
        self.world.people[name].update(member_id=row.get("member_id") or "", known=True)
        return name

    def notices(self, path, lines, faults):
        rows = [(row["kind"], self.name_of(row) if row["member_id"] else row["group_id"],
                 " ".join(filter(None, [row["channel"], row["address"], row["reason"]]))) for row in table(path)]
        for line in lines:
            words = line.split()
            for name in expand(self.world, words[2:3]):
                self.take(faults, rows, line, lambda row: row[:2] == (words[1], name) and " ".join(words[3:]) in row[2])
        if lines:
            faults += ["not wanted: notice %s" % (row,) for row in rows]

    def undo(self, words, lines):
        """undo F1 [redo] [refused]"""
        status, out, err = self.world.muster("undo", "--file", "F%08d" % int(words[0][1:]), "--operator", "rep", "--yes",
                                             *(["--redo"] if "redo" in words else []))
        if status != (65 if "refused" in words else 0):
            raise Fault("undo ends with %d: %s%s" % (status, out, err))
        for line in lines:
            if line.strip() not in out + err:
                raise Fault("undo: wanted %s, got %s%s" % (line.strip(), out, err))

    def order(self, words, lines, refused):
        self.world.load()
        status, out, err = self.world.muster("--as-of", words[0], "groups", *words[1:], "--out", "orders")
        if status != (65 if refused else 0):
            raise Fault("groups %s ends with %d: %s%s" % (" ".join(words[1:]), status, out, err))
        faults = []
        if refused:
            faults += ["wanted %s, got %s" % (line.strip(), err) for line in lines if line.strip() not in err]
        else:
            folder = os.path.join(self.world.folder, "orders")
            names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
            faults += ["wanted %s, got %s" % (line.strip(), out) for line in lines
                       if not line.split()[0] == "notice" and line.strip() not in out]
            self.notices(os.path.join(folder, names[-1]) if names else "",
                         [line for line in lines if line.split()[0] == "notice"], faults)
        if faults:
            raise Fault("; ".join(faults))

    def run_night(self, words, lines):
        plain, options = split(words)
        options["bgn08"] = plain[1]
        self.world.load()
        text = file_text(self.world, options, options.get("like", plain[0]), lines)
        self.name = options.get("name", "night%d.834" % self.world.control)
        drop, folder = "drop" in options, "acme/test" if options.get("drop") == "test" else "acme"
        path = os.path.join(self.world.folder, "in/" + folder if drop else "", self.name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        data = gzip.compress(text.encode("ascii"), mtime=0) if "gz" in options else text.encode("ascii")
        with open(path, "wb") as out:
            out.write(data[:int(options["cut"])] if "cut" in options else data)
        self.results, self.day = "out/" + folder if drop else "results", plain[0]
        status, out, err = self.world.muster("--as-of", plain[0], *(
            ["run"] if drop else ["reprocess" if "again" in options else "process", self.name, "--out", self.results]))
        self.name = os.path.basename(self.name)
        if status not in (0, 65):
            raise Fault("%s ends with %d: %s%s" % ("run" if drop else "process", status, out, err))

    def result(self, ending):
        return os.path.join(self.world.folder, self.results, self.name + ending)

    def want(self, words, lines):
        with open(self.result(".summary.json"), encoding="utf-8") as text:
            summary = json.load(text)
        reason = " ".join(words[1:])
        faults = []
        members = summary["members"]
        if members["read"] != sum(value for key, value in members.items() if key != "read"):
            faults.append("members do not add up: %s" % members)
        if summary["state"] != words[0] or reason not in (summary["reason"] or ""):
            faults.append("wanted %s, got %s: %s" % (" ".join(words), summary["state"], summary["reason"]))
        applied = [(row["member_pos"], row["action"], self.name_of(row), row["change"] + " " + row["match_rule"])
                   for row in table(self.result(".applied.csv")) if row["action"] != "no_change"]
        waits = [(row["member_pos"], row["category"], row["reason"]) for row in table(self.result(".exceptions.csv"))]
        omitted = [(row["outcome"], self.name_of(row), row["reason"]) for row in table(self.result(".omissions.csv"))]
        audit = [tuple([row["member_pos"], row["outcome"], self.name_of(row), row["field"], row["database_value"],
                        row["file_value"], row["explained"]]) for row in table(self.result(".audit.csv"))]
        errors = [(row["member_pos"], row["error"], row["severity"], row["answer_by"])
                  for row in table(self.result(".errors.csv"))]
        wanted = {"errors": False, "omitted": False, "audit": False, "warns": False}
        warnings = [(str(row["member_pos"]), row["text"]) for row in summary["record_warnings"]["first"]]
        self.notices(self.result(".notices.csv"), [line for line in lines if line.split()[0] == "notice"], faults)
        for line in lines:
            words = line.split()
            if words[0] == "notice":
                continue
            if words[0] == "drift":
                said = summary["matching"]["drift"]
                if not any(" ".join(words[1:]) in sentence for sentence in said) if words[1] != "none" else said:
                    faults.append("wanted %s, got %s" % (line.strip(), said))
                continue
            if words[0] == "candidates":
                self.candidates(words[1], words[2:], faults)
                continue
            if words[0] == "members":
                for key, value in split(words[1:])[1].items():
                    if members[key] != int(value):
                        faults.append("%s: got %s" % (line, members))
            elif words[0] == "warns":
                wanted["warns"] = True
                if words[1] != "none":
                    self.take(faults, warnings, line, lambda row: row[0] == words[1] and " ".join(words[2:]) in row[1])
            elif words[0] == "omitted":
                wanted["omitted"] = True
                for name in expand(self.world, [words[1]]):
                    self.take(faults, omitted, "omitted %s %s" % (name, " ".join(words[2:])),
                              lambda row: row[:2] == (words[2], name) and " ".join(words[3:]) in row[2])
            elif words[0] == "error":
                wanted["errors"] = True
                if not os.path.exists(self.result(".errors.csv")):
                    faults.append("there is no errors.csv")
                if words[1] != "none":
                    self.take(faults, errors, line, lambda row: row == tuple(words[1:]))
            elif words[0] == "audit":
                wanted["audit"] = True
                fields = shlex.split(line)[1:]
                fields = ["" if field == "-" else field for field in fields]
                self.take(faults, audit, line, lambda row: row[:4] == tuple(fields[:4]) and
                          all(fields[i] in row[i] for i in range(4, len(fields))))
            elif words[1].isupper():
                self.take(faults, waits, line, lambda row: row[:2] == tuple(words[:2]) and
                          " ".join(words[2:]) in row[2])
            else:
                for name in expand(self.world, [words[2]]):
                    self.take(faults, applied, line, lambda row: row[1:3] == (words[1], name) and
                              words[0] in ("*", row[0]) and " ".join(words[3:]) in row[3])
        faults += ["not wanted: applied %s" % (row,) for row in applied]
        faults += ["not wanted: waits %s" % (row,) for row in waits]
        if wanted["errors"]:
            faults += ["not wanted: error %s" % (row,) for row in errors]
        if wanted["omitted"]:
            faults += ["not wanted: omitted %s" % (row,) for row in omitted]
        if wanted["audit"]:
            faults += ["not wanted: audit %s" % (row,) for row in audit]
        if wanted["warns"]:
            faults += ["not wanted: warns %s" % (row,) for row in warnings]
        if faults:
            raise Fault("; ".join(faults))

    def candidates(self, pos, names, faults):
        for row in table(self.result(".exceptions.csv")):
            if row["member_pos"] == pos:
                shown = [self.name_of({"member_id": row[column]}) for column in ("candidate1", "candidate2", "candidate3")
                         if row[column]]
                if shown != [name for name in names if name != "none"]:
                    faults.append("wanted candidates %s of record %s, got %s" % (names, pos, shown))

    @staticmethod
    def take(faults, rows, line, fits):
        for row in rows:
            if fits(row):
                rows.remove(row)
                return
        faults.append("wanted %s, got %s" % (line.strip(), rows))

    def decide(self, decision, words, day=None):
        number, ordinal, pos = words[0][1:].split("-")
        item = "F%08d-%s-%s" % (int(number), ordinal, pos)
        arguments = ["--as-of", day or self.day, "queue", "resolve", item, decision, "--note", "asked the sponsor"]
        if decision == "release" and pos == "0":
            self.world.muster(*arguments, "--operator", "lead")
        status, out, err = self.world.muster(*arguments)
        if status != 0:
            raise Fault("%s %s ends with %d: %s%s" % (decision, item, status, out, err))

    def model(self, name, values):
        with open(os.path.join(HERE, "..", "..", "specs", "model.yaml"), encoding="utf-8") as shipped:
            lines = shipped.read().splitlines(keepends=True)
        with open(os.path.join(self.world.folder, name), "w", encoding="utf-8") as out:
            for line in lines:
                key = line.split(":")[0]
                out.write("%s: %s\n" % (key, values[key]) if key in values else line)

    def database(self):
        return contextlib.closing(sqlite3.connect("file:%s?mode=ro" % os.path.join(self.world.folder, "muster.db"),
                                                  uri=True))

    def dump(self):
        with self.database() as database:
            return list(database.iterdump())

    def trail(self, kind, count, words):
        with self.database() as database:
            rows = database.execute("SELECT subject || ' ' || text || ' by ' || actor FROM audit WHERE kind = ? ORDER BY audit_no",
                                    (kind,)).fetchall()
        if len(rows) != count or (rows and words not in rows[-1][0]):
            raise Fault("trail of %s: %s" % (kind, rows))

    def command(self, words, lines):
        self.world.load()
        before = self.dump()
        words = [pwd.getpwuid(os.getuid()).pw_name if word == "@login" else word for word in words]
        status, out, err = self.world.muster(*words[1:])
        if words[1] == "match" and words[2] != "promote" and self.dump() != before:
            raise Fault("%s has changed the database" % " ".join(words[1:]))
        faults = [line.strip() for line in lines if line.strip() not in out + err]
        if str(status) != words[0] or faults:
            raise Fault("muster %s ends with %d, without %s: %s%s" % (" ".join(words[1:]), status, faults, out, err))

    def unchanged(self, lines):
        self.world.load()
        before, i = self.dump(), 0
        while i < len(lines):
            words, said = shlex.split(lines[i]), []
            i += 1
            while i < len(lines) and lines[i].startswith("    "):
                said.append(lines[i])
                i += 1
            self.command(words[1:], said)
            if self.dump() != before:
                raise Fault("%s has changed the database" % " ".join(words))

    def queue(self, words):
        number, ordinal, pos = words[0][1:].split("-")
        status, out, err = self.world.muster("queue", "show", "F%08d-%s-%s" % (int(number), ordinal, pos), "--json")
        item = json.loads(out) if status == 0 else {}
        shown = [self.name_of(candidate) for candidate in item.get("candidates", [])]
        if item.get("status") != "open" or item.get("category") != words[1] or shown != [
                name for name in words[2:] if name != "none"]:
            raise Fault("wanted %s, got %s %s %s%s" % (" ".join(words), item.get("status"), item.get("category"), shown, err))

    def refused(self, words):
        number, ordinal, pos = words[1][1:].split("-")
        status, _, err = self.world.muster("queue", "resolve", "F%08d-%s-%s" % (int(number), ordinal, pos), words[0],
                                           *(["--note", "well"] if "noted" in words else []))
        if status == 0:
            raise Fault("%s was not refused" % " ".join(words))

    def due(self, words):
        number, ordinal, pos = words[0][1:].split("-")
        item = "F%08d-%s-%s" % (int(number), ordinal, pos)
        found = [row["due_at"] for row in table(self.result(".exceptions.csv")) if row["item"] == item]
        if found != words[1:]:
            raise Fault("%s is due %s" % (item, found))

    def history(self, name, text):
        out = self.world.muster("members", "history", self.id_of(name), "--json")[1]
        if text not in out:
            raise Fault("the history of %s has no %s: %s" % (name, text, out))

    def spans(self, wanted):
        by_name = {}
        for words in wanted:
            by_name.setdefault(words[0], []).append(words[1:])
        for name, rows in by_name.items():
            status, out, err = self.world.muster("members", "show", self.id_of(name), "--json")
            if status != 0:
                raise Fault("members show %s: %s" % (name, err))
            got = ["%s..%s" % (row["begins_on"], row["ends_on"] or "open") +
                   (" " + row["plan_id"] if any(len(want) > 1 for want in rows) else "") +
                   (" " + row["group_id"] if any(len(want) > 2 for want in rows) else "") +
                   (" " + row["tier"] if any(len(want) > 3 for want in rows) else "")
                   for row in json.loads(out)["coverages"]]
            if sorted(got) != sorted(" ".join(want) for want in rows if want != ["none"]):
                raise Fault("spans of %s: wanted %s, got %s" % (name, rows, got))


    def shows(self, words, facts=False):
        status, out, err = self.world.muster("members", "show", self.id_of(words[0]), "--json")
        if status != 0:
            raise Fault("members show %s: %s" % (words[0], err))
        shown = json.loads(out)["facts"] if facts else json.loads(out)
        for key, value in split(words[1:])[1].items():
            if str(shown.get(key) if shown.get(key) is not None else "") != value.replace("_", " "):
                raise Fault("%s of %s: wanted %s, got %s" % (key, words[0], value, shown.get(key)))


def run(scenario, folder):
    world = World(folder)
    runner = Runner(world)
    i = 0
    while i < len(scenario):
        words, block = scenario[i].split(), []
        i += 1
        while i < len(scenario) and scenario[i].startswith(" "):
            block.append(scenario[i])
            i += 1
        if words[0] == "covers:":
            continue
        if words[0] == "config":
            world.config.append(" ".join(words[1:]))
        elif words[0] == "profile":
            world.profile.append(" ".join(words[1:]))
        elif words[0] == "group":
            known = dict(world.groups)
            known[words[1]] = {**known.get(words[1], {}), **split(words[2:])[1]}
            world.groups = list(known.items())
        elif words[0] == "due":
            runner.due(words[1:])
        elif words[0] == "history":
            runner.history(words[1], " ".join(words[2:]))
        elif words[0] == "plan":
            world.plans.append((words[1], words[2], split(words[3:])[1]))
        elif words[0] == "coverage":
            plain, values = split(words[1:])
            world.more.append((plain[0], {COLUMNS.get(key, key): value for key, value in values.items()}))
        elif words[0] in ("shows", "facts"):
            runner.shows(words[1:], words[0] == "facts")
        elif words[0] == "people":
            for name in expand(world, words[1:2]):
                plain, values = split(words[2:])
                world.add(name, "S" + name, "18", {"group_id": plain[0] if plain else "G1", **values})
        elif words[0] == "member":
            plain, values = split(words[1:])
            world.add(plain[0], plain[1], plain[2], {COLUMNS.get(key, key): value for key, value in values.items()})
        elif words[0] == "night":
            runner.run_night(words[1:], block)
        elif words[0] == "want":
            runner.want(words[1:], block)
        elif words[0] in ("release", "reject"):
            runner.decide(words[0], words[1:])
        elif words[0] == "undo":
            runner.undo(words[1:], block)
        elif words[0] == "match":
            runner.decide("match:" + world.people[words[2]]["member_id"], words[1:], words[3])
        elif words[0] == "model":
            world.load()
            runner.model(words[1], split(words[2:])[1])
        elif words[0] == "promote":
            with open(os.path.join(world.folder, "muster.yaml"), "a", encoding="utf-8") as out:
                out.write("match_model: %s\n" % words[1])
        elif words[0] == "trail":
            runner.trail(words[1], int(words[2]), " ".join(words[3:]))
        elif words[0] == "muster":
            runner.command(shlex.split(scenario[i - 1 - len(block)])[1:], block)
        elif words[0] == "unchanged":
            runner.unchanged(block)
        elif words[0] == "queue":
            runner.queue(words[1:])
        elif words[0] == "not":
            runner.decide("not:" + world.people[words[2]]["member_id"], words[1:])
            number, ordinal, pos = words[1][1:].split("-")
            runner.notices(os.path.join(world.folder, "results", "F%08d-%s-%s.notices.csv" % (int(number), ordinal, pos)),
                           block, [])
        elif words[0] == "new":
            runner.decide("new", words[1:])
            faults = []
            number, ordinal, pos = words[1][1:].split("-")
            runner.notices(os.path.join(world.folder, "results", "F%08d-%s-%s.notices.csv" % (int(number), ordinal, pos)),
                           block, faults)
            if faults:
                raise Fault("; ".join(faults))
        elif words[0] in ("order", "refuse"):
            runner.order(words[1:], block, words[0] == "refuse")
        elif words[0] == "refused":
            runner.refused(words[1:])
        elif words[0] == "span":
            wanted = [words[1:]]
            while i < len(scenario) and scenario[i].startswith("span "):
                wanted.append(scenario[i].split()[1:])
                i += 1
            runner.spans([[name] + want[1:] for want in wanted for name in expand(world, [want[0]])])
        elif words[0] == "run":
            status, _, err = world.muster("--as-of", words[1], "run")
            if status not in (0, 65):
                raise Fault("run ends with %d: %s" % (status, err))
        else:
            raise Fault("what is " + words[0])
    status, out, err = world.muster("doctor")
    if any(words in out + err for words in ("is not in the ledger", "overlap", "tally", "what was read")):
        raise Fault("doctor: " + out + err)


def main():
    good, number = True, 0
    only = os.environ.get("SCENARIO")
    for path in sys.argv[2:]:
        scenarios = []
        with open(path, encoding="utf-8") as text:
            for line in text:
                line = line.split("#")[0].rstrip()
                if line.startswith("== "):
                    scenarios.append((line[3:], []))
                elif line.strip():
                    scenarios[-1][1].append(line)
        for title, scenario in scenarios:
            number += 1
            if only is not None and only not in title:
                continue
            folder = tempfile.mkdtemp(prefix="muster-scenario-")
            try:
                run(scenario, folder)
                print("ok %d - %s" % (number, title))
            except Fault as fault:
                good = False
                print("not ok %d - %s" % (number, title))
                print("# " + str(fault).replace("\n", "\n# "))
            finally:
                if os.environ.get("SCENARIO_KEEP") is None:
                    shutil.rmtree(folder)
                else:
                    print("# kept " + folder)
            sys.stdout.flush()
    print("1..%d" % number)
    sys.exit(0 if good else 1)


main()
