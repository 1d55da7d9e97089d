#!/usr/bin/env bash
# Builds the three images without a daemon and without a registry: a base of a few of Debian's packages (no shell, no package manager) and our published
# program, each as an OCI archive. Then unpacks each again and, as root, runs the program from nothing but what is in it.
# Load one with: podman load -i FILE, skopeo copy oci-archive:FILE docker://REGISTRY/NAME:TAG, ctr images import FILE.
#   images.sh DIRECTORY [collector] [optimizer] [tuner]
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { echo "usage: $0 DIRECTORY [collector] [optimizer] [tuner]" >&2; exit 64; }
command -v curl >/dev/null || { echo "curl is missing, which asks the programs in the images whether they work: apt-get install curl" >&2; exit 1; }
mkdir -p "$1"
out=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- collector optimizer tuner
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
epoch=$(git log -1 --format=%ct 2>/dev/null || echo 0)
work=$PWD/artifacts/images
packages=$work/packages
mkdir -p "$packages"
running=
trap '[ -z "$running" ] || kill "$running" 2>/dev/null || true' EXIT

# package | why
base=("libc6|what everything links" "libgcc-s1|what .NET's runtime links" "libstdc++6|what .NET's runtime links" "zlib1g|libelf, .NET's compression"
	"libssl3|TLS" "ca-certificates|whom TLS trusts")
collector=("libbpf1|loads the eBPF programs" "libelf1|libbpf reads their objects with it")
optimizer=("tzdata|the time zones of a policy's windows")
tuner=()

# Lists of our own, as new as this build, so that a security update is in it; apt-get then downloads only what is not there in that version.
apt=(-qq -o APT::Sandbox::User=root -o "Dir::State::Lists=$packages/lists" -o "Dir::Cache=$packages/cache")
renew_lists() {
	mkdir -p "$packages"/{lists,cache/archives}/partial
	apt-get "${apt[@]}" -o APT::Update::Error-Mode=any update || echo "apt-get update failed: the packages are those of the last lists that there are" >&2
}

unpack() { # package, root
	local version file
	version=$(apt-cache "${apt[@]}" show --no-all-versions "$1" | sed -n 's/^Version: //p')
	file=$(echo "$packages/$1_${version/:/%3a}"_*.deb)
	if [ ! -e "$file" ]; then
		rm -f "$packages/$1"_*.deb
		(cd "$packages" && apt-get "${apt[@]}" download "$1")
		file=$(echo "$packages/$1"_*.deb)
	fi
	dpkg-deb -x "$file" "$2"
	dpkg-deb -f "$file" Package Version | tr '\n' ' ' | sed 's/Package: \(.*\) Version: \(.*\) /\1 \2\n/' >>"$2/etc/netpulse-packages"
}

make_base() { # root, packages
	local root=$1
	shift
	rm -rf "$root"
	mkdir -p "$root"/{etc/ssl/certs,dev,proc,sys,run,var/lib/netpulse,usr/share} "$root/tmp"
	: >"$root/etc/netpulse-packages"
	for entry in "$@"; do unpack "${entry%%|*}" "$root"; done
	find "$root/usr/share/ca-certificates" -name '*.crt' -print0 | sort -z | xargs -0 cat >"$root/etc/ssl/certs/ca-certificates.crt"
	# Licences stay; what only people or other locales read goes.
	find "$root/usr/share/doc" -type f ! -name copyright -delete
	rm -rf "$root"/usr/share/{man,lintian,locale,ca-certificates,zoneinfo/right} "$root"/usr/lib/x86_64-linux-gnu/gconv "$root"/usr/{sbin,bin} "$root"/etc/{init.d,ld.so.conf.d}
	find "$root/usr/share/doc" -type d -empty -delete
	printf 'root:x:0:0:root:/:/none\nnonroot:x:65532:65532:nonroot:/:/none\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
	printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
	chmod 1777 "$root/tmp"
}

