#!/bin/sh
# attacks.sh: every case that docs/attacks.md names stands in the test that it names, and every case of an attacks_*.c or
# attacks.c below tests/unit/ has a row there.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

# The last column: `program` case case; `program` case; `path`.
sed -n 's/^|.*| \(`[^|]*\) |$/\1/p' docs/attacks.md | tr ';' '\n' | sed 's/^ *//' | while read -r program cases; do
	program=$(echo "$program" | tr -d '`')
	[ -n "$cases" ] || echo "$program"
	for case in $cases; do
		echo "$program $case"
	done
done | sort -u >"$temp/named"
grep -oE 'CASE\([a-z0-9_]+\)' $(find tests/unit -name 'attacks_*.c' -o -name attacks.c) |
	sed -E 's/:CASE\((.*)\)/ \1/' | sort -u >"$temp/there"
{
	while read -r file case; do
		[ -e "$file" ] || echo "docs/attacks.md: $file    <- no such test"
		[ -z "$case" ] || grep -q "CASE($case)" "$file" 2>/dev/null || echo "docs/attacks.md: $case    <- no such case in $file"
	done <"$temp/named"
	comm -13 "$temp/named" "$temp/there" | sed 's/$/    <- no row of docs\/attacks.md names this case/'
} >"$temp/found"
cat "$temp/found"
[ ! -s "$temp/found" ]
