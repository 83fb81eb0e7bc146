#!/bin/sh
# commands.sh BUILD: what commands leave behind, say and answer where something is not as it should be.
set -eu
. "$(dirname "$0")/../lib/world.sh"

refuses() { # refuses STATUS TEXT COMMAND...
	expected=$1 wanted=$2
	shift 2
	status=0
	"$@" >"$work/out" 2>&1 || status=$?
	[ $status -eq "$expected" ] || { echo "status $status"; cat "$work/out"; return 1; }
	grep -q -- "$wanted" "$work/out" || { echo "no '$wanted' in:"; cat "$work/out"; return 1; }
}

says() { # says TEXT COMMAND...
	wanted=$1
	shift
	"$@" >"$work/out" 2>&1 || { cat "$work/out"; return 1; }
	grep -q -- "$wanted" "$work/out" || { echo "no '$wanted' in:"; cat "$work/out"; return 1; }
}

silent_of() { # silent_of TEXT: the last command did not say it
	! grep -- "$1" "$work/out"
}

plan() { # plan NAME CANARIES [OPTION]
	name=$1 canaries=$2
	shift 2
	sealift rollout plan "$@" --release edge/1.0 --name "$name" --canary "$canaries" --why "$test_name"
}

quietly sealift init --product edge --vendor tests.example --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 --poll 1 "$site"

: >"$work/empty"
ok 'pack refuses an empty image' refuses 1 empty \
	sealift pack --product edge --version 0.1 "$work/empty"
ok 'and leaves nothing of it' test -z "$(ls -A "$site/staging/edge")"

world_daemons
world_image 1.0 64
world_release 1.0
cp "$repo/log/checkpoint" "$work/checkpoint"

# --- the log ---------------------------------------------------------------------------------------------------------

ok 'log verify' says 'tiles and signed checkpoint agree' sealift log verify
ok 'plan: says whose tokens sign' says 'demonstration tokens of 2 approvers' plan a "nobody-1"
ok 'plan: warns of a canary that the server does not know' grep -q 'warning: .*nobody-1' "$work/out"
ok 'plan: the same as JSON' says '"unknown_canaries":1' plan b "nobody-1" --json
ok 'log verify: begins with an earlier checkpoint' says 'begins with the 2 leaves of' \
	sealift log verify --since "$work/checkpoint"
ok 'log verify: and with what it saw last time' grep -q 'verified last time' "$work/out"
ok 'log verify: a checkpoint that is not there' refuses 1 'there is no' sealift log verify --since "$work/none"
ok 'log verify: a folder in its place' refuses 1 "$work" sealift log verify --since "$work"
ok 'log verify: a file without a checkpoint' refuses 1 'holds no checkpoint' sealift log verify --since "$work/empty"
sed 's/^2$/3/' "$work/checkpoint" >"$work/forged"
ok 'log verify: a checkpoint that the log did not sign' refuses 3 'not signed' sealift log verify --since "$work/forged"

# The repository of yesterday: whole, signed, and shorter than what was seen.
cp -r "$repo/log" "$work/log.today"
cp "$work/checkpoint" "$repo/log/checkpoint"
ok 'log verify: the log was cut back' refuses 3 'cut back' sealift log verify
cp "$work/log.today/checkpoint" "$repo/log/checkpoint"
ok 'log verify: whole again' says 'agree' sealift log verify

# --- what is wrong in the words alone ----------------------------------------------------------------------------------

accented=$(printf 'caf\303\251')
for command in 'release sign edge/1.0' 'release publish edge/1.0' 'rollout start x' 'rollout pause 1' 'trust publish' \
	'revoke-key log' 'rollout plan --release edge/1.0 --canary a' 'emergency revoke --product edge log'; do
	ok "$command: a reason that journals cannot keep" refuses 2 'why: printable ASCII only' sealift $command --why "$accented"
