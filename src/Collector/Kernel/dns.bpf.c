// SPDX-License-Identifier: GPL-2.0
/*
 * DNS as those who ask see it: queries to port 53 and their answers, over UDP and TCP. Only packets tell an answer's code, and a hook for
 * packets costs every packet of the control group that it is attached to. So DnsProgram attaches it where port 53 is talked to. Which
 * control groups those are, the hooks of connect() say, and udp.bpf.c; without it, the hooks of unconnected datagrams, each of which then
 * pays for the lock that the kernel takes around them.
 */
#include "kernel.h"
#include "dns.h"
#include "askers.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "GPL";

#define HEADER 12
#define ETH_P_IP __builtin_bswap16(0x0800)
#define ETH_P_IPV6 __builtin_bswap16(0x86dd)
#define RESPONSE 0x80			/* in the first byte of the flags */
#define TRUNCATED 0x02
#define MESSAGES_PER_SEGMENT 8

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct dns_key);
	__type(value, struct dns_counters);
} resolvers SEC(".maps");

/* Messages that found no room there. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/* Queries that wait for their answer; DnsProgram takes out what has waited for too long. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct dns_query_key);
	__type(value, struct dns_query);
} outstanding SEC(".maps");

/* Where in a stream the next message begins. What is pushed out costs the rest of one segment, no count: hence LRU. */
struct stream_key {
	__u64 socket;
	__u64 egress;
};

struct stream {
	__u32 next;			/* sequence number of the next message's length */
	__u32 header;			/* of a message's header whose length came alone before it */
	__u32 header_follows;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct stream_key);
	__type(value, struct stream);
} streams SEC(".maps");

/* Control groups that have talked to port 53, by id. What is pushed out is announced once more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u8);
} askers SEC(".maps");

/* Nanoseconds: a tenth of a millisecond within a node, whole seconds where a resolver is asked again. */
static const __u64 bounds[DNS_LATENCY_BUCKETS - 1] = {
	100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 25000000, 50000000, 100000000, 250000000, 500000000,
	1000000000, 2500000000, 5000000000,
};

struct packet {
	struct dns_key key;
	struct dns_query_key query;
	__u32 payload;			/* offset */
	__u32 length;
	__u32 sequence;
	bool egress;
};

static __always_inline struct dns_counters *counters_of(const struct dns_key *key)
{
	struct dns_counters *found = bpf_map_lookup_elem(&resolvers, key);
	static const struct dns_counters none;
	__u32 first = 0;
	__u64 *unplaced;

	if (found)
		return found;
	bpf_map_update_elem(&resolvers, key, &none, BPF_NOEXIST);
	found = bpf_map_lookup_elem(&resolvers, key);
	if (!found) {
		unplaced = bpf_map_lookup_elem(&lost, &first);
		if (unplaced)
			__sync_fetch_and_add(unplaced, 1);
	}
	return found;
}

static __always_inline void count_query(struct packet *packet, struct dns_counters *counters)
{
	struct dns_query query = { .owner = packet->key.owner };
	struct dns_query *waiting;

	__sync_fetch_and_add(&counters->queries, 1);
	query.first_sent_ns = query.last_sent_ns = bpf_ktime_get_ns();
	waiting = bpf_map_lookup_elem(&outstanding, &packet->query);
	if (waiting) {
		/* Who asks has waited since the first time. */
		waiting->last_sent_ns = query.last_sent_ns;
		__sync_fetch_and_add(&counters->retries, 1);
	} else if (bpf_map_update_elem(&outstanding, &packet->query, &query, BPF_NOEXIST)) {
		__sync_fetch_and_add(&counters->unfollowed, 1);
	}
}

