#!/usr/bin/env python3
"""mutate.py [FILE...]: how much of the trust core do the tests hold in place?

Makes mutants of core/trust/*.c and core/model/*.c (or of the files named) and demands that a unit test notices each.
This is not tests/mutants/run.sh, which takes out chosen defences by hand and sends an attack against the real programs.

All mutants are in one build: where one changes an expression, the source becomes "is it number n? changed : as it was",
and the variable SEALIFT_MUTANT picks one when a test starts. Clang's syntax tree says what may be changed:

  drop a check      if (c)          ->  if (0)
  negate            if (c), while (c), for (;c;), c ? a : b, !c   ->  the opposite
  flip              <  <=           >  >=           ==  !=          &&  ||
  drop a part       a && b, a || b  ->  a, b
  off by one        a number in a comparison, or a macro that is one  ->  one more;  true  false
  drop a statement  an assignment, ++, or a call whose result is not used

Each case of each test runs once to learn which mutants it reaches and how long it takes. Then, for each mutant, those
that reach it run, first those that killed others of the same function, then the fastest, until one fails, crashes, does
what C does not define, or takes ten times its time: killed.
Fails if fewer than 95 % are killed, or one survives that tests/mutants/explained does not explain.
"""
import argparse
import collections
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

FOLDERS = ("core/trust", "core/model")
INCLUDES = ("core/bytes", "core/codec", "core/crypto", "core/model", "core/trust")
EXPLAINED = "tests/mutants/explained"
FLOOR_PERCENT = 95.0
# Where the tests of these layers are; those of the programs above would only take long.
TESTS = ("tests/unit/boot/", "tests/unit/model/", "tests/unit/objects/", "tests/unit/pack/",
         "tests/unit/trust/", "tests/fuzz/")
QUICK = {"CHECK_QUICK": "1", "GRAMMAR_CASES": "8000"}  # tests that try very much then try less
CASE_SECONDS_MAX = 1.5    # a case that takes longer (every flip of every bit) is not asked
MUTANT_SECONDS_MAX = 6.0  # nor more of them than take this long together
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
FLIPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&"}

HEADER = """#ifndef MUTANT_H
#define MUTANT_H
#include <stdlib.h>
#include <stdio.h>
__attribute__((weak)) int mutant_chosen;
__attribute__((weak)) unsigned char mutant_reached[%(count)d];
__attribute__((weak, constructor)) void mutant_start(void)
{
	const char *number = getenv("SEALIFT_MUTANT");
	mutant_chosen = number != NULL ? atoi(number) : 0;
}
__attribute__((weak, destructor)) void mutant_end(void)
{
	const char *path = getenv("SEALIFT_MUTANT_TRACE");
	FILE *trace = path != NULL ? fopen(path, "a") : NULL;
	for (int i = 0; trace != NULL && i < %(count)d; i++)
		if (mutant_reached[i])
			fprintf(trace, "%%d\\n", i);
	if (trace != NULL)
		fclose(trace);
}
static inline int mutant(int number)
{
	mutant_reached[number] = 1;
	return number == mutant_chosen;
}
#endif
"""


class Mutant:
    def __init__(self, number, file, function, line, was, now):
        self.number, self.file, self.function, self.line, self.was, self.now = number, file, function, line, was, now

    def key(self):
        return f"{self.file}: {self.function}: {self.was} -> {self.now}"


