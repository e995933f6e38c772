"""tidy: rules of the house that no compiler holds. TAP on stdout; one case a rule.

What would go wrong for a member: a layer that reaches around another escapes its guards and its tests; a file opened
beside env.h is one that the kill sweep never kills.
"""
import os
import re
import sys

ROOT = sys.argv[1]
FUNCTION_LINES_MAX = 100
BASE_DOORS = {
    "sodium.h": ["src/base/hash.c"],
    "nettle/sha2.h": ["src/base/hash.c"],
    "zlib.h": ["src/base/io_source.c", "src/base/io_outfile.c"],
}
MODULE_DOORS = {"sqlite3.h": "store", "libxml/": "xml", "yaml.h": "yaml"}
# What reaches the world outside; only env.c may, and the file that is SQLite's way through env.
WORLD = re.compile(
    r"(?<![\w>.])(?:malloc|calloc|realloc|free|strdup|strndup|asprintf|vasprintf|open|openat|creat|fopen|fdopen|freopen|"
    r"read|pread|write|pwrite|fsync|fdatasync|rename|renameat|unlink|unlinkat|remove|mkdir|rmdir|opendir|readdir|flock|"
    r"stat|fstat|lstat|time|clock_gettime|gettimeofday|rand|random|srand|system|popen|tmpfile|mkstemp)\s*\(")
WORLD_FILES = {"src/base/env.c", "src/store/vfs.c"}
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as text:
        return text.read()


def tree(folder, endings):
    found = []
    for base, folders, files in os.walk(os.path.join(ROOT, folder)):
        folders.sort()
        found += [os.path.relpath(os.path.join(base, name), ROOT) for name in sorted(files) if name.endswith(endings)]
    return found


def code_of(text):
    """The text with comments and literals blanked, lines kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), text)


MODULES = re.findall(r"^subdir\('(\w+)'\)", read("src/meson.build"), re.M)
SOURCES = tree("src", (".c", ".h"))


def module_of(path):
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else "main"


def direct_dependencies(module):
    text = read("src/%s/meson.build" % module)
    return {name[:-4] for name in re.findall(r"\b(\w+_dep)\b", text)} - {module}


def allowed_modules(module):
    if module == "main":
        return set(MODULES)
    seen, queue = {module, "base"}, [module]
    while queue:
        for name in direct_dependencies(queue.pop()):
            if name in MODULES and name not in seen:
                seen.add(name)
                queue.append(name)
    return seen


def header_owner(name):
    """A public header belongs to the module it is named after; all others are base's."""
    stem = os.path.basename(name)[:-2]
    return stem if stem in MODULES else "base"


def includes(path):
    for number, line in enumerate(read(path).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if match:
            yield number, match.group(1), match.group(2)


def rule_layers_point_one_way():
    faults = []
    for index, module in enumerate(MODULES):
        above = direct_dependencies(module) & set(MODULES[index + 1:])
        faults += ["src/%s/meson.build names %s, a layer above" % (module, name) for name in sorted(above)]
    for path in SOURCES:
        allowed = allowed_modules(module_of(path))
        for number, quote, name in includes(path):
            if quote == '"' and name.startswith("muster/") and header_owner(name) not in allowed:
                faults.append("%s:%d: %s is not a layer that %s names" % (path, number, name, module_of(path)))
            if quote == '"' and name.startswith("../"):
                faults.append("%s:%d: reaches into another module" % (path, number))
    return faults


def rule_each_library_has_one_door():
    faults = []
    for path in SOURCES + tree("include", ".h"):
        for number, _, name in includes(path):
            for header, files in BASE_DOORS.items():
                if name == header and path not in files:
                    faults.append("%s:%d: %s may be used in %s only" % (path, number, name, ", ".join(files)))
            for header, module in MODULE_DOORS.items():
                if name.startswith(header) and not path.startswith("src/%s/" % module):
                    faults.append("%s:%d: %s is the business of module %s" % (path, number, name, module))
    return faults


def rule_the_world_is_reached_through_env():
    faults = []
    for path in SOURCES:
        if path in WORLD_FILES:
            continue
        code = code_of(read(path))
        own = set(re.findall(r"\(\*(\w+)\)", code))  # parameters that are functions
        for number, line in enumerate(code.splitlines(), 1):
            match = WORLD.search(line)
            if match and match.group(0).rstrip("( ") not in own:
                faults.append("%s:%d: %s goes around env.h" % (path, number, match.group(0).rstrip("( ")))
    return faults


def rule_every_source_is_built():
    faults = []
    for path in tree("src", ".c"):
        module = module_of(path)
        if module != "main" and "'%s'" % os.path.basename(path) not in read("src/%s/meson.build" % module):
            faults.append("%s is not in its meson.build" % path)
    return faults


def rule_the_map_shows_every_folder():
    text = read("docs/ARCHITECTURE.md")
    return ["docs/ARCHITECTURE.md says nothing of src/%s" % name for name in MODULES if "`%s`" % name not in text]


def rule_the_man_page_knows_every_word():
    page, faults = read("docs/muster.1"), []
    tables = read("src/profile/profile.c") + read("src/profile/config.c")
    keys = re.findall(r'\{"(\w+)", KEY_(?!LATER|CHOICE_LATER)', tables) + re.findall(r"PATH\((\w+)\),", tables)
    keys += re.findall(r"GUARD\((\w+), (?:100|INT)", tables)
    verbs = re.findall(r'^\t\{"(\w+)", "', read("src/cli/verbs.c"), re.M)
    options = re.findall(r'^\t[A-Z]+\("(-[\w-]+)"', read("src/cli/options.c"), re.M)
    for option in options:
        name = option.lstrip("-")
        pattern = r"Fl [a-z ,|]*\b%s\b" % name if len(name) == 1 else r"(?<![\w-])-%s\b" % re.escape(name)
        if not re.search(pattern, page):
            faults.append("docs/muster.1 says nothing of option " + option)
    for word in keys + verbs:
        if word and not re.search(r"(?<!\w)%s\b" % word, page):
            faults.append("docs/muster.1 says nothing of " + word)
    if len(keys) < 30 or len(verbs) < 10 or len(options) < 15:
        faults.append("the tables of keys, verbs and options were not found where they were")
    return faults


def rule_functions_are_short():
    faults = []
    for path in tree("src", ".c"):
        start = None
        for number, line in enumerate(code_of(read(path)).splitlines(), 1):
            if line.startswith("{"):
                start = number
            elif line.startswith("}") and start is not None:
                if number - start > FUNCTION_LINES_MAX:
                    faults.append("%s:%d: a function of %d lines" % (path, start, number - start))
                start = None
    return faults


def rule_nothing_is_left_unfinished():
    faults = []
    for path in SOURCES + tree("include", ".h") + tree("tests", (".c", ".py")) + tree("docs", (".md", ".1")):
        if path == "tests/tidy/tidy.py":
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            if UNFINISHED.search(re.sub(r'"[^"]*"', '""', line)):
                faults.append("%s:%d: %s" % (path, number, line.strip()))
    return faults


def main():
    rules = [(name, rule) for name, rule in globals().items() if name.startswith("rule_")]
    print("1..%d" % len(rules))
    failed = False
    for number, (name, rule) in enumerate(rules, 1):
        faults = rule()
        failed = failed or bool(faults)
        print("%sok %d - %s" % ("not " if faults else "", number, name[5:].replace("_", " ")))
        for fault in faults:
            print("# " + fault)
    sys.exit(1 if failed else 0)


main()
