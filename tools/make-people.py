"""make-people: an invented plan and what its sponsors send, with the truth, for the matcher.

    python3 tools/make-people.py SEED FAMILIES FOLDER [KIND]

KIND says how often what goes wrong: usual, which the matcher was made with; or rough, tidy, foreign, which it was only
ever measured with. What is reported of them is of seeds that nobody looked at before.

Writes members.csv, records.csv (columns of `muster match link`) and truth.csv. Families with twins, sons named after
their fathers, marriages, moves; records with slips of every kind, and people nobody knows yet: newborns, unknown twins
(with another name, a like-sounding one, one a letter away, the sibling's nickname, the same middle name), namesakes,
holders of recycled SSNs. Names are drawn as often as they are in the US, so that strangers share them. All people are
invented.
"""
import csv
import datetime
import os
import random
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COLUMNS = ["id", "member_id", "subscriber_id", "relationship", "last_name", "first_name", "middle_name", "suffix",
           "ssn", "birth_on", "sex", "address1", "city", "state", "zip", "phone", "group_id"]
STREETS = ["MAIN ST", "OAK AVE", "HILL RD", "2ND ST", "LAKE DR", "MAPLE LN", "RIVER CT", "PARK BLVD", "ELM ST", "CEDAR WAY"]


# Shares of members and records.
USUAL = {
    "has_ssn": 0.93, "middle_initial": 0.15, "own_phone": 0.5, "spouse": 0.5, "junior": 0.04, "twins": 0.03,
    "twin_like": 0.25, "twin_nickname": 0.32, "twin_middle": 0.38, "twin_letter": 0.43, "twin_ssn_near": 0.7,
    "sends_id": 0.3, "sends_family": 0.6, "no_ssn": 0.17, "cuts_middle": 0.5, "nickname": 0.026, "first_typo": 0.02,
    "first_initial": 0.006, "goes_by_middle": 0.005, "last_typo": 0.02, "married": 0.006, "swapped_names": 0.005,
    "ssn_digit": 0.018, "birth_digit": 0.012, "birth_january": 0.003, "birth_swapped": 0.003, "sex": 0.005,
    "family_ssn": 0.015, "moved": 0.1, "street_typo": 0.03, "no_address": 0.01, "other_id": 0.002,
    "other_family": 0.005, "no_suffix": 0.003, "newcomers": 0.25,
    "new_twin": 0.05, "new_child": 0.20, "new_namesake": 0.30, "new_ssn_holder": 0.33, "namesake_day": 0.2,
    "child_junior": 0.15, "child_family_ssn": 0.15,
}
KINDS = {
    "usual": USUAL,
    # Sponsors without numbers, who type everything: twice and three times the slips, few SSNs.
    "rough": {**USUAL, "has_ssn": 0.8, "sends_id": 0.1, "sends_family": 0.4, "no_ssn": 0.35, "nickname": 0.05,
              "first_typo": 0.05, "first_initial": 0.02, "goes_by_middle": 0.015, "last_typo": 0.05, "married": 0.02,
              "swapped_names": 0.012, "ssn_digit": 0.05, "birth_digit": 0.03, "birth_january": 0.01,
              "birth_swapped": 0.01, "sex": 0.012, "family_ssn": 0.05, "moved": 0.25, "no_address": 0.06,
              "other_id": 0.01, "other_family": 0.02, "newcomers": 0.4, "child_family_ssn": 0.3},
    # Good data, and all the traps of kinship: many twins and sons with their fathers' names, many of them new.
    "tidy": {**USUAL, "has_ssn": 0.99, "sends_id": 0.6, "sends_family": 0.9, "no_ssn": 0.05, "first_typo": 0.005,
             "last_typo": 0.005, "ssn_digit": 0.005, "birth_digit": 0.004, "moved": 0.05, "junior": 0.3, "twins": 0.12,
             "twin_like": 0.45, "twin_nickname": 0.55, "twin_middle": 0.65, "twin_letter": 0.8, "twin_ssn_near": 0.9,
             "newcomers": 0.4, "new_twin": 0.35, "new_child": 0.6, "new_namesake": 0.8, "new_ssn_holder": 0.9,
             "namesake_day": 0.4, "child_junior": 0.4},
    # Names that keyboards and clerks change, middle names as first ones, SSNs that come later or are placeholders.
    "foreign": {**USUAL, "has_ssn": 0.7, "middle_initial": 0.05, "sends_id": 0.2, "no_ssn": 0.3, "nickname": 0.06,
                "first_typo": 0.06, "goes_by_middle": 0.05, "last_typo": 0.06, "swapped_names": 0.04,
                "birth_january": 0.03, "birth_swapped": 0.03, "moved": 0.2, "other_family": 0.01, "twins": 0.05},
}


