#!/bin/sh
# fuzz-one.sh PROGRAM SECONDS: one libFuzzer target. It starts from the stored corpus and from what earlier runs found,
# which is kept in build/corpus/<target>/. A finding is kept in build/findings/; put it in tests/fuzz/corpus/<target>/,
# under a name that tells, when it is fixed.
set -eu
program=$1
seconds=$2
target=${program##*/fuzz-}
cd "$(dirname "$0")/.."

mkdir -p "build/corpus/$target" build/findings
"$program" -max_total_time="$seconds" -max_len=65536 -len_control=20 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
	-dict=tests/fuzz/words.dict -artifact_prefix="build/findings/$target-" "build/corpus/$target" \
	"tests/fuzz/corpus/$target"
