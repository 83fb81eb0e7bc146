#!/bin/sh
# metrics.sh: every metric of sealiftd is in protocol/operator-api.md and in its man page, and nothing else is.
set -eu
cd "$(dirname "$0")/.."
names() { grep -o 'sealift_[a-z_]*' "$1" | sed 's|_sum$||; s|_count$||' | sort -u; }
bad=0
for page in protocol/operator-api.md man/sealiftd.8; do
	for name in $(names serve/metrics.c); do
		names $page | grep -qx "$name" || { echo "$page: $name    <- serve/metrics.c writes it, the page does not know it"; bad=1; }
	done
	for name in $(names $page); do
		grep -q "$name" serve/metrics.c || { echo "$page: $name    <- no metric of serve/metrics.c"; bad=1; }
	done
done
exit $bad