class Names:
    def __init__(self):
        self.pools, self.given = {"F": ([], []), "L": ([], [])}, set()
        with open(ROOT + "/specs/name-frequencies.csv", encoding="utf-8") as lines:
            for line in lines:
                if line[0] != "#":
                    kind, name, tenths = line.strip().split(",")
                    if kind != "L":
                        self.given.add(name)
                    if kind not in self.pools:
                        continue
                    self.pools[kind][0].append(name)
                    self.pools[kind][1].append(2.0 ** (-int(tenths) / 10.0))
        self.cumulative = {}
        for kind, (names, weights) in self.pools.items():
            total, sums = 0.0, []
            for weight in weights:
                total += weight
                sums.append(total)
            self.cumulative[kind] = sums
        self.nicknames = {}
        with open(ROOT + "/specs/nicknames.csv", encoding="utf-8") as lines:
            for line in lines:
                if line[0] != "#":
                    name, short, long_ = (line.strip().split(",") + ["", ""])[:3]
                    self.nicknames[name] = (short + " " + long_).split()

    def draw(self, rng, kind):
        return rng.choices(self.pools[kind][0], cum_weights=self.cumulative[kind])[0]

    def like(self, rng, name, kind="F"):
        """Another name with the same beginning."""
        near = [other for other in self.pools[kind][0] if other[:2] == name[:2] and other != name]
        return rng.choice(near) if near else self.draw(rng, kind)

    def one_letter_off(self, rng, name):
        """Another name that somebody is called, one letter away: DIANE and DUANE."""
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        near = {name[:at] + letter + name[end:] for at in range(len(name) + 1) for letter in ("", *letters)
                for end in (at, at + 1)}
        near = sorted(other for other in near if other in self.given and other != name)
        return rng.choice(near) if near else self.like(rng, name)