done
for server in https:// https://:8443 https://a:b https:///x; do
	ok "provision: --server $server" refuses 2 'names no host' sealift provision --release edge/1.0 --image x \
		--server $server --out "$work/nowhere" a
done
ok 'emergency: an epoch in letters' refuses 2 'whole number' \
	sealift emergency raise-epoch --product edge --why "$test_name" abc
ok 'emergency: half a digest' refuses 2 '64 lower-case digits' \
	sealift emergency recovery --product edge --why "$test_name" 00ff
ok 'help: of a group' says 'activate-standby' sealift help emergency
ok 'help: of that group alone' silent_of 'rollout plan'
ok 'help: of a group, asked after it' says 'activate-standby' sealift emergency --help
ok 'help: of what there is not' refuses 2 'no command' sealift help nonsense

# --- the trust bundle ----------------------------------------------------------------------------------------------------

trust() { sealift trust publish --why "$test_name" --json "$@"; }
first=one.example/1=$(printf %064d 1) second=two.example/1=$(printf %064d 2)
ok 'trust: witnesses without a witness' refuses 2 'needs a witness' trust --log-policy witnesses
ok 'trust: a quorum without a witness' refuses 2 'there is no witness' trust --quorum 1
ok 'trust: two witnesses' says '"log_policy":"witnesses","sequence":1,"witness_quorum":2,"witnesses":2' \
	trust --log-policy witnesses --witness "$first" --witness "$second" --quorum 2
ok 'trust: all that carries on, signed by two others' \
	says '"log_policy":"witnesses","sequence":2,"witness_quorum":2,"witnesses":2' trust --holders 2,3
ok 'trust: no policy lost unasked' refuses 1 "log policy 'witnesses' (then 'log')" trust --log-policy log
ok 'trust: no quorum' refuses 1 'quorum 2 (then 1)' trust --quorum 1
ok 'trust: no witness' refuses 1 'witness two.example/1,.*--lower' trust --drop-witness two.example/1 --quorum 1
ok 'trust: no key of one' refuses 1 'the key of witness one.example/1' trust --witness one.example/1="$(printf %064d 3)"
ok 'trust: a quorum larger than those that stay' refuses 2 'a quorum of 2, and 1 witness' \
	trust --drop-witness two.example/1 --lower
ok 'trust: a witness that there is not' refuses 2 'no such witness' trust --drop-witness three.example --lower
ok 'trust: with --lower' says '"log_policy":"witnesses","sequence":3,"witness_quorum":1,"witnesses":1' \
	trust --drop-witness two.example/1 --quorum 1 --lower
ok 'trust: a holder twice' refuses 2 'two of the three' trust --holders 2,2
ok 'trust: back to none' says '"log_policy":"log","sequence":4,"witness_quorum":0,"witnesses":0' \
	trust --drop-witness one.example/1 --log-policy log --lower

# --- revoking --------------------------------------------------------------------------------------------------------

# A statement that devices refuse would stop all of them at it.
root_key=$(jq -r '.signed.roles.root.keyids[0] as $id | .signed.keys[$id].keyval.public' "$repo/metadata/1.root.json" |
	openssl pkey -pubin -outform DER | sha256sum | cut -c1-64)
emergency() { action=$1; shift; sealift emergency "$action" --product edge --why "$test_name" "$@"; }
ok 'emergency: not against two of the three who speak' refuses 1 emergency-forbidden \
	emergency revoke emergency/1 emergency/2
ok 'emergency: not against all boot keys' refuses 1 emergency-forbidden emergency revoke boot boot-next
ok 'emergency: not against root' refuses 1 emergency-forbidden emergency revoke "$root_key"
ok 'emergency: no epoch is left out' refuses 1 counter-jump emergency raise-epoch 2
ok 'emergency: nothing of that is published' test ! -e "$repo/emergency/edge/1.json"
quietly emergency revoke --holders 2,3 emergency/1
ok 'emergency: not by a holder who was revoked' refuses 1 key-revoked emergency revoke log
ok 'emergency: nor a second one' refuses 1 emergency-forbidden emergency revoke --holders 2,3 emergency/2
ok 'emergency: that is not published either' test ! -e "$repo/emergency/edge/2.json"

