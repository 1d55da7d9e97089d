// SPDX-License-Identifier: GPL-2.0
/* TCP by connection, from the counters that the kernel keeps in each socket: nothing of ours runs per packet. */
#include "kernel.h"
#include "tcp.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "GPL";

/* Connections that ended, read by a timer: a wake-up a connection would cost more than all else here. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} destroyed SEC(".maps");

/* Connections that ended and found the ring full. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/* The compiler must see these types used, so that the object's BTF has them for the test of their mirrors. */
const struct tcp_record *unused_tcp_record __attribute__((unused));
const struct clock_record *unused_clock_record __attribute__((unused));

/* A SYN was answered: only this counts its acknowledgement on both sides (bytes_acked does not on the passive one). */
static __always_inline bool was_connected(struct tcp_sock *tp)
{
	return tp->delivered != 0;
}

static __always_inline void write_address(__u8 to[16], __be32 address)
{
	__u32 *words = (__u32 *)to;

	words[0] = 0;
	words[1] = 0;
	words[2] = __builtin_bswap32(0xffff);
	words[3] = address;
}

/*
 * tcp_v4_syn_recv_sock() and tcp_v6_syn_recv_sock() leave the interface of the SYN in the multicast fields of the socket
 * that they make, and setsockopt() refuses to set those on a stream: so they tell for certain who was called.
 */
static __always_inline bool is_passive(struct inet_sock *inet, __u16 family)
{
	struct ipv6_pinfo *pinet6;

	if (inet->mc_index)
		return 1;
	if (family != AF_INET6)
		return 0;
	pinet6 = inet->pinet6;
	return pinet6 && pinet6->mcast_oif;
}

static __always_inline void fill(struct tcp_record *r, struct tcp_sock *tp)
{
	struct inet_sock *inet = &tp->inet_conn.icsk_inet;
	struct sock *sk = &inet->sk;
	struct net *net = sk->__sk_common.skc_net.net;
	__u32 now = bpf_jiffies64();
	__u16 family = sk->__sk_common.skc_family;
	__u32 received_fin = sk->__sk_common.skc_flags >> SOCK_DONE & 1;
	__u32 running = BPF_CORE_READ_BITFIELD(tp, chrono_type);
	__u32 elapsed = now - tp->chrono_start;
	__u32 sent_at = tp->lsndtime;
	__u32 received_at = tp->inet_conn.icsk_ack.lrcvtime;
	__u32 queue = tp->rcv_nxt - tp->copied_seq;

	r->netns_cookie = bpf_core_field_exists(net->net_cookie) ? net->net_cookie : 0;
	r->netns_inode = net->ns.inum;
	if (family == AF_INET6) {
		bpf_core_read(r->local_address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(r->remote_address, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		write_address(r->local_address, sk->__sk_common.skc_rcv_saddr);
		write_address(r->remote_address, sk->__sk_common.skc_daddr);
	}
	r->bytes_sent = tp->bytes_sent;
	r->bytes_retrans = tp->bytes_retrans;
	r->bytes_received = tp->bytes_received - received_fin;
	r->segs_out = tp->segs_out;
	r->segs_in = tp->segs_in;
	r->total_retrans = tp->total_retrans;
	r->srtt_us = tp->srtt_us;
	r->min_rtt_us = tp->rtt_min.s[0].v;
	r->busy = tp->chrono_stat[0] + (running == TCP_CHRONO_BUSY ? elapsed : 0);
	r->rwnd_limited = tp->chrono_stat[1] + (running == TCP_CHRONO_RWND_LIMITED ? elapsed : 0);
	r->sndbuf_limited = tp->chrono_stat[2] + (running == TCP_CHRONO_SNDBUF_LIMITED ? elapsed : 0);
	r->last_active = (__s32)(sent_at - received_at) > 0 ? sent_at : received_at;
	r->snd_wnd = tp->snd_wnd;
	r->snd_cwnd = tp->snd_cwnd;
	r->mss = tp->mss_cache;
	r->rcvbuf = sk->sk_rcvbuf;
	r->receive_queue = queue > received_fin ? queue - received_fin : 0;
	r->local_port = __builtin_bswap16(inet->inet_sport);	/* skc_num is 0 once the socket is closed */
	r->remote_port = __builtin_bswap16(sk->__sk_common.skc_dport);
	r->state = sk->__sk_common.skc_state;
	r->flags = (is_passive(inet, family) ? TCP_PASSIVE : 0) |
		   (BPF_CORE_READ_BITFIELD(sk, sk_userlocks) & SOCK_RCVBUF_LOCK ? TCP_RCVBUF_LOCKED : 0);
	__builtin_memset(r->zero, 0, sizeof(r->zero));
}

SEC("iter/tcp")
int walk_connections(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct tcp_record record;
	struct tcp_sock *tp;

	if (!skc) {
		struct clock_record clock = {
			.jiffies = bpf_jiffies64(),
			.monotonic_ns = bpf_ktime_get_ns(),
		};

		bpf_seq_write(ctx->meta->seq, &clock, sizeof(clock));
		return 0;
	}

	tp = bpf_skc_to_tcp_sock(skc);	/* NULL for TIME_WAIT and for what has not become a connection */
	if (!tp || !was_connected(tp))
		return 0;
	record.cookie = bpf_get_socket_cookie(skc);
	fill(&record, tp);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(record_destroyed, struct sock *sk)
{
	struct tcp_record *record;
	struct tcp_sock *tp;
	__u32 first = 0;
	__u64 *count;

	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || !was_connected(tp))
		return 0;
	record = bpf_ringbuf_reserve(&destroyed, sizeof(*record), 0);
	if (!record) {
		count = bpf_map_lookup_elem(&lost, &first);
		if (count)
			__sync_fetch_and_add(count, 1);
		return 0;
	}
	record->cookie = bpf_get_socket_cookie(sk);
	fill(record, tp);
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return 0;
}