def typo(rng, text, letters="ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
    at, kind = rng.randrange(len(text)), rng.randrange(4)
    if kind == 0 and len(text) > 3:
        return text[:at] + text[at + 1:]
    if kind == 1:
        return text[:at] + rng.choice(letters) + text[at:]
    if kind == 2 and at + 1 < len(text):
        return text[:at] + text[at + 1] + text[at] + text[at + 2:]
    return text[:at] + rng.choice(letters) + text[at + 1:]


def digit_off(rng, digits):
    at = rng.randrange(len(digits))
    if rng.random() < 0.3 and at + 1 < len(digits) and digits[at] != digits[at + 1]:
        return digits[:at] + digits[at + 1] + digits[at] + digits[at + 2:]
    return digits[:at] + rng.choice("0123456789".replace(digits[at], "")) + digits[at + 1:]


class Plan:
    def __init__(self, seed, families, rates):
        self.rates = rates
        self.rng, self.names, self.members, self.serial = random.Random(seed), Names(), [], 0
        self.families = [self.family(number) for number in range(families)]

    def ssn(self):
        while True:
            ssn = "%03d%02d%04d" % (self.rng.randrange(1, 899), self.rng.randrange(1, 99), self.rng.randrange(1, 9999))
            if not ssn.startswith("666"):
                return ssn

    def day(self, low, high):
        return datetime.date.fromordinal(self.rng.randrange(datetime.date(low, 1, 1).toordinal(),
                                                            datetime.date(high, 12, 31).toordinal()))

    def person(self, home, relationship, birth, **values):
        rng = self.rng
        self.serial += 1
        person = {"member_id": "M%07d" % (self.serial * 7), "relationship": relationship,
                  "first_name": self.names.draw(rng, "F"), "middle_name": self.names.draw(rng, "F"), "suffix": "",
                  "ssn": self.ssn() if rng.random() < self.rates["has_ssn"] else "", "birth_on": birth.isoformat(),
                  "sex": rng.choice("FM")}
        if rng.random() < self.rates["middle_initial"]:
            person["middle_name"] = person["middle_name"][:1]
        person.update(home)
        if rng.random() < self.rates["own_phone"]:
            person["phone"] = "206%07d" % rng.randrange(2000000, 9999999)
        person.update(values)
        return person

    def home(self, number):
        rng = self.rng
        return {"subscriber_id": "S%06d" % number, "group_id": "G%03d" % (number % 40),
                "last_name": self.names.draw(rng, "L"), "address1": "%d %s" % (rng.randrange(1, 9999), rng.choice(STREETS)),
                "city": rng.choice(["MADISON", "CLINTON", "MILTON", "FAIRVIEW"]), "state": "WA",
                "zip": "980%02d" % rng.randrange(100), "phone": "206%07d" % rng.randrange(2000000, 9999999)}

    def twin_of(self, person):
        """Born on the same day; SSN often one digit off; a name of any likeness."""
        rng, twin = self.rng, dict(person)
        self.serial += 1
        twin["member_id"] = "M%07d" % (self.serial * 7)
        kind = rng.random()
        first = person["first_name"]
        nicknames = [name for name in self.names.nicknames.get(first, ()) if len(name) > 2]
        if kind < self.rates["twin_like"]:
            twin["first_name"] = self.names.like(rng, first)
        elif kind < self.rates["twin_nickname"] and nicknames:
            twin["first_name"] = rng.choice(nicknames)
        elif kind < self.rates["twin_middle"] and len(person["middle_name"]) > 2:
            twin["first_name"] = person["middle_name"]
        elif kind < self.rates["twin_letter"]:
            twin["first_name"] = self.names.one_letter_off(rng, first)
        else:
            twin["first_name"] = self.names.draw(rng, "F")
        if twin["first_name"] == first:
            twin["first_name"] = first + "A"
        if rng.random() > 0.1:
            twin["middle_name"] = self.names.draw(rng, "F")
        twin["suffix"] = ""
        if person["ssn"] and rng.random() < self.rates["twin_ssn_near"]:
            twin["ssn"] = digit_off(rng, person["ssn"])
        elif rng.random() < 0.5:
            twin["ssn"] = ""
        else:
            twin["ssn"] = self.ssn()
        twin["sex"] = person["sex"] if rng.random() < 0.7 else rng.choice("FM")
        return twin

    def family(self, number):
        rng, home = self.rng, self.home(number)
        people = [self.person(home, "18", self.day(1945, 2002))]
        year = int(people[0]["birth_on"][:4])
        if rng.random() < self.rates["spouse"]:
            people.append(self.person(home, "01", self.day(max(1940, year - 8), min(2003, year + 8))))
            people[1]["sex"] = "F" if people[0]["sex"] == "M" else "M"
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 2, 3, 4))):
            low = max(1975, year + 19)
            if low > 2023:
                break
            child = self.person(home, rng.choice(("19", "19", "19", "19", "17", "05")), self.day(low, 2024))
            people.append(child)
            if child["sex"] == "M" and people[0]["sex"] == "M" and rng.random() < self.rates["junior"]:
                child["first_name"], child["suffix"] = people[0]["first_name"], "JR"
                if rng.random() < 0.5:
                    people[0]["suffix"] = "SR"
            if rng.random() < self.rates["twins"]:
                people.append(self.twin_of(child))
        self.members += people
        return people


