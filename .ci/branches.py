"""Prints the branch coverage of each crate, and the branches that no test takes, from the JSON of `llvm-cov export`."""

import json
import re
import sys
from collections import Counter

CRATES = ("apptoken-core", "apptoken-ks", "apptoken")


def first_line_of_tests(lines):
    return next((number for number, line in enumerate(lines, 1) if line.startswith("mod tests {")), len(lines) + 1)


def main(path):
    with open(path, encoding="utf-8") as file:
        files = json.load(file)["data"][0]["files"]
    total, taken, missed = Counter(), Counter(), []
    for entry in files:
        name = re.search(r"crates/([a-z-]+)/src/.*", entry["filename"])
        if name is None or name[1] not in CRATES or re.search(r"/tests(/|\.rs$)", name[0]):
            continue
        with open(entry["filename"], encoding="utf-8") as source:
            lines = source.read().split("\n")
        # A generic function has the same branch once for each type.
        branches = {}
        for line, column, _, _, true, false, *_ in entry["branches"]:
            before = branches.get((line, column), (0, 0))
            branches[line, column] = (before[0] + true, before[1] + false)
        for (line, column), counts in sorted(branches.items()):
            if line >= first_line_of_tests(lines):
                continue
            total[name[1]] += 2
            taken[name[1]] += sum(count > 0 for count in counts)
            never = [way for way, count in zip(("true", "false"), counts) if count == 0]
            if never:
                missed.append(f"{name[0]}:{line}:{column} never {' or '.join(never)}: {lines[line - 1].strip()}")
    for crate in CRATES:
        print(f"{crate:14} {taken[crate]:4} of {total[crate]:4} branches, {100 * taken[crate] / max(total[crate], 1):5.1f} %")
    print(*missed, sep="\n")


main(sys.argv[1])
