#!/bin/sh
# format.sh [--fix]: clang-format must leave every C file as it is.
set -eu
cd "$(dirname "$0")/.."
if [ "${1:-}" = --fix ]; then
	tools/sources.sh | xargs clang-format -i
	exit
fi
unlike=$(tools/sources.sh | xargs -n 25 -P "$(nproc)" clang-format --dry-run -Werror --ferror-limit=1 2>&1 |
	grep ' error: ' || true)
[ -z "$unlike" ] && exit 0
echo "$unlike" | sed 's/ error: .*/    <- format: run clang-format -i on this file/'
exit 1
