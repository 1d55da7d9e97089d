/* SPDX-License-Identifier: GPL-2.0 */
/* What tcp.bpf.c and C# tell each other; each struct has its mirror in a C# file of the same name. */
#ifndef NETPULSE_TCP_H
#define NETPULSE_TCP_H

enum edge_role {
	EDGE_CLIENT	= 0,
	EDGE_SERVER	= 1,	/* a listener accepted it */
	EDGE_LISTENER	= 2,	/* the listener itself: no peer */
};

/* Who talks to whom. A row whose peer and port are zero holds what found no row of its own. */
struct edge_key {
	__u64 cgroup;			/* inode of the owner's cgroup; 0 before Linux 5.15 */
	__u64 netns_cookie;		/* 0 before Linux 5.12 */
	__u8  peer[16];			/* IPv4 as ::ffff:a.b.c.d */
	__u32 netns_inode;
	__u16 server_port;		/* host order */
	__u8  role;			/* enum edge_role */
	__u8  protocol;			/* IPPROTO_TCP */
};
_Static_assert(sizeof(struct edge_key) == 40, "EdgeKey.cs mirrors this");

/* What only grows. Of a socket the last eight are kept in 32 bits and wrap. Times in jiffies. */
struct tcp_counters {
	__u64 bytes_sent;		/* payload, each byte once */
	__u64 bytes_retrans;
	__u64 bytes_received;		/* payload: the FIN is taken off */
	__u64 segs_out;
	__u64 segs_in;
	__u64 segs_retrans;
	__u64 dsacks;			/* duplicates that the peer reported */
	__u64 reorderings;
	__u64 busy;			/* with the two that follow */
	__u64 rwnd_limited;
	__u64 sndbuf_limited;
};

#define HISTOGRAM_BUCKETS 13		/* see bucket_of() */

enum connect_failure {
	CONNECT_REFUSED		= 0,
	CONNECT_TIMED_OUT	= 1,
	CONNECT_UNREACHABLE	= 2,
	CONNECT_OTHER		= 3,	/* also given up by the application */
	CONNECT_NO_PORT		= 4,	/* no local port was free for this destination */
	CONNECT_FAILURES	= 5,
};

#define TCP_STATES 13			/* include/net/tcp_states.h; 0 is none */

/* One row: what an edge's connections did since it was last drained, and how those that are open stand. */
struct tcp_edge {
	struct tcp_counters counters;
	__u64 closed;
	__u64 resets_sent;
	__u64 resets_received;
	__u64 srtt_sum;			/* microseconds, of the observations in srtt */
	__u64 min_rtt_sum;
	__u64 connect_sum;
	__u32 failures[CONNECT_FAILURES];
	__u32 srtt[HISTOGRAM_BUCKETS];
	__u32 min_rtt[HISTOGRAM_BUCKETS];
	__u32 connect[HISTOGRAM_BUCKETS];
	__u32 states[TCP_STATES];

	/* Of the fold numbered so; connections that were once established. */
	__u32 fold;
	__u32 open;
	__u32 rtt_measured;
	__u32 rate_measured;
	__u32 rcvbuf;			/* bytes, the largest */
	__u32 receive_queue;		/* bytes not yet read, the largest */
	__u32 rcvbuf_locked;		/* how many set SO_RCVBUF */
	__u32 zero_window;		/* how many whose peer offers none */
	__u32 sndbuf;			/* bytes, the largest */
	__u32 sndbuf_locked;		/* how many set SO_SNDBUF */
	__u32 not_sent;			/* bytes written and not yet sent, the largest */
	__u32 ssthresh_known;		/* how many have left slow start, or began with what the route remembers */
	__u32 no_delay;			/* how many set TCP_NODELAY */
	__u32 self_paced;		/* how many whose congestion control decides on its own when to send, as bbr does */
	__u32 backed_off;		/* how many wait for a timer that ran out twice or more */
	__u64 open_srtt_sum;		/* microseconds */
	__u64 rate_sum;			/* bytes a second */
	__u64 snd_wnd_sum;		/* bytes */
	__u64 snd_cwnd_sum;		/* bytes */
	__u64 ssthresh_sum;		/* bytes, of those in ssthresh_known */
};
_Static_assert(sizeof(struct tcp_edge) == 464, "TcpEdgeRow.cs mirrors this");

/* A connection that ended: what it did since it was last folded. */
struct tcp_ended {
	struct edge_key key;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 bytes_received;
	__u32 segs_out;
	__u32 segs_in;
	__u32 segs_retrans;
	__u32 dsacks;
	__u32 reorderings;
	__u32 busy;
	__u32 rwnd_limited;
	__u32 sndbuf_limited;
	__u32 srtt;			/* microseconds; 0 where it was not measured anew */
	__u32 min_rtt;
};
_Static_assert(sizeof(struct tcp_ended) == 104, "TcpEnded.cs mirrors this");

/* A socket that listens. */
struct tcp_listener {
	struct edge_key key;
	__u64 cookie;
	__u32 queue;			/* connections that wait for accept() */
	__u32 queue_limit;
	__u32 drops;			/* wraps */
	__u32 zero;			/* named, because padding goes to user space too */
};
_Static_assert(sizeof(struct tcp_listener) == 64, "TcpListener.cs mirrors this");

/* An open connection, as the per-flow detail shows it. */
struct tcp_flow {
	struct edge_key key;
	__u8  local[16];
	__u64 cookie;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 bytes_received;
	__u32 srtt;			/* microseconds */
	__u16 local_port;
	__u16 remote_port;
	__u32 state;
	__u32 zero;
};
_Static_assert(sizeof(struct tcp_flow) == 104, "TcpFlow.cs mirrors this");

/* Begins each record of a walk: the kinds come mixed. */
enum walk_record {
	WALK_CLOCK	= 0,
	WALK_LISTENER	= 1,
	WALK_FLOW	= 2,
};
struct walk_header {
	__u32 kind;			/* enum walk_record */
	__u32 size;			/* of what follows */
};

/* Ends a walk. */
struct clock_record {
	__u64 jiffies;
	__u64 monotonic_ns;
};
_Static_assert(sizeof(struct clock_record) == 16, "ClockRecord.cs mirrors this");

/* Set by user space. */
struct tcp_control {
	__u64 began;			/* jiffies; what was idle since then is older than us; 0 before the first walk has ended */
	__u32 fold;			/* number of the current fold */
	__u32 flows;			/* whether a walk writes struct tcp_flow */
};

/* What could not be done; each only grows. */
struct tcp_faults {
	__u64 overflowed;		/* updates that found no row for their peer and went to their owner's */
	__u64 unowned;			/* of those, the ones that found no row for their owner either */
	__u64 unkept;			/* open sockets that found no memory for their storage: counted when they end */
};

#endif