for key in boot boot-next emergency/1; do
	ok "revoke-key: $key, for which devices do not heed targets" refuses 1 'emergency revoke' \
		sealift revoke-key --why "$test_name" $key
done

# Two names of one key: by its TUF key id nothing would ever be revoked.
product_id=$(jq -r '.signed.delegations.roles[] | select(.name == "p/edge").keyids[0]' "$repo/metadata/1.targets.json")
product_key=$(jq -r --arg id "$product_id" '.signed.delegations.keys[$id].keyval.public' "$repo/metadata/1.targets.json" |
	openssl pkey -pubin -outform DER | sha256sum | cut -c1-64)
unknown=$(printf %064d 7)
ok 'revoke-key: not by a TUF key id' refuses 1 "$product_key" sealift revoke-key --why "$test_name" "$product_id"
ok 'emergency: nor that' refuses 1 "$product_key" emergency revoke --holders 2,3 "$product_id"
ok 'revoke-key: no digits of a key that there is not' refuses 1 'add --unknown' \
	sealift revoke-key --why "$test_name" "$unknown"
ok 'emergency: nor those' refuses 1 'add --unknown' emergency revoke --holders 2,3 "$unknown"
ok 'emergency: unless asked, and tells what it revoked' says "\"revoked\":\[\"$unknown\"\],\"sequence\":2" \
	emergency revoke --holders 2,3 --unknown --json "$unknown"
ok 'revoke-key: unless asked' says "^revoked: $unknown" sealift revoke-key --unknown --why "$test_name" "$unknown"
ok 'revoke-key: tells the new one alone' says "\"keys\":2,\"revoked\":\[\"$root_key\"\]}" \
	sealift revoke-key --unknown --holders 1,3 --json --why "$test_name" "$unknown" "$root_key"

# --- a device --------------------------------------------------------------------------------------------------------

world_provision 1.0 real eu real-1
agent() { sealift-agent --json --once --device "$work/real/real-1"; }
ok 'agent: one cycle' agent
ok 'plan: does not warn of one that it knows' says 'demonstration tokens' plan c real-1
ok 'plan: nothing more' silent_of warning
cp "$repo/metadata/timestamp.json" "$work/timestamp"
sed 's/"version":[0-9]*,/"version":99999,/' "$work/timestamp" >"$repo/metadata/timestamp.json"
ok 'agent: one cycle with a refusal' refuses 3 '"event":"refused"' agent
cp "$work/timestamp" "$repo/metadata/timestamp.json"
ok 'agent: one cycle after it' agent

# --- the next boot key -----------------------------------------------------------------------------------------------

signed_by() { grep -aqr -- "$1" "$site/signd-release/journal"; }
not_signed_by() { ! signed_by "$1"; }
world_image 1.1 64
quietly sealift pack --product edge --version 1.1 --segment-kib 64 "$(image_of 1.1)"
ok 'sign: by no other boot key' refuses 2 'current or next' sealift release sign --boot-key third edge/1.1
ok 'sign: by the current one' sealift release sign --why "$test_name" edge/1.1
quietly emergency activate-standby --holders 2,3
ok 'sign: not yet by the next' not_signed_by boot-next
ok 'sign: not by one that is replaced' refuses 1 'boot-key next' sealift release sign --why "$test_name" edge/1.1
cp "$site/staging/edge/1.1/manifest.suit" "$work/by-current"
ok 'sign: by the next one' sealift release sign --boot-key next --why "$test_name" edge/1.1
ok 'sign: as the journal of the authority has it' signed_by boot-next
ok 'sign: anew' refuses 1 differ cmp "$work/by-current" "$site/staging/edge/1.1/manifest.suit"
ok 'and published' sealift release publish --why "$test_name" edge/1.1
world_done
