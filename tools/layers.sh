#!/bin/sh
# layers.sh: who may include whom. The include directories of Meson already keep most of it; this catches the rest and
# says it in words.
#
#   core/bytes < codec < crypto < model < trust < slots, rollout < port < the stages < cmd
#
# - a folder includes its own headers and those of lower layers, by bare name;
# - stages never include each other;
# - core includes only headers that a freestanding compiler or newlib has;
# - the headers of a library are included in its folder of port/ alone (libevent: one header of serve/; inih: cmd/,
#   whose configuration it reads).
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
tools/sources.sh '*.h' | grep -v '^tests/' >"$temp/headers"
grep -n '^[[:space:]]*#[[:space:]]*include' $(tools/sources.sh) /dev/null >"$temp/includes"

awk '
	function folder(path) {
		sub(/\/[^\/]*$/, "", path)
		return path
	}
	function bad(why) {
		printf "%s:%d: %s    <- %s\n", file, number, header, why
		failed = 1
	}
	function layer(dir) {
		if (dir ~ /^core\/bytes/) return 0
		if (dir ~ /^core\/codec/) return 1
		if (dir ~ /^core\/crypto/) return 2
		if (dir ~ /^core\/model/) return 3
		if (dir ~ /^core\/trust/) return 4
		if (dir ~ /^core\/(slots|rollout)/) return 5
		if (dir ~ /^port/) return 6
		if (dir ~ /^(pack|sign|publish|serve|agent|boot|fleet)(\/|$)/) return 7
		if (dir ~ /^(cmd|boards|bench)/) return 8
		return 9
	}
	function unit(dir, parts) {
		split(dir, parts, "/")
		return dir ~ /^core\// ? parts[1] "/" parts[2] : parts[1]
	}
	# First the headers, so that every include finds its folder.
	NR == FNR {
		name = $0
		sub(/.*\//, "", name)
		where[name] = where[name] " " folder($0)
		next
	}
	{
		split($0, part, ":")
		file = part[1]
		number = part[2]
		text = substr($0, length(file) + length(number) + 3)
		here = folder(file)
		header = text
		sub(/^[^<"]*/, "", header)
		sub(/[^>"]*$/, "", header)
		name = substr(header, 2, length(header) - 2)
		if (name ~ /\.\.\//)
			bad("include by bare file name, never through ../")
		if (header ~ /^"/) {
			sub(/.*\//, "", name)
			if (layer(here) >= 8 || index(where[name] " ", " " here " "))
				next
			if (!(name in where)) {
				if (name !~ /^config\.h$/)
					bad("no such header in the tree: third-party headers take <>")
				next
			}
			count = split(where[name], dirs, " ")
			fine = 0
			for (i = 1; i <= count; i++)
				fine = fine || layer(dirs[i]) < layer(here) || (layer(dirs[i]) == layer(here) && unit(dirs[i]) == unit(here))
			if (!fine && layer(dirs[1]) == 7 && layer(here) == 7)
				bad("stages never include each other: they meet in signed objects and ports")
			else if (!fine)
				bad("upward include: " unit(here) " is below " unit(dirs[1]))
			next
		}
		if (here ~ /^core\// && name !~ /^(stdint|stddef|stdbool|string|limits)\.h$/ && !(here == "core/rollout" && name == "math.h"))
			bad("core is pure: stdint, stddef, stdbool, limits and mem* of string only")
		if (layer(here) == 9 || here == "bench") # floors are measured on the bare libraries
			next
		library = ""
		# libssl has a folder of its own, and its interface is made of the types of libcrypto.
		if (name ~ /^openssl\// && here != "port/tls") library = "port/openssl"
		if (name ~ /^sqlite3/) library = "port/sqlite"
		if (name ~ /^curl\//) library = "port/curl"
		if (name ~ /^zstd/) library = "port/zstd"
		if (name ~ /^p11-kit\//) library = "port/pkcs11"
		if (name ~ /^(event2\/|event\.h)/) library = "serve"
		if (name ~ /^ini\.h/ && here !~ /^cmd\//) library = "cmd"
		if (name ~ /^(zlib|seccomp|systemd)/) library = "port"
		if (library != "" && here != library)
			bad("the headers of this library belong to " library "/ alone")
		if (library == "serve") {
			if (event_header != "" && event_header != file)
				bad("libevent is included by one file of serve/ alone, " event_header)
			event_header = file
		}
	}
	END { exit failed }' "$temp/headers" "$temp/includes"
