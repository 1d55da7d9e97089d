/* SPDX-License-Identifier: GPL-2.0 */
/* Control groups that talk to port 53 and may be new to those who look at DNS: one buffer, which dns.bpf.c and udp.bpf.c share (DnsAskers.cs). */
#ifndef NETPULSE_ASKERS_H
#define NETPULSE_ASKERS_H

#include <bpf/bpf_helpers.h>

#define DNS_PORT 53

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);	/* as DnsAskers makes it */
} new_askers SEC(".maps");

/* 0, or an error where there is no room. */
static __always_inline long announce_asker(__u64 cgroup_id)
{
	return bpf_ringbuf_output(&new_askers, &cgroup_id, sizeof(cgroup_id), 0);
}

#endif
