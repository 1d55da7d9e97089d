/* SPDX-License-Identifier: GPL-2.0 */
/* What tcp.bpf.c writes and the C# records TcpRecord and ClockRecord mirror. */
#ifndef NETPULSE_TCP_H
#define NETPULSE_TCP_H

enum tcp_record_flags {
	TCP_PASSIVE	    = 1,	/* it was accepted by a listener */
	TCP_RCVBUF_LOCKED   = 2,	/* the application set SO_RCVBUF */
};

/* One connection. Times in jiffies; counters since the connection began. */
struct tcp_record {
	__u64 cookie;
	__u64 netns_cookie;		/* 0 before Linux 5.12 */
	__u8  local_address[16];	/* IPv4 as ::ffff:a.b.c.d */
	__u8  remote_address[16];
	__u64 bytes_sent;		/* payload, with what was sent again */
	__u64 bytes_retrans;
	__u64 bytes_received;		/* payload: the FIN is taken off */
	__u32 netns_inode;
	__u32 segs_out;
	__u32 segs_in;
	__u32 total_retrans;
	__u32 srtt_us;			/* in eighths of a microsecond */
	__u32 min_rtt_us;		/* all ones until measured */
	__u32 busy;			/* time in each state of tcp_chrono, the running one included */
	__u32 rwnd_limited;
	__u32 sndbuf_limited;
	__u32 last_active;		/* when payload was last sent or received, low half of jiffies */
	__u32 snd_wnd;			/* bytes */
	__u32 snd_cwnd;			/* segments */
	__u32 mss;			/* bytes */
	__u32 rcvbuf;			/* bytes */
	__u32 receive_queue;		/* bytes, not yet read by the application */
	__u16 local_port;		/* host order */
	__u16 remote_port;
	__u8  state;			/* TCP_ESTABLISHED, ... */
	__u8  flags;			/* enum tcp_record_flags */
	__u8  zero[6];			/* named, because padding goes to user space too */
};
_Static_assert(sizeof(struct tcp_record) == 144, "TcpRecord.cs mirrors this");

/* Ends a walk. */
struct clock_record {
	__u64 jiffies;
	__u64 monotonic_ns;
};
_Static_assert(sizeof(struct clock_record) == 16, "ClockRecord.cs mirrors this");

#endif