class Source:
    """One file: finds what may be changed in it, and writes it with all its mutants."""

    def __init__(self, path, mutants):
        self.path, self.mutants = path, mutants
        with open(path, encoding="utf-8") as stream:
            self.text = stream.read()
        self.raw = self.text.encode()
        self.sites = {}  # (begin, end, kind) -> [(description of what was, of what is, new text)]
        self.function = None
        self.file = None

    # --- places in the text ---

    def place(self, where):
        """The offset of a location in this file and the length of its token; None: not in this file."""
        if "expansionLoc" in where:
            where = where["expansionLoc"]
        if where.get("FILE") != self.path or "offset" not in where:
            return None
        return where["offset"], where["tokLen"]

    def span(self, node):
        begin, end = node["range"]["begin"], node["range"]["end"]
        first, last = self.place(begin), self.place(end)
        if first is None or last is None:
            return None
        stop = last[0] + last[1]
        # The end of a macro with arguments is given as its name.
        if "expansionLoc" in end and self.raw[stop:stop + 1] == b"(":
            depth, stop = 1, stop + 1
            while depth > 0:
                depth += {b"(": 1, b")": -1}.get(self.raw[stop:stop + 1], 0)
                stop += 1
        return first[0], stop

    def slice(self, span):
        return self.raw[span[0]:span[1]].decode()

    def is_macro(self, node):
        begin, end = node["range"]["begin"], node["range"]["end"]
        return "expansionLoc" in begin and "expansionLoc" in end and self.place(begin) == self.place(end)

    def add(self, kind, span, changed, was=None, now=None):
        if span is None:
            return
        line = self.raw.count(b"\n", 0, span[0]) + 1
        short = [" ".join(text.split()) for text in (was or self.slice(span), now or changed)]
        known = self.sites.setdefault((span[0], -span[1], kind), [])
        if all(changed != other for other, _ in known):
            known.append((changed, Mutant(0, self.path, self.function, line, *short)))

    # --- the syntax tree ---

    def name_files(self, node):
        """Clang names a location's file only where it differs from that of the one before."""
        if isinstance(node, list):
            for item in node:
                self.name_files(item)
        elif isinstance(node, dict):
            if "offset" in node and "tokLen" in node:
                self.file = node.get("file", self.file)
                node["FILE"] = self.file
            for name, item in node.items():
                if name != "includedFrom":
                    self.name_files(item)

    def find(self):
        flags = [f"-I{folder}" for folder in INCLUDES]
        done = subprocess.run(["clang", "-std=c11", "-D_GNU_SOURCE", *flags, "-fsyntax-only", "-Xclang", "-ast-dump=json",
                               self.path], check=True, stdout=subprocess.PIPE)
        tree = json.loads(done.stdout)
        self.name_files(tree)
        for node in tree["inner"]:
            if node["kind"] == "FunctionDecl" and self.place(node["loc"]) is not None:
                self.function = node["name"]
                for inner in node.get("inner", []):
                    if inner["kind"] == "CompoundStmt":
                        self.visit(inner, None)

    def visit(self, node, parent, compared=False):
        kind = node.get("kind")
        inner = [child for child in node.get("inner", []) if child.get("kind")]
        if kind is None or (kind == "VarDecl" and node.get("storageClass") == "static"):
            return
        if kind == "CaseStmt":
            inner = inner[1:]
        self.statement(node, parent)
        if "range" in node and self.is_macro(node):
            self.constant(node)
            return
        if compared and kind in ("IntegerLiteral", "CharacterLiteral"):
            self.constant(node)
        handler = getattr(self, "see_" + kind, None)
        if handler is not None:
            handler(node, inner)
        if kind != "UnaryExprOrTypeTraitExpr":
            within = (compared and kind not in ("CallExpr", "ArraySubscriptExpr")) or node.get("opcode") in COMPARISONS
            for child in inner:
                self.visit(child, node, within)

    def statement(self, node, parent):
        """A call, assignment or ++ that stands by itself."""
        if parent is None or node["kind"] not in ("CallExpr", "BinaryOperator", "CompoundAssignOperator", "UnaryOperator"):
            return
        holder, inner = parent["kind"], [child for child in parent.get("inner", [])]
        alone = holder in ("CompoundStmt", "CaseStmt", "DefaultStmt") or \
            (holder in ("IfStmt", "WhileStmt", "ForStmt", "DoStmt") and node is not inner[0] and
             not (holder == "ForStmt" and node is not inner[-1]) and not (holder == "DoStmt"))
        if alone:
            self.add("statement", self.span(node), "(void)0", now="nothing")

    def constant(self, node):
        span = self.span(node)
        if span is None:
            return
        text = self.slice(span)
        swap = {"true": "false", "false": "true"}
        if text in swap:
            self.add("number", span, swap[text])
        elif text != "NULL" and self.is_number(node):
            self.add("number", span, f"({text} + 1)", now=f"{text} + 1")

    def is_number(self, node):
        kinds = {"IntegerLiteral", "CharacterLiteral", "BinaryOperator", "ParenExpr", "ImplicitCastExpr", "UnaryOperator",
                 "CStyleCastExpr"}
        if node.get("kind") not in kinds or "*" in node.get("type", {}).get("qualType", ""):
            return False
        return all(self.is_number(child) for child in node.get("inner", []))

    def condition(self, node, drop):
        span = self.span(node)
        if span is None:
            return
        text = self.slice(span)
        if drop:
            self.add("condition", span, "0", was=f"if ({text})", now="if (0)")
        if not (node["kind"] == "BinaryOperator" and node["opcode"] in ("==", "!=")) and \
                not (node["kind"] == "UnaryOperator" and node["opcode"] == "!"):
            self.add("condition", span, f"!({text})")

    def see_IfStmt(self, node, inner):
        self.condition(inner[0], True)

    def see_WhileStmt(self, node, inner):
        self.condition(inner[0], False)

    def see_DoStmt(self, node, inner):
        self.condition(inner[1], False)

    def see_ConditionalOperator(self, node, inner):
        self.condition(inner[0], False)

    def see_ForStmt(self, node, inner):
        # Absent parts are empty objects, which the walk leaves out: the condition is what is a truth value here.
        parts = node["inner"]
        if len(parts) == 5 and parts[2].get("kind"):
            self.condition(parts[2], False)

    def see_BinaryOperator(self, node, inner):
        operator, span = node["opcode"], self.span(node)
        left, right = self.span(inner[0]), self.span(inner[1])
        if operator not in FLIPS or span is None or left is None or right is None:
            return
        a, b = self.slice(left), self.slice(right)
        self.add("operator", span, f"({a}) {FLIPS[operator]} ({b})", now=f"{a} {FLIPS[operator]} {b}")
        if operator not in ("&&", "||"):
            return
        self.add("operator", span, f"({a})")
        if not (inner[0]["kind"] == "BinaryOperator" and inner[0]["opcode"] == operator):
            self.add("operator", span, f"({b})")

    def see_UnaryOperator(self, node, inner):
        if node["opcode"] == "!" and self.span(inner[0]) is not None:
            text = self.slice(self.span(inner[0]))
            self.add("operator", self.span(node), f"({text})", now=text)

    # --- writing ---

    def number(self):
        for key in sorted(self.sites):
            for _, mutant in self.sites[key]:
                mutant.number = len(self.mutants)
                self.mutants.append(mutant)

    def instrumented(self):
        """Outer sites contain inner ones; those that begin and end alike nest in the order of their kinds."""
        sites = sorted(self.sites)
        out, _ = self.write(0, len(self.raw), sites, 0)
        return '#include "mutant.h"\n' + out

    def write(self, at, end, sites, i):
        out = []
        while i < len(sites) and sites[i][0] < end:
            begin, stop = sites[i][0], -sites[i][1]
            out.append(self.slice((at, begin)))
            body, after = self.write(begin, stop, sites, i + 1)
            choices = "".join(f"mutant({mutant.number}) ? {changed} : " for changed, mutant in self.sites[sites[i]])
            if sites[i][2] == "statement":
                out.append(f"({choices}(void)({body}))")
            else:
                out.append(f"({choices}({body}))")
            at, i = stop, after
        out.append(self.slice((at, end)))
        return "".join(out), i


