# An attack's world: that of tests/lib/world.sh, with a server gone bad before the honest one (proxy), and devices that
# know only that one. Sourced by each attack, which is called with the build directory.
#
#   world_devices V ID  devices with release V from the factory, served by the proxy
#   rules LINE...       what the proxy does from now on (proxy.c); none: passes all on
#   refused ID RULE T   the agent runs once, and refuses by this rule; the proxy did what it was told
#   keeps ID V          the device still boots release V
#   updates ID V        nothing stands in the way of a legitimate update to a new release V
#   steal TOKEN KEY...  signs standard input with keys of a stolen token (forge.c)
. "$(dirname "$0")/../lib/world.sh"
PATH=$build/tests/adversary:$PATH

world_failed() { # what the attack saw, where a test failed
	[ ! -s "$work/events" ] || sed 's/^/# event: /' "$work/events"
	[ ! -s "$work/proxy.log" ] || sed 's/^/# proxy: /' "$work/proxy.log"
	[ -z "${ADVERSARY_STOP_AT_FIRST:-}" ] || world_done # tests/mutants needs no more than one
}

world_proxy() { # world_proxy DEVICE CERTIFICATE KEY
	rm -f "$work/proxy.port"
	spawn proxy-stderr adversary-proxy "$work/rules" "$1" "$2" "$3" "$device_port" "$work/proxy.port" \
		"$work/proxy.log"
	wait_for test -s "$work/proxy.port"
	proxy_port=$(cat "$work/proxy.port")
}

world_devices() { # world_devices VERSION ID...; the proxy asks in the name of the first
	version=$1
	shift
	rules
	world_proxy "$work/$1" "$site/pki/server.pem" "$site/pki/server.key"
	quietly sealift provision --release "edge/$version" --image "$(image_of "$version")" --poll 1 \
		--server "https://127.0.0.1:$proxy_port" --attribute region=eu --out "$work" "$@"
}

world_plan() { # world_plan VERSION CANARY [PLAN OPTION...]
	version=$1 canary=$2
	shift 2
	quietly sealift rollout plan --release "edge/$version" --canary "$canary" --soak 0 --expect-report 45 \
		--why "$test_name" "$@"
}

world_start() { # world_start PLAN: prints the rollout's number
	sealift rollout start --why "$test_name" --json "plans/edge/$1.json" | jq -r .id
}

# --- the attack ------------------------------------------------------------------------------------------------------

rules() {
	: >"$work/rules.new"
	for line in "$@"; do echo "$line" >>"$work/rules.new"; done
	mv "$work/rules.new" "$work/rules"
}

agent() { # agent ID: one cycle; its status in $status, its events in $work/events
	: >"$work/proxy.log"
	status=0
	sealift-agent --json --log-level debug --device "$work/$1" --once >"$work/events" 2>&1 || status=$?
}

event() { # event FILTER: some event of the last cycle is so
	jq -eRn "[inputs | fromjson? | select($1)] | length > 0" "$work/events" >/dev/null
}

# The proxy did something beyond passing on. Without that the attack never took place, and nothing was proven.
attacked() { grep -E '^[A-Z]+ [^ ]+ [0-9]+ [0-9]+ .' "$work/proxy.log" | grep -qv '^POST /v1/device/report'; }

# A refusal by one of the rules given as a regular expression; nothing was begun.
is_refusal() {
	[ "$status" -eq 3 ] || { echo "the agent's exit status is $status"; return 1; }
	attacked || { echo "the proxy changed nothing"; return 1; }
	event ".event == \"refused\" and (.rule | test(\"^($1)\$\"))" || { echo "no refusal by rule $1"; return 1; }
	! event '.event == "ready" or .event == "confirmed"'
}

refused() { # refused ID RULE TEXT
	agent "$1"
	ok "$3: refused by rule $2" is_refusal "$2"
}

# As slboot decides it, not as the agent says.
boots() {
	slboot-host --device "$work/$1" --boot 'sha256sum "$SLBOOT_IMAGE" | cut -c1-64' >"$work/booted" 2>"$work/boot.log"
	expected=$(sha256sum "$(image_of "$2")" | cut -c1-64)
	grep -qx "$expected" "$work/booted"
}

keeps() { # keeps ID VERSION
	ok "$1 keeps running $2" boots "$1" "$2"
}

is_update() {
	: >"$work/events"
	slboot-host --json --device "$work/$1" --boot true --max-cycles 6 \
		--os "sealift-agent --json --once --device $work/$1" >"$work/events" 2>&1 || return 1
	boots "$1" "$2"
}

