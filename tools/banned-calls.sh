#!/bin/sh
# banned-calls.sh: calls that are hard to use safely, and what to use instead.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
awk -f tools/code.awk $(tools/sources.sh) >"$temp/code"

# ban NAMES WHY [EXCEPT]: EXCEPT is a pattern of file names that may, with the reason in a comment here.
status=0
ban() {
	found=$(grep -E "(^|[^A-Za-z0-9_>.])($1)[[:space:]]*\(" "$temp/code" | grep -Ev "^(${3:-nothing}):" || true)
	[ -z "$found" ] && return 0
	echo "$found" | sed "s|\$|    <- $2|"
	status=1
}

ban 'strcpy|strcat|strncpy|strncat|stpcpy|sprintf|vsprintf|gets' 'no bound: use a writer, snprintf or memcpy'
ban 'strtok|gmtime|localtime|asctime|ctime|getpwnam|getpwuid|getgrnam|strsignal' 'shared hidden state: use the _r form'
ban 'atoi|atol|atoll|atof|s?scanf|fscanf|vscanf' 'no errors: use strtoull and check the end, or a reader of core/codec' 'tests/.*'
ban 'system|popen|wordexp' 'a shell reads the argument: use fork and exec' 'tests/.*'
ban 'mktemp|tempnam|tmpnam' 'a race: use mkstemp, mkdtemp or O_TMPFILE'
ban 'alloca' 'an unbounded stack: use a bounded array'
ban 'rand|srand|random|srandom|drand48' 'guessable: use getrandom or a seeded generator of the test' 'tests/.*'
ban 'setjmp|longjmp' 'skips clean-up' 'tests/.*'

gotos=$(grep -E '(^|[^A-Za-z0-9_])goto[^A-Za-z0-9_]' "$temp/code" || true)
if [ -n "$gotos" ]; then
	echo "$gotos" | sed 's|$|    <- no goto: return early; release with the cleanup attribute|'
	status=1
fi
exit $status
