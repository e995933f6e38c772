"""name-frequencies: make specs/name-frequencies.csv from the Census name lists.

    python3 tools/name-frequencies.py FOLDER > specs/name-frequencies.csv

FOLDER holds census2010-last-name.csv.gz, dist.male.first, dist.female.first and nyc-given-name-gender-ethnicity.csv. Names
rarer than 2^-15 are left out: a name that is not listed counts as that rare, and no rarer, for lists of the whole country
say little about one plan. Of rarer first names, and of those given since, stands only that they are names (G).
"""
import csv
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


def given_names(folder):
    with open(folder + "/nyc-given-name-gender-ethnicity.csv", encoding="utf-8", newline="") as lines:
        return {re.sub("[^A-Z]", "", row["given_name"].upper()) for row in csv.DictReader(lines)}


def main():
    folder = sys.argv[1]
    print("# How often a name is among the people of the US: F first name or L last name, name, -log2 of its share times 10.")
    print("#")
    print("# Computed from lists of the US Census Bureau, which are in the public domain: 1990 first names (dist.male.first,")
    print("# dist.female.first; each half), 2010 surnames. Rarer than 1 in %d left out. Made by tools/name-frequencies.py." % 2 ** BITS_MAX)
    print("#")
    print("# G: given names that are rarer there, or only among the popular baby names of New York (NYC Open Data, as carried by")
    print("# GitHub ul-mds/gecko-data, MIT License): that somebody bears them is all that is said; the number is that of any")
    print("# name not listed.")
    rows, first, last = [], first_names(folder), surnames(folder)
    for name in set(first) | given_names(folder):
        if len(name) > 1 and -math.log2(first.get(name, 0) or 1e-30) >= BITS_MAX:
            rows.append("G,%s,%d" % (name, round(BITS_MAX * 10)))
    for kind, shares in (("F", first), ("L", last)):
        for name, share in shares.items():
            bits = -math.log2(share) if share > 0 else 99.0
            if name and bits < BITS_MAX:
                rows.append("%s,%s,%d" % (kind, name, round(bits * 10)))
    print("\n".join(sorted(rows)))


main()
