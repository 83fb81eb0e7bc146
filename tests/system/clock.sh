#!/bin/sh
# clock.sh BUILD: the whole programs of a device whose clock says 1970, against a server in the present: certificates of
# TLS begin in its future, its operational one never ends by its own clock, and what is signed tells it the time.
set -eu
. "$(dirname "$0")/../lib/world.sh"

command -v faketime >/dev/null || { echo '1..0 # SKIP there is no faketime here'; exit 0; }

device=$work/real/dev-1

agent_at() { # agent_at TIME STATUS: one cycle at that time, which ends so; its events in $work/events
	status=0
	faketime --exclude-monotonic -f "@$1" sealift-agent --json --once --device "$device" \
		>"$work/events" 2>&1 || status=$?
	[ "$status" = "$2" ] || { echo "status $status, not $2"; cat "$work/events"; return 1; }
}

event() { # event FILTER: some event of the last cycle is so
	jq -s -e "map(select($1)) | length > 0" "$work/events" || { cat "$work/events"; return 1; }
}

floor_is_now() { # within the hour that a demonstration site's timestamp may be old
	jq -e --argjson now "$(date +%s)" '.clock_floor > $now - 3600' "$device/installer/store/installer.state"
}

is_enrolled_anew() {
	openssl x509 -in "$device/fetcher/ldevid.pem" -noout -issuer | grep -v strange
}

world_begin
world_release 1.0.0
world_provision 1.0.0 real eu dev-1

ok 'at 1970 it enrols and polls' agent_at '1970-01-02 00:00:00' 0
ok 'it polled' event '.event == "poll"'
ok 'what is signed told it the time' floor_is_now

# A certificate that looks good at 1970 and that no authority of the server's has signed, as after a change of authorities;
# for the handshake it is the same as one that has expired.
openssl req -x509 -new -key "$device/fetcher/ldevid.key" -subj /CN=strange -days 90 -out "$device/fetcher/ldevid.pem" \
	2>"$work/openssl.log"
ok 'a certificate that the server does not take is replaced' agent_at '1970-01-02 00:00:00' 0
ok 'by one of its authority' is_enrolled_anew
ok 'and it polled' event '.event == "poll"'

# 25 years ahead: nothing is believed, nothing stays.
ok 'ahead of the time it gets nowhere' agent_at "$(($(date +%Y) + 25))-01-02 00:00:00" 1
ok 'and says so' event '.text + .why | test("expired")'
ok 'set right, it polls again' agent_at "$(date '+%Y-%m-%d %H:%M:%S')" 0
ok 'as if nothing had been' event '.event == "poll"'

# --- the authority that certifies devices is stopped -----------------------------------------------------------------

world_provision 1.0.0 real eu dev-2
mv "$site/signd-online/signd.conf" "$work/signd.conf"
kill "$(pid_of signd-online)"
device=$work/real/dev-2
ok 'a device that cannot enrol does not get far' agent_at '1970-01-02 00:00:00' 1
ok 'but hears what is signed, by its birth certificate' test -s "$device/installer/store/timestamp.json"
ok 'it has no other' test ! -e "$device/fetcher/ldevid.pem"
mv "$work/signd.conf" "$site/signd-online/signd.conf"
ok 'the authority is back' wait_for agent_at '1970-01-02 00:00:00' 0
ok 'and the device enrols' test -e "$device/fetcher/ldevid.pem"
device=$work/real/dev-1

# --- the one mistake with TLS that no later bundle could mend --------------------------------------------------------

bundle_is_refused() {
	! sealift trust publish --why "$test_name" >"$work/bundle.log" 2>&1 || return 1
	grep 'could not reach it any more' "$work/bundle.log"
}

cp "$site/pki/server-root-a.pem" "$work/root-a.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/other.key" -subj /CN=other \
	-days 90 -out "$site/pki/server-root-a.pem" 2>"$work/openssl.log"
ok 'a bundle without the root of the server is not published' bundle_is_refused
cp "$work/root-a.pem" "$site/pki/server-root-a.pem"
ok 'with it, it is' sealift trust publish --why "$test_name"
ok 'and the device takes it' agent_at '1970-01-02 00:00:00' 0
ok 'as it says' event '.event == "trust-bundle"'
ok 'it reaches the server by the roots of the bundle' agent_at '1970-01-02 00:00:00' 0
world_done
