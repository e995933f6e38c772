"""bench-match: the matcher on public sets with known truth, one table; a part of what tools/bench shows.

    python3 tools/bench-match.py MUSTER DATA [SET...]

MUSTER is the program, DATA a folder that holds the sets, each in a folder of its name: febrl, miis, cdc-recordlinker,
historical-50k, opencr-uganda, senzing-truthset, members-sim-dev. Every set is turned into the CSV of `match link` and
measured by `match evaluate`; nothing is tuned per set but --train where the line says so. Beside each figure stands the
one to reach, or the best that is known of others.
"""
import csv
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

import bench_table
import sim_halves

COLUMNS = ["id", "member_id", "subscriber_id", "relationship", "last_name", "first_name", "middle_name", "suffix",
           "ssn", "birth_on", "sex", "address1", "city", "state", "zip", "phone", "email", "group_id"]


def write_table(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def write_truth(path, pairs):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["left_id", "right_id"])
        writer.writerows(pairs)


def read_rows(path, **options):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines, **options):
            yield {(key or "").strip(): (value or "").strip() for key, value in row.items() if key is not None}


def iso(day):
    return "%s-%s-%s" % (day[:4], day[4:6], day[6:]) if re.fullmatch(r"\d{8}", day) else day


def run(program, *arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("%s: %s" % (" ".join(arguments), done.stderr))
    return done.stdout


def link(program, folder, left, right, truth, *options):
    """Measures as `match evaluate --json` gives them."""
    run(program, "match", "link", "--left", left, "--right", right, "--out", folder + "/pairs.csv", *options)
    return json.loads(run(program, "--json", "match", "evaluate", "--left", left, "--pairs", folder + "/pairs.csv",
                          "--truth", truth))


def report(name, rows, measured, **bars):
    """`bars`: what is to be reached (wrong, recall, exact, review, error)."""
    bench_table.note("%s: %d rows, %d matched automatically" % (name, rows, measured["automatic"]))
    bench_table.row("wrong automatic matches", measured["automatic_wrong"], digits=0, at_most=bars.get("wrong"))
    bench_table.row("recall of automatic matches", float(measured["recall"]), digits=4, at_least=bars.get("recall"))
    bench_table.row("recall at precision 0.9999", float(measured["recall_at_precision_0_9999"]), digits=4,
                    at_least=bars.get("exact"))
    bench_table.row("F1 at the best threshold", float(measured["f1"]), digits=4)
    bench_table.row("sent to a person", measured["review_rows"] / max(1, measured["left_rows"]), digits=4,
                    at_most=bars.get("review"))
    bench_table.row("expected calibration error", float(measured["expected_calibration_error"]), digits=5,
                    at_most=bars.get("error"))


def american_day(text):
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{2,4})", text)
    if not match:
        return text
    year = int(match.group(3))
    year += (1900 if year > 24 else 2000) if year < 100 else 0
    return "%04d-%02d-%02d" % (year, int(match.group(1)), int(match.group(2)))


def febrl_row(row):
    return {"id": row["rec_id"], "first_name": row["given_name"], "last_name": row["surname"],
            "address1": (row["street_number"] + " " + row["address_1"]).strip(), "address2": row["address_2"],
            "city": row["suburb"], "zip": row["postcode"], "state": row["state"],
            "birth_on": iso(row["date_of_birth"]), "ssn": row["soc_sec_id"]}


def bench_febrl(program, data, folder):
    person = lambda name: name.split("-")[1]
    a, b = ([febrl_row(row) for row in read_rows(data + "/febrl/dataset4%s.csv" % half)] for half in "ab")
    of_person = {person(row["id"]): row["id"] for row in b}
    write_table(folder + "/a.csv", a)
    write_table(folder + "/b.csv", b)
    write_truth(folder + "/t.csv", [(row["id"], of_person[person(row["id"])]) for row in a])
    for options in ((), ("--train",)):
        measured = link(program, folder, folder + "/a.csv", folder + "/b.csv", folder + "/t.csv", *options)
        report(" ".join(("febrl4", *options)), len(a), measured, wrong=0, exact=0.9998)
    rows = [febrl_row(row) for row in read_rows(data + "/febrl/dataset3.csv")]
    groups = {}
    for row in rows:
        groups.setdefault(person(row["id"]), []).append(row["id"])
    pairs = [(x, y) for group in groups.values() for i, x in enumerate(group) for y in group[i + 1:]]
    write_table(folder + "/a.csv", rows)
    write_truth(folder + "/t.csv", pairs)
    for options in ((), ("--train",)):
        measured = link(program, folder, folder + "/a.csv", folder + "/a.csv", folder + "/t.csv", *options)
        report(" ".join(("febrl3, %d pairs" % len(pairs), *options)), len(rows), measured, wrong=0, exact=0.9985)


