#!/usr/bin/env bash
# Installs, from Debian, what building and running NetPulse needs and this machine lacks; says what and why; does nothing where all is there.
#   install-dependencies.sh           to build and run
#   install-dependencies.sh --test    also the real servers that the tests talk to
#   install-dependencies.sh --kernels also what boots other kernels
set -euo pipefail

# package | what tells that it is there | why
needed=(
	"clang|command -v clang|compiles the eBPF programs (src/Collector/Kernel/*.bpf.c)"
	"libbpf-dev|test -e /usr/include/bpf/bpf_helpers.h|the headers that the eBPF programs include"
	"libbpf1|ldconfig -p | grep -q 'libbpf.so.1 '|loads the eBPF programs into the kernel"
	"iproute2|command -v ip|makes the lab's network namespaces"
	"nftables|command -v nft|makes a pod of the lab track connections; drops packets and translates addresses in tests"
)
needed_for_tests=(
	"victoria-metrics|command -v victoria-metrics|a real store that remote write and queries are tested against"
	"prometheus|command -v prometheus && command -v promtool|a second one, and promtool, which checks /metrics"
	"influxdb|command -v influxd|an InfluxDB 1.x that line protocol and InfluxQL are tested against"
	"postgresql|ls /usr/lib/postgresql/*/bin/initdb|the database of a schedule that several optimizers share"
	"prometheus-alertmanager|command -v prometheus-alertmanager|a real Alertmanager, whose webhook begins a run"
)
needed_for_kernels=(
	"qemu-system-x86|command -v qemu-system-x86_64|boots other kernels than this one"
	"cpio|command -v cpio|makes the file system that they boot from"
)
if [ "${1:-}" = "--test" ]; then
	needed+=("${needed_for_tests[@]}")
elif [ "${1:-}" = "--kernels" ]; then
	needed+=("${needed_for_kernels[@]}")
elif [ $# -gt 0 ]; then
	echo "usage: $0 [--test | --kernels]" >&2
	exit 64
fi

if ! command -v dotnet >/dev/null; then
	echo "The .NET 10 SDK is missing and Debian has no package of it: install it from https://dotnet.microsoft.com/download/dotnet/10.0, then run this again." >&2
	exit 1
fi
if ! dotnet --list-sdks | grep -q '^10\.'; then
	echo "No .NET 10 SDK among: $(dotnet --list-sdks | tr '\n' ' '); install it from https://dotnet.microsoft.com/download/dotnet/10.0, then run this again." >&2
	exit 1
fi

PATH=$PATH:/usr/sbin:/sbin
missing=()
for entry in "${needed[@]}"; do
	IFS='|' read -r package rest <<<"$entry"
	check=${rest%|*}
	why=${rest##*|}
	if ! bash -c "$check" >/dev/null 2>&1; then
		echo "missing: $package - $why"
		missing+=("$package")
	fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "Run as root, or have an administrator run: apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null; then
	echo "This is no Debian (there is no apt-get): install what is named above with this system's own package manager." >&2
	exit 1
fi

echo "installing from Debian: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The servers are started by the tests themselves, on loopback; none may start as a service of the system.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
	trap 'rm -f "$log" "$policy"' EXIT
fi
enabled() { find /etc/systemd/system -path '*.wants/*.service' 2>/dev/null | sort; }
before=$(enabled)
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
	tail -n 15 "$log" >&2
	echo "Debian's packages could not be installed (see above). Check the network and /etc/apt/sources.list, or install by hand: ${missing[*]}" >&2
	exit 1
fi
# Nor at the next boot.
comm -13 <(echo "$before") <(enabled) | xargs -r rm -f
echo "installed: ${missing[*]}"
