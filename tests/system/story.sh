#!/bin/sh
# story.sh BUILD: the whole story in small: a good release to all, a bad one that stops at the canary, a pause, an
# operator's abort; and what the command line says to bad input on the way.
set -eu
. "$(dirname "$0")/../lib/world.sh"
. "$(dirname "$0")/evidence.sh"

devices=8

# --- helpers ---------------------------------------------------------------------------------------------------------

# The exit status, the error as text, and as JSON on standard output when asked so.
fails() { # fails STATUS REGEX sealift ARGUMENT...
	expected=$1 regex=$2
	shift 3
	status=0
	sealift "$@" >"$work/fails.out" 2>"$work/fails.err" || status=$?
	echo "$status" | grep -Eqx "$expected" || { echo "status $status, not $expected"; cat "$work/fails.err"; return 1; }
	grep -Eiq "$regex" "$work/fails.err" || { echo "no '$regex' in:"; cat "$work/fails.err"; return 1; }
	status=0
	sealift --json "$@" >"$work/fails.out" 2>&1 || status=$?
	echo "$status" | grep -Eqx "$expected" || { echo "status $status with --json"; cat "$work/fails.out"; return 1; }
	jq -e '.error | length > 0' "$work/fails.out" >/dev/null || { echo 'no JSON:'; cat "$work/fails.out"; return 1; }
}

json() { # json FILTER COMMAND...
	filter=$1
	shift
	"$@" --json >"$work/json.out" && jq -e "$filter" "$work/json.out"
}

published_bytes() { # all that devices may fetch
	(cd "$repo" && find . -type f | sort | xargs sha256sum)
}

staged_bytes() { (cd "$site/staging/edge/$1" && find . -type f | sort | xargs sha256sum); }

packs_the_same() { # packs_the_same VERSION
	staged_bytes "$1" >"$work/staged.before"
	rm -r "$site/staging/edge/$1"
	sealift pack --product edge --version "$1" --segment-kib 64 "$(image_of "$1")"
	staged_bytes "$1" | diff "$work/staged.before" -
}

publishes_once() { # publishes_once VERSION: repeating it changes no byte
	published_bytes >"$work/published.before"
	json '.already == true' sealift release publish "edge/$1" || return 1
	published_bytes | diff "$work/published.before" -
}

two_at_once() { # two_at_once VERSION: one publishes, the other finds it published
	sealift release publish --json "edge/$1" >"$work/one.out" 2>&1 &
	one=$!
	sealift release publish --json "edge/$1" >"$work/two.out" 2>&1 || { cat "$work/two.out"; return 1; }
	wait $one || { cat "$work/one.out"; return 1; }
	[ "$(cat "$work/one.out" "$work/two.out" | jq -s '[.[] | select(.already)] | length')" = 1 ]
}

tampered() { # tampered FILE N COMMAND...: the command fails while the byte at one Nth of the file is another
	file=$1 part=$2
	shift 2
	cp "$file" "$work/untampered"
	perl -0777 -pi -e 'BEGIN { $part = shift } substr($_, length($_) / $part, 1) ^= "\1"' "$part" "$file"
	status=0
	"$@" >"$work/tampered.out" 2>&1 || status=$?
	cp "$work/untampered" "$file"
	[ "$status" -ne 0 ] || { echo "nothing noticed:"; cat "$work/tampered.out"; return 1; }
	[ -s "$work/tampered.out" ] || { echo 'no error was told'; return 1; }
}

