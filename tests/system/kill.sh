#!/bin/sh
# kill.sh BUILD [SEED...]: kill -9 of each program in each phase of a small rollout. Each seed is one pass: four
# rollouts, in each of which two programs die once in each of six phases. What was killed is started again as systemd
# would, or by an operator who repeats his command; the rollout must finish, and nothing acknowledged may be lost.
set -eu
. "$(dirname "$0")/../lib/world.sh"
. "$(dirname "$0")/evidence.sh"
shift
[ $# -gt 0 ] || set -- 1

exec 3>&1 # kills are told, also by commands whose own output is not
devices=9
previous=1.0

# --- seeded moments --------------------------------------------------------------------------------------------------

draw() { # draw MS: $pause is a number of seconds below MS milliseconds
	state=$(((state * 1103515245 + 12345) % 2147483648))
	pause=$(printf '0.%03d' $((state / 65536 % $1)))
}

# --- what was acknowledged -------------------------------------------------------------------------------------------

# All events, one a line; the server gives them in pages.
events() {
	after=0
	while operator "/v1/events?after=$after" >"$work/events.page" && jq -ce '.events[]' "$work/events.page"; do
		after=$(jq ".events[-1].id" "$work/events.page")
	done
	jq -e .events "$work/events.page" >/dev/null # the last page was an empty one, not an error
}

# The reports that devices know to be taken, and the events that an operator has seen.
remember() {
	jq -r 'select(.report.pending | not) | "\(input_filename | split("/")[-4]) \(.report.sequence)"' \
		"$work"/*/*/installer/store/installer.state >>"$work/acknowledged"
	events >"$work/events.now" 2>/dev/null || return 0
	cat "$work/events.now" >>"$work/events.seen"
}

reports_are_known() {
	sealift device list --json | jq -r '.devices[] | "\(.id) \(.sequence)"' >"$work/known"
	awk 'NR == FNR { known[$1] = $2; next }
		known[$1] < $2 { print $1 ": report " $2 " was acknowledged, the server knows " known[$1]; bad = 1 }
		END { exit bad }' "$work/known" "$work/acknowledged"
}

events_are_known() {
	events | sort >"$work/events.kept"
	sort -u "$work/events.seen" | comm -23 - "$work/events.kept" >"$work/events.lost"
	[ ! -s "$work/events.lost" ] || { echo 'lost:'; cat "$work/events.lost"; return 1; }
}

# --- death -----------------------------------------------------------------------------------------------------------

agent_pid() { pgrep -P "$(pid_of real-1)" -x sealift-agent; }
fetcher_pid() { pgrep -P "$(agent_pid)" -x sealift-fetcher; }

# A power cut takes all at once: nothing may fork while its children are listed.
tree_of() {
	kill -STOP "$1" 2>/dev/null || return 0
	echo "$1"
	for child in $(pgrep -P "$1"); do tree_of "$child"; done
}

# The socket of a dead authority stays: the next one says when it listens.
times_ready() { grep -c '"ready"' "$work/$1.log" || true; }
is_ready_again() { [ "$(times_ready "$1")" -gt "$2" ]; }
is_reborn() { [ "$(pid_of "$1")" != "$2" ]; }

strike() { # strike PROGRAM PHASE [MS]
	remember
	draw "${3:-120}"
	sleep "$pause"
	case $1 in
	agent) wait_for agent_pid && victims=$(agent_pid || true) ;;
	fetcher) wait_for fetcher_pid && victims=$(fetcher_pid || true) ;;
	board) victims=$(tree_of "$(pid_of real-1)") ;;
	*) victims=$(pid_of "$1") ;;
	esac
	case $1 in signd-*) ready=$(times_ready "$1") ;; esac
	# The agent may have come to its own end in this instant; then the next one is taken.
	# shellcheck disable=SC2086
	kill -9 $victims 2>/dev/null || { strike "$@"; return; }
	kills=$((kills + 1))
	echo "# $1 killed in phase $2, $pause s after its event" >&3
	case $1 in
	signd-*) wait_for is_ready_again "$1" "$ready" ;;
	sealiftd) wait_for is_reborn sealiftd "$victims" && wait_for server_is_up ;;
	sim) wait_for is_reborn sim "$victims" ;;
	board) wait_for is_reborn real-1 "${victims%%
*}" ;;
	esac
}

# --- an operator who repeats what failed -----------------------------------------------------------------------------

