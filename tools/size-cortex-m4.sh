#!/bin/sh
# size-cortex-m4.sh BUILD-DIR: the bytes of each library of the freestanding build, and that they are pure.
set -eu
directory=$1
cd "$(dirname "$0")/.."
archives=$(find "$directory" -name '*.a' | LC_ALL=C sort)
[ -n "$archives" ] || { echo "no library in $directory: build it first" >&2; exit 1; }
tools/core-is-pure.sh arm-none-eabi-nm $archives
text_all=0
for archive in $archives; do
	text=$(arm-none-eabi-size -t "$archive" | awk 'END { print $1 }')
	data=$(arm-none-eabi-size -t "$archive" | awk 'END { print $2 + $3 }')
	echo "$archive: $text bytes of code and constants, $data of data"
	text_all=$((text_all + text))
done
echo "core on Cortex-M4: $text_all bytes if nothing were left out by the linker"
