#!/bin/sh
# sources.sh [PATTERN...]: names the C files of the project (or those that match), new ones that git does not know yet too.
cd "$(dirname "$0")/.." || exit 1
[ $# -gt 0 ] || set -- '*.c' '*.h'
for pattern in "$@"; do
	find core port pack sign publish serve agent boot fleet cmd boards tests bench -name "$pattern" -type f 2>/dev/null
done | LC_ALL=C sort