def copy_tree(target):
    """What git knows, as it stands in the work tree; without git, all but builds."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    names = done.stdout.split("\n")
    if done.returncode != 0:
        names = [os.path.join(at, name) for at, _, files in os.walk(".") for name in files
                 if not at.startswith(("./build", "./.git"))]
    for name in names:
        if name and os.path.isfile(name):
            write(os.path.join(target, name), open(name, "rb").read(), os.stat(name).st_mode)


def write(path, content, mode=0o644):
    """Leaves alone what is so already, so that little is compiled again."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        with open(path, "rb") as stream:
            if stream.read() == content:
                return
    with open(path, "wb") as stream:
        stream.write(content)
    os.chmod(path, mode)


def build(work, sources, count):
    tree, out = f"{work}/tree", f"{work}/build"
    copy_tree(tree)
    for source in sources:
        write(f"{tree}/{source.path}", source.instrumented().encode())
    write(f"{tree}/core/bytes/mutant.h", (HEADER % {"count": count}).encode())
    if not os.path.exists(f"{out}/build.ninja"):
        run_or_stop(["meson", "setup", out, tree, "-Dwerror=false", "-Dwarning_level=0", "-Dbuildtype=debugoptimized",
                     "-Doptimization=1", "-Dc_args=-fsanitize=undefined -fsanitize-trap=undefined"])
    run_or_stop(["ninja", "-C", out, "build.ninja"])
    tests = json.loads(subprocess.run(["meson", "introspect", "--tests", out], check=True, stdout=subprocess.PIPE).stdout)
    tests = [t for t in tests if t["cmd"][0].startswith(tuple(f"{out}/{folder}" for folder in TESTS))]
    run_or_stop(["ninja", "-C", out, *sorted({os.path.relpath(t["cmd"][0], out) for t in tests})])
    return tests


