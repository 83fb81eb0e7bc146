#!/bin/sh
# packages.sh [FILE]: installs the Debian packages of FILE (packages.txt) that are missing; quiet when none is.
# As root, or through sudo; CHECK_NO_INSTALL=1 never installs.
set -eu
cd "$(dirname "$0")/.."
list=${1:-packages.txt}

wanted=$(sed 's/#.*//' "$list" | tr -s ' \t\n' ' ')
installed=$(dpkg-query -W -f='${db:Status-Abbrev}${Package} \n' $wanted 2>/dev/null | sed -n 's/^ii *//p' | tr '\n' ' ' ||
	true)
missing=
for package in $wanted; do
	case " $installed " in
	*" $package "*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "${CHECK_NO_INSTALL:-0}" = 1 ]; then
	echo "packages: not installed (CHECK_NO_INSTALL=1):$missing" >&2
	exit 0
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "packages: missing:$missing. Install them as root: apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi
echo "installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=120 --no-install-recommends $missing </dev/null >"$log" 2>&1
}
# The lists of a fresh machine are empty or old: fetch them first; a second try after a pause covers a passing fault.
$as_root apt-get update -qq </dev/null >"$log" 2>&1 ||
	echo "packages: apt-get update failed; going on with the lists that are here" >&2
if ! install; then
	sleep 5
	$as_root apt-get update -qq </dev/null >/dev/null 2>&1 || true
	install || { tail -n 20 "$log" >&2; echo "packages: apt-get could not install$missing" >&2; exit 1; }
fi
