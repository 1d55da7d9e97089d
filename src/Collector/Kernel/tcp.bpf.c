// SPDX-License-Identifier: GPL-2.0
/*
 * TCP by who talks to whom, from the counters that the kernel keeps in each socket: nothing of ours runs per packet.
 *
 * A connection that ends leaves a record in a ring. One that is still there at a walk gets storage of its own, in which each
 * fold leaves what was already counted. Every other thing that happens to a socket is rare and goes to the edge's row at once.
 */
#include "tcp_socket.h"
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "GPL";

/* Connections that ended: 9,000 of them. Its reader is woken where it is half full: a wake-up a connection would cost more than all else here. */
#define ENDED_BYTES (1 << 20)
#define WAKING_BYTES 4096		/* above that half: as many processors may write at once */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, ENDED_BYTES);
} ended SEC(".maps");

struct rows {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct edge_key);
	__type(value, struct tcp_edge);
} edges_a SEC(".maps"), edges_b SEC(".maps"), owners_a SEC(".maps"), owners_b SEC(".maps");

/*
 * Which rows are filled now; the other pair is being drained. An update from user space returns after the last program that
 * saw the old map has ended (maybe_wait_bpf_programs() in kernel/bpf/syscall.c), so that no count is lost between the two.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct rows);
} current SEC(".maps") = {
	.values = { &edges_a, &owners_a },
};

enum ending {
	NOT_ENDED	= 0,
	ENDED		= 1,	/* its last record is written */
	DISCONNECTED	= 2,	/* the same, by a reset of ours: the kernel may clear its counters, and the application use it anew */
};

/* What was counted of an open connection. */
struct counted {
	struct bpf_spin_lock lock;
	__u32 ending;			/* enum ending */
	struct tcp_counters counters;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct counted);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tcp_control);
} control SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tcp_faults);
} faults SEC(".maps");

/* The compiler must see these types used, so that the object's BTF has them for the test of their mirrors. */
const struct tcp_ended *unused_tcp_ended __attribute__((unused));
const struct tcp_listener *unused_tcp_listener __attribute__((unused));
const struct tcp_flow *unused_tcp_flow __attribute__((unused));
const struct walk_header *unused_walk_header __attribute__((unused));
const struct clock_record *unused_clock_record __attribute__((unused));

static const struct tcp_edge no_row;
static const __u32 first;

#define add(field, by) __sync_fetch_and_add(&(field), by)

static __always_inline struct tcp_edge *row_in(__u32 slot, const struct edge_key *key)
{
	struct tcp_edge *row;
	void *rows;

	rows = bpf_map_lookup_elem(&current, &slot);
	if (!rows)
		return 0;
	row = bpf_map_lookup_elem(rows, key);
	if (row)
		return row;
	/* another processor may be faster: then its row is found */
	bpf_map_update_elem(rows, key, &no_row, BPF_NOEXIST);
	return bpf_map_lookup_elem(rows, key);
}

/* The edge's row; where there is no room for it, its owner's; where there is none for that, everybody's, which user space has put there. */
static __noinline struct tcp_edge *spill(struct edge_key *key)
{
	struct tcp_faults *fault = bpf_map_lookup_elem(&faults, &first);
	struct tcp_edge *row;

	if (!fault)
		return 0;
	add(fault->overflowed, 1);
	__builtin_memset(key->peer, 0, sizeof(key->peer));
	key->server_port = 0;
	row = row_in(1, key);
	if (row)
		return row;
	add(fault->unowned, 1);
	key->cgroup = 0;
	key->netns_cookie = 0;
	key->netns_inode = 0;
	return row_in(1, key);
}

static __always_inline struct tcp_edge *row_of(struct edge_key *key)
{
	struct tcp_edge *row = row_in(0, key);

	return row ? row : spill(key);
}

static __always_inline struct tcp_edge *row_of_socket(struct tcp_sock *tp)
{
	struct edge_key key;

	write_key(&key, tp);
	return row_of(&key);
}

