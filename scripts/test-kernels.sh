#!/usr/bin/env bash
# Boots Debian's cloud kernels in QEMU (software emulation, no KVM needed), starts the published collector in each, and checks what every eBPF source says of
# traffic that is known. Prints each source and the collector's log; fails where an expectation of tests/KernelProbe/Traffic.cs does.
#   test-kernels.sh [6.1] [6.12]
set -euo pipefail
cd "$(dirname "$0")/.."

# release | Debian's package that depends on the newest image of it
kernels=("6.1|linux-image-cloud-amd64" "6.12|linux-image-6.12-cloud-amd64")
wanted=("$@")
[ ${#wanted[@]} -gt 0 ] || wanted=(6.1 6.12)
patience=${PATIENCE:-600}	# seconds a kernel, for all of it

scripts/install-dependencies.sh --kernels
work=artifacts/kernels
mkdir -p "$work"

echo "publishing the collector and the probe, self-contained"
rm -rf "$work/root"
mkdir -p "$work/root/app"
for project in src/Collector tests/KernelProbe; do
	dotnet publish "$project" -c Release -r linux-x64 --self-contained --artifacts-path "$work/build" -o "$work/root/app" --nologo -v quiet
done

root=$(realpath "$work/root")
mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,proc,sys,dev,tmp,etc}
install_libraries_of() {
	{ ldd "$1" 2>/dev/null || true; } | grep -oE '/[^ ]+\.so[^ ]*' | while read -r library; do
		[ -e "$root$library" ] || install -D -m 755 "$(realpath "$library")" "$root$library"
	done
}
install_with_libraries() {
	install -D -m 755 "$1" "$root$2"
	install_libraries_of "$1"
}
for program in bash mount ip uname cat sync sleep; do
	install_with_libraries "$(realpath "$(PATH=$PATH:/usr/sbin:/sbin command -v "$program")")" "/bin/$program"
done
for library in libbpf.so.1 libstdc++.so.6; do
	path=$(ldconfig -p | awk -v name="$library" '$1 == name { print $NF; exit }')
	install_with_libraries "$path" "$path"
done
for binary in "$root"/app/netpulse-collector "$root"/app/netpulse-kernel-probe "$root"/app/*.so; do
	install_libraries_of "$binary"
done
install -m 755 tests/KernelProbe/init.sh "$root/init"
(cd "$root" && find . -print0 | cpio --null --create --format=newc --quiet | gzip -1) >"$work/initramfs.gz"

failed=0
for entry in "${kernels[@]}"; do
	IFS='|' read -r release package <<<"$entry"
	[[ " ${wanted[*]} " == *" $release "* ]] || continue
	image=$(apt-cache depends "$package" | awk '/Depends: linux-image-/ { print $2; exit }' || true)
	[ -n "$image" ] || { echo "Debian's lists have no $package: apt-get update, or name it in /etc/apt/sources.list" >&2; exit 1; }
	if [ ! -d "$work/$image" ]; then
		(cd "$work" && apt-get download -o APT::Sandbox::User=root "$image" && dpkg-deb -x "$image"_*.deb "$image" && rm "$image"_*.deb)
	fi
	echo "== Linux $release ($image)"
	log=$work/$release.log
	timeout "$patience" qemu-system-x86_64 -machine accel=tcg -cpu max -smp 2 -m 2048 -nographic -no-reboot -nic none \
		-kernel "$work/$image"/boot/vmlinuz-* -initrd "$work/initramfs.gz" -append "console=ttyS0 quiet panic=-1" </dev/null >"$log" 2>&1 || true
	tr -d '\r' <"$log" | sed -n '/^-- Linux /,/^kernel-probe-result/p'
	if ! grep -q '^kernel-probe-result 0' "$log"; then
		echo "Linux $release: FAILED; the whole log is $log" >&2
		failed=1
	fi
done
exit "$failed"
