#!/usr/bin/env bash
# Publishes the collector as one trimmed, precompiled file with its runtime (linux-x64), then runs it: settings from a file, a refused setting,
# one scrape. Prints the file's size, the time until the first scrape, and the memory then.
#   publish.sh DIRECTORY
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1

# Its own artifacts: a restore for one platform must not disturb the build's.
dotnet publish src/Collector -c Release -p:SingleFile=true -p:ArtifactsPath="$PWD/artifacts/single-file" -o "$out" --nologo -v quiet
program=$out/netpulse-collector
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT

if "$program" --sampling:interval=10ms 2>"$work/refused" || ! grep -q 'sampling.interval' "$work/refused"; then
	echo "the published file does not refuse a bad setting by its name:" >&2
	cat "$work/refused" >&2
	exit 1
fi

port=$(( 20000 + RANDOM % 10000 ))
cat >"$work/settings.yaml" <<SETTINGS
node: {name: published}
sampling: {interval: 1s}
http: {listen: "127.0.0.1:$port"}
SETTINGS
command -v curl >/dev/null || { echo "curl is missing, which asks the published collector whether it works: apt-get install curl" >&2; exit 1; }
started=$(date +%s%N)
"$program" --config "$work/settings.yaml" >"$work/log" 2>&1 &
pid=$!
deadline=$((SECONDS + 60))
until curl -fsS "http://127.0.0.1:$port/metrics" >"$work/metrics" 2>/dev/null; do
	kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt "$deadline" ] || { echo "the published collector does not answer:" >&2; cat "$work/log" >&2; exit 1; }
	sleep 0.02
done
ready=$(date +%s%N)
grep -q 'netpulse_source_success{node="published",source="self"} 1' "$work/metrics" || { echo "the scrape lacks what it must have" >&2; exit 1; }
printf '%s: %d MiB in one file (%d with the eBPF objects beside it); first scrape after %d ms; %d MiB resident\n' "$program" \
	"$(( $(stat -c %s "$program") >> 20 ))" "$(( $(du -sb "$out" | cut -f1) >> 20 ))" "$(( (ready - started) / 1000000 ))" \
	"$(( $(awk '/^VmRSS/ {print $2}' "/proc/$pid/status") >> 10 ))"