static __always_inline void add_counters(struct tcp_edge *row, const struct tcp_counters *c)
{
	if (c->segs_out | c->segs_in) {
		add(row->counters.segs_out, c->segs_out);
		add(row->counters.segs_in, c->segs_in);
	}
	if (c->bytes_sent)
		add(row->counters.bytes_sent, c->bytes_sent);
	if (c->bytes_received)
		add(row->counters.bytes_received, c->bytes_received);
	if (c->segs_retrans | c->bytes_retrans) {
		add(row->counters.bytes_retrans, c->bytes_retrans);
		add(row->counters.segs_retrans, c->segs_retrans);
	}
	if (c->dsacks | c->reorderings) {
		add(row->counters.dsacks, c->dsacks);
		add(row->counters.reorderings, c->reorderings);
	}
	if (c->busy | c->rwnd_limited | c->sndbuf_limited) {
		add(row->counters.busy, c->busy);
		add(row->counters.rwnd_limited, c->rwnd_limited);
		add(row->counters.sndbuf_limited, c->sndbuf_limited);
	}
}

static __always_inline void observe_rtts(struct tcp_edge *row, __u32 srtt, __u32 min_rtt)
{
	if (srtt) {
		add(row->srtt[bucket_of(srtt)], 1);
		add(row->srtt_sum, srtt);
	}
	if (min_rtt) {
		add(row->min_rtt[bucket_of(min_rtt)], 1);
		add(row->min_rtt_sum, min_rtt);
	}
}

/* Gives a socket its storage. The first walk leaves in it what the socket did before us; one that came later counts in full. */
static __always_inline void adopt(struct tcp_sock *tp, struct sock *sk, const struct tcp_control *how)
{
	struct counted new = {};
	struct tcp_faults *fault;

	if (bpf_sk_storage_get(&sockets, sk, 0, 0))
		return;
	if (!how->began && was_connected(tp))
		read_counters(&new.counters, tp);
	if (bpf_sk_storage_get(&sockets, sk, &new, BPF_SK_STORAGE_GET_F_CREATE))
		return;
	fault = bpf_map_lookup_elem(&faults, &first);
	if (fault)
		add(fault->unkept, 1);
}

static __always_inline void write_record(struct seq_file *seq, __u32 kind, void *record, __u32 size)
{
	struct walk_header header = { .kind = kind, .size = size };

	bpf_seq_write(seq, &header, sizeof(header));
	bpf_seq_write(seq, record, size);
}

static __always_inline void write_listener(struct seq_file *seq, struct tcp_sock *tp, struct sock *sk)
{
	struct tcp_listener listener = {};

	write_key(&listener.key, tp);
	listener.cookie = bpf_get_socket_cookie(sk);
	listener.queue = sk->sk_ack_backlog;
	listener.queue_limit = sk->sk_max_ack_backlog;
	listener.drops = sk->sk_drops.counter;
	write_record(seq, WALK_LISTENER, &listener, sizeof(listener));
}

static __always_inline void write_flow(struct seq_file *seq, struct tcp_sock *tp, struct sock *sk)
{
	struct tcp_flow flow = {};
	struct tcp_counters counters;

	read_counters(&counters, tp);
	write_key(&flow.key, tp);
	write_local(flow.local, sk);
	flow.cookie = bpf_get_socket_cookie(sk);
	flow.bytes_sent = counters.bytes_sent;
	flow.bytes_retrans = counters.bytes_retrans;
	flow.bytes_received = counters.bytes_received;
	flow.srtt = tp->srtt_us >> 3;
	flow.local_port = __builtin_bswap16(tp->inet_conn.icsk_inet.inet_sport);
	flow.remote_port = __builtin_bswap16(sk->__sk_common.skc_dport);
	flow.state = sk->__sk_common.skc_state;
	write_record(seq, WALK_FLOW, &flow, sizeof(flow));
}

/* Every socket that a process of this PID namespace has open, in whichever network namespace: its cost is that of the files. */
SEC("iter/task_file")
int walk_files(struct bpf_iter__task_file *ctx)
{
	struct tcp_control *how = bpf_map_lookup_elem(&control, &first);
	struct seq_file *seq = ctx->meta->seq;
	struct file *file = ctx->file;
	struct socket *socket;
	struct tcp_sock *tp;
	struct sock *sk;
	__u8 state;

	if (!how)
		return 0;
	if (!ctx->task || !file) {
		struct clock_record clock = {
			.jiffies = bpf_jiffies64(),
			.monotonic_ns = bpf_ktime_get_ns(),
		};

		write_record(seq, WALK_CLOCK, &clock, sizeof(clock));
		return 0;
	}

	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	state = sk->__sk_common.skc_state;
	if (state == TCP_LISTEN) {
		write_listener(seq, tp, sk);
	} else if (state != TCP_CLOSE) {
		adopt(tp, sk, how);
		if (how->flows && was_connected(tp))
			write_flow(seq, tp, sk);
	}
	return 0;
}

