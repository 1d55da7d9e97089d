/* SPDX-License-Identifier: GPL-2.0 */
/* Whose a socket is. */
#ifndef NETPULSE_OWNER_H
#define NETPULSE_OWNER_H

struct owner {
	__u64 cgroup_id;		/* inode of its directory in the unified hierarchy; 1 at its root */
	__u64 netns_cookie;		/* 0 before Linux 5.12 */
	__u32 netns_inode;
	__u32 zero;			/* named, because padding is part of a hash key */
};
_Static_assert(sizeof(struct owner) == 24, "SocketOwner.cs mirrors this");

#ifdef __bpf__
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

static __always_inline void read_namespace(struct owner *to, struct net *net)
{
	to->netns_cookie = bpf_core_field_exists(net->net_cookie) ? net->net_cookie : 0;
	to->netns_inode = net->ns.inum;
	to->zero = 0;
}

static __always_inline __u64 cgroup_of(struct sock *sk)
{
	struct cgroup *cgroup;
	struct kernfs_node *kn;
	__u64 id = 0;

	if (bpf_core_field_exists(sk->sk_cgrp_data.cgroup))
		return sk->sk_cgrp_data.cgroup->kn->id;
	cgroup = (struct cgroup *)sk->sk_cgrp_data.val;
	if ((__u64)cgroup & 1)
		return 0;
	bpf_core_read(&kn, sizeof(kn), &cgroup->kn);
	bpf_core_read(&id, sizeof(id), &kn->id);
	return id;
}

static __always_inline void read_owner(struct owner *to, struct sock *sk)
{
	to->cgroup_id = cgroup_of(sk);
	read_namespace(to, sk->__sk_common.skc_net.net);
}

/* IPv4 as ::ffff:a.b.c.d */
static __always_inline void map_address(__u8 to[16], __be32 address)
{
	__u32 *words = (__u32 *)to;

	words[0] = 0;
	words[1] = 0;
	words[2] = __builtin_bswap32(0xffff);
	words[3] = address;
}
#endif

#endif
