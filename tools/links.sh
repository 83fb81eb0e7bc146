#!/bin/sh
# links.sh: every relative link of a page, and every path of this tree that a page names in `code`, leads somewhere.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

find . -name '*.md' -not -path './build*' -not -path './.git/*' -not -path './demo-site/*' | sed 's|^\./||' | sort >"$temp/pages"
while read -r page; do
	folder=$(dirname "$page")
	grep -noE '\]\([^)#: ]+(#[^)]*)?\)' "$page" | sed -E 's/^([0-9]+):\]\(([^)#]*).*/\1 \2/' | while read -r line link; do
		[ -e "$folder/$link" ] || echo "$page:$line: ($link)    <- a link that leads nowhere"
	done
	grep -noE '`(core|port|pack|sign|publish|serve|agent|boot|fleet|cmd|boards|deploy|tests|tools|protocol|docs|bench)/[A-Za-z0-9_./-]+`' "$page" |
		sed -E 's/^([0-9]+):`(.*)`/\1 \2/' | while read -r line path; do
		[ -e "$path" ] || ls "$path".* >/dev/null 2>&1 || echo "$page:$line: $path    <- no such file in the tree"
	done
done <"$temp/pages" >"$temp/found"
cat "$temp/found"
[ ! -s "$temp/found" ]
