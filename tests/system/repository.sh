#!/bin/sh
# repository.sh BUILD: what sealift writes is what TUF 1.0.34, C2SP and SUIT say, as repository.py reads them: a checker
# that shares no code with sealift, and that must notice each of many repositories that are not so.
set -eu
. "$(dirname "$0")/../lib/world.sh"
python=/usr/bin/python3 # Debian's, which has python3-cryptography

quietly sealift init --product edge --product meter:metering --vendor tests.example --listen 127.0.0.1:0 \
	--ops-listen 127.0.0.1:0 "$site"
for instance in release online; do
	supervise "signd-$instance" sealift-signd --config "$site/signd-$instance/signd.conf"
	wait_for signd_is_up $instance
done
world_image 1.0 130
{ head -c 200000 /dev/zero; head -c 3000 "$(image_of 1.0)"; } >"$(image_of 1.1)" # zero segments, and a short last one
world_release 1.0
quietly sealift pack --product edge --version 1.1 --segment-kib 64 --counter 1.4 "$(image_of 1.1)"
quietly sealift release sign --why "$test_name" edge/1.1
# A publication that breaks off after the log: the next one must not log the release again.
in_the_way=$repo/metadata/3.snapshot.json
echo '{}' >"$in_the_way"
if quietly sealift release publish --why "$test_name" edge/1.1; then exit 1; fi
[ "$(wc -c <"$repo/log/leaves")" = $((4 * 32)) ]
rm "$in_the_way"
quietly sealift release publish --why "$test_name" edge/1.1
quietly sealift rollout plan --release edge/1.1 --canary sim-2,sim-1 --stage small=10%,region=us --stage all=100% \
	--soak 60 --why "$test_name"
quietly sealift trust publish --why "$test_name"
quietly sealift revoke-key --why "$test_name" log
quietly sealift revoke-key --unknown --why "$test_name" "$(printf %064d 7)"
quietly sealift emergency revoke --product edge --why "$test_name" boot-next
quietly sealift refresh
"$python" -B "$(dirname "$0")/repository.py" "$site" "$(image_of 1.0)" "$(image_of 1.1)"