/* Every connection of one network namespace, also those that wait for accept() and those that the kernel itself has. */
SEC("iter/tcp")
int walk_namespace(struct bpf_iter__tcp *ctx)
{
	struct tcp_control *how = bpf_map_lookup_elem(&control, &first);
	struct sock_common *skc = ctx->sk_common;
	struct tcp_sock *tp;

	if (!skc || !how)
		return 0;
	tp = bpf_skc_to_tcp_sock(skc);	/* NULL for TIME_WAIT and for what has not become a connection */
	if (!tp || tp->inet_conn.icsk_inet.sk.__sk_common.skc_state == TCP_LISTEN)
		return 0;
	adopt(tp, &tp->inet_conn.icsk_inet.sk, how);
	return 0;
}

static __always_inline void fold_gauges(struct tcp_edge *row, struct tcp_sock *tp, __u32 fold)
{
	struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	__u32 srtt = tp->srtt_us >> 3, queue = receive_queue(tp);
	__u32 interval = tp->rate_interval_us, window = tp->snd_wnd;
	__u32 not_sent = tp->write_seq - tp->snd_nxt, ssthresh = tp->snd_ssthresh;

	/* one fold runs at a time, and nobody else writes here */
	if (row->fold != fold) {
		row->fold = fold;
		row->open = row->rtt_measured = row->rate_measured = 0;
		row->rcvbuf = row->receive_queue = row->rcvbuf_locked = row->zero_window = 0;
		row->sndbuf = row->sndbuf_locked = row->not_sent = row->ssthresh_known = row->backed_off = row->no_delay = row->self_paced = 0;
		row->ssthresh_sum = 0;
		row->open_srtt_sum = row->rate_sum = row->snd_wnd_sum = row->snd_cwnd_sum = 0;
	}
	row->open++;
	if (srtt) {
		row->rtt_measured++;
		row->open_srtt_sum += srtt;
	}
	if (interval) {
		row->rate_measured++;
		row->rate_sum += (__u64)tp->rate_delivered * tp->mss_cache * 1000000 / interval;
	}
	row->snd_wnd_sum += window;
	row->zero_window += !window;
	row->snd_cwnd_sum += (__u64)tp->snd_cwnd * tp->mss_cache;
	if (row->rcvbuf < sk->sk_rcvbuf)
		row->rcvbuf = sk->sk_rcvbuf;
	if (row->receive_queue < queue)
		row->receive_queue = queue;
	row->rcvbuf_locked += !!(BPF_CORE_READ_BITFIELD(sk, sk_userlocks) & SOCK_RCVBUF_LOCK);
	if (row->sndbuf < sk->sk_sndbuf)
		row->sndbuf = sk->sk_sndbuf;
	row->sndbuf_locked += !!(BPF_CORE_READ_BITFIELD(sk, sk_userlocks) & SOCK_SNDBUF_LOCK);
	/* the FIN counts as written */
	if ((__s32)not_sent > 0 && row->not_sent < not_sent)
		row->not_sent = not_sent;
	if (ssthresh < TCP_INFINITE_SSTHRESH) {
		row->ssthresh_known++;
		row->ssthresh_sum += (__u64)ssthresh * tp->mss_cache;
	}
	row->self_paced += tp->inet_conn.icsk_ca_ops && tp->inet_conn.icsk_ca_ops->cong_control;
	row->no_delay += !!(BPF_CORE_READ_BITFIELD(tp, nonagle) & TCP_NAGLE_OFF);
	row->backed_off += tp->inet_conn.icsk_backoff > 1;
}

