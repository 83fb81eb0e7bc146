# What must hold at any time, whoever was killed: journals, log, repository. Sourced after world.sh.

# Each line names the SHA-256 of the line before it, and counts from 1.
journal_chains() { # journal_chains FILE
	jq -r .prev "$1" >"$work/journal.prev"
	jq -r .index "$1" >"$work/journal.index"
	seq 1 "$(wc -l <"$1")" | cmp - "$work/journal.index" || { echo "$1: the indices are not 1, 2, 3..."; return 1; }
	perl -MDigest::SHA=sha256_hex -e '
		my $prev = "0" x 64;
		while (<>) { print "$prev\n"; $prev = sha256_hex($_); }' "$1" |
		cmp - "$work/journal.prev" || { echo "$1: the chain is broken"; return 1; }
}

journals_chain() {
	for journal in "$site/keys/offline.journal" "$site/signd-release/journal" "$site/signd-online/journal"; do
		journal_chains "$journal" || return 1
	done
}

# No signature without its record. Boot manifests and certificates hide their signed bytes: role files and the log's
# head show them.
journals_know_all() {
	cat "$site"/keys/offline.journal "$site"/signd-*/journal | jq -r '.digests[]' | sort -u >"$work/journal.digests"
	perl -MDigest::SHA=sha256_hex -0777 -ne 's/^.*?"signed"://s; s/\}\n?$//; s/\\n/\n/g; print sha256_hex($_), "\n"' \
		"$repo"/metadata/*.json >"$work/used.digests"
	sed '/^$/,$d' "$repo/log/checkpoint" | sha256sum | cut -c1-64 >>"$work/used.digests"
	sort -u "$work/used.digests" | comm -23 - "$work/journal.digests" >"$work/unrecorded"
	[ ! -s "$work/unrecorded" ] || { echo 'signed without a record:'; cat "$work/unrecorded"; return 1; }
}

# What a device would find: every file that the newest snapshot and timestamp name is there, with that digest.
repository_is_whole() {
	timestamp=$repo/metadata/timestamp.json
	snapshot=$repo/metadata/$(jq -r '.signed.meta["snapshot.json"].version' "$timestamp").snapshot.json
	sum=$(jq -r '.signed.meta["snapshot.json"].hashes.sha256' "$timestamp")
	echo "$sum  $snapshot" | sha256sum --quiet -c || return 1
	jq -r '.signed.meta | to_entries[] | "\(.value.hashes.sha256)  \(.value.version).\(.key | gsub("/"; "%2F"))"' \
		"$snapshot" | (cd "$repo/metadata" && sha256sum --quiet -c) || return 1
	(cd "$repo/objects" && for object in *; do echo "$object  $object"; done | sha256sum --quiet -c)
}

log_is_good() { sealift log verify; }
