"""train-model: the weights that muster carries, learned again.

    python3 tools/train-model.py MUSTER DATA VERSION > specs/model.yaml

MUSTER is the program, DATA the folder that holds members-sim-dev. Half 0 of its households (tools/sim_halves.py) is
learned from with its truth; tools/model-prior.yaml is what is thought before. Half 1 stays unseen: tools/bench
measures it by itself. The same data give the same bytes, whatever weights MUSTER carries.
"""
import csv
import os
import subprocess
import sys
import tempfile

import sim_halves

PRIOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model-prior.yaml")
COLUMNS = {"member_id": "member_id", "subscriber_id": "subscriber_no", "relationship": "relationship",
           "last_name": "last_name", "first_name": "first_name", "middle_name": "middle_name", "suffix": "suffix",
           "ssn": "ssn", "birth_on": "dob", "sex": "sex", "address1": "street", "city": "city", "state": "state",
           "zip": "zip", "phone": "phone", "group_id": "group_no"}


def write(path, rows, id_column):
    with open(path, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["id", *COLUMNS])
        for row in rows:
            day = row["dob"]
            iso = "%s-%s-%s" % (day[:4], day[4:6], day[6:]) if len(day) == 8 else day
            writer.writerow([row[id_column]] + [iso if name == "dob" else row[name] for name in COLUMNS.values()])


def main():
    program, data, version = os.path.abspath(sys.argv[1]), sys.argv[2] + "/members-sim-dev", sys.argv[3]
    with open(data + "/members.csv", encoding="utf-8", newline="") as lines:
        members = list(csv.DictReader(lines))
    with open(data + "/incoming.csv", encoding="utf-8", newline="") as lines:
        records = list(csv.DictReader(lines))
    of_member, of_record = sim_halves.of_members(members), sim_halves.of_records(members, records)
    records = [row for row in records if of_record[row["record_id"]] == 0]
    with tempfile.TemporaryDirectory() as folder:
        write(folder + "/members.csv", [row for row in members if of_member[row["member_id"]] == 0], "member_id")
        write(folder + "/records.csv", records, "record_id")
        with open(folder + "/truth.csv", "w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(["left_id", "right_id"])
            writer.writerows((row["record_id"], row["truth_member_id"]) for row in records)
        subprocess.run([program, "match", "train", "--left", folder + "/records.csv", "--right", folder + "/members.csv",
                        "--truth", folder + "/truth.csv", "--model", PRIOR, "--out", folder + "/model.yaml"], check=True,
                       stdout=sys.stderr)
        with open(folder + "/model.yaml", encoding="utf-8") as lines:
            for line in lines:
                line = "name: default\n" if line.startswith("name:") else line
                sys.stdout.write("version: %s\n" % version if line.startswith("version:") else line)


main()
