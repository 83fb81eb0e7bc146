#!/bin/sh
# bad-input.sh BUILD: what the daemons' doors do with connections that say nothing, half, too much or nonsense. Honest
# ones are served meanwhile, nothing is signed or stored, and no daemon dies. Single requests and their refusals are in
# tests/system/server.c and tests/unit/sign/daemon.c.
set -eu
. "$(dirname "$0")/../lib/world.sh"
. "$(dirname "$0")/evidence.sh"

# Opens COUNT connections, sends each the bytes of TEXT (perl escapes), says so, and then only holds them.
hold() { # hold COUNT TEXT unix:PATH|PORT
	spawn hold perl -MSocket -e '
		my ($count, $text, $where, $ready) = @ARGV;
		my $unix = $where =~ s/^unix://;
		my $to = $unix ? pack_sockaddr_un($where) : pack_sockaddr_in($where, inet_aton("127.0.0.1"));
		$text = eval "qq\0$text\0";
		$SIG{PIPE} = "IGNORE";
		my @held;
		for (1 .. $count) {
			socket(my $s, $unix ? PF_UNIX : PF_INET, SOCK_STREAM, 0) or die "socket: $!";
			connect($s, $to) or next;
			syswrite($s, $text) if length $text;
			push @held, $s;
		}
		open my $f, ">", $ready; print $f scalar(@held); close $f;
		sleep 60;
	' "$1" "$2" "$3" "$work/held.new"
	holder=$spawned
	wait_for test -s "$work/held.new"
	rm "$work/held.new"
}

release_hold() {
	kill "$holder" 2>/dev/null || true
	wait "$holder" 2>/dev/null || true
}

# Sends TEXT once, ends its side, and prints what comes back.
say() { # say TEXT unix:PATH|PORT
	perl -MSocket -e '
		my ($text, $where) = @ARGV;
		my $unix = $where =~ s/^unix://;
		my $to = $unix ? pack_sockaddr_un($where) : pack_sockaddr_in($where, inet_aton("127.0.0.1"));
		$text = eval "qq\0$text\0";
		$SIG{PIPE} = "IGNORE";
		$SIG{ALRM} = sub { die "no end after 30 s\n" };
		alarm 30;
		socket(my $s, $unix ? PF_UNIX : PF_INET, SOCK_STREAM, 0) or die "socket: $!";
		connect($s, $to) or die "connect: $!";
		syswrite($s, $text);
		shutdown($s, 1);
		while (sysread($s, my $piece, 65536)) { print $piece }
	' "$@"
}

says() { # says REGEX TEXT WHERE: what comes back matches; "": the connection ends without a word
	say "$2" "$3" >"$work/said" || return 1
	if [ -z "$1" ]; then
		[ ! -s "$work/said" ] || { cat "$work/said"; return 1; }
	else
		grep -aEq "$1" "$work/said" || { cat "$work/said"; return 1; }
	fi
}

# --- what must not change --------------------------------------------------------------------------------------------

stored() { # of what the daemons keep
	cat "$site/signd-release/journal" "$site/signd-online/journal" | sha256sum
	(cd "$repo" && find . -type f | sort | xargs sha256sum)
	sealift device list --json | jq -c '.devices[] | [.id, .uri, .state, .version, .attested]'
	operator '/v1/events?after=0' | jq -c '.events[] | [.kind, .device, .text]' | sort -u
}

daemons() { for name in signd-release signd-online sealiftd; do pid_of $name; done; }

nothing_changed() {
	stored >"$work/stored.after"
	daemons >"$work/daemons.after"
	diff "$work/stored.before" "$work/stored.after" && diff "$work/daemons.before" "$work/daemons.after"
}

frame() { # frame TEXT: with its length in front, for signd
	printf '\\0\\0\\x%02x\\x%02x%s' $((${#1} / 256)) $((${#1} % 256)) "$1"
}

device_is_served() { timeout 40 sealift-agent --json --once --device "$work/real/real-1"; }
operator_is_served() { timeout 40 sealift status && timeout 40 sealift device list; }
ops_is_served() { timeout 40 curl -fsS "http://127.0.0.1:$ops_port/status.json"; }
online_is_served() { says '"key":"[0-9a-f]{128}"' "$(frame "$(question timestamp public-key)")" "$online"; }

question() { # question KEY KIND
	printf '{"key":"%s","kind":"%s","objects":[],"requester":"publisher",' "$1" "$2"
	printf '"type":"sign-request","version":1,"who":"x","why":"y"}'
}

# --- the test --------------------------------------------------------------------------------------------------------

world_begin
world_image 1.0 128
world_release 1.0
world_provision 1.0 real eu real-1
quietly sealift-agent --json --once --device "$work/real/real-1"
operator_socket=unix:$site/server/operator.sock
online=unix:$site/signd-online/signd.sock
stored >"$work/stored.before"
daemons >"$work/daemons.before"

hold 300 '' "$device_port"
ok 'devices are served beside 300 connections that say nothing' device_is_served
release_hold
hold 100 '\x16\x03\x01\x02' "$device_port"
ok 'and beside 100 that began a handshake' device_is_served
release_hold
hold 100 'GET /v1/st' "$operator_socket"
ok 'operators are served beside 100 halves of a request' operator_is_served
release_hold
hold 100 'GET /status.json HTTP/1.1\r\nHost: a\r\n' "$ops_port"
ok 'the status page is served beside 100 halves of a request' ops_is_served
release_hold
hold 20 '\0\0\1\0{' "$online"
ok 'signd answers beside 20 halves of a frame' online_is_served
release_hold

ok 'no TLS at the door of devices' says '' 'GET / HTTP/1.1\r\n\r\n' "$device_port"
ok 'operators: noise' says '^(HTTP/1.. 400.*)?$' '\x00\xff\xfe noise\r\n\r\n' "$operator_socket"
ok 'operators: half a body' says '' \
	'POST /v1/rollouts HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"plan\":' "$operator_socket"
ok 'operators: a body that is too large' says '^HTTP/1.. 413' \
	'POST /v1/rollouts HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n' "$operator_socket"
ok 'operators: malformed JSON' says '^HTTP/1.. 400' \
	'POST /v1/rollouts HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n{\"plan\":' "$operator_socket"
ok 'status page: nothing is changed there' says '^HTTP/1.. (404|405)' \
	'POST /v1/rollouts/1/abort HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n' "$ops_port"

for instance in release online; do
	socket=unix:$site/signd-$instance/signd.sock
	ok "signd $instance: an empty frame" says '' '\0\0\0\0' "$socket"
	ok "signd $instance: a frame of 4 GiB" says '' '\xff\xff\xff\xff{}' "$socket"
	ok "signd $instance: half a frame" says '' '\0\0\1\0{\"key\":' "$socket"
	ok "signd $instance: noise" says 'signd-malformed' '\0\0\0\4\x80\xff\0\1' "$socket"
	ok "signd $instance: not canonical" says 'signd-malformed' '\0\0\0\3{ }' "$socket"
	ok "signd $instance: a key that it has not" says 'signd-(key|role)' "$(frame "$(question root/1 public-key)")" "$socket"
done
ok 'nothing was signed, stored or lost, no daemon died' nothing_changed
ok 'the journals are unbroken chains' journals_chain
ok 'the repository is whole' repository_is_whole
ok 'devices are served' device_is_served
world_done