/* Adds to each edge's row what its open connections did since the fold before. It writes nothing out: that would be quadratic. */
SEC("iter/bpf_sk_storage_map")
int fold_open(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct tcp_control *how = bpf_map_lookup_elem(&control, &first);
	struct tcp_counters now, then;
	struct sock *sk = ctx->sk;
	struct counted *counted;
	struct tcp_edge *row;
	struct tcp_sock *tp;
	__u32 ending;
	__u8 state;

	if (!sk || !how)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	counted = bpf_sk_storage_get(&sockets, sk, 0, 0);
	if (!tp || !counted)
		return 0;
	row = row_of_socket(tp);
	if (!row)
		return 0;

	/* The record of the end has it all: what is read before it must be counted before it. */
	read_counters(&now, tp);
	bpf_spin_lock(&counted->lock);
	then = counted->counters;
	ending = counted->ending;
	state = sk->__sk_common.skc_state;
	if (ending == NOT_ENDED) {
		counted->counters = now;
	} else if (ending == DISCONNECTED && state != TCP_CLOSE) {
		/* another connection of the same socket: it begins at zero, and is counted from the next fold on */
		counted->ending = NOT_ENDED;
		__builtin_memset(&counted->counters, 0, sizeof(counted->counters));
	}
	bpf_spin_unlock(&counted->lock);
	if (ending != NOT_ENDED)
		return 0;

	if (state < TCP_STATES && state != TCP_CLOSE)
		add(row->states[state], 1);
	if (!was_connected(tp))
		return 0;
	subtract(&now, &then);
	add_counters(row, &now);
	if (now.segs_out | now.segs_in)
		observe_rtts(row, tp->srtt_us >> 3, smallest_rtt(tp));
	if (state != TCP_CLOSE)
		fold_gauges(row, tp, how->fold);
	return 0;
}

static __always_inline bool moved_nothing(const struct tcp_counters *now, const struct tcp_counters *then)
{
	return now->segs_out == then->segs_out && now->segs_in == then->segs_in;
}

