// SPDX-License-Identifier: GPL-2.0
/* Packets that the kernel dropped, by its own reason (Linux 5.17): nothing of ours runs for a packet that is delivered. */
#include "kernel.h"
#include "drops.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct drop_key);
	__type(value, __u64);
} drops SEC(".maps");

/* What found no room there: the reason alone. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} overflow SEC(".maps");

static __always_inline __u64 *find_or_add(void *map, const void *key)
{
	__u64 *found = bpf_map_lookup_elem(map, key);
	__u64 none = 0;

	if (found)
		return found;
	bpf_map_update_elem(map, key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

static __always_inline void count(struct sk_buff *skb, __u32 reason, struct sock *receiver)
{
	struct drop_key key = { .reason = reason };
	struct sock *sk = receiver ? receiver : skb->sk;
	struct net_device *device;
	unsigned char state;
	__u64 *counter;

	/*
	 * The socket first: the device's place in a packet holds other things while a socket has it. A socket that is no full one
	 * (half open, in TIME_WAIT) has a namespace, but no control group.
	 */
	if (sk) {
		state = sk->__sk_common.skc_state;
		read_namespace(&key.owner, sk->__sk_common.skc_net.net);
		if (state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV)
			key.owner.cgroup_id = cgroup_of(sk);
	} else {
		device = skb->dev;
		if (device)
			read_namespace(&key.owner, device->nd_net.net);
	}
	counter = find_or_add(&drops, &key);
	if (!counter)
		counter = find_or_add(&overflow, &reason);
	if (counter)
		__sync_fetch_and_add(counter, 1);	/* an interrupt may drop one in between */
}

/* Since Linux 6.11 with the socket that would have received the packet. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(count_drop_of_receiver, struct sk_buff *skb, void *location, __u32 reason, struct sock *receiver)
{
	count(skb, reason, receiver);
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(count_drop, struct sk_buff *skb, void *location, __u32 reason)
{
	count(skb, reason, 0);
	return 0;
}
