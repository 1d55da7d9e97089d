/* SPDX-License-Identifier: GPL-2.0 */
/* What one TCP socket of the kernel tells. */
#ifndef NETPULSE_TCP_SOCKET_H
#define NETPULSE_TCP_SOCKET_H

#include "kernel.h"
#include "tcp.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define NOT_MEASURED 0xffffffffu

/* A SYN was answered: only this counts its acknowledgement on both sides (bytes_acked does not on the passive one). */
static __always_inline bool was_connected(struct tcp_sock *tp)
{
	return tp->delivered != 0;
}

static __always_inline void write_ipv4(__u8 to[16], __be32 address)
{
	__u32 *words = (__u32 *)to;

	words[0] = 0;
	words[1] = 0;
	words[2] = __builtin_bswap32(0xffff);
	words[3] = address;
}

static __always_inline void write_remote(__u8 to[16], struct sock *sk)
{
	if (sk->__sk_common.skc_family == AF_INET6)
		bpf_core_read(to, 16, &sk->__sk_common.skc_v6_daddr);
	else
		write_ipv4(to, sk->__sk_common.skc_daddr);
}

static __always_inline void write_local(__u8 to[16], struct sock *sk)
{
	if (sk->__sk_common.skc_family == AF_INET6)
		bpf_core_read(to, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	else
		write_ipv4(to, sk->__sk_common.skc_rcv_saddr);
}

/*
 * tcp_v4_syn_recv_sock() and tcp_v6_syn_recv_sock() leave the interface of the SYN in the multicast fields of the socket
 * that they make, and setsockopt() refuses to set those on a stream: so they tell for certain who was called.
 */
static __always_inline bool is_passive(struct inet_sock *inet)
{
	struct ipv6_pinfo *pinet6;

	if (inet->mc_index)
		return 1;
	if (inet->sk.__sk_common.skc_family != AF_INET6)
		return 0;
	pinet6 = inet->pinet6;
	return pinet6 && pinet6->mcast_oif;
}

static __always_inline __u64 cgroup_of(struct sock *sk)
{
	struct cgroup *cgroup;
	struct kernfs_node *kn;

	if (!bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		return 0;
	cgroup = sk->sk_cgrp_data.cgroup;
	if (!cgroup)
		return 0;
	kn = cgroup->kn;
	return kn ? kn->id : 0;
}

static __always_inline void write_netns(struct edge_key *key, struct net *net)
{
	key->netns_cookie = bpf_core_field_exists(net->net_cookie) ? net->net_cookie : 0;
	key->netns_inode = net->ns.inum;
}

static __always_inline void write_key(struct edge_key *key, struct tcp_sock *tp)
{
	struct inet_sock *inet = &tp->inet_conn.icsk_inet;
	struct sock *sk = &inet->sk;

	key->cgroup = cgroup_of(sk);
	key->protocol = IPPROTO_TCP;
	write_netns(key, sk->__sk_common.skc_net.net);
	if (sk->__sk_common.skc_state == TCP_LISTEN) {
		__builtin_memset(key->peer, 0, sizeof(key->peer));
		key->role = EDGE_LISTENER;
		key->server_port = __builtin_bswap16(inet->inet_sport);
		return;
	}
	write_remote(key->peer, sk);
	key->role = is_passive(inet) ? EDGE_SERVER : EDGE_CLIENT;
	/* not skc_num, which is 0 once the socket is closed */
	key->server_port = __builtin_bswap16(key->role == EDGE_SERVER ? inet->inet_sport : sk->__sk_common.skc_dport);
}

static __always_inline void read_counters(struct tcp_counters *c, struct tcp_sock *tp)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	__u32 received_fin = sk->__sk_common.skc_flags >> SOCK_DONE & 1;
	__u32 running = BPF_CORE_READ_BITFIELD(tp, chrono_type);
	__u32 elapsed = (__u32)bpf_jiffies64() - tp->chrono_start;
	__u64 sent = tp->bytes_sent, again = tp->bytes_retrans;

	c->bytes_sent = sent > again ? sent - again : 0;
	c->bytes_retrans = again;
	c->bytes_received = tp->bytes_received - received_fin;
	c->segs_out = tp->segs_out;
	c->segs_in = tp->segs_in;
	c->segs_retrans = tp->total_retrans;
	c->dsacks = tp->dsack_dups;
	c->reorderings = tp->reord_seen;
	c->rwnd_limited = tp->chrono_stat[1] + (running == TCP_CHRONO_RWND_LIMITED ? elapsed : 0);
	c->sndbuf_limited = tp->chrono_stat[2] + (running == TCP_CHRONO_SNDBUF_LIMITED ? elapsed : 0);
	c->busy = (__u32)(tp->chrono_stat[0] + (running == TCP_CHRONO_BUSY ? elapsed : 0) + c->rwnd_limited + c->sndbuf_limited);
	c->rwnd_limited = (__u32)c->rwnd_limited;
	c->sndbuf_limited = (__u32)c->sndbuf_limited;
}

/*
 * How much the counters of one socket grew; left in now. Bytes are 64 bits wide: where they went backwards, the application
 * has disconnected the socket and uses it anew, and all began at zero. A segment that could not be sent again was counted as
 * sent again all the same, so the payload alone may stand a little lower than before.
 */
static __always_inline void subtract(struct tcp_counters *now, const struct tcp_counters *then)
{
	if (now->bytes_retrans < then->bytes_retrans || now->bytes_received < then->bytes_received ||
	    now->bytes_sent + now->bytes_retrans < then->bytes_sent + then->bytes_retrans)
		return;
	now->bytes_sent = now->bytes_sent > then->bytes_sent ? now->bytes_sent - then->bytes_sent : 0;
	now->bytes_retrans -= then->bytes_retrans;
	now->bytes_received -= then->bytes_received;
	now->segs_out = (__u32)(now->segs_out - then->segs_out);
	now->segs_in = (__u32)(now->segs_in - then->segs_in);
	now->segs_retrans = (__u32)(now->segs_retrans - then->segs_retrans);
	now->dsacks = (__u32)(now->dsacks - then->dsacks);
	now->reorderings = (__u32)(now->reorderings - then->reorderings);
	now->busy = (__u32)(now->busy - then->busy);
	now->rwnd_limited = (__u32)(now->rwnd_limited - then->rwnd_limited);
	now->sndbuf_limited = (__u32)(now->sndbuf_limited - then->sndbuf_limited);
}

/* Low half of the jiffies at which payload was last sent or received, or the connection began. */
static __always_inline __u32 last_active(struct tcp_sock *tp)
{
	__u32 sent_at = tp->lsndtime;
	__u32 received_at = tp->inet_conn.icsk_ack.lrcvtime;

	return (__s32)(sent_at - received_at) > 0 ? sent_at : received_at;
}

/* Microseconds; 0 until measured. */
static __always_inline __u32 smallest_rtt(struct tcp_sock *tp)
{
	__u32 rtt = tp->rtt_min.s[0].v;

	return rtt == NOT_MEASURED ? 0 : rtt;
}

/* Bytes that arrived in order and that the application has not read. */
static __always_inline __u32 receive_queue(struct tcp_sock *tp)
{
	__u32 queue = tp->rcv_nxt - tp->copied_seq;
	__u32 received_fin = tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags >> SOCK_DONE & 1;

	return (__s32)queue > (__s32)received_fin ? queue - received_fin : 0;
}

/*
 * Microseconds from the first SYN to its answer, in tcp_finish_connect(): the only round trip measured so far, and the timers that ran out
 * before (tcp_retransmit_timer(): one second, doubled each time, at first not on newer kernels). No field of the socket keeps the first SYN's time.
 */
static __always_inline __u32 connect_time(struct tcp_sock *tp)
{
	struct net *net = tp->inet_conn.icsk_inet.sk.__sk_common.skc_net.net;
	__u32 linear = 0, timeout = 1000000, time = tp->srtt_us >> 3, again = tp->total_retrans;

	if (!again)
		return time;
	if (bpf_core_field_exists(net->ipv4.sysctl_tcp_syn_linear_timeouts))
		linear = net->ipv4.sysctl_tcp_syn_linear_timeouts;
	for (__u32 i = 1; i <= 8; i++) {
		if (i > again)
			break;
		time += timeout;
		if (i > linear)
			timeout <<= 1;
	}
	return time;
}

/* Index into a histogram of TcpHistogram.cs's bounds. */
static __always_inline __u32 bucket_of(__u32 us)
{
	return (us > 100) + (us > 250) + (us > 500) + (us > 1000) + (us > 2500) + (us > 5000) + (us > 10000) +
	       (us > 25000) + (us > 50000) + (us > 100000) + (us > 250000) + (us > 1000000);
}

#endif