/* Records what a connection did since it was last folded: when its socket is destroyed, or (ending is DISCONNECTED) before its counters may be cleared. */
static __always_inline int record(struct sock *sk, bool has_storage, __u32 ending)
{
	struct tcp_control *how = bpf_map_lookup_elem(&control, &first);
	struct tcp_counters now, then = {};
	struct counted *counted = 0;
	__u32 srtt, smallest, before;
	struct tcp_ended *r;
	struct tcp_edge *row;
	struct tcp_sock *tp;

	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp || !how || !was_connected(tp))
		return 0;
	read_counters(&now, tp);
	if (has_storage) {
		counted = bpf_sk_storage_get(&sockets, sk, 0, 0);
		/* It died before we began, and only now its application lets go: what it did is not ours. */
		if (!counted && (!how->began || (__s32)(last_active(tp) - (__u32)how->began) < 0))
			then = now;
		if (!counted && ending == DISCONNECTED)
			counted = bpf_sk_storage_get(&sockets, sk, &(struct counted){ .counters = then }, BPF_SK_STORAGE_GET_F_CREATE);
	}
	if (counted) {
		bpf_spin_lock(&counted->lock);
		then = counted->counters;
		before = counted->ending;
		counted->ending = ending;
		counted->counters = now;
		bpf_spin_unlock(&counted->lock);
		if (before == DISCONNECTED) {
			if (moved_nothing(&now, &then))
				return 0;
			__builtin_memset(&then, 0, sizeof(then));
		}
	}
	subtract(&now, &then);
	srtt = now.segs_out | now.segs_in ? tp->srtt_us >> 3 : 0;
	smallest = srtt ? smallest_rtt(tp) : 0;

	r = bpf_ringbuf_reserve(&ended, sizeof(*r), 0);
	if (!r) {
		row = row_of_socket(tp);
		if (row) {
			add_counters(row, &now);
			observe_rtts(row, srtt, smallest);
			add(row->closed, 1);
		}
		return 0;
	}
	write_key(&r->key, tp);
	r->bytes_sent = now.bytes_sent;
	r->bytes_retrans = now.bytes_retrans;
	r->bytes_received = now.bytes_received;
	r->segs_out = now.segs_out;
	r->segs_in = now.segs_in;
	r->segs_retrans = now.segs_retrans;
	r->dsacks = now.dsacks;
	r->reorderings = now.reorderings;
	r->busy = now.busy;
	r->rwnd_limited = now.rwnd_limited;
	r->sndbuf_limited = now.sndbuf_limited;
	r->srtt = srtt;
	r->min_rtt = smallest;
	bpf_ringbuf_submit(r, bpf_ringbuf_query(&ended, BPF_RB_AVAIL_DATA) - ENDED_BYTES / 2 < WAKING_BYTES ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(record_ended, struct sock *sk)
{
	return record(sk, 1, ENDED);
}

/* Before Linux 5.11 a tracing program may have no storage in a socket: then each connection counts in full when it ends. */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(record_ended_whole, struct sock *sk)
{
	return record(sk, 0, ENDED);
}

static __always_inline __u32 failure_of(struct tcp_sock *tp, struct sock *sk)
{
	/* tcp_v4_connect() looks for a port in SYN_SENT; inet_sport is set once there is one, and stays when it is given back. */
	if (!tp->inet_conn.icsk_inet.inet_sport)
		return CONNECT_NO_PORT;
	switch (sk->sk_err) {
	case ECONNREFUSED:
		return CONNECT_REFUSED;
	case ETIMEDOUT:
		return CONNECT_TIMED_OUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return CONNECT_UNREACHABLE;
	default:
		return CONNECT_OTHER;
	}
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(count_connect, struct sock *sk, int before, int now)
{
	struct tcp_edge *row;
	struct tcp_sock *tp;
	__u32 time, failure;

	if (before != TCP_SYN_SENT || (now != TCP_ESTABLISHED && now != TCP_CLOSE))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	row = row_of_socket(tp);
	if (!row)
		return 0;
	if (now == TCP_CLOSE) {
		failure = failure_of(tp, sk);
		if (failure < CONNECT_FAILURES)
			add(row->failures[failure], 1);
	} else {
		time = connect_time(tp);
		add(row->connect[bucket_of(time)], 1);
		add(row->connect_sum, time);
	}
	return 0;
}

/* A reset that no socket of ours sends: somebody asked a port on which nobody listens. Which is left out: who scans ports would fill the table. */
static __always_inline struct tcp_edge *row_of_packet(struct sk_buff *skb)
{
	unsigned char *ip;
	struct edge_key key = { .role = EDGE_SERVER, .protocol = IPPROTO_TCP };
	struct net_device *device;
	__be32 from;

	device = skb->dev;
	if (!device)
		return 0;
	write_netns(&key, device->nd_net.net);
	ip = skb->head + skb->network_header;
	if (skb->protocol == __builtin_bswap16(ETH_P_IPV6)) {
		bpf_probe_read_kernel(key.peer, 16, ip + 8);
	} else {
		bpf_probe_read_kernel(&from, sizeof(from), ip + 12);
		write_ipv4(key.peer, from);
	}
	return row_of(&key);
}

static __always_inline int count_reset(struct sock *sk, struct sk_buff *skb)
{
	struct tcp_edge *row = 0;
	struct tcp_sock *tp = 0;

	if (sk)
		tp = bpf_skc_to_tcp_sock(sk);
	if (tp)
		row = row_of_socket(tp);
	else if (skb)
		row = row_of_packet(skb);
	if (row)
		add(row->resets_sent, 1);
	return 0;
}

/*
 * A reset that answers no packet and leaves its socket closed: the application closed it without lingering, or with data unread, or disconnected
 * it. In all but the second case tcp_disconnect() clears the counters next, before anybody else could read them.
 */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(count_reset_sent, struct sock *sk, struct sk_buff *skb)
{
	if (sk && !skb && sk->__sk_common.skc_state == TCP_CLOSE)
		record(sk, 1, DISCONNECTED);
	return count_reset(sk, skb);
}

/* Before Linux 5.11, as record_ended_whole: what was reset so is not counted. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(count_reset_sent_alone, struct sock *sk, struct sk_buff *skb)
{
	return count_reset(sk, skb);
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(count_reset_received, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct tcp_edge *row;

	if (!tp)
		return 0;
	row = row_of_socket(tp);
	if (row)
		add(row->resets_received, 1);
	return 0;
}
