#!/bin/sh
# firmware.sh VERSION OUT [--regression]: the demonstration's build. Takes the U-Boot of Debian's u-boot-qemu for the
# arm64 virt board, and gives its default environment a boot command that names the version; same input, same bytes.
# --regression zeroes 64 bytes of its code, as a broken toolchain might: same name, same size, but it does not boot.
set -eu
version=$1
out=$2
regression=${3:-}
board=${UBOOT:-/usr/lib/u-boot/qemu_arm64/u-boot.bin}
[ -r "$board" ] || { echo "firmware.sh: there is no $board; install the package u-boot-qemu" >&2; exit 1; }

perl -0777 -e '
	my ($in, $out, $version, $regression) = @ARGV;
	open my $f, "<:raw", $in or die "$in: $!\n";
	my $image = <$f>;
	my $command = "echo sealift-firmware $version is up; poweroff";
	# The variable distro_bootcmd is replaced by a command of the same length, so that nothing moves.
	$image =~ s/(\0distro_bootcmd=)([^\0]+)/$1 . $command . " " x (length($2) - length($command))/e
		or die "no distro_bootcmd in $in\n";
	$image =~ s/\0bootdelay=2\0/\0bootdelay=0\0/ or die "no bootdelay in $in\n";
	substr($image, 4096, 64) = "\0" x 64 if $regression eq "--regression";
	open my $g, ">:raw", $out or die "$out: $!\n";
	print $g $image or die "$out: $!\n";
	close $g or die "$out: $!\n";
' "$board" "$out" "$version" "$regression"