repeat() { # repeat COMMAND...
	limit=$(($(date +%s) + 30))
	until "$@" >"$work/repeat.log" 2>&1; do
		[ "$(date +%s)" -lt $limit ] || { sed 's/^/# /' "$work/repeat.log"; return 1; }
		sleep 0.1
	done
}

# The command is under way while PROGRAM dies; when PROGRAM is cli, the command itself dies.
while_killing() { # while_killing PROGRAM PHASE COMMAND...
	program=$1 phase=$2
	shift 2
	if [ "$program" = cli ]; then
		"$@" >"$work/cut.log" 2>&1 &
		command_pid=$!
		case $phase in publish) draw 60 ;; *) draw 8 ;; esac # the others take no longer
		sleep "$pause"
		# shellcheck disable=SC2046
		if kill -9 $(tree_of $command_pid) 2>/dev/null; then
			kills=$((kills + 1))
			echo "# cli ($*) killed in phase $phase, $pause s after its start" >&3
		else
			echo "# cli ($*) came to its end in phase $phase before $pause s" >&3
		fi
		wait $command_pid || true
		repeat "$@"
		return
	fi
	repeat "$@" &
	command_pid=$!
	strike "$program" "$phase"
	wait $command_pid
}

newest_is() { # newest_is FILTER
	sealift rollout status --json | jq -e "last(.rollouts[]) | $1"
}

start() { # an operator who does not know whether his first start was heard
	sealift rollout start --why "$test_name" --json "plans/edge/$version.json" ||
		newest_is ".plan == \"plans/edge/$version.json\" and .state == \"running\""
}

abort() { sealift rollout abort --why "$test_name" "$rollout" || newest_is '.state == "aborted"'; }
pause() { sealift rollout pause --why "$test_name" "$rollout" || newest_is '.state == "paused"'; }
resume() { sealift rollout resume --why "$test_name" "$rollout" || newest_is '.state == "running"'; }

# --- one rollout -----------------------------------------------------------------------------------------------------

told() { # told DEVICE EVENT VERSION: it said so in its log
	case $1 in
	real-1) log=$work/real-1.log who= ;;
	*) log=$work/sim.log who="\"device\":\"$1\".*" ;;
	esac
	case $2 in
	booted) grep -q "\"event\":\"booted\".*$who\"image\":\"$(digest_of "$3")\"" "$log" ;;
	*) grep -q "\"event\":\"$2\".*$who\"target\":\"p/edge/$3/image\"" "$log" ;;
	esac
}

all_told() { # all_told EVENT DEVICE...
	event=$1
	shift
	for device in "$@"; do told "$device" "$event" "$version" || return 1; done
}

publish_all() { # under way while A dies
	sealift pack --product edge --version "$version" --return "$previous" --segment-kib 64 "$(image_of "$version")" &&
		sealift release sign --why "$test_name" "edge/$version" &&
		sealift release publish --why "$test_name" "edge/$version"
}

# The device in region ap is switched off: with it, the last stage stays open until somebody aborts.
last_stage() { # last_stage done|abort
	case $1 in
	done) echo --stage global=100%,region=eu ;;
	abort) echo --stage global=100% --coverage 100 ;;
	esac
}

publish() { # publish A B done|abort
	if [ "$1" = cli ]; then
		while_killing cli publish sealift pack --product edge --version "$version" --return "$previous" --segment-kib 64 \
			"$(image_of "$version")"
		while_killing cli publish sealift release sign "edge/$version"
		while_killing cli publish sealift release publish "edge/$version"
	else
		while_killing "$1" publish publish_all
	fi
	# shellcheck disable=SC2046
	while_killing "$2" publish sealift rollout plan --release "edge/$version" --canary real-1,sim-1 \
		--stage small=100%,region=us $(last_stage "$3") --soak 0 --expect-report 300 --why "$test_name"
}

canary() {
	while_killing "$1" start start >/dev/null
	rollout=$(sealift rollout status --json | jq -r 'last(.rollouts[]) | .id')
	strike "$2" start
	wait_for told real-1 installing "$version"
	change "$1" download pause
	change "$1" download resume
	wait_for told real-1 booted "$version"
	change "$1" trial pause
	change "$1" trial resume
	wait_for all_told confirmed real-1 sim-1
	change "$1" promotion pause
	change "$1" promotion resume
}

