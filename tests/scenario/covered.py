"""covered ROWS FILE...: every row of the rules is covered by a scenario, and no scenario names a row that is none.

If this failed, a rule of the plan could be broken without any scenario noticing. TAP on stdout; `#:` says how many there are.
Scenarios bear the ids of their rows in a line `covers: ID ...`; in C, in a comment `covers: ID ...` beside them.
"""
import os
import re
import sys


def rows_of(path):
    with open(path, encoding="utf-8") as text:
        return [line.split()[0] for line in text if line.strip() and not line.startswith("#")]


def tags_of(path):
    """Each id with where it stands; and the number of scenarios."""
    found, scenarios, name = [], 0, os.path.basename(path)
    with open(path, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            scenarios += line.startswith("== ") or line.startswith('\t{"')
            tagged = re.match(r"(?:\s*/\* )?covers: (.*?)(?:\*/|#|$)", line)
            if tagged:
                found += [(row, "%s:%d" % (name, number)) for row in tagged.group(1).split()]
    return found, scenarios


def main():
    rows, found, scenarios = rows_of(sys.argv[1]), [], 0
    for path in sys.argv[2:]:
        tags, count = tags_of(path)
        found += tags
        scenarios += count
    missing = [row for row in rows if row not in {tag for tag, _ in found}]
    unknown = ["%s (%s)" % tag for tag in found if tag[0] not in rows]
    twice = sorted({row for row in rows if rows.count(row) > 1})
    print("#: %d scenarios; %d of %d rows of the rules are covered" % (scenarios, len(rows) - len(missing), len(rows)))
    for number, (what, faults) in enumerate((("every row is covered", missing), ("no row is unknown", unknown),
                                             ("no row is listed twice", twice)), 1):
        print("%sok %d - %s" % ("not " if faults else "", number, what))
        if faults:
            print("# " + " ".join(faults))
    print("1..3")
    sys.exit(1 if missing or unknown or twice else 0)


main()
