"""tools/bench in small: does it run, and are all rows there? TAP on stdout.

What would go wrong for a member: a night that takes until noon, and nobody was told that the bar is missed. Figures are
not looked at, but for those that no machine can change.
"""
import os
import re
import subprocess
import sys

ROOT, BUILD = sys.argv[1:3]
MUSTER = os.path.join(BUILD, "muster")
ROWS = {
    "read": ["memcpy", "inflate", "reader: segments and elements", "validation with 999", "reader / memcpy",
             "validation time / reader's", "validation / inflate", "validate, peak memory, .* MB file",
             "  beside the .* MB file's", "validate, time of .* MB / 10 x that of .* MB",
             "start-up: validate one member", "  by the time of the processor"],
    "pipeline": ["bare apply: 4 rows a member, sorted, one transaction",
                 "process, 100.0 % of .* records are real changes", "  / bare apply",
                 "  / bare apply, both by the time of the processor", "process, [1-9]\\.. % of .* real changes",
                 "process, peak memory", "  beside that of a tenth of the file",
                 "process, time a record / that of a tenth of the file",
                 "process, time a record / that with a tenth of the members",
                 "process of one record, which changes nothing", "start-up: run with nothing to do, database open",
                 "  by the time of the processor",
                 "match and decide .*, keys in database", "match and decide .*, keys in memory"],
    "match": ["records matched, keys in database", "records matched, keys in memory", "  / keys in database",
              "keys in memory, a member", "reading them", "peak memory of ten times the records / of the records",
              "wrong automatic matches|  \\(skipped: MUSTER_SHARED .*"],
    "peers": ["validation with 999, time of again / ours", "validation with 999, time of pyx12 / ours"],
}


def table():
    done = subprocess.run([os.path.join(ROOT, "tools", "bench"), "--quick", "--members", "2000", "--rounds", "1",
                           "--built", BUILD, "--peer-members", "100", "--peer", f"again='{MUSTER}' validate -q",
                           "--peer", f"pyx12='{MUSTER}' validate -q"],
                          stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def sections(lines):
    """The rows of each section: what stands before the figures."""
    found, name = {}, None
    for line in lines:
        words = line.split()
        if words[1:] == ["ours", "reference"]:
            name = words[0]
        elif name is not None and line:
            found.setdefault(name, []).append(line)
    return found


def main():
    status, lines = table()
    found = sections(lines)
    faults = {section: [row for row in rows if not any(re.match(f"(?:{row})(?:  |$)", line)
                                                       for line in found.get(section, []))]
              for section, rows in ROWS.items()}
    faults["its status"] = [] if status == 0 else [f"it is {status}"]
    # A peer without a bar is shown without a verdict; one with a bar that nobody of our own reaches has it missed.
    verdicts = [line.split()[-1] for line in lines if "/ ours" in line]
    faults["bars of peers"] = [] if verdicts == ["-", "MISSED"] else [f"verdicts {verdicts}"]
    print(f"1..{len(faults)}")
    for number, (name, missing) in enumerate(faults.items(), 1):
        print(f"{'not ' if missing else ''}ok {number} - {name}")
        for row in missing:
            print(f"# not there: {row}")
    if any(faults.values()):
        print("".join(f"# {line}\n" for line in lines), end="")
    sys.exit(1 if any(faults.values()) else 0)


main()
