#!/bin/sh
# core-is-pure.sh NM ARCHIVE...: fails if the archives, taken together, need anything but mem* functions and what the
# compiler itself calls, or keep writable state. Core then runs anywhere: server, agent and bootloader.
set -eu
export LC_ALL=C
nm=$1
shift

# Helpers of the compiler (arithmetic, stack protector, sanitizers, coverage), no library.
compiler='^(__aeabi_|__u?div|__u?mod|__stack_chk_|__asan_|__ubsan_|__sancov_|__sanitizer_|__tsan_|__llvm_|__gcov_|llvm_gcov|__start___sanc|__stop___sanc|__odr_asan|_GLOBAL_OFFSET_TABLE_$)'
# gcc makes a loop to the NUL a call of strlen, clang a memcmp a bcmp, where there is a C library.
memory='^(strlen|bcmp|mem(cpy|set|move|cmp|chr)|__mem(cpy|set|move)_chk)$'

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
"$nm" -g --defined-only "$@" | awk 'NF == 3 { print $3 }' | sort -u >"$temp/defined"
"$nm" -u "$@" | awk '$1 == "U" { print $2 }' | sort -u >"$temp/needed"
[ -s "$temp/defined" ] || { echo "core-is-pure: $nm found no symbol in $*: build them first" >&2; exit 1; }

impure=$(comm -23 "$temp/needed" "$temp/defined" | grep -Ev "$compiler|$memory" || true)
state=$("$nm" -f sysv "$@" | awk -F'|' '
	{ gsub(/ /, "", $1); gsub(/ /, "", $7) }
	$7 ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $7 !~ /^\.data\.rel\.ro/ { print $1 }' |
	grep -Ev "$compiler|^(\.L|__gcov|__prof|\.data|\.bss|__func__|__unnamed)" || true)

status=0
if [ -n "$impure" ]; then
	echo "core-is-pure: core must do without these, so pass what they give as an argument:" $impure >&2
	status=1
fi
if [ -n "$state" ]; then
	echo "core-is-pure: core keeps no state of its own, so move these into a struct of the caller:" $state >&2
	status=1
fi
exit $status