# A command line has no part in these phases, but for an operator who intervenes; all others just die.
change() { # change PROGRAM PHASE VERB
	if [ "$1" = cli ]; then
		while_killing cli "$2" "$3"
	elif [ "$3" = pause ]; then
		strike "$1" "$2"
	fi
}

small() {
	wait_for told sim-2 installing "$version"
	strike "$1" download
	wait_for told sim-2 booted "$version"
	strike "$1" trial
	wait_for all_told confirmed sim-2 sim-3
	strike "$1" promotion
}

finish_done() {
	wait_for told sim-4 confirmed "$version"
	strike "$1" done
	strike "$2" done
	wait_for rollout_is "$rollout" '.state == "done"'
	wait_for devices_where $devices ".image == \"$(digest_of "$version")\""
	ok "rollout of $version finished" devices_where $devices ".version == \"$version\""
	previous=$version
}

is_returned() { rollout_is "$rollout" '.state == "aborted" and .affected == .returned'; }

finish_abort() {
	while_killing "$1" abort abort >/dev/null
	strike "$2" abort
	wait_for is_returned
	wait_for devices_where $devices ".image == \"$(digest_of "$previous")\""
	ok "rollout of $version aborted, all devices on $previous" is_returned
}

# Who was never offered the release must not have booted it.
nobody_is_disturbed() {
	events | jq -r --argjson id "$rollout" 'select(.rollout == $id and .kind == "offered") | .device' |
		sort -u >"$work/offered"
	cat "$work/sim.log" "$work/real-1.log" | jq -rR --arg image "$(digest_of "$version")" \
		'fromjson? | select(.event == "booted" and .image == $image) | .device' | sort -u >"$work/booted"
	[ -s "$work/booted" ] || { echo "nobody booted $version"; return 1; }
	comm -13 "$work/offered" "$work/booted" >"$work/disturbed"
	[ ! -s "$work/disturbed" ] || { echo 'booted it unasked:'; cat "$work/disturbed"; return 1; }
	devices_where 1 '.id == "off-1" and .version == "1.0"' || { echo 'off-1 is not what it was'; return 1; }
	! cat "$work/sim.log" "$work/real-1.log" | grep -E '"event":"(dead|broken|refused|rolled-back)"'
}

run_rollout() { # run_rollout VERSION A B done|abort: A dies early in each phase's story, B late
	version=$1
	world_image "$version" 512
	publish "$2" "$3" "$4"
	canary "$2" "$3"
	small "$3"
	"finish_$4" "$2" "$3"
	ok 'acknowledged reports are known' reports_are_known
	ok 'events that an operator saw are kept' events_are_known
	ok 'no device is disturbed' nobody_is_disturbed
}

run_seed() { # run_seed SEED
	state=$1
	run_rollout "$1.1" agent signd-release done
	run_rollout "$1.2" fetcher sealiftd abort
	run_rollout "$1.3" board sim done
	run_rollout "$1.4" cli signd-online abort
	ok 'the journals are unbroken chains' journals_chain
	ok 'every signature is in a journal' journals_know_all
	ok 'the log verifies' log_is_good
	ok 'the repository is whole' repository_is_whole
}

# As slboot decides it, without any server.
boots_previous() { # boots_previous FOLDER/ID
	slboot-host --device "$work/$1" --boot "$world_boot; sha256sum <\"\$SLBOOT_IMAGE\"" | grep -q "$(digest_of "$previous")"
}

newcomer() { # a device fresh from the factory finds its way through all that was published
	world_provision 1.0 late eu late-1 && sealift-agent --json --once --device "$work/late/late-1" &&
		devices_where 1 '.id == "late-1" and .attested'
}

# --- the test --------------------------------------------------------------------------------------------------------

world_begin
world_image 1.0 512
world_release 1.0
world_provision 1.0 real eu real-1
world_provision 1.0 fleet eu sim-1 sim-4 sim-5 sim-6 sim-7 sim-8
world_provision 1.0 fleet us sim-2 sim-3
world_provision 1.0 off ap off-1
quietly sealift-agent --json --once --device "$work/off/off-1"
world_board real-1
world_fleet
wait_for devices_where $((devices + 1)) '.state == "idle"'
kills=0
: >"$work/acknowledged"
: >"$work/events.seen"
for seed in "$@"; do run_seed "$seed"; done
ok 'a new device takes part' newcomer
world_stop
for id in real/real-1 fleet/sim-1 fleet/sim-2 fleet/sim-8; do ok "$id boots $previous" boots_previous "$id"; done
echo "# $kills kills"
world_done