publish() { # project, directory
	dotnet publish "src/$1" -c Release -p:SingleFile=true -p:RunAnalyzers=false -p:ArtifactsPath="$work/build" -o "$2" --nologo -v quiet
	rm -f "$2"/*.pdb "$2"/*.xml "$2"/*.staticwebassets.endpoints.json
}

layer() { # directory, prefix in the image; prints the digest of what is inside, and keeps the packed one
	local plain=$work/layer.tar digest
	tar --create --file="$plain" --directory="$1" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --transform="s,^\.,$2," .
	digest=$(sha256sum "$plain" | cut -d' ' -f1)
	gzip --no-name --best --stdout "$plain" >"$work/layer.gz"
	rm "$plain"
	echo "$digest $(blob "$work/layer.gz")"
}

blob() { # file; moves it among the blobs and prints digest and size
	local digest size
	digest=$(sha256sum "$1" | cut -d' ' -f1)
	size=$(stat -c %s "$1")
	mv "$1" "$layout/blobs/sha256/$digest"
	echo "$digest $size"
}

image() { # name, user, environment as JSON strings
	local name=$1 user=$2 environment=$3 base_diff base_digest base_size app_diff app_digest app_size config_digest config_size manifest_digest manifest_size
	layout=$work/$name.oci
	rm -rf "$layout"
	mkdir -p "$layout/blobs/sha256"
	read -r base_diff base_digest base_size <<<"$(layer "$work/$name.base" .)"
	read -r app_diff app_digest app_size <<<"$(layer "$work/$name.app" ./app)"
	local created
	created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
	cat >"$work/config" <<-JSON
		{"created":"$created","architecture":"amd64","os":"linux",
		"config":{"User":"$user","Env":["DOTNET_EnableDiagnostics=0"$environment],"Entrypoint":["/app/netpulse-$name"],"WorkingDir":"/app",
		"Labels":{"org.opencontainers.image.title":"netpulse-$name","org.opencontainers.image.version":"$version"}},
		"rootfs":{"type":"layers","diff_ids":["sha256:$base_diff","sha256:$app_diff"]},
		"history":[{"created":"$created","created_by":"packages of Debian $(. /etc/os-release && echo "$VERSION_ID")"},{"created":"$created","created_by":"scripts/images.sh"}]}
	JSON
	read -r config_digest config_size <<<"$(blob "$work/config")"
	cat >"$work/manifest" <<-JSON
		{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
		"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:$config_digest","size":$config_size},
		"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:$base_digest","size":$base_size},
		{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:$app_digest","size":$app_size}]}
	JSON
	read -r manifest_digest manifest_size <<<"$(blob "$work/manifest")"
	cat >"$layout/index.json" <<-JSON
		{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
		"digest":"sha256:$manifest_digest","size":$manifest_size,"platform":{"architecture":"amd64","os":"linux"},
		"annotations":{"org.opencontainers.image.ref.name":"$version","io.containerd.image.name":"docker.io/netpulse/netpulse-$name:$version"}}]}
	JSON
	printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
	tar --create --file="$out/netpulse-$name-$version.tar" --directory="$layout" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner .
	printf '%s: %d MiB to pull: %d MiB of it the base (Debian %s: %s)\n' "$out/netpulse-$name-$version.tar" "$(((base_size + app_size) >> 20))" "$((base_size >> 20))" \
		"$(. /etc/os-release && echo "$VERSION_ID")" "$(cut -d' ' -f1 "$work/$name.base/etc/netpulse-packages" | paste -sd ' ')"
	rm -rf "$layout"
}

# What the archive holds, layer after layer, and nothing else.
unpack_image() { # archive, root
	rm -rf "$2" "$work/unpacked"
	mkdir -p "$2" "$work/unpacked"
	tar --extract --file="$1" --directory="$work/unpacked"
	local manifest
	manifest=$(grep -o 'sha256:[0-9a-f]*' "$work/unpacked/index.json" | head -1)
	grep -o 'layer[^}]*sha256:[0-9a-f]*' "$work/unpacked/blobs/sha256/${manifest#sha256:}" | grep -o '[0-9a-f]\{64\}' | while read -r digest; do
		echo "$digest  $work/unpacked/blobs/sha256/$digest" | sha256sum --check --quiet
		tar --extract --gunzip --file="$work/unpacked/blobs/sha256/$digest" --directory="$2"
	done
	rm -rf "$work/unpacked"
}

# As its manifest has it: a root that cannot be written but for the volumes, of the capabilities those that are added, nothing gained by exec. In a mount namespace of its
# own, with /proc, /sys and /dev as a runtime makes them. (Besides, chroot needs its own capability, which stays.)
inside() { # root, uid, program and arguments; $volumes are those that are written to (path, or path=what is there), $capabilities those that are added, or all
	local root=$1 uid=$2 rights=(--no-new-privs)
	shift 2
	[ "$capabilities" = all ] || rights+=("--bounding-set=-all,+sys_chroot,+setuid,+setgid${capabilities:+,$capabilities}")
	for volume in $volumes; do mkdir -p "$root/${volume%%=*}"; done
	mkdir -p "$root/run/netns"
	exec unshare --mount --propagation private -- bash -euc '
		root=$1 uid=$2 capabilities=$3 volumes=$4 rights=$5 chroot=$6
		shift 6
		mount --bind "$root" "$root"
		mount --rbind /proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount --bind /sys "$root/sys"
		mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
		for volume in $volumes; do
			case $volume in
				*=*) mount --bind "${volume#*=}" "$root/${volume%%=*}" ;;
				*) mount -t tmpfs -o "uid=$uid,gid=$uid" tmpfs "$root/$volume" ;;
			esac
		done
		if [ "$capabilities" != all ]; then
			mount -o remount,bind,ro "$root/sys"
			mount -o remount,bind,ro "$root/sys/fs/cgroup"
		fi
		mount -o remount,bind,ro "$root"
		[ "$uid" = 0 ] || chroot="$chroot --userspec=$uid:$uid"
		exec env -i DOTNET_EnableDiagnostics=0 DOTNET_GCgen0size=0x200000 MALLOC_ARENA_MAX=1 setpriv $rights -- $chroot "$root" "$@"' \
		- "$root" "$uid" "$capabilities" "$volumes" "${rights[*]}" "$(PATH=$PATH:/usr/sbin command -v chroot)" "$@"
}

refuses() { # root, uid, what its message must name, program and arguments
	local told
	told=$( (inside "$1" "$2" "${@:4}") 2>&1 || true)
	[[ $told == *"$3"* ]] || { printf 'it does not refuse a bad setting by its name (%s):\n%s\n' "$3" "$told" >&2; exit 1; }
}

still_runs() { # log, begin in seconds
	kill -0 "$running" 2>/dev/null && [ $((SECONDS - $2)) -lt 60 ] || { cat "$1" >&2; exit 1; }
	sleep 0.1
}

end() { # what it did; its memory is read when the start's is given back
	sleep 3
	local resident
	resident=$(awk '/^VmRSS/ { print $2 }' "/proc/$running/status")
	kill "$running"
	wait "$running" || true
	running=
	printf '  runs from its archive %s; %d MiB resident\n' "$1" "$((resident >> 10))"
}

answers() { # root, uid, path, what the answer must hold, program and arguments
	local port=$((20000 + RANDOM % 10000)) log=$work/run.log begun=$SECONDS
	(inside "$1" "$2" "${@:5}" "--http:listen=127.0.0.1:$port") >"$log" 2>&1 &
	running=$!
	until curl -fsS "http://127.0.0.1:$port$3" 2>/dev/null | grep "$4" >/dev/null; do
		still_runs "$log" "$begun"
	done
	end "as user $2: $3 answered"
}

checks() { # root, program and arguments: a NodeTuning is read, what it asks for is refused, and the status says why
	local log=$work/run.log begun=$SECONDS tunings=$work/objects/nodetunings
	rm -rf "$work/objects"
	mkdir -p "$tunings"
	cat >"$tunings/images.yaml" <<-YAML
		apiVersion: netpulse.io/v1alpha1
		kind: NodeTuning
		metadata: {name: images}
		spec:
		  settings:
		    - {name: of-nobody, pod: {namespace: none, name: none}, sysctl: net.ipv4.tcp_rmem, value: 4096 131072 1500000}
	YAML
	(inside "$1" 0 "${@:2}") >"$log" 2>&1 &
	running=$!
	until grep -qs 'there is no pod none/none' "$tunings/images.status.yaml"; do
		still_runs "$log" "$begun"
	done
	end 'as user 0: a NodeTuning was read and answered'
}

renew_lists
for name in "$@"; do
	declare -n own=$name
	publish "${name^}" "$work/$name.app"
	make_base "$work/$name.base" "${base[@]}" "${own[@]}"
	case $name in
		collector) image "$name" 0:0 ',"DOTNET_GCgen0size=0x200000","MALLOC_ARENA_MAX=1"' ;;
		optimizer) image "$name" 65532:65532 "" ;;
		tuner) image "$name" 0:0 "" ;;
	esac
	if [ "$(id -u)" -ne 0 ]; then
		echo "  not tried: to run it from its archive takes root" >&2
		continue
	fi
	root=$work/$name.root
	unpack_image "$out/netpulse-$name-$version.tar" "$root"
	if find "$root" -name '*sh' -path '*bin/*' | grep -q .; then echo "there is a shell in it" >&2; exit 1; fi
	case $name in
		collector)
			volumes=var/lib/netpulse/spool capabilities=+bpf,+perfmon,+net_admin,+sys_admin,+sys_ptrace,+dac_read_search
			refuses "$root" 0 sampling.interval /app/netpulse-collector --sampling:interval=10ms
			answers "$root" 0 /metrics 'netpulse_source_success{.*source="tcp.*} 1' /app/netpulse-collector --sampling:interval=1s --export:spool:directory=/var/lib/netpulse/spool
			;;
		optimizer)
			volumes="var/lib/netpulse/optimizer tmp objects=$work/objects" capabilities=
			mkdir -p "$work/objects"
			refuses "$root" 65532 schedule.cron /app/netpulse-optimizer --schedule:cron=never
			cat >"$work/objects/policy.yaml" <<-YAML
				apiVersion: netpulse.io/v1alpha1
				kind: OptimizationPolicy
				metadata: {name: images}
				spec:
				  windows: [{from: "22:00", to: "05:00", timeZone: Europe/Berlin}]
			YAML
			answers "$root" 65532 /readyz ok /app/netpulse-optimizer --cluster:policyFile=/objects/policy.yaml "--schedule:cron=* * * * * ?" --store:embedded:directory=/var/lib/netpulse/optimizer/store --journal:file=/var/lib/netpulse/optimizer/journal.jsonl
			;;
		tuner)
			# The uninstall job first.
			volumes= capabilities=
			refuses "$root" 65532 KUBECONFIG /app/netpulse-tuner clear
			volumes="var/lib/netpulse/tuner objects=$work/objects" capabilities=all
			mkdir -p "$work/objects"
			refuses "$root" 0 tuner.node /app/netpulse-tuner run --tuner:node=
			checks "$root" /app/netpulse-tuner run --tuner:node=images --tuner:objectsDirectory=/objects
			;;
	esac
	rm -rf "$root"
done
