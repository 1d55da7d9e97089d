/* SPDX-License-Identifier: GPL-2.0 */
/* What udp.bpf.c counts and the C# records UdpKey, UdpCounters, UdpDropKey and UdpDropCounters mirror. */
#ifndef NETPULSE_UDP_H
#define NETPULSE_UDP_H

#include "owner.h"

struct udp_key {
	struct owner owner;
	__u8  peer[16];			/* IPv4 as ::ffff:a.b.c.d; all zero for the owner's peers that found no room */
	__u16 server_port;		/* host order; the owner's own port where it is the server */
	__u8  is_server;
	__u8  zero[5];			/* named, because padding is part of a hash key */
};
_Static_assert(sizeof(struct udp_key) == 48, "UdpKey.cs mirrors this");

struct udp_counters {
	__u64 sent_bytes;		/* payload */
	__u64 sent_datagrams;
	__u64 received_bytes;
	__u64 received_datagrams;
};
_Static_assert(sizeof(struct udp_counters) == 32, "UdpCounters.cs mirrors this");

struct udp_drop_key {
	struct owner owner;
	__u16 local_port;		/* host order; 0 where the kernel chose it */
	__u8  zero[6];
};
_Static_assert(sizeof(struct udp_drop_key) == 32, "UdpDropKey.cs mirrors this");

struct udp_drop_counters {
	__u64 receive_buffer;		/* the socket's own buffer was full */
	__u64 memory;			/* UDP as a whole had no memory left */
	__u32 rcvbuf;			/* bytes, of the socket that dropped last */
	__u32 rcvbuf_locked;		/* whether it set SO_RCVBUF */
};
_Static_assert(sizeof(struct udp_drop_counters) == 24, "UdpDropCounters.cs mirrors this");

#endif
