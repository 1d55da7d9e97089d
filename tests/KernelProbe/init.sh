#!/bin/bash
# The first process of the virtual machine: what a node has, the published collector, the probe; then the machine is switched off.
export PATH=/sbin:/usr/sbin:/bin:/usr/bin HOME=/tmp DOTNET_EnableDiagnostics=0 DOTNET_gcServer=0
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
echo
echo "-- Linux $(uname -r)"
cd /app || exit 1
./netpulse-collector --http:listen=127.0.0.1:9470 --node:name=probe --sampling:interval=1s --dns:scope=Node >/tmp/collector.log 2>&1 &
./netpulse-kernel-probe
result=$?
echo "-- the collector's log"
cat /tmp/collector.log
echo "kernel-probe-result $result"
sync
echo o >/proc/sysrq-trigger
sleep 60
