#!/bin/sh
# Takes each defence of the list out of a copy of the tree, builds the programs, and demands that the attack named for it
# gets through. First each attack must be repelled by the unchanged copy. TAP.
#
#   tests/mutants/run.sh [MUTANT...]   default: all of tests/mutants/list
set -eu
cd "$(dirname "$0")/../.."
list=$PWD/tests/mutants/list
source=$PWD
work=$(mktemp -d "${TMPDIR:-/tmp}/sealift-mutants.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export ADVERSARY_STOP_AT_FIRST=1
tests=0
failures=0
chosen=" $* "
programs='cmd/sealift/sealift cmd/sealift-signd cmd/sealiftd/sealiftd cmd/sealift-agent cmd/sealift-fetcher cmd/slboot-host
	tests/adversary/adversary-forge tests/adversary/adversary-proxy'

say() { # say ok|'not ok' TEXT [FILE]: the file explains a failure
	tests=$((tests + 1))
	echo "$1 $tests - $2"
	[ "$1" = ok ] && return
	failures=$((failures + 1))
	[ -z "${3:-}" ] || tail -n 15 "$3" | sed 's/^/# /'
}

# What git knows, as it stands in the work tree; without git, all but builds.
copy_tree() {
	mkdir "$work/tree"
	{ git ls-files -co --exclude-standard 2>/dev/null || find . -type f ! -path './build*' ! -path './.git/*'; } |
		while read -r file; do [ ! -f "$file" ] || echo "$file"; done | tar -cf - -T - | tar -xf - -C "$work/tree"
}

build() {
	meson setup "$work/build" "$work/tree" -Dbuildtype=debug >"$work/build.log" 2>&1 && compile
}
# shellcheck disable=SC2086
compile() { ninja -C "$work/build" $programs >"$work/build.log" 2>&1; }

attack() { sh "$work/tree/tests/adversary/$1" "$work/build" >"$work/attack.log" 2>&1 || true; }
# All tests ran, and none failed.
is_repelled() { grep -q '^1\.\.[1-9]' "$work/attack.log" && ! grep -q '^not ok' "$work/attack.log"; }

# The whole text once, as it stands: no pattern.
mutate() { # mutate FILE FIND WITH
	find=$2 with=$3 awk '
		BEGIN { find = ENVIRON["find"]; with = ENVIRON["with"] }
		{ at = index($0, find) }
		at > 0 { n++; $0 = substr($0, 1, at - 1) with substr($0, at + length(find)) }
		{ print }
		END { exit n == 1 ? 0 : 1 }' "$source/$1" >"$work/tree/$1"
}

try() { # try NAME FILE ATTACK FIND WITH
	case $chosen in '  ' | *" $1 "*) ;; *) return 0 ;; esac
	case $repelled in *" $3 "*) ;; *)
		compile || { say 'not ok' 'the unchanged programs do not build' "$work/build.log"; return 0; }
		attack "$3"
		is_repelled || { say 'not ok' "$3 is repelled by the unchanged programs" "$work/attack.log"; return 0; }
		say ok "$3 is repelled by the unchanged programs"
		repelled="$repelled$3 "
		;;
	esac
	if ! mutate "$2" "$4" "$5"; then
		say 'not ok' "$1: the text to be found does not stand exactly once in $2"
	elif ! compile; then
		say 'not ok' "$1: the mutant does not build" "$work/build.log"
	else
		attack "$3"
		if grep -q '^not ok' "$work/attack.log"; then say ok "without $1, $3 gets through"
		else say 'not ok' "without $1, $3 does not get through" "$work/attack.log"; fi
	fi
	cp "$source/$2" "$work/tree/$2"
}

copy_tree
build || { tail -n 15 "$work/build.log" | sed 's/^/# /'; echo 'Bail out! the tree does not build'; exit 1; }
repelled=' '
exec 3<"$list"
while read -r key value <&3; do
	case $key in
	mutant:) mutant=$value ;;
	file:) file=$value ;;
	attack:) attack=$value ;;
	find:) find=$value ;;
	with:) try "$mutant" "$file" "$attack" "$find" "$value" 3<&- ;;
	esac
done
echo "1..$tests"
[ $failures -eq 0 ] || echo "# $failures of $tests failed"
