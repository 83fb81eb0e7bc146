# A small honest world for whole-program tests: a site, its two signing authorities, the server, devices. Sourced by a
# test script, which is called with the build directory. Everything lives in $work and ends with the script.
#
#   supervise NAME COMMAND...  runs it, and starts it again whenever it dies, as systemd would; log in NAME.log
#   world_begin                site (sealift init) and daemons (world_daemons); the ports are kept over restarts
#   world_image V              a firmware image whose bytes say whether it boots (world_boot)
#   world_release V            packs, signs and publishes edge/V; without world_image before, of random bytes
#   ok TEXT COMMAND...         one TAP line; its output is told only if it failed
set -eu

build=$1
test_name=$(basename "$0" .sh)
PATH=$build/cmd:$build/cmd/sealift:$build/cmd/sealiftd:$PATH
export PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/sealift-$test_name.XXXXXX")
site=$work/site
repo=$site/repo
export SEALIFT_SITE="$site"
pids=
tests=0
failures=0

world_end() {
	status=$?
	trap - EXIT
	trap "" HUP INT PIPE TERM
	set +e
	world_stop
	[ $status -eq 0 ] && [ $failures -eq 0 ] || for log in "$work"/*.log; do
		[ ! -s "$log" ] || { echo "# --- $(basename "$log")"; tail -n 12 "$log" | sed 's/^/# /'; }
	done
	[ $status -eq 0 ] || echo "Bail out! $test_name broke off with status $status"
	[ -n "${KEEP:-}" ] && echo "# kept: $work" || rm -rf "$work"
	exit $status
}
trap world_end EXIT
trap 'exit 130' HUP INT PIPE TERM

# --- TAP -------------------------------------------------------------------------------------------------------------

ok() { # ok TEXT COMMAND...
	text=$1
	shift
	tests=$((tests + 1))
	if "$@" >"$work/check.out" 2>&1; then
		echo "ok $tests - $text"
		return 0
	fi
	failures=$((failures + 1))
	echo "not ok $tests - $text"
	tr -cd '[:print:]\n' <"$work/check.out" | awk '{ print "# " $0 }' # a last line without its end gets one
	world_failed
}

world_failed() { :; } # a script may tell more

world_done() {
	echo "1..$tests"
	[ $failures -eq 0 ] || echo "# $failures of $tests failed"
	exit 0
}

# --- waiting and starting --------------------------------------------------------------------------------------------

wait_for() { # wait_for COMMAND...: generous, since the machine may be busy with other tests
	limit=$(($(date +%s) + 60))
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $limit ] || { echo "# never happened: $*"; return 1; }
		sleep 0.02
	done
}

quietly() { # its output is kept for the end, if that is a bad one
	"$@" >"$work/command.log" 2>&1
}

spawn() { # spawn NAME COMMAND...
	log=$work/$1.log
	shift
	"$@" >>"$log" 2>&1 &
	spawned=$!
	pids="$pids $spawned"
}

supervisor() { # supervisor NAME COMMAND...
	name=$1
	shift
	child=
	trap 'kill $child 2>/dev/null; wait $child 2>/dev/null; exit 0' TERM
	while :; do
		"$@" &
		child=$!
		echo $child >"$work/$name.pid"
		wait $child || true
		sleep 0.05
	done
}

supervise() { # supervise NAME COMMAND...
	spawn "$1" supervisor "$@"
}

world_stop() { # all that was started
	for pid in $pids; do kill "$pid" 2>/dev/null || true; done
	for pid in $pids; do wait "$pid" 2>/dev/null || true; done
	pids=
}

pid_of() { cat "$work/$1.pid"; }

# --- site and daemons ------------------------------------------------------------------------------------------------

server_is_up() { curl -fsS "http://127.0.0.1:$ops_port/healthz"; }

signd_is_up() { # signd_is_up INSTANCE: it opens its socket last
	[ -S "$site/signd-$1/signd.sock" ]
}

# What the kernel chose at the first start is written down, so that devices find the server again.
world_keep_ports() {
	device_port=$(sed -n 's/.*device=\([0-9]*\).*/\1/p' "$site/server/ports")
	ops_port=$(sed -n 's/.*ops=\([0-9]*\).*/\1/p' "$site/server/ports")
	sed -i "s/^listen = .*/listen = 127.0.0.1:$device_port/; s/^ops_listen = .*/ops_listen = 127.0.0.1:$ops_port/" \
		"$site/server/sealiftd.conf"
}

