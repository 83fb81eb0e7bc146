#!/usr/bin/env python3
"""coverage.py BUILD-DIRECTORY: what the tests left unexecuted in core/, after a run of a build with -Db_coverage=true.

Counted are gcov's lines with code, and the branches that gcov lists for them at -O0: two for each condition that is
tested by a jump (each operand of && and ||, of ?:, if and a loop), one for each label of a switch. A comparison whose
result is only stored or returned has none. What gcc adds for C++ exceptions is left out; C has none.

Fails if a line of core/ was not executed that tests/coverage-exceptions does not excuse, if an excuse there is not
needed any more, or if fewer than 95 % of the branches of core/trust or core/model were taken.
"""
import collections
import glob
import json
import os
import subprocess
import sys

BRANCH_FLOOR = {"core/trust": 95.0, "core/model": 95.0}
EXCEPTIONS = "tests/coverage-exceptions"


def measured(build, root):
    """{file: {line: [executions, {branch index: taken}]}} of core/, summed over all objects that contain it."""
    files = collections.defaultdict(dict)
    notes = sorted(glob.glob(f"{build}/core/**/*.gcno", recursive=True))
    if not notes:
        sys.exit(f"coverage: {build} has no .gcno files: was it set up with -Db_coverage=true?")
    done = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", *notes],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for text in done.stdout.splitlines():
        unit = json.loads(text)
        for file in unit["files"]:
            path = os.path.relpath(os.path.join(unit["current_working_directory"], file["file"]), root)
            if path.startswith("core/"):
                add(files[path], file["lines"])
    return files


def add(lines, found):
    for line in found:
        entry = lines.setdefault(line["line_number"], [0, {}])
        entry[0] += line["count"]
        branches = [b for b in line["branches"] if not b["throw"]]
        for i, branch in enumerate(branches):
            entry[1][i] = entry[1].get(i, 0) + branch["count"]


def excuses():
    """{(file, text of the line): reason}; each is two lines: "file: text", then the reason, indented."""
    found, last = {}, None
    with open(EXCEPTIONS, encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("#") or not line.strip():
                continue
            if line[0].isspace():
                found[last] = line.strip()
                continue
            file, _, text = line.strip().partition(": ")
            last = (file, text)
            found[last] = ""
    return found


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def main():
    build, root = os.path.abspath(sys.argv[1]), os.getcwd()
    excused, used, bad = excuses(), set(), 0
    layers = collections.defaultdict(lambda: [0, 0, 0, 0])
    print(f"{'file':32} {'lines':>11} {'':7} {'branches':>11}")
    for path, lines in sorted(measured(build, root).items()):
        with open(path, encoding="utf-8") as stream:
            source = stream.read().splitlines()
        run = sum(1 for n, _ in lines.values() if n > 0)
        branches = [n for _, b in lines.values() for n in b.values()]
        taken = sum(1 for n in branches if n > 0)
        layer = layers[os.path.dirname(path)]
        for i, n in enumerate((run, len(lines), taken, len(branches))):
            layer[i] += n
        print(f"{path:32} {run:5}/{len(lines):<5} {percent(run, len(lines)):6.2f}% {taken:5}/{len(branches):<5} "
              f"{percent(taken, len(branches)):6.2f}%")
        for number, (executions, taken_of) in sorted(lines.items()):
            text = source[number - 1].strip()
            if executions == 0:
                key = (path, text)
                reason = excused.get(key, "")
                used.add(key)
                bad += not reason
                print(f"  {path}:{number}: {'excused: ' + reason if reason else 'NOT EXECUTED'}: {text}")
            elif "-v" in sys.argv and 0 in taken_of.values():
                print(f"  {path}:{number}: branch not taken: {text}")
    for key in sorted(excused.keys() - used):
        print(f"{EXCEPTIONS}: {key[0]}: {key[1]}: executed, or gone: this excuse is not needed")
        bad += 1
    for layer, (run, all_lines, taken, branches) in sorted(layers.items()):
        print(f"{layer:32} lines {percent(run, all_lines):6.2f}% of {all_lines}, "
              f"branches {percent(taken, branches):6.2f}% of {branches}")
        if percent(taken, branches) < BRANCH_FLOOR.get(layer, 0.0):
            print(f"{layer}: branch coverage is below {BRANCH_FLOOR[layer]} %    <- write the test that takes it")
            bad += 1
    if bad:
        print(f"{bad} to mend: write the test, delete the line, or say in {EXCEPTIONS} why it cannot be reached")
    return 1 if bad else 0


sys.exit(main())
