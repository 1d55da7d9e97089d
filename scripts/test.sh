#!/usr/bin/env bash
# Runs every test project, one after the other because several measure the real kernel, and ends with "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=0 skipped=0
log=$(mktemp) failures=$(mktemp)
trap 'rm -f "$log" "$failures"' EXIT
for project in tests/*/*.csproj; do
	case "$(basename "$(dirname "$project")")" in *Tests | EndToEnd) ;; *) continue ;; esac # the rest is what tests start
	echo "== $(basename "$(dirname "$project")")"
	dotnet test "$project" -c Release --no-build --nologo --logger "console;verbosity=normal" >"$log" 2>&1
	status=$?
	grep -E '^\s+(Failed|Skipped) |^\[xUnit.net .*(SKIP|FAIL)\]' "$log" | sort -u
	counted=$(grep -cE '^\s+Passed ' "$log")
	passed=$((passed + counted))
	skipped=$((skipped + $(grep -cE '^\s+Skipped ' "$log")))
	wrong=$(grep -cE '^\s+Failed ' "$log")
	if [ "$status" -ne 0 ]; then
		# A run that broke off before it counted a failure is a failure.
		[ "$wrong" -gt 0 ] || wrong=1
		tail -n 150 "$log"
		# Said again at the end, where one looks first: each test's name and the first lines of what it says.
		awk '/^  (Failed|Passed|Skipped) |^\[xUnit/ { left = /^  Failed / ? 8 : 0 } left-- > 0' "$log" >>"$failures"
	elif [ "$counted" -eq 0 ]; then
		echo "no test ran"
		wrong=1
	fi
	failed=$((failed + wrong))
done
cat "$failures"
if [ "$skipped" -gt 0 ]; then
	echo "skipped tests say above what they need: run as root, and scripts/install-dependencies.sh --test installs the servers"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
