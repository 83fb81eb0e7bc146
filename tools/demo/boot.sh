#!/bin/sh
# boot.sh: boots the image $SLBOOT_IMAGE on an emulated arm64 board and watches its console. Exit status 0 when the
# firmware says that it is up; 1 when it crashes, floods the console, ends, or is silent for too long. What decides is
# what the image's bytes do on the processor.
set -u
console=$(mktemp)
qemu-system-aarch64 -M virt -cpu cortex-a53 -m 128 -nographic -no-reboot -net none -bios "$SLBOOT_IMAGE" \
	</dev/null >"$console" 2>&1 &
board=$!
trap 'kill -9 $board 2>/dev/null; wait $board 2>/dev/null; rm -f "$console"' EXIT
trap 'exit 1' TERM INT HUP

verdict=1
ticks=0
while [ $ticks -lt 200 ]; do
	if grep -aq '^sealift-firmware .* is up' "$console"; then
		verdict=0
		break
	fi
	kill -0 $board 2>/dev/null || break
	# A board that resets or faults in a circle prints without end.
	[ "$(wc -c <"$console")" -lt 100000 ] || break
	sleep 0.05
	ticks=$((ticks + 1))
done
# It may have ended between the look at the console and the look at the process.
grep -aq '^sealift-firmware .* is up' "$console" && verdict=0
exit $verdict
