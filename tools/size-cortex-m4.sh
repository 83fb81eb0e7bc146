#!/bin/sh
# size-cortex-m4.sh BUILD-DIR: the bytes of each library of the freestanding build, that they are pure, and that the
# boot verifier (slboot with its own crypto, all that the linker cannot leave out) keeps its budgets of bytes and, where
# qemu-system-arm is there, of instructions.
set -eu
directory=$1
cd "$(dirname "$0")/.."
verifier_max=16384
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

# mem* come from the board's C library and are not counted: the addresses stand for them.
verifier=$(mktemp)
counter=$(mktemp)
trap 'rm -f "$verifier" "$counter"' EXIT
arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -nostdlib -Wl,--gc-sections -Wl,--entry=slboot_run -Wl,-u,crypto_small \
	-Wl,--defsym=memcpy=0,--defsym=memmove=0,--defsym=memset=0,--defsym=memcmp=0 \
	-Wl,--start-group $archives -lgcc -Wl,--end-group -o "$verifier"
# Bytes of the functions and constants whose names begin so.
bytes_of() {
	arm-none-eabi-nm -t d -S "$verifier" | awk -v name="^($1)" '$4 ~ name { bytes += $2 } END { print bytes + 0 }'
}
echo "verifier, of it: P-256 $(bytes_of p256_), SHA-256 $(bytes_of sha256_), manifest $(bytes_of manifest_)," \
	"journal and slots $(bytes_of 'journal_|slot_'), slboot $(bytes_of slboot_)"
text=$(arm-none-eabi-size "$verifier" | awk 'END { print $1 }')
echo "verifier on Cortex-M4: $text bytes of code and constants with its crypto, of at most $verifier_max"
if [ "$text" -gt "$verifier_max" ]; then
	echo "the verifier is $((text - verifier_max)) bytes over its budget" >&2
	exit 1
fi

if ! command -v qemu-system-arm >/dev/null; then
	echo "instructions were not counted: there is no qemu-system-arm"
	exit 0
fi
arm-none-eabi-gcc -std=c11 -Os -mcpu=cortex-m4 -mthumb -ffreestanding -nostdlib -Icore/bytes -Icore/crypto \
	-T boards/mps2-an386/link.ld -Wl,--gc-sections boards/mps2-an386/count.c \
	-Wl,--start-group $archives -lgcc -Wl,--end-group -o "$counter"
counts=$(timeout 60 qemu-system-arm -M mps2-an386 -icount shift=0 -display none -serial none -monitor none \
	-semihosting-config enable=on,target=native -kernel "$counter" 2>&1) ||
	{ echo "the verifier refused a valid signature on the board: $counts" >&2; exit 1; }
echo "$counts" | awk '
	{ value[$1] = $2 }
	END {
		verify = value["p256_verify_instructions"]
		byte = value["sha256_instructions_64KiB"] / 65536
		printf "P-256 verification: %d instructions of at most 8000000, %d bytes of stack\n", verify, value["p256_verify_stack"]
		printf "SHA-256: %.1f instructions a byte of at most 45, %d bytes of stack\n", byte, value["sha256_stack"]
		exit !(verify > 0 && verify <= 8000000 && byte > 0 && byte <= 45)
	}'
