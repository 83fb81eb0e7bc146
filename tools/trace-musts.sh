#!/bin/sh
# trace-musts.sh [--list]: every rule that a page of protocol/ numbers, as **META-7** or [META-7], is cited as [META-7] by
# code or a test, and every such citation names a rule that stands in protocol/. --list prints who cites what.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

pages=$(find protocol -name '*.md')
tests=$(find tests -name '*.sh' -o -path 'tests/adversary/*' -type f ! -name '*.[ch]')
rule='[A-Z][A-Z]*-[0-9][0-9]*'
grep -noE "\*\*$rule\*\*|\[$rule\]" $pages /dev/null | sed 's/[][*]//g' >"$temp/defined"
grep -noE "\[$rule\]" $(tools/sources.sh) $tests /dev/null | sed 's/[][]//g' >"$temp/cited"

if [ "${1:-}" = --list ]; then
	awk -F: '{ where[$3] = where[$3] " " $1 ":" $2 } END { for (id in where) print id ":" where[id] }' "$temp/cited" | sort -V
	exit
fi
awk -F: '
	NR == FNR { if (!($3 in page)) page[$3] = $1 ":" $2; next }
	{ cited[$3] = 1; if (!($3 in page)) { print $1 ":" $2 ": [" $3 "]    <- no page of protocol/ has this rule"; bad = 1 } }
	END {
		for (id in page)
			if (!(id in cited)) {
				print page[id] ": [" id "]    <- neither code nor test cites this rule: is it kept, and what proves it?"
				bad = 1
			}
		exit bad
	}' "$temp/defined" "$temp/cited" | sort -V >"$temp/found"
cat "$temp/found"
[ ! -s "$temp/found" ]
