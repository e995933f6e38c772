"""validate as people call it. TAP on stdout.

What would go wrong for a member: a partner who is sent a report without the fault does not mend the file that names him.
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile

MUSTER, ROOT = map(os.path.abspath, sys.argv[1:3])
BAD = os.path.join(ROOT, "samples/broken/bad-code.834")
GOOD = os.path.join(ROOT, "samples/odd/crlf.834")


def muster(*arguments, data=None, folder="/"):
    result = subprocess.run([MUSTER, "validate", *arguments], input=data, capture_output=True, check=False, cwd=folder)
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def standard_input_is_a_file_like_others(folder):
    with open(BAD, "rb") as source:
        data = source.read()
    status, text, _ = muster("-", data=data)
    yield status == 1 and "stdin: 1 set: 1 rejected" in text and "\n      INS*Y*18*999*" in text
    status, text, _ = muster("--ndjson", "-", data=data)
    lines = [json.loads(line) for line in text.splitlines()]
    yield status == 1 and [line["schema"] for line in lines] == ["muster.finding", "muster.verdict"]
    yield lines[0]["file"] == "stdin" and lines[0]["value"] == "999"


def one_file_that_is_not_there_hides_no_other(folder):
    status, text, err = muster(GOOD, os.path.join(folder, "none"), BAD)
    yield status == 66 and "none" in err and text.startswith("2 files, 2 sets: 1 accepted, 1 rejected; 1 error")


def folders_are_walked(folder):
    status, text, _ = muster(os.path.join(ROOT, "samples/night1"))
    yield status == 0 and text.startswith("2 files,") and "night1/harborline/HL-20260302.834: " in text
    yield muster(os.path.join(ROOT, "samples/night1/"))[1] == text


def the_page_says_the_same(folder):
    page = os.path.join(folder, "report.html")
    status, text, _ = muster("--ndjson", "--html", page, BAD)
    with open(page, encoding="utf-8") as html:
        content = html.read()
    yield status == 1 and text.startswith("{") and "<mark>999</mark>" in content and "INS03" in content


def an_output_that_cannot_be_made_is_told_as_such(folder):
    nowhere = os.path.join(folder, "none/page")
    status, text, err = muster("--html", nowhere, GOOD)
    yield status == 73 and nowhere in err and "cannot write" in err and text.startswith("1 file,")
    status, text, err = muster("--ack", os.path.join(GOOD, "acks"), BAD)
    yield status == 73 and "cannot write" in err and "cannot read" not in err and "1 rejected; 1 error" in text


def answers_are_not_written_over(folder):
    """Two files of one name in two folders: whoever looks for the answer to the first must not find the second's."""
    paths = []
    for name, sample in (("x", GOOD), ("y", BAD)):
        os.mkdir(os.path.join(folder, name))
        paths.append(os.path.join(folder, name, "f.834"))
        with open(sample, "rb") as source, open(paths[-1], "wb") as out:
            out.write(source.read())
    acks = os.path.join(folder, "acks")
    status, text, err = muster("--ack", acks, *paths)
    yield status == 73 and paths[1] in err and text.startswith("2 files, 2 sets: 1 accepted, 1 rejected")
    with open(os.path.join(acks, "f.834.999"), encoding="ascii") as answer:
        yield "IK5*A" in answer.read()
    # Another run may write them again.
    yield muster("--ack", acks, paths[1])[0] == 1


def no_rate_where_nobody_looks_on(folder):
    yield muster(GOOD)[2] == ""


def one_end_too_early_is_one_fault(folder):
    """However and wherever a file ends before its end, plain or packed, it is told once."""
    with open(GOOD, "rb") as source:
        data = source.read()
    packed, random = gzip.compress(data, mtime=0), bytes(range(256)) * 3
    files = {"cut-%d.834" % at: data[:at] for at in range(110, len(data) - 20, 23)}
    files.update({"cut-%d.gz" % at: packed[:at] for at in range(20, len(packed), 17)})
    files.update({"hurt-%d.gz" % at: packed[:at] + random[at:at + 9] + packed[at + 9:]
                  for at in range(20, len(packed) - 20, 17)})
    # The same behind a member that is sound, and a stream that never ends inside a segment.
    other = gzip.compress(data.replace(data[90:99], b"000077777"), mtime=0)
    files["second.gz"] = packed + other[:len(other) // 2]
    files["endless.gz"] = gzip.compress(data[:400] + b"A" * 3000000, mtime=0)
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(content)
    _, text, _ = muster("--ndjson", *[os.path.join(folder, name) for name in files])
    found = {name: [] for name in files}
    for line in map(json.loads, text.splitlines()):
        if line["schema"] == "muster.finding":
            found[os.path.basename(line["file"])].append(line["code"])
        else:
            yield line["verdict"] == "rejected" or os.path.basename(line["file"]) == "second.gz"
    for name, codes in found.items():
        # Bits that flip may also give another file that is whole for the reader, but for its checksum.
        hurt = name.startswith("hurt") and codes.count("interchange_damaged") == 1
        if not hurt and codes not in (["interchange_truncated"], ["interchange_damaged"]):
            print("# %s: %s" % (name, codes))
            yield False


def main():
    cases = [one_end_too_early_is_one_fault, standard_input_is_a_file_like_others,
             one_file_that_is_not_there_hides_no_other, folders_are_walked, the_page_says_the_same,
             an_output_that_cannot_be_made_is_told_as_such, answers_are_not_written_over, no_rate_where_nobody_looks_on]
    failed = False
    print("1..%d" % len(cases))
    for number, case in enumerate(cases, 1):
        with tempfile.TemporaryDirectory() as folder:
            results = list(case(folder))
        failed = failed or not all(results)
        print("%sok %d - %s %s" % ("" if all(results) else "not ", number, case.__name__.replace("_", " "),
                                   "" if all(results) else results))
    sys.exit(1 if failed else 0)


main()
