#!/bin/sh
# repository.sh BUILD: tuf-client, which others' suite drives (tools/tuf-conformance.sh), against a repository that
# sealift wrote and a plain file server serves: what it asks for, what it stores, and its exit status.
set -eu
. "$(dirname "$0")/../lib/world.sh"
client=$build/tests/conformance/tuf-client
www=$work/www
mkdir "$work/metadata" "$work/targets" "$www"

quietly sealift init --product edge --vendor tests.example --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 "$site"
for instance in release online; do
	supervise "signd-$instance" sealift-signd --config "$site/signd-$instance/signd.conf"
	wait_for signd_is_up $instance
done
world_image 1.0 20
world_release 1.0
quietly sealift rollout plan --release edge/1.0 --canary sim-1 --stage all=100% --soak 60 --why "$test_name"

# sealiftd keeps a role's slash as %2F in the file's name; a plain server decodes the path once.
(cd "$repo" && find metadata targets -type f) | while read -r file; do
	plain=$(echo "$file" | sed 's|%2F|/|g')
	mkdir -p "$www/$(dirname "$plain")"
	cp "$repo/$file" "$www/$plain"
done
spawn http python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$www"
wait_for grep -q 'port [0-9]' "$work/http.log"
url=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$work/http.log" | head -n 1)
plan=$(cd "$www/targets" && find plans -type f | head -n 1)
plan_path=$(echo "$plan" | sed -E 's|/[0-9a-f]{64}\.|/|')
plan_name=$(echo "$plan_path" | sed 's|/|%2F|g')

run() { "$client" --metadata-dir "$work/metadata" --metadata-url "$url/metadata/" "$@"; }
refresh() { run refresh; }
download() { run --target-name "$1" --target-dir "$work/targets" --target-base-url "$url/targets" download; }
fails() { # with status 1, not by a signal
	"$@" && return 1
	[ $? -eq 1 ]
}
asked() { grep -c "\"GET /$1" "$work/http.log" || true; }
forget_requests() { : >"$work/http.log"; }
newest() { (cd "$www/metadata" && ls | grep "^[0-9]*\.$1$" | sort -n | tail -n 1); }

ok 'a root is taken over' "$client" --metadata-dir "$work/metadata" init "$www/metadata/1.root.json"
ok 'without a request' test "$(asked metadata)" -eq 0
ok 'refresh' refresh
for role in root snapshot targets; do
	ok "$role is stored as it came" cmp "$www/metadata/$(newest $role.json)" "$work/metadata/$role.json"
done
ok 'timestamp is stored as it came' cmp "$www/metadata/timestamp.json" "$work/metadata/timestamp.json"

forget_requests
ok 'nothing new' refresh
ok 'costs two requests' test "$(asked metadata)" -eq 2

ok 'a target is found through its delegation' download "$plan_path"
ok 'and is what was published' cmp "$www/targets/$plan" "$work/targets/$plan_name"
ok 'the role is stored under an encoded name' test -s "$work/metadata/plans%2Fedge.json"
forget_requests
ok 'what is there already' download "$plan_path"
ok 'is not fetched again' test "$(asked targets)" -eq 0
ok 'what no role lists' fails download plans/edge/nothing.json
ok 'what is listed and not served' fails download p/edge/1.0/image

rm "$work/targets/$plan_name"
printf ' ' >>"$www/targets/$plan"
ok 'a target longer than signed' fails download "$plan_path"
tr '0-9' '1-90' <"$repo/targets/$plan" >"$www/targets/$plan"
ok 'a target of other bytes' fails download "$plan_path"
ok 'leaves nothing behind' test -z "$(ls -A "$work/targets")"

sed 's/"version":/"version":1/' "$repo/metadata/timestamp.json" >"$www/metadata/timestamp.json"
ok 'a timestamp that nobody signed' fails refresh
ok 'is not kept' cmp "$repo/metadata/timestamp.json" "$work/metadata/timestamp.json"

forget_requests
sed 's/"version":1/"version":2/' "$repo/metadata/1.root.json" >"$work/bad-root.json"
ok 'a root that nobody signed is taken over' "$client" --metadata-dir "$work/metadata" init "$work/bad-root.json"
ok 'and refused' fails refresh
ok 'before the first request' test "$(asked metadata)" -eq 0
ok 'no command' fails run
ok 'an unknown option' fails run --frobnicate refresh
ok 'a download without a target' fails run download
ok 'no such root' fails "$client" --metadata-dir "$work/metadata" init "$work/nothing.json"
ok 'no such folder' fails "$client" --metadata-dir "$work/nothing" init "$www/metadata/1.root.json"
world_done
