#!/bin/sh
# fuzz-one.sh PROGRAM SECONDS: one libFuzzer target, on a copy of its corpus, so that the tree is left alone. A finding is
# kept in build/findings/; put it in tests/fuzz/corpus/<target>/ when it is fixed.
set -eu
program=$1
seconds=$2
target=${program##*/fuzz-}
cd "$(dirname "$0")/.."

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
mkdir -p "$temp/corpus" build/findings
[ ! -d "tests/fuzz/corpus/$target" ] || cp -r "tests/fuzz/corpus/$target/." "$temp/corpus/"
"$program" -max_total_time="$seconds" -max_len=65536 -len_control=20 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
	-artifact_prefix="build/findings/$target-" "$temp/corpus"
