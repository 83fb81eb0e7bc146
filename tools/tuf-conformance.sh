#!/bin/sh
# tuf-conformance.sh [DIRECTORY [BUILD [PYTEST-OPTION...]]]: theupdateframework/tuf-conformance against tuf-client. It
# is not part of this tree: DIRECTORY holds the unpacked sources of others, which HACKING.md names. Without it, skips.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
directory=${1:-}
build=${2:-$root/build}
if [ -z "$directory" ]; then
	echo 'tuf-conformance: skipped, no directory given (see HACKING.md)'
	exit 0
fi
[ $# -lt 2 ] && shift $# || shift 2
directory=$(cd "$directory" && pwd)
client=$(cd "$build" && pwd)/tests/conformance/tuf-client
python=/usr/bin/python3 # Debian's, which has python3-pytest and python3-cryptography

for needed in "$directory/suite/tuf_conformance" "$directory/sslib/securesystemslib" "$directory/tuf/tuf" "$client"; do
	[ -e "$needed" ] || { echo "tuf-conformance: $needed is missing (see HACKING.md)" >&2; exit 1; }
done
command -v faketime >/dev/null || { echo 'tuf-conformance: install the package faketime' >&2; exit 1; }

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
# Two names of types, for annotations only, that Debian 12's python3-cryptography spells otherwise.
cat >"$temp/sitecustomize.py" <<'END'
from cryptography.hazmat.primitives.asymmetric import types

for name in ("PrivateKeyTypes", "PublicKeyTypes"):
    if not hasattr(types, name):
        setattr(types, name, object)
END
cd "$directory/suite"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$temp:$directory/tuf:$directory/sslib:$directory/suite" \
	"$python" -m pytest -q -p no:cacheprovider tuf_conformance --entrypoint "$client" "$@"
