#!/bin/sh
# scale.sh BUILD [DEVICES]: a good rollout to many simulated devices and a bad one that stops at the canary, with the
# server's own figures at the end. The devices speak the real protocol, each with its own keys and certificates.
set -eu
. "$(dirname "$0")/../lib/world.sh"
devices=${2:-300}

took() { # took TEXT SINCE
	echo "# $(($(date +%s) - $2)) s: $1"
}

patiently() { # patiently COMMAND...: as long as a fleet of this size may need
	limit=$(($(date +%s) + 60 + devices / 2))
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $limit ] || { echo "never happened: $*"; return 1; }
		sleep 0.5
	done
}

rollout() { # rollout VERSION: $rollout is its number
	quietly sealift rollout plan --release "edge/$1" --canary sim-1,sim-2,sim-3,sim-4 --stage small=10% \
		--stage regional=100%,region=us --stage global=100% --soak 0 --expect-report 120 --why "$test_name"
	rollout=$(sealift rollout start --why "$test_name" --json "plans/edge/$1.json" | jq .id)
}

booted() { # booted VERSION: how many devices booted it at least once
	jq -rR --arg image "$(digest_of "$1")" 'fromjson? | select(.event == "booted" and .image == $image) | .device' \
		"$work/sim.log" | sort -u | wc -l
}

world_begin --poll 5
world_image 1.0 256
world_release 1.0
since=$(date +%s)
# shellcheck disable=SC2046
world_provision 1.0 fleet eu $(seq -f 'sim-%.0f' 1 $((devices / 2)))
# shellcheck disable=SC2046
world_provision 1.0 fleet us $(seq -f 'sim-%.0f' $((devices / 2 + 1)) "$devices")
took "$devices devices provisioned" "$since"
since=$(date +%s)
world_fleet
ok "$devices devices enrolled and reported" patiently devices_where "$devices" '.state == "idle"'
took 'enrolled' "$since"

world_image 1.1 256
world_release 1.1
since=$(date +%s)
rollout 1.1
ok 'the good release reached everyone' patiently rollout_is "$rollout" '.state == "done"'
ok 'each runs it' patiently devices_where "$devices" ".image == \"$(digest_of 1.1)\""
took 'rollout of a good release' "$since"

world_image 1.2 256 broken
world_release 1.2
since=$(date +%s)
rollout 1.2
ok 'the bad release was stopped' patiently rollout_is "$rollout" '.state == "aborted" and .affected == .returned'
ok 'in the canary stage' rollout_is "$rollout" '.stage_name == "canary" and .succeeded == 0'
took 'bad release stopped, canaries back' "$since"
ok 'nobody but the canaries booted it' test "$(booted 1.2)" -le 4
ok 'somebody did' test "$(booted 1.2)" -gt 0
ok 'all run the good one' patiently devices_where "$devices" ".image == \"$(digest_of 1.1)\""
echo "# server: $(awk '/VmHWM/ { print $2 " kB at most" }' "/proc/$(pid_of sealiftd)/status")"
world_done