static __always_inline void count_answer(struct packet *packet, struct dns_counters *counters, __u8 flags, __u8 rcode)
{
	struct dns_query *waiting = bpf_map_lookup_elem(&outstanding, &packet->query);
	__u64 latency;
	__u32 bucket;

	if (waiting)
		latency = bpf_ktime_get_ns() - waiting->first_sent_ns;
	/* Whoever deletes it has it: the answer here, or its expiry in DnsProgram. */
	if (!waiting || bpf_map_delete_elem(&outstanding, &packet->query)) {
		__sync_fetch_and_add(&counters->unmatched, 1);
		return;
	}
	for (bucket = 0; bucket < DNS_LATENCY_BUCKETS - 1; bucket++)
		if (latency <= bounds[bucket])
			break;
	if (bucket < DNS_LATENCY_BUCKETS)
		__sync_fetch_and_add(&counters->latencies[bucket], 1);
	__sync_fetch_and_add(&counters->latency_sum_ns, latency);
	__sync_fetch_and_add(&counters->rcodes[rcode & (DNS_RCODES - 1)], 1);
	if (flags & TRUNCATED)
		__sync_fetch_and_add(&counters->truncated, 1);
}

/* One message, by the first four bytes of its header. */
static __always_inline void count_message(struct packet *packet, const __u8 header[4])
{
	struct dns_counters *counters = counters_of(&packet->key);
	bool is_answer = header[2] & RESPONSE;

	if (!counters)
		return;
	packet->query.id = *(__u16 *)header;
	if (is_answer == packet->egress)
		__sync_fetch_and_add(&counters->malformed, 1);
	else if (is_answer)
		count_answer(packet, counters, header[2], header[3]);
	else
		count_query(packet, counters);
}

static __always_inline void count_malformed(struct packet *packet)
{
	struct dns_counters *counters = counters_of(&packet->key);

	if (counters)
		__sync_fetch_and_add(&counters->malformed, 1);
}

static __always_inline void look_at_datagram(struct __sk_buff *skb, struct packet *packet)
{
	__u8 header[4];

	if (packet->length < HEADER || bpf_skb_load_bytes(skb, packet->payload, header, sizeof(header))) {
		count_malformed(packet);
		return;
	}
	count_message(packet, header);
}

/* A length of 2 bytes, then the message, again and again; a segment may end anywhere. */
static __always_inline void look_at_segment(struct __sk_buff *skb, struct packet *packet)
{
	struct stream_key key = { .socket = packet->query.socket, .egress = packet->egress };
	struct stream *known = bpf_map_lookup_elem(&streams, &key);
	struct stream stream = { .next = packet->sequence };
	__u32 at, left;
	__u8 bytes[6];
	int i;

	if (!packet->length)
		return;
	if (known && (__s32)(packet->sequence - known->next) <= 0)
		stream = *known;
	/* Otherwise it is the first segment, or one in between was lost to us: it begins with a message, or is not understood. */

	if (stream.header_follows) {
		at = stream.header - packet->sequence;
		if ((__s32)at >= 0 && at + 4 <= packet->length) {
			if (!bpf_skb_load_bytes(skb, packet->payload + at, bytes, 4))
				count_message(packet, bytes);
			stream.header_follows = 0;
		}
	}
	for (i = 0; i < MESSAGES_PER_SEGMENT; i++) {
		at = stream.next - packet->sequence;
		if ((__s32)at < 0 || at >= packet->length)
			break;
		left = packet->length - at;
		if (left < 2 || bpf_skb_load_bytes(skb, packet->payload + at, bytes, 2)) {
			count_malformed(packet);
			stream.next = packet->sequence + packet->length;
			break;
		}
		stream.header = stream.next + 2;
		stream.next = stream.header + (bytes[0] << 8 | bytes[1]);
		if (stream.next - stream.header < HEADER) {
			count_malformed(packet);
			stream.next = packet->sequence + packet->length;
			break;
		}
		if (left >= 6) {
			if (!bpf_skb_load_bytes(skb, packet->payload + at + 2, bytes, 4))
				count_message(packet, bytes);
		} else {
			stream.header_follows = 1;
		}
	}
	bpf_map_update_elem(&streams, &key, &stream, BPF_ANY);
}

/* A hook of a control group may not follow the socket's address; a number it may. */
static __always_inline void read_packet_owner(struct owner *to, struct __sk_buff *skb)
{
	struct bpf_sock *typed = skb->sk;
	struct sock *sk = 0;
	struct net *net;

	to->cgroup_id = bpf_skb_cgroup_id(skb);
	bpf_probe_read_kernel(&sk, sizeof(sk), &typed);
	if (!sk)
		return;
	net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
	to->netns_cookie = bpf_core_field_exists(net->net_cookie) ? BPF_CORE_READ(net, net_cookie) : 0;
	to->netns_inode = BPF_CORE_READ(net, ns.inum);
}

