#!/bin/sh
# sizes.sh: a file is at most 500 lines (a test 800), a function 60, a line 120 columns (tabs are 8).
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C.UTF-8
# A function's body starts with { in the first column and ends with } there: clang-format sees to it.
awk -v max_code=500 -v max_test=800 -v max_function=60 -v max_columns=120 '
	function finish() {
		max_file = file ~ /^tests\// ? max_test : max_code
		if (lines > max_file) {
			printf "%s: %d lines    <- a file is at most %d lines: one noun a file\n", file, lines, max_file
			bad = 1
		}
	}
	FNR == 1 { finish(); file = FILENAME; start = 0 }
	{ lines = FNR }
	/^\{/ { start = FNR }
	/^\}/ && start {
		if (FNR - start - 1 > max_function) {
			printf "%s:%d: function of %d lines    <- a function is at most %d lines\n", FILENAME, start, FNR - start - 1, max_function
			bad = 1
		}
		start = 0
	}
	{
		columns = 0
		n = split($0, parts, "\t")
		for (i = 1; i <= n; i++) {
			columns += length(parts[i])
			if (i < n)
				columns += 8 - columns % 8
		}
		if (columns > max_columns) {
			printf "%s:%d: %d columns    <- a line is at most %d columns\n", FILENAME, FNR, columns, max_columns
			bad = 1
		}
	}
	END { finish(); exit bad }' $(tools/sources.sh)
