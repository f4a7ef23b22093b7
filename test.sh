#!/bin/sh
# Runs every test that can run on this machine, then says which could not and why. HIGHWATER_NO_SKIP=1 turns each such
# skip into a failure. Arguments are passed on to go test; without any, all packages are tested.
set -u
GO=${GO:-go}
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
[ $# -gt 0 ] || set -- ./...

echo "testing (the first time this builds everything and takes a few minutes)"
"$GO" test -v -timeout 40m "$@" >"$log" 2>&1
status=$?

# The packages' own lines, and in full whatever failed.
grep -E '^(ok|FAIL|panic:)' "$log"
if [ $status -ne 0 ]; then
	echo
	echo "What failed:"
	if ! awk '
		/^=== (RUN|PAUSE|CONT|NAME)/ { next }
		/^ *--- (PASS|SKIP)/ { held = ""; next }
		/^ *--- FAIL/ { printf "%s%s\n", held, $0; held = ""; failing = 1; next }
		/^(ok|PASS|FAIL)/ { held = ""; failing = 0; next }
		failing && /^ / { print; next }
		{ failing = 0; held = held $0 "\n"; if (length(held) > 20000) held = substr(held, length(held) - 20000) ; }
	' "$log" | tail -n 400; then cat "$log"; fi
	grep -E '^(#|.*\.go:[0-9]+:[0-9]+:)' "$log" | head -n 50
fi

passed=$(grep -cE '^ *--- PASS' "$log")
failed=$(grep -cE '^ *--- FAIL' "$log")
skipped=$(grep -cE '^ *--- SKIP' "$log")
if [ "$skipped" -gt 0 ]; then
	echo
	echo "Could not run here:"
	awk '
		/^=== (RUN|CONT|NAME)/ { test = $3; next }
		/^ *--- SKIP/ { print "  " $3 ": " why[$3] }
		/^ +[a-zA-Z0-9_]+\.go:[0-9]+: / { sub(/^ +[a-zA-Z0-9_]+\.go:[0-9]+: /, ""); why[test] = $0 }
	' "$log"
fi
echo
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
