/* SPDX-License-Identifier: GPL-2.0 */
/* What dns.bpf.c counts and the C# records DnsKey, DnsCounters, DnsQueryKey and DnsQuery mirror. */
#ifndef NETPULSE_DNS_H
#define NETPULSE_DNS_H

#include "owner.h"

#define DNS_RCODES 16
#define DNS_LATENCY_BUCKETS 16		/* 15 bounds, and what is above them */

struct dns_key {
	struct owner owner;		/* who asks */
	__u8  resolver[16];		/* IPv4 as ::ffff:a.b.c.d */
	__u8  protocol;			/* IPPROTO_UDP or IPPROTO_TCP */
	__u8  zero[7];			/* named, because padding is part of a hash key */
};
_Static_assert(sizeof(struct dns_key) == 48, "DnsKey.cs mirrors this");

struct dns_counters {
	__u64 queries;			/* with those sent again */
	__u64 retries;			/* sent again, unanswered, with the same id on the same socket */
	__u64 truncated;		/* answers with the bit TC */
	__u64 unmatched;		/* answers to nothing that waits: late, doubled or forged */
	__u64 malformed;		/* too short for a header, or a query where an answer belongs */
	__u64 unfollowed;		/* queries that found no room to wait in */
	__u64 latency_sum_ns;
	__u64 latencies[DNS_LATENCY_BUCKETS];
	__u64 rcodes[DNS_RCODES];
};
_Static_assert(sizeof(struct dns_counters) == 312, "DnsCounters.cs mirrors this");

struct dns_query_key {
	__u64 socket;
	__u8  resolver[16];
	__u16 id;			/* network order */
	__u8  protocol;
	__u8  zero[5];
};
_Static_assert(sizeof(struct dns_query_key) == 32, "DnsQueryKey.cs mirrors this");

struct dns_query {
	struct owner owner;
	__u64 first_sent_ns;
	__u64 last_sent_ns;
};
_Static_assert(sizeof(struct dns_query) == 40, "DnsQuery.cs mirrors this");

#endif