def spoil(plan, sent, people, others):
    """What happens to a record on its way."""
    rng, names, first, rates = plan.rng, plan.names, sent["first_name"], plan.rates
    if rng.random() > rates["sends_id"]:
        sent["member_id"] = ""
    if rng.random() > rates["sends_family"]:
        sent["subscriber_id"] = ""
    if rng.random() < rates["no_ssn"]:
        sent["ssn"] = ""
    if rng.random() < rates["cuts_middle"]:
        sent["middle_name"] = sent["middle_name"][:1] if rng.random() < 0.6 else ""
    if rng.random() < rates["nickname"] and names.nicknames.get(first):
        sent["first_name"] = rng.choice(names.nicknames[first])
    elif rng.random() < rates["first_typo"]:
        sent["first_name"] = typo(rng, first)
    elif rng.random() < rates["first_initial"]:
        sent["first_name"] = first[:1]
    elif rng.random() < rates["goes_by_middle"] and len(sent["middle_name"]) > 2:
        sent["first_name"], sent["middle_name"] = sent["middle_name"], rng.choice(("", first, first[:1]))
    if rng.random() < rates["last_typo"]:
        sent["last_name"] = typo(rng, sent["last_name"])
    elif rng.random() < rates["married"] and sent["sex"] == "F":
        sent["last_name"] = names.draw(rng, "L")
    if rng.random() < rates["swapped_names"]:
        sent["first_name"], sent["last_name"] = sent["last_name"], sent["first_name"]
    if rng.random() < rates["ssn_digit"] and sent["ssn"]:
        sent["ssn"] = digit_off(rng, sent["ssn"])
    if rng.random() < rates["birth_digit"]:
        day = sent["birth_on"].replace("-", "")
        day = digit_off(rng, day)
        sent["birth_on"] = "%s-%s-%s" % (day[:4], day[4:6], day[6:])
    elif rng.random() < rates["birth_january"]:
        sent["birth_on"] = sent["birth_on"][:4] + "-01-01"
    elif rng.random() < rates["birth_swapped"]:
        sent["birth_on"] = "%s-%s-%s" % (sent["birth_on"][:4], sent["birth_on"][8:], sent["birth_on"][5:7])
    if rng.random() < rates["sex"]:
        sent["sex"] = "F" if sent["sex"] == "M" else "M"
    if sent["relationship"] != "18" and rng.random() < rates["family_ssn"]:
        sent["ssn"] = people[0]["ssn"]
    if rng.random() < rates["moved"]:
        sent.update({key: plan.home(0)[key] for key in ("address1", "zip", "phone")})
    elif rng.random() < rates["street_typo"]:
        sent["address1"] = typo(rng, sent["address1"])
    if rng.random() < rates["no_address"]:
        sent["address1"] = sent["zip"] = sent["city"] = ""
    if rng.random() < rates["other_id"]:
        sent["member_id"] = rng.choice(people if rng.random() < 0.2 else others)["member_id"]
    if rng.random() < rates["other_family"]:
        sent["subscriber_id"] = rng.choice(others)["subscriber_id"]
    if rng.random() < rates["no_suffix"]:
        sent["suffix"] = ""
    return sent


def newcomer(plan, people):
    """Somebody of this family whom nobody knows yet, or a stranger."""
    rng, home = plan.rng, {key: people[0][key] for key in (
        "subscriber_id", "group_id", "last_name", "address1", "city", "state", "zip", "phone")}
    kind, rates = rng.random(), plan.rates
    children = [person for person in people if person["relationship"] == "19"]
    if kind < rates["new_twin"] and children:
        return plan.twin_of(rng.choice(children))
    if kind < rates["new_child"]:
        child = plan.person(home, "19", plan.day(2005, 2025))
        if people[0]["sex"] == "M" and rng.random() < rates["child_junior"]:
            child.update(first_name=people[0]["first_name"], sex="M", suffix=rng.choice(("JR", "")))
        if rng.random() < rates["child_family_ssn"]:
            child["ssn"] = people[0]["ssn"]
        return child
    stranger = plan.person(plan.home(len(plan.families) + plan.serial), "18", plan.day(1945, 2004))
    other = rng.choice(plan.members)
    if kind < rates["new_namesake"]:
        stranger.update(first_name=other["first_name"], last_name=other["last_name"])
        if rng.random() < rates["namesake_day"]:
            stranger["birth_on"] = other["birth_on"]
    elif kind < rates["new_ssn_holder"]:
        stranger["ssn"] = other["ssn"]
    return stranger


def write(path, columns, rows):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def main():
    seed, families, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    plan = Plan(seed, families, KINDS[sys.argv[4] if len(sys.argv) > 4 else "usual"])
    records, truth, rng = [], [], plan.rng
    known = list(plan.members)
    for _ in range(6):
        for people in plan.families:
            if rng.random() > 0.85:
                continue
            for person in people:
                if rng.random() < 0.95:
                    sent = spoil(plan, dict(person), people, known)
                    sent["id"] = "R%07d" % len(records)
                    truth.append({"left_id": sent["id"], "right_id": person["member_id"]})
                    records.append(sent)
            if rng.random() < plan.rates["newcomers"]:
                person = newcomer(plan, people)
                sent = spoil(plan, dict(person), people, known)
                if sent["member_id"] in [person["member_id"]] + [member["member_id"] for member in people]:
                    sent["member_id"] = ""
                sent["id"] = "R%07d" % len(records)
                records.append(sent)
    write(folder + "/members.csv", COLUMNS, [dict(member, id=member["member_id"]) for member in known])
    write(folder + "/records.csv", COLUMNS, records)
    write(folder + "/truth.csv", ["left_id", "right_id"], truth)


main()
