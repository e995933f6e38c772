"""name-frequencies: make specs/name-frequencies.csv from the Census name lists.

    python3 tools/name-frequencies.py FOLDER > specs/name-frequencies.csv

FOLDER holds census2010-last-name.csv.gz, dist.male.first and dist.female.first. Names rarer than 2^-15 are left out:
a name that is not listed counts as that rare, and no rarer, for lists of the whole country say little about one plan.
"""
import gzip
import math
import re
import sys

BITS_MAX = 15.0


def surnames(folder):
    counts = {}
    with gzip.open(folder + "/census2010-last-name.csv.gz", "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            name, count = line.rsplit(",", 1)
            name = re.sub("[^A-Z]", "", name.upper())
            counts[name] = counts.get(name, 0) + int(count)
    whole = sum(counts.values()) / 0.9  # the list covers nine in ten people
    return {name: count / whole for name, count in counts.items()}


def first_names(folder):
    shares = {}
    for sex in ("male", "female"):
        with open("%s/dist.%s.first" % (folder, sex), encoding="ascii") as lines:
            for line in lines:
                name, percent = line.split()[:2]
                shares[name] = shares.get(name, 0.0) + float(percent) / 200.0
    return shares


def main():
    folder = sys.argv[1]
    print("# How often a name is among the people of the US: F first name or L last name, name, -log2 of its share times 10.")
    print("#")
    print("# Computed from lists of the US Census Bureau, which are in the public domain: 1990 first names (dist.male.first,")
    print("# dist.female.first; each half), 2010 surnames. Rarer than 1 in %d left out. Made by tools/name-frequencies.py." % 2 ** BITS_MAX)
    rows = []
    for kind, shares in (("F", first_names(folder)), ("L", surnames(folder))):
        for name, share in shares.items():
            bits = -math.log2(share) if share > 0 else 99.0
            if name and bits < BITS_MAX:
                rows.append("%s,%s,%d" % (kind, name, round(bits * 10)))
    print("\n".join(sorted(rows)))


main()
