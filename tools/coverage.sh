#!/bin/sh
# coverage.sh [BUILD-DIRECTORY [-v]]: builds with gcov's counters, runs the unit and fault tests (the fuzz corpora are
# among them), prints what they left unexecuted in core/, and fails if that is more than tests/coverage-exceptions says.
# -v: also each branch not taken.
set -eu
cd "$(dirname "$0")/.."
build=${1:-build-coverage}
# Without optimisation: a line is what it says, a branch is a condition of the source.
[ -f "$build/build.ninja" ] || meson setup "$build" -Db_coverage=true -Dbuildtype=debug -Doptimization=0
ninja -C "$build"
find "$build" -name '*.gcda' -delete
# A failed test shows in the suites that are for it; here it is a line less.
meson test -C "$build" --no-rebuild --suite unit --suite fault -t 4 >/dev/null || echo 'coverage: a test failed'
python3 tools/coverage.py "$build" ${2:+"$2"}
