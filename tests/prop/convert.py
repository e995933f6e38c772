"""convert there and back. TAP on stdout; one case a file.

What would go wrong for a member: a tree that loses a segment on its way back is a coverage that nobody sends again.
"""
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

MUSTER, GENERATOR, ROOT = sys.argv[1:4]
SEED = int(os.environ.get("MUSTER_SEED", random.randrange(1, 1 << 30)))
# These come back plain, in one line: what they hold is the same, their bytes are not.
RECODED = {"ebcdic.834", "wrapped-80.834"}
DAMAGED = {"damaged.834.gz", "cut.834.gz", "bomb.834.gz"}


def muster(*arguments, data=None):
    return subprocess.run([MUSTER, "-q", "convert", *arguments], input=data, capture_output=True, check=False)


def piped(path, *arguments):
    """The same through a pipe, which cannot be read twice: standard input to standard output."""
    with open(path, "rb") as source:
        return muster(*arguments, "-", data=source.read())


def samples():
    for base, folders, files in os.walk(os.path.join(ROOT, "samples")):
        folders.sort()
        for name in sorted(files):
            if name.endswith((".834", ".820", ".834.gz")):
                yield os.path.join(base, name)


def generated(folder):
    for number, options in enumerate((["--newline"], ["--sets", "7"], ["--action", "RX"], ["--newline", "--sets", "40"])):
        path = os.path.join(folder, "generated-%d.834" % number)
        with open(path, "wb") as out:
            subprocess.run([GENERATOR, "--members", "800", "--seed", str(SEED + number), *options], stdout=out, check=True)
        yield path


def plain(path):
    with open(path, "rb") as source:
        data = source.read()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def reordered(node):
    """The same tree as other tools would write it: keys of segments sorted, everything beyond ASCII escaped."""
    if isinstance(node, list):
        return [reordered(item) for item in node]
    if isinstance(node, dict):
        keys = node if "content" in node else sorted(node)
        return {key: reordered(node[key]) for key in keys}
    return node


def faults_of(path, folder):
    name = os.path.basename(path)
    tree, back = os.path.join(folder, "tree"), os.path.join(folder, "back")
    for form in ("json", "xml"):
        there = muster("--to", form, "--unmasked", path, "-o", tree)
        if there.returncode == 0:
            with open(tree, "rb") as source:
                if piped(path, "--to", form, "--unmasked").stdout != source.read():
                    yield "%s: through a pipe it is another tree" % form
        elif piped(path, "--to", form, "--unmasked").returncode != there.returncode:
            yield "%s: through a pipe it ends otherwise" % form
        if name in DAMAGED:
            if there.returncode != 65 or os.path.exists(tree):
                yield "%s: damaged, but status %d" % (form, there.returncode)
            continue
        if there.returncode != 0:
            yield "%s: status %d: %s" % (form, there.returncode, there.stderr.decode())
            continue
        if form == "json":
            with open(tree, encoding="utf-8") as text:
                changed = json.dumps(reordered(json.load(text)), indent=1)
        else:
            ElementTree.parse(tree)
            with open(tree, encoding="utf-8") as text:
                changed = text.read()
        for text in (None, changed):
            if text is not None:
                with open(tree, "w", encoding="utf-8") as out:
                    out.write(text)
            result = muster("--to", "edi", tree, "-o", back)
            if result.returncode != 0:
                yield "%s back: status %d: %s" % (form, result.returncode, result.stderr.decode())
                continue
            with open(back, "rb") as source:
                same = source.read() == plain(path)
            if not same and name not in RECODED:
                yield "%s: not the same bytes" % form
            with open(back, "rb") as source:
                if piped(tree, "--to", "edi").stdout != source.read():
                    yield "%s: through a pipe not the same bytes" % form
        os.remove(tree)


def main():
    with tempfile.TemporaryDirectory() as folder:
        paths = list(samples()) + list(generated(folder))
        print("1..%d" % len(paths))
        print("# MUSTER_SEED=%d" % SEED)
        failed = False
        for number, path in enumerate(paths, 1):
            faults = list(faults_of(path, folder))
            failed = failed or bool(faults)
            print("%sok %d - %s" % ("not " if faults else "", number, os.path.basename(path)))
            for fault in faults:
                print("# " + fault)
    sys.exit(1 if failed else 0)


main()