def clusters_as_pairs(rows, cluster_of):
    groups = {}
    for row in rows:
        groups.setdefault(cluster_of[row["id"]], []).append(row["id"])
    return [(x, y) for group in groups.values() for i, x in enumerate(group) for y in group[i + 1:]]


def bench_historical(program, data, folder):
    rows, cluster_of = [], {}
    for row in read_rows(data + "/historical-50k/historical_50k.csv.gz"):
        rows.append({"id": row["unique_id"], "first_name": row["first_name"], "last_name": row["surname"],
                     "birth_on": row["dob"], "city": row["birth_place"], "zip": row["postcode_fake"],
                     "sex": row["gender"][:1].upper()})
        cluster_of[row["unique_id"]] = row["cluster"]
    pairs = clusters_as_pairs(rows, cluster_of)
    write_table(folder + "/a.csv", rows)
    write_truth(folder + "/t.csv", pairs)
    measured = link(program, folder, folder + "/a.csv", folder + "/a.csv", folder + "/t.csv", "--train")
    report("historical-50k, %d pairs, --train" % len(pairs), len(rows), measured, wrong=0)


def bench_uganda(program, data, folder):
    rows = [{"id": row["rec_id"], "first_name": row["given_name"], "last_name": row["surname"], "sex": row["sex"].upper(),
             "birth_on": iso(row["date_of_birth"]), "phone": row["phone_number"].replace(" ", ""),
             "ssn": row["uganda_nin"], "member_id": row["art_number"]}
            for row in read_rows(data + "/opencr-uganda/uganda_data_v21_20201501.csv")]
    pairs = [(row["rec_id_1"], row["rec_id_2"])
             for row in read_rows(data + "/opencr-uganda/uganda_data_v21_20201501_true_links.csv")]
    write_table(folder + "/a.csv", rows)
    write_truth(folder + "/t.csv", pairs)
    measured = link(program, folder, folder + "/a.csv", folder + "/a.csv", folder + "/t.csv", "--train")
    report("opencr-uganda, %d pairs, --train" % len(pairs), len(rows), measured, wrong=0)


def bench_senzing(program, data, folder):
    rows, key = [], {}
    for row in read_rows(data + "/senzing-truthset/actual_truthset_key.csv"):
        key[row["DATA_SOURCE"] + row["RECORD_ID"]] = row["CLUSTER_ID"]
    for source in ("customers", "reference", "watchlist"):
        for row in read_rows(data + "/senzing-truthset/%s.csv" % source):
            name = row["DATA_SOURCE"] + row["RECORD_ID"]
            if row.get("RECORD_TYPE") != "PERSON" or name not in key:
                continue
            address = re.match(r"(.*?),(.*?)(\d{5})?$", row.get("ADDR_FULL", ""))
            full = row.get("PRIMARY_NAME_FULL", "").split()
            rows.append({"id": name, "last_name": row.get("PRIMARY_NAME_LAST", "") or " ".join(full[-1:]),
                         "first_name": row.get("PRIMARY_NAME_FIRST", "") or " ".join(full[:1]),
                         "middle_name": row.get("PRIMARY_NAME_MIDDLE", ""), "sex": row.get("GENDER", ""),
                         "birth_on": american_day(row["DATE_OF_BIRTH"]), "ssn": row.get("SSN_NUMBER", ""),
                         "address1": row.get("ADDR_LINE1", "") or (address.group(1) if address else ""),
                         "zip": row.get("ADDR_POSTAL_CODE", "") or (address.group(3) or "" if address else ""),
                         "city": row.get("ADDR_CITY", ""), "phone": row.get("PHONE_NUMBER", ""),
                         "email": row.get("EMAIL_ADDRESS", "")})
    pairs = clusters_as_pairs(rows, key)
    write_table(folder + "/a.csv", rows)
    write_truth(folder + "/t.csv", pairs)
    measured = link(program, folder, folder + "/a.csv", folder + "/a.csv", folder + "/t.csv")
    report("senzing-truthset, %d pairs" % len(pairs), len(rows), measured, wrong=0)


