# stage.sh: sourced by ./check. Runs stages one after another, shows that they move, keeps their logs, counts their cases.
#
#   stage NAME COMMAND...        one command: one case
#   stage_tests NAME BUILD-DIR MESON-TEST-ARGUMENTS...    the TAP cases of the tests that meson runs
#   stages_end                   the failures again, then "N passed, N failed"; status 1 if there was one

logs=build/logs
passed=0
failed=0
skipped=0
failures=
running=
mkdir -p "$logs"
rm -f "$logs"/*.log "$logs"/*.txt

seconds() { date +%s; }
stage_stop() {
	[ -n "$running" ] && kill "$running" 2>/dev/null && wait "$running"
	echo "interrupted" >&2
	exit 130
}
trap stage_stop INT TERM HUP

# Waits for the command in the background; on a terminal its last line is shown, else a line every quarter of a minute.
stage_wait() {
	spoke=$began
	while kill -0 "$running" 2>/dev/null; do
		now=$(seconds)
		if [ -t 1 ]; then
			last=$(tail -n 1 "$log" 2>/dev/null | tr -d '\r\033' | cut -c 1-60)
			printf '\r\033[K%-28s %4d s  %s' "$name" $((now - began)) "$last"
		elif [ $((now - spoke)) -ge 15 ]; then
			spoke=$now
			printf '%-28s %4d s  ... %s\n' "$name" $((now - began)) "$(tail -n 1 "$log" | tr -d '\r\033' | cut -c 1-60)"
		fi
		sleep 0.2
	done
	status=0
	wait "$running" || status=$?
	running=
	[ ! -t 1 ] || printf '\r\033[K'
}

stage_run() {
	name=$1
	log=$logs/$(echo "$name" | tr ' /' '--').log
	shift
	began=$(seconds)
	"$@" >"$log" 2>&1 </dev/null &
	running=$!
	stage_wait
	took=$(($(seconds) - began))
}

stage_failed() {
	failures="$failures$log
"
}

stage() {
	stage_run "$@"
	if [ "$status" -eq 0 ]; then
		passed=$((passed + 1))
		printf '%-28s %4d s  ok\n' "$name" "$took"
		return 0
	fi
	failed=$((failed + 1))
	stage_failed
	printf '%-28s %4d s  FAILED (%s)\n' "$name" "$took" "$log"
	return 1
}

# Each TAP line is a case; a test without TAP, and one that died without saying "not ok", is one. Cases that a test says
# it skipped are not counted as passed.
stage_count() {
	awk '
		function finish() {
			if (test == "")
				return
			bad = result !~ /exit status 0/ && result !~ /(^|[^0-9])77$/
			if (bad && !not_ok)
				not_ok = 1
			else if (!bad && !ok && !not_ok && !skip)
				ok = 1
			total_ok += ok
			total_bad += not_ok
			total_skip += skip
			if (not_ok)
				names = names " " test
		}
		/^=+ [0-9]+\/[0-9]+ =+$/ { finish(); test = result = ""; ok = not_ok = skip = 0 }
		/^test: / { test = $NF }
		/^result: / { result = $0 }
		/^ok [0-9]+.*# *[Ss][Kk][Ii][Pp]/ { skip++; next }
		/^not ok [0-9]+.*# *[Tt][Oo][Dd][Oo]/ { skip++; next }
		/^ok( |$)/ { ok++ }
		/^not ok( |$)/ { not_ok++ }
		END { finish(); print total_ok + 0, total_bad + 0, total_skip + 0, names }' "$1"
}

stage_tests() {
	name=$1
	directory=$2
	base=$(echo "$name" | tr ' /' '--')
	shift 2
	rm -f "$directory/meson-logs/$base"*.txt
	stage_run "$name" meson test -C "$directory" --no-rebuild --logbase "$base" --print-errorlogs "$@"
	if [ "$status" -eq 0 ] && grep -q '^No .*tests defined' "$log"; then
		printf '%-28s %4d s  no tests\n' "$name" "$took"
		return 0
	fi
	# Under a wrapper meson adds its name.
	written=$(find "$directory/meson-logs" -name "$base*.txt")
	if [ -z "$written" ]; then
		failed=$((failed + 1))
		stage_failed
		printf '%-28s %4d s  FAILED (%s)\n' "$name" "$took" "$log"
		return 1
	fi
	cat $written >"$logs/$base.txt"
	read -r ok not_ok skip names <<-END
		$(stage_count "$logs/$base.txt")
	END
	# Meson saw a failure that the log does not show: never lose one.
	[ "$status" -eq 0 ] || [ "$not_ok" -gt 0 ] || not_ok=1
	passed=$((passed + ok))
	failed=$((failed + not_ok))
	skipped=$((skipped + skip))
	if [ "$not_ok" -eq 0 ]; then
		printf '%-28s %4d s  %d passed\n' "$name" "$took" "$ok"
		return 0
	fi
	stage_failed
	printf '%-28s %4d s  %d passed, %d FAILED:%s (%s)\n' "$name" "$took" "$ok" "$not_ok" "${names:+ $names}" "$logs/$base.txt"
	return 1
}

# Of a build the errors, of anything else its last lines.
stage_show() {
	if grep -q '^FAILED: ' "$1"; then
		grep -E -A 4 '(error|warning|undefined reference|multiple definition)[: ]' "$1" | cut -c 1-200 | head -n 60
		return
	fi
	tail -n 60 "$1"
}

stages_end() {
	if [ -n "$failures" ]; then
		echo
		echo "$failures" | sort -u | while read -r log; do
			[ -n "$log" ] || continue
			echo "==== $log (a part; the whole is there)"
			stage_show "$log"
			echo
		done
	fi
	[ "$skipped" -eq 0 ] || echo "$skipped skipped"
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}