world_daemons() {
	for instance in release online; do
		supervise "signd-$instance" sealift-signd --config "$site/signd-$instance/signd.conf"
		wait_for signd_is_up $instance
	done
	supervise sealiftd sealiftd --config "$site/server/sealiftd.conf"
	wait_for test -s "$site/server/ports"
	world_keep_ports
	wait_for server_is_up
}

world_begin() { # world_begin [INIT OPTION...]
	quietly sealift init --product edge --vendor tests.example --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 \
		--poll 1 "$@" "$site"
	world_daemons
}

operator() { # operator PATH: of the operator API
	curl -fsS --unix-socket "$site/server/operator.sock" "http://sealiftd$1"
}

# --- firmware and releases -------------------------------------------------------------------------------------------

image_of() { echo "$work/firmware-$1.img"; }

# Bytes that follow from the version, then their SHA-256: world_boot believes nothing else. "broken": one bit is off.
world_image() { # world_image VERSION KIB [broken]
	body=$work/firmware.body
	head -c $(($2 * 1024 - 64)) /dev/zero |
		openssl enc -aes-128-ctr -K "$(printf %s "$1" | sha256sum | cut -c1-32)" -iv 0 >"$body" 2>/dev/null
	sum=$(sha256sum "$body" | cut -c1-64)
	[ -z "${3:-}" ] || sum=$(echo "$sum" | tr 0-9a-f 1-9a-f0)
	{ cat "$body"; printf %s "$sum"; } >"$(image_of "$1")"
	rm "$body"
}

# The boot command: exit status 0 if the image's bytes are in order.
world_boot='sleep 0.1; [ "$(head -c -64 "$SLBOOT_IMAGE" | sha256sum | cut -c1-64)" = "$(tail -c 64 "$SLBOOT_IMAGE")" ]'

world_release() { # world_release VERSION [PACK OPTION...]
	version=$1
	shift
	[ -f "$(image_of "$version")" ] || head -c 200000 /dev/urandom >"$(image_of "$version")"
	quietly sealift pack --product edge --version "$version" --segment-kib 64 "$@" "$(image_of "$version")"
	quietly sealift release sign --why "$test_name" "edge/$version"
	quietly sealift release publish --why "$test_name" "edge/$version"
}

digest_of() { # digest_of VERSION: of the image
	sha256sum "$(image_of "$1")" | cut -c1-64
}

# --- devices ---------------------------------------------------------------------------------------------------------

world_provision() { # world_provision VERSION FOLDER REGION ID...
	version=$1 folder=$2 region=$3
	shift 3
	quietly sealift provision --release "edge/$version" --image "$(image_of "$version")" --poll 1 --attribute \
		"region=$region" --server "https://127.0.0.1:$device_port" --out "$work/$folder" "$@"
}

world_board() { # world_board ID: a real agent over slboot, in real/ID
	supervise "$1" slboot-host --json --device "$work/real/$1" --boot "$world_boot" \
		--os "exec sealift-agent --json --device $work/real/$1"
}

world_fleet() { # the simulated devices in fleet/
	supervise sim sealift-sim --json --devices "$work/fleet" --boot "$world_boot"
}

devices_where() { # devices_where COUNT FILTER: so many devices are so, as the server knows it
	[ "$(sealift device list --json | jq "[.devices[] | select($2)] | length")" = "$1" ]
}

rollout_is() { # rollout_is NUMBER FILTER
	sealift rollout status --json "$1" | jq -e "$2"
}