def cdc_row(row, name):
    return {"id": name, "first_name": row["FIRST"], "last_name": row["LAST"], "suffix": row["SUFFIX"],
            "birth_on": american_day(row["BIRTHDATE"]), "sex": row["GENDER"], "address1": row["ADDRESS"], "city": row["CITY"],
            "state": row["STATE"], "zip": row["ZIP"], "ssn": row["SSN"].replace(" ", "")}


def decisions(path):
    decided = {}
    for row in read_rows(path):
        decided.setdefault(row["left_id"], []).append(row)
    return decided


def share(counts, *words):
    return sum(counts.get(word, 0) for word in words) / max(1, sum(counts.values()))


def report_labels(name, counted, same, unsure, other):
    """Pairs that experts call the same person, perhaps the same, or another: what became of them."""
    bench_table.note("%s: %s" % (name, "; ".join("%s: %s" % (label, ", ".join(
        "%s %d" % (word, count) for word, count in sorted(counted.get(label, {}).items())))
        for label in (same, unsure, other))))
    bench_table.row("no match, but matched automatically", counted.get(other, {}).get("auto", 0) +
                    counted.get(other, {}).get("auto other", 0), digits=0, at_most=0)
    bench_table.row("possible match, sent to a person", share(counted.get(unsure, {}), "review", "review other"),
                    digits=4, at_least=0.8)
    bench_table.row("match, found: automatically or as a candidate", share(counted.get(same, {}), "auto", "review"),
                    digits=4, at_least=0.9)


def bench_cdc(program, data, folder):
    seeds = [cdc_row(row, row["Match Id"]) for row in read_rows(data + "/cdc-recordlinker/nbs_seed.csv")]
    tests = list(read_rows(data + "/cdc-recordlinker/nbs_test.csv"))
    write_table(folder + "/b.csv", seeds)
    write_table(folder + "/a.csv", [cdc_row(row, row["Test Case #"]) for row in tests])
    run(program, "match", "link", "--left", folder + "/a.csv", "--right", folder + "/b.csv", "--out",
        folder + "/pairs.csv")
    decided, counted = decisions(folder + "/pairs.csv"), {}
    for row in tests:
        pairs = decided.get(row["Test Case #"], [])
        word = "none"
        if pairs:
            word = "review" if all(pair["decision"] != "auto" for pair in pairs) else "auto"
            best = [pair for pair in pairs if pair["decision"] == "auto"] or pairs
            if best[0]["right_id"] != row["Match Id"]:
                word += " other"
        counts = counted.setdefault(row["Expected Result"], {})
        counts[word] = counts.get(word, 0) + 1
    report_labels("cdc-recordlinker", counted, "match", "possible_match", "no_match")


def miis_row(text, name):
    keys = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    day = keys.get("birthDate", "")
    return {"id": name, "first_name": keys.get("nameFirst", ""), "last_name": keys.get("nameLast", ""),
            "middle_name": keys.get("nameMiddle", ""), "suffix": keys.get("nameSuffix", ""), "birth_on": iso(day),
            "sex": keys.get("gender", ""), "ssn": keys.get("ssn", ""), "phone": keys.get("phone", ""),
            "address1": keys.get("addressStreet1", ""), "city": keys.get("addressCity", ""),
            "state": keys.get("addressState", ""), "zip": keys.get("addressZip", "")}