# What was refused was reported, which ends that device's part in its rollout; so it takes a new one.
updates() { # updates ID VERSION
	rules
	sealift rollout status --json | jq -r '.rollouts[] | select(.state == "running") | .id' | while read -r id; do
		quietly sealift rollout abort --why "$test_name" "$id"
	done
	world_release "$2" --return 1.0.0 # the release before may have been aborted, and is no way back then
	world_plan "$2" "$1"
	world_start "$2" >"$work/rollout"
	ok "afterwards a legitimate update of $1 to $2 succeeds" is_update "$1" "$2"
}

# --- the thief -------------------------------------------------------------------------------------------------------

steal() { # steal TOKEN KEY... <body >envelope; the folder of keys/ that holds the token follows from it
	token=$1
	shift
	case $token in release | online) holder=$token ;; *) holder=offline ;; esac
	adversary-forge sign --tokens "$site/keys/$holder" --token "$token" "$@"
}

newest() { # newest ROLE: the file of its highest version
	ls "$repo/metadata/" | grep -E "^[0-9]+\.$1\.json$" | sort -n | tail -n 1 | sed "s|^|$repo/metadata/|"
}

version_of() { jq -r .signed.version "$1"; }

# The path of a metadata file as it stands in a request.
request_of() { echo "/metadata/$(basename "$1" | sed 's/%/%25/g')"; }

entry() { # entry FILE: how a parent speaks of this file
	jq -c --arg sha256 "$(sha256sum "$1" | cut -c1-64)" --arg n "$(wc -c <"$1")" \
		'{hashes: {sha256: $sha256}, length: ($n | tonumber), version: .signed.version}' "$1"
}

# With stolen snapshot and timestamp keys: a repository that lists these files (name of the role, file) beside what it
# listed before, and in $republished the rules that serve it.
republished=
republish() {
	[ -f "$work/stolen.snapshot.json" ] || cp "$(newest snapshot)" "$work/stolen.snapshot.json"
	[ -f "$work/stolen.timestamp.json" ] || cp "$repo/metadata/timestamp.json" "$work/stolen.timestamp.json"
	jq -c '.signed | .version += 100' "$work/stolen.snapshot.json" >"$work/body"
	while [ $# -gt 0 ]; do
		jq -c --arg name "$1.json" --argjson entry "$(entry "$2")" '.meta[$name] = $entry' "$work/body" \
			>"$work/body.new"
		mv "$work/body.new" "$work/body"
		republished="$republished
serve /metadata/$(version_of "$2").$(echo "$1" | sed 's|/|%252F|g').json $2"
		shift 2
	done
	steal online snapshot <"$work/body" >"$work/stolen.snapshot.json"
	jq -c --argjson entry "$(entry "$work/stolen.snapshot.json")" \
		'.signed | .version += 100 | .meta["snapshot.json"] = $entry' "$work/stolen.timestamp.json" |
		steal online timestamp >"$work/stolen.new"
	mv "$work/stolen.new" "$work/stolen.timestamp.json"
	republished="$republished
serve /metadata/$(version_of "$work/stolen.snapshot.json").snapshot.json $work/stolen.snapshot.json
serve /metadata/timestamp.json $work/stolen.timestamp.json"
}

# What the director would say about a release under a plan: the body of a directive without nonce, to be signed.
directive() { # directive DEVICE RELEASE-PATH PLAN-NAME STAGE SEQUENCE
	role=$(newest 'p%2Fedge')
	plan=$(ls "$repo"/targets/plans/edge/*."$3".json)
	jq -c --arg device "$1" --arg path "$2" --arg plan "$(sha256sum "$plan" | cut -c1-64)" \
		--arg plan_path "plans/edge/$3.json" --argjson stage "$4" --argjson sequence "$5" \
		'.signed.targets[$path] | {action: "install", counter: .custom.counter, device: $device,
			image: .hashes.sha256, image_bytes: .length, lifetime_s: 600, nonce: "", plan: $plan,
			plan_path: $plan_path, sequence: $sequence, stage: $stage, target_path: $path,
			type: "directive", version: 1}' "$role" >"$work/directive.body"
}

# The rule by which the bad server answers each poll with that body, under the poll's own nonce, signed by COMMAND.
directing() { # directing COMMAND...
	cat >"$work/director.sh" <<END
jq -c --arg nonce "\$(jq -r .nonce "\$REQUEST")" '.nonce = \$nonce' "$work/directive.body" | $* |
	jq -c '{directive: ., poll_s: 1, revocation_epoch: 0}'
END
	echo "filter /v1/device/poll sh $work/director.sh"
}
director="adversary-forge sign --tokens $site/keys/online --token online director"
