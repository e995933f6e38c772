"""sim_halves: members-sim-dev in two halves of whole households; imported by bench-match.py and train-model.py.

The shipped weights are learned on half 0 and nothing of half 1 is ever learned from. A household falls on the side of the
checksum of its subscriber number; people not on file go with the household among whose records they stand, strangers
by the checksum of their own record.
"""
import zlib


def side(text):
    return zlib.crc32(text.encode("utf-8")) & 1


def of_members(members):
    """Which half, per member_id."""
    return {row["member_id"]: side(row["subscriber_no"]) for row in members}


def of_records(members, records):
    """Which half, per record_id. Records follow each other as sent: a household's together, the subscriber first."""
    halves, last, known = {}, 0, of_members(members)
    for row in records:
        if row["truth_member_id"]:
            last = known[row["truth_member_id"]]
        elif "new_person" in row["truth_tags"].split("|"):
            last = side(row["record_id"])
        halves[row["record_id"]] = last
    return halves