def bench_miis(program, data, folder):
    left, right, labels = [], [], {}
    with gzip.open(data + "/miis/MIIS-F2-generated.txt.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            head, _, rest = line.strip().partition(":")
            if head == "TEST":
                name = str(len(labels) + 1)
            elif head == "EXPECT":
                labels[name] = rest.strip()
            elif head == "PATIENT A":
                left.append(miis_row(rest, name))
            elif head == "PATIENT B":
                right.append(miis_row(rest, name))
    write_table(folder + "/a.csv", left)
    write_table(folder + "/b.csv", right)
    run(program, "match", "link", "--left", folder + "/a.csv", "--right", folder + "/b.csv", "--out",
        folder + "/pairs.csv")
    decided, counted = decisions(folder + "/pairs.csv"), {}
    for name, label in labels.items():
        word = "none"
        for pair in decided.get(name, []):
            if pair["right_id"] == name:
                word = pair["decision"]
        counts = counted.setdefault(label, {})
        counts[word] = counts.get(word, 0) + 1
    report_labels("miis", counted, "Match", "Possible Match", "Not a Match")


def sim_row(row, name):
    return {"id": name, "member_id": row["member_id"], "subscriber_id": row["subscriber_no"],
            "relationship": row["relationship"], "last_name": row["last_name"], "first_name": row["first_name"],
            "middle_name": row["middle_name"], "suffix": row["suffix"], "ssn": row["ssn"], "birth_on": iso(row["dob"]),
            "sex": row["sex"], "address1": row["street"], "city": row["city"], "state": row["state"],
            "zip": row["zip"], "phone": row["phone"], "group_id": row["group_no"]}


def measure_half(program, folder, rows, halves, half, truth):
    """The pairs of the last `link` again, of the records of one half alone."""
    inside = {row["id"] for row in rows if halves[row["id"]] == half}
    write_table(folder + "/half.csv", [row for row in rows if row["id"] in inside])
    write_truth(folder + "/half-t.csv", [pair for pair in truth if pair[0] in inside])
    with open(folder + "/half-pairs.csv", "w", newline="", encoding="utf-8") as out:
        pairs = [row for row in read_rows(folder + "/pairs.csv") if row["left_id"] in inside]
        writer = csv.DictWriter(out, list(pairs[0]))
        writer.writeheader()
        writer.writerows(pairs)
    return len(inside), json.loads(run(program, "--json", "match", "evaluate", "--left", folder + "/half.csv", "--pairs",
                                       folder + "/half-pairs.csv", "--truth", folder + "/half-t.csv"))


def bench_sim(program, data, folder):
    members = list(read_rows(data + "/members-sim-dev/members.csv"))
    records = list(read_rows(data + "/members-sim-dev/incoming.csv"))
    halves = sim_halves.of_records(members, records)
    truth = [(row["record_id"], row["truth_member_id"]) for row in records if row["truth_member_id"]]
    write_table(folder + "/b.csv", [sim_row(row, row["member_id"]) for row in members])
    write_truth(folder + "/t.csv", truth)
    for name, left_out, bars in (
            ("members-sim-dev", (), {"recall": 0.995, "review": 0.008, "error": 0.0005}),
            ("members-sim-dev without ids", ("member_id", "subscriber_id", "group_id"), {"recall": 0.99}),
            ("members-sim-dev without ids and SSN", ("member_id", "subscriber_id", "group_id", "ssn"),
             {"recall": 0.97})):
        rows = [sim_row(row, row["record_id"]) for row in records]
        for row in rows:
            row.update(dict.fromkeys(left_out, ""))
        write_table(folder + "/a.csv", rows)
        measured = link(program, folder, folder + "/a.csv", folder + "/b.csv", folder + "/t.csv")
        report(name, len(rows), measured, wrong=0, **bars)
        for half, what in ((0, "the half learned from"), (1, "the half never learned from")):
            count, measured = measure_half(program, folder, rows, halves, half, truth)
            report("%s, %s" % (name, what), count, measured, wrong=0, **bars)


SETS = {"members-sim-dev": bench_sim, "febrl": bench_febrl, "miis": bench_miis, "cdc-recordlinker": bench_cdc,
        "historical-50k": bench_historical, "opencr-uganda": bench_uganda, "senzing-truthset": bench_senzing}


def main():
    program, data = os.path.abspath(sys.argv[1]), sys.argv[2]
    for name in sys.argv[3:] or SETS:
        with tempfile.TemporaryDirectory() as folder:
            if os.path.isdir(data + "/" + name):
                SETS[name](program, data, folder)
            else:
                bench_table.note("%s is skipped: there is no %s/%s" % (name, data, name))


main()