def run_or_stop(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=dict(os.environ, CC="clang"))
    if done.returncode != 0:
        print(done.stdout[-6000:])
        sys.exit(f"mutate: {' '.join(command[:3])} failed")


def run(test, number, trace, limit):
    environment = {**os.environ, **test["env"], "SEALIFT_MUTANT": str(number), **QUICK}
    environment.pop("SEALIFT_MUTANT_TRACE", None)
    if trace is not None:
        environment["SEALIFT_MUTANT_TRACE"] = trace
    try:
        done = subprocess.run(test["cmd"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env=environment, cwd=test["workdir"], timeout=limit)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def cases(test):
    """The test's cases, as tests of their own: check.h runs the one that is named."""
    if len(test["cmd"]) > 1:
        return [test]
    # A case that does not exist: all are named, none is run.
    done = subprocess.run(test["cmd"] + ["?"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, env=dict(os.environ, **test["env"]), cwd=test["workdir"], text=True)
    names = re.findall(r"^ok \d+ - (\w+) # SKIP$", done.stdout, re.MULTILINE)
    return [dict(test, name=f"{test['name']} {name}", cmd=test["cmd"] + [name]) for name in names]


def baseline(work, tests):
    """Which mutants each case reaches, and how long it takes; those that fail or are slow are left out, and said."""
    reach = collections.defaultdict(list)

    def measure(test):
        trace = f"{work}/trace-{test['name'].replace(' ', '-')}"
        if os.path.exists(trace):
            os.remove(trace)
        began = time.monotonic()
        good = run(test, 0, trace, 60)
        test["seconds"] = time.monotonic() - began
        if not good or test["seconds"] > CASE_SECONDS_MAX:
            print(f"not asked: {test['name']}, {test['seconds']:.1f} s" + ("" if good else ": it fails"))
        elif os.path.exists(trace):
            with open(trace, encoding="utf-8") as stream:
                return test, {int(line) for line in stream}
        return test, ()

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        alone = [case for found in pool.map(cases, tests) for case in found]
        for test, reached in pool.map(measure, alone):
            for number in reached:
                reach[number].append(test)
    print(f"{len(alone)} cases", flush=True)
    return reach


class Hunt:
    """Runs tests on mutants, in the order that promises most."""

    def __init__(self, reach, tell):
        self.reach, self.tell = reach, tell
        self.kills = collections.defaultdict(collections.Counter)  # of a function, by test
        self.done, self.killed, self.spoke = 0, 0, time.monotonic()

    def killer(self, mutant):
        kills = self.kills[mutant.file, mutant.function]
        found, spent = None, 0.0
        for test in sorted(self.reach[mutant.number], key=lambda test: (-kills[test["name"]], test["seconds"])):
            if spent > MUTANT_SECONDS_MAX:
                break
            spent += test["seconds"]
            if not run(test, mutant.number, None, 3 + 10 * test["seconds"]):
                found = test["name"]
                break
        if found is not None:
            kills[found] += 1
        elif self.tell:
            print(f"survives: {mutant.file}:{mutant.line}: {mutant.function}: {mutant.was} -> {mutant.now}", flush=True)
        self.done += 1
        self.killed += found is not None
        if time.monotonic() - self.spoke > 10:
            self.spoke = time.monotonic()
            print(f"{self.killed} of {self.done} killed", flush=True)
        return mutant.number, found


def explanations():
    found, last = {}, None
    if not os.path.exists(EXPLAINED):
        return found
    with open(EXPLAINED, encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("#") or not line.strip():
                continue
            if line[0].isspace():
                found[last] = (found[last] + " " + line.strip()).strip()
            else:
                last = line.strip()
                found[last] = ""
    return found


def survivors_of(log):
    with open(log, encoding="utf-8") as stream:
        return {re.sub(r"^survives: (\S+?):\d+: ", r"\1: ", line.strip()) for line in stream
                if line.startswith("survives: ")}


def report(sources, mutants, killers, reach):
    explained, used, unexplained = explanations(), set(), 0
    for source in sources:
        own = [m for m in mutants if m is not None and m.file == source.path]
        left = [m for m in own if killers[m.number] is None]
        print(f"{source.path:36} {len(own) - len(left):4}/{len(own):<4} killed")
        for mutant in left:
            reason = explained.get(mutant.key(), "")
            used.add(mutant.key())
            unexplained += not reason
            why = f"explained: {reason}" if reason else "SURVIVES" + ("" if reach[mutant.number] else ", never reached")
            print(f"  {mutant.file}:{mutant.line}: {mutant.function}: {mutant.was} -> {mutant.now}\n    {why}")
    files = {source.path for source in sources}
    for key in sorted(explained.keys() - used):
        if key.split(":")[0] in files:
            print(f"{EXPLAINED}: {key}: killed, or gone: this explanation is not needed")
            unexplained += 1
    total, killed = len(mutants) - 1, sum(1 for m in mutants[1:] if killers[m.number] is not None)
    percent = 100.0 * killed / total if total else 100.0
    print(f"{killed} of {total} mutants killed: {percent:.2f} %; {unexplained} to mend")
    return 1 if unexplained or percent < FLOOR_PERCENT else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", metavar="FOLDER", help="build there and leave it, so that the next run compiles less")
    parser.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    parser.add_argument("--only", metavar="TEXT", default="", help="run those whose description contains TEXT")
    parser.add_argument("--again", metavar="LOG", help="run those that survived in this output of --tell; the others "
                        "count as killed, as they are while tests are only added")
    parser.add_argument("--tell", action="store_true", help="say at once which survive")
    parser.add_argument("files", nargs="*")
    arguments = parser.parse_args()
    began = time.monotonic()
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    mutants, sources = [None], []
    for path in arguments.files or sorted(p for folder in FOLDERS for p in glob.glob(f"{folder}/*.c")):
        source = Source(path, mutants)
        source.find()
        source.number()
        sources.append(source)
    if arguments.list:
        for mutant in mutants[1:]:
            print(f"{mutant.number} {mutant.file}:{mutant.line}: {mutant.function}: {mutant.was} -> {mutant.now}")
        return 0
    work = arguments.keep or tempfile.mkdtemp(prefix="sealift-mutate-")
    try:
        tests = build(work, sources, len(mutants))
        print(f"{len(mutants) - 1} mutants in {len(sources)} files, {len(tests)} tests, built in "
              f"{time.monotonic() - began:.0f} s", flush=True)
        reach = baseline(work, tests)
        chosen = [m for m in mutants[1:] if arguments.only in m.key()]
        mutants, known = [None] + chosen, {}
        if arguments.again:
            survivors = survivors_of(arguments.again)
            known = {m.number: "before" for m in chosen if m.key() not in survivors}
            chosen = [m for m in chosen if m.key() in survivors]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            killers = dict(pool.map(Hunt(reach, arguments.tell).killer, chosen))
            killers.update(known)
        status = report(sources, mutants, killers, reach)
        print(f"{time.monotonic() - began:.0f} s")
        return status
    finally:
        if not arguments.keep:
            shutil.rmtree(work)


if __name__ == "__main__":
    sys.exit(main())