static __always_inline int look(struct __sk_buff *skb, bool egress)
{
	struct packet packet = { .egress = egress };
	__be32 address = 0;
	__u8 first = 0, protocol = 0;
	__be16 ports[2] = {};
	__u32 transport;
	__be32 sequence;

	if (skb->protocol == ETH_P_IP) {
		if (bpf_skb_load_bytes(skb, 9, &protocol, 1) || (protocol != IPPROTO_UDP && protocol != IPPROTO_TCP) ||
		    bpf_skb_load_bytes(skb, 0, &first, 1))
			return 1;
		transport = (first & 15) * 4;
	} else if (skb->protocol == ETH_P_IPV6) {
		/* Neither a client's queries nor a resolver's answers carry extension headers. */
		if (bpf_skb_load_bytes(skb, 6, &protocol, 1) || (protocol != IPPROTO_UDP && protocol != IPPROTO_TCP))
			return 1;
		transport = 40;
	} else {
		return 1;
	}
	if (bpf_skb_load_bytes(skb, transport, ports, sizeof(ports)) || ports[egress] != __builtin_bswap16(DNS_PORT))
		return 1;

	if (skb->protocol == ETH_P_IP) {
		bpf_skb_load_bytes(skb, egress ? 16 : 12, &address, sizeof(address));
		map_address(packet.key.resolver, address);
	} else {
		bpf_skb_load_bytes(skb, egress ? 24 : 8, packet.key.resolver, sizeof(packet.key.resolver));
	}
	read_packet_owner(&packet.key.owner, skb);
	packet.key.protocol = packet.query.protocol = protocol;
	packet.query.socket = bpf_get_socket_cookie(skb);
	__builtin_memcpy(packet.query.resolver, packet.key.resolver, sizeof(packet.query.resolver));
	if (protocol == IPPROTO_UDP) {
		packet.payload = transport + 8;
	} else {
		if (bpf_skb_load_bytes(skb, transport + 12, &first, 1) || bpf_skb_load_bytes(skb, transport + 4, &sequence, sizeof(sequence)))
			return 1;
		packet.sequence = __builtin_bswap32(sequence);
		packet.payload = transport + (first >> 4) * 4;
	}
	packet.length = skb->len > packet.payload ? skb->len - packet.payload : 0;
	if (protocol == IPPROTO_UDP)
		look_at_datagram(skb, &packet);
	else
		look_at_segment(skb, &packet);
	return 1;
}

SEC("cgroup_skb/egress")
int look_at_egress(struct __sk_buff *skb)
{
	return look(skb, 1);
}

SEC("cgroup_skb/ingress")
int look_at_ingress(struct __sk_buff *skb)
{
	return look(skb, 0);
}

static __always_inline int notice(struct bpf_sock_addr *ctx)
{
	__u64 cgroup;
	__u8 yes = 1;

	if (ctx->user_port != __builtin_bswap16(DNS_PORT))
		return 1;
	cgroup = bpf_get_current_cgroup_id();
	if (!bpf_map_lookup_elem(&askers, &cgroup) && !bpf_map_update_elem(&askers, &cgroup, &yes, BPF_NOEXIST) && announce_asker(cgroup))
		bpf_map_delete_elem(&askers, &cgroup);
	return 1;
}

SEC("cgroup/connect4")
int notice_connect4(struct bpf_sock_addr *ctx)
{
	return notice(ctx);
}

SEC("cgroup/connect6")
int notice_connect6(struct bpf_sock_addr *ctx)
{
	return notice(ctx);
}

SEC("cgroup/sendmsg4")
int notice_send4(struct bpf_sock_addr *ctx)
{
	return notice(ctx);
}

SEC("cgroup/sendmsg6")
int notice_send6(struct bpf_sock_addr *ctx)
{
	return notice(ctx);
}