newest() { # newest ROLE
	ls "$repo"/metadata/*."$1.json" | sort -V | tail -n 1
}

plan() { # plan VERSION
	quietly sealift rollout plan --release "edge/$1" --canary real-1,sim-1,sim-2 --stage small=100%,region=us \
		--stage global=100% --soak 0 --expect-report 300 --why "$test_name"
}

start() { # start VERSION: $rollout is its number
	rollout=$(sealift rollout start --why "$test_name" --json "plans/edge/$1.json" | jq .id)
}

booted() { # booted VERSION: the ids of who did
	cat "$work/sim.log" "$work/real-1.log" | jq -rR --arg image "$(digest_of "$1")" \
		'fromjson? | select(.event == "booted" and .image == $image) | .device' | sort -u
}

all_run() { # all_run VERSION: the image, under whatever counter
	devices_where $devices ".image == \"$(digest_of "$1")\" and (.state == \"confirmed\" or .state == \"idle\")"
}

# --- without daemons -------------------------------------------------------------------------------------------------

ok 'no site: an error says so' fails 1 'site' sealift --site "$work/nowhere" device list
quietly sealift init --product edge --vendor tests.example --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 --poll 1 "$site"
ok 'a site is never made twice' fails 1 'site already' sealift init --product edge "$site"
world_image 1.0 256
quietly sealift pack --product edge --version 1.0 --segment-kib 64 "$(image_of 1.0)"
ok 'pack twice: the same bytes' packs_the_same 1.0
ok 'no release authority: sign says how to start it' fails 75 'sealift-signd' sealift release sign edge/1.0
ok 'not signed: publish says so' fails 1 'not signed' sealift release publish edge/1.0
ok 'no server: device list says so' fails 75 'sealiftd' sealift device list
world_daemons
quietly sealift release sign edge/1.0
quietly sealift release publish edge/1.0

# --- bad input of people ---------------------------------------------------------------------------------------------

ok 'no such command' fails 2 'no command' sealift relaese publish
ok 'no such option' fails 2 'option' sealift release publish --wyh x edge/1.0
ok 'a malformed release name' fails 2 'PRODUCT/VERSION|product' sealift release show edge
ok 'a release name with dots' fails 2 '.' sealift release show edge/..
ok 'a product that climbs' fails '(1|2)' 'product' sealift pack --product ../edge --version 1 "$(image_of 1.0)"
ok 'an unknown product' fails 1 'product' sealift pack --product toaster --version 1 "$(image_of 1.0)"
ok 'an unknown release' fails 1 'not published' sealift release show edge/9.9
ok 'a version is used once' fails 1 'publish|exist|already' sealift pack --product edge --version 1.0 /etc/hostname
ok 'a file that is not there' fails 1 'absent' sealift pack --product edge --version 7.0 "$work/absent"
: >"$work/empty"
ok 'an empty image' fails 1 'empty' sealift pack --product edge --version 7.1 "$work/empty"
ok 'a plan for an unknown release' fails 1 'not published' sealift rollout plan --release edge/9.9 --canary a
ok 'a plan without canaries' fails 2 'canar' sealift rollout plan --release edge/1.0
ok 'a plan of 120 %' fails 2 'percent' sealift rollout plan --release edge/1.0 --canary a --stage all=120%
ok 'an unknown plan' fails 1 'plan' sealift rollout start plans/edge/9.9.json
ok 'a plan that climbs' fails 1 'plan' sealift rollout start ../../etc/passwd
ok 'an unknown rollout' fails 1 'rollout' sealift rollout status 77
ok 'a rollout that is no number' fails 2 'number' sealift rollout pause --why x seven
ok 'an abort without a reason' fails 2 'why' sealift rollout abort 1
ok 'an unknown device' fails 1 'device' sealift device show nobody

# --- the good release ------------------------------------------------------------------------------------------------

world_provision 1.0 real eu real-1
world_provision 1.0 fleet eu sim-1 sim-4 sim-5 sim-6
world_provision 1.0 fleet us sim-2 sim-3 sim-7
world_board real-1
world_fleet
world_image 1.1 256
world_release 1.1
ok 'publishing again changes nothing' publishes_once 1.1
ok 'release list' json '[.releases[].path] | index("p/edge/1.0/image") and index("p/edge/1.1/image")' sealift release list
ok 'release show' json ".releases[0].image == \"$(digest_of 1.1)\"" sealift release show edge/1.1
wait_for devices_where $devices '.state == "idle"'
ok 'device list' json '[.devices[] | select(.version == "1.0" and .attested)] | length == 8' sealift device list
ok 'device show' json '.id == "sim-3" and (.uri | endswith("?region=us"))' sealift device show sim-3
plan 1.1
start 1.1
sealift rollout pause --why 'looking at it' "$rollout" >/dev/null
ok 'paused' rollout_is "$rollout" '.state == "paused" and .why == "looking at it" and .stage_name == "canary"'
ok 'one rollout of a product at a time' fails 1 'rollout' sealift rollout start plans/edge/1.1.json
quietly sealift rollout resume --why 'all well' "$rollout"
wait_for rollout_is "$rollout" '.state == "done"'
ok '1.1 reached everyone' wait_for all_run 1.1
ok 'a rollout that is done is not paused' fails 1 'state' sealift rollout pause --why x "$rollout"

# --- the bad release -------------------------------------------------------------------------------------------------

world_image 1.2 256 broken
world_release 1.2
plan 1.2
start 1.2
wait_for rollout_is "$rollout" '.state == "aborted" and .affected == .returned'
ok 'the bad release stopped at the canary' rollout_is "$rollout" '.stage_name == "canary" and .succeeded == 0'
ok 'nobody but canaries booted it' test -z "$(booted 1.2 | grep -vx -e real-1 -e sim-1 -e sim-2)"
ok 'somebody did' test -n "$(booted 1.2)"
ok 'all run 1.1 again' wait_for all_run 1.1

# --- an operator's abort ---------------------------------------------------------------------------------------------

world_image 1.3 256
world_image 1.4 256
quietly sealift pack --product edge --version 1.3 --return 1.1 --segment-kib 64 "$(image_of 1.3)"
quietly sealift pack --product edge --version 1.4 --return 1.1 --counter 0.8 --segment-kib 64 "$(image_of 1.4)"
quietly sealift release sign edge/1.3
quietly sealift release sign edge/1.4
ok 'two publishes at once' two_at_once 1.3
ok 'a release signed before another was published' fails 1 'sign this release again' sealift release publish edge/1.4
plan 1.3
start 1.3
wait_for rollout_is "$rollout" '.succeeded > 0'
quietly sealift rollout abort --why 'loses its network' "$rollout"
ok 'aborted by an operator' rollout_is "$rollout" '.state == "aborted" and .why == "loses its network"'
ok 'all are back on 1.1' wait_for all_run 1.1
ok 'affected devices returned' wait_for rollout_is "$rollout" '.affected == .returned and .affected > 0'

# --- a release whose way back is a bad image ---------------------------------------------------------------------------

world_image 1.5 256
quietly sealift pack --product edge --version 1.5 --return 1.3 --counter 0.20 --segment-kib 64 "$(image_of 1.5)"
quietly sealift release sign edge/1.5
quietly sealift release publish edge/1.5
plan 1.5
ok 'no rollout whose abort returns to an aborted image' fails 1 'which was aborted' \
	sealift rollout start plans/edge/1.5.json

# --- a repository that somebody touched ------------------------------------------------------------------------------

ok 'a tampered snapshot is found' tampered "$(newest snapshot)" 2 sealift release list
ok 'a tampered product role is found' tampered "$(newest p%2Fedge)" 2 sealift release list
tile=$(find "$repo/log/tile/0" -type f | sort -V | tail -n 1)
ok 'a tampered log is found' tampered "$tile" 2 sealift log verify
ok 'a checkpoint of another tree is found' tampered "$repo/log/checkpoint" 4 sealift log verify
ok 'the log verifies' log_is_good
ok 'the repository is whole' repository_is_whole
ok 'the journals are unbroken chains' journals_chain
ok 'every signature is in a journal' journals_know_all
world_done
