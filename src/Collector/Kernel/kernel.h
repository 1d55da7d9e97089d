/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's structs, with only the fields that we read. Offsets here mean nothing: CO-RE takes the running kernel's from
 * its BTF, by name. A field may therefore stand here with the width or as the bit-field of another release.
 */
#ifndef NETPULSE_KERNEL_H
#define NETPULSE_KERNEL_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH		= 1,
	BPF_MAP_TYPE_ARRAY		= 2,
	BPF_MAP_TYPE_PERCPU_HASH	= 5,
	BPF_MAP_TYPE_LRU_HASH		= 9,
	BPF_MAP_TYPE_ARRAY_OF_MAPS	= 12,
	BPF_MAP_TYPE_SK_STORAGE		= 24,
	BPF_MAP_TYPE_RINGBUF		= 27,
};
enum {
	BPF_ANY				= 0,
	BPF_NOEXIST			= 1,
	BPF_F_NO_PREALLOC		= 1,
	BPF_SK_STORAGE_GET_F_CREATE	= 1,
	BPF_RB_NO_WAKEUP		= 1,
	BPF_RB_FORCE_WAKEUP		= 2,
	BPF_RB_AVAIL_DATA		= 0,
};
struct bpf_spin_lock {
	__u32 val;
};

/* include/linux/socket.h, include/net/sock.h, include/net/tcp_states.h, include/linux/tcp.h */
enum {
	AF_INET			= 2,
	AF_INET6		= 10,
	MSG_PEEK		= 2,
	IPPROTO_TCP		= 6,
	IPPROTO_UDP		= 17,
	SOCK_BINDPORT_LOCK	= 8,	/* bit in sk_userlocks: bind() named a port */
	SOCK_DONE		= 1,	/* bit number in skc_flags: a FIN was received */
	SOCK_SNDBUF_LOCK	= 1,	/* bits in sk_userlocks */
	SOCK_RCVBUF_LOCK	= 2,
	TCP_ESTABLISHED		= 1,	/* also a connected datagram socket's */
	TCP_SYN_SENT		= 2,
	TCP_TIME_WAIT		= 6,
	TCP_CLOSE		= 7,
	TCP_LISTEN		= 10,
	TCP_NEW_SYN_RECV	= 12,
	TCP_CHRONO_BUSY		= 1,
	TCP_CHRONO_RWND_LIMITED	= 2,
	TCP_CHRONO_SNDBUF_LIMITED = 3,
	TCP_NAGLE_OFF		= 1,	/* bit in nonagle: TCP_NODELAY */
	TCP_INFINITE_SSTHRESH	= 0x7fffffff,
};

/* include/uapi/asm-generic/errno.h, the same on every architecture that .NET runs on */
enum {
	ENETUNREACH	= 101,
	ETIMEDOUT	= 110,
	ECONNREFUSED	= 111,
	EHOSTUNREACH	= 113,
};

/* include/uapi/linux/if_ether.h */
enum {
	ETH_P_IP	= 0x0800,
	ETH_P_IPV6	= 0x86DD,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct netns_ipv4 {
	__u8 sysctl_tcp_syn_linear_timeouts;	/* since 6.5 */
};

struct net {
	struct ns_common ns;
	__u64 net_cookie;		/* a plain number since 5.12 */
	struct netns_ipv4 ipv4;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	__u8 s6_addr[16];
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;			/* local port, host order */
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	unsigned long skc_flags;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

typedef struct {
	int counter;
} atomic_t;

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;		/* since 5.15 */
	__u64 val;			/* before: the same address, unless its lowest bit is set */
};

struct sock {
	struct sock_common __sk_common;
	__u8 sk_userlocks : 4;		/* a whole byte on newer kernels */
	__u16 sk_protocol;
	int sk_rcvbuf;
	int sk_sndbuf;
	int sk_err;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	atomic_t sk_drops;
	struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
	struct sock *sk;
};

struct net_device {
	possible_net_t nd_net;
};

struct sk_buff {
	struct sock *sk;
	struct net_device *dev;		/* shares its place with other things while a socket holds the packet */
	unsigned int len;
	__be16 protocol;
	__u16 transport_header;		/* offsets from head */
	__u16 network_header;
	unsigned int end;
	unsigned char *head;
};

struct skb_shared_info {
	unsigned short gso_segs;
};

struct ipv6_pinfo {
	int mcast_oif;
};

struct inet_sock {
	struct sock sk;
	struct ipv6_pinfo *pinet6;
	__be16 inet_sport;
	int mc_index;
};

struct udp_sock {
	struct inet_sock inet;
	__u16 gso_size;
};

struct tcp_congestion_ops {
	void (*cong_control)(void);
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	const struct tcp_congestion_ops *icsk_ca_ops;
	__u8 icsk_backoff;
	struct {
		__u32 lrcvtime;
	} icsk_ack;
};

struct minmax_sample {
	__u32 t;
	__u32 v;
};

struct minmax {
	struct minmax_sample s[3];
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 bytes_received;
	__u32 segs_out;
	__u32 segs_in;
	__u32 total_retrans;
	__u32 delivered;
	__u32 dsack_dups;
	__u32 reord_seen;
	__u32 rate_delivered;		/* segments, in rate_interval_us */
	__u32 rate_interval_us;
	__u32 srtt_us;
	struct minmax rtt_min;
	__u32 chrono_start;
	__u32 chrono_stat[3];
	__u8 chrono_type : 2;		/* a whole byte on newer kernels */
	__u32 lsndtime;
	__u32 snd_wnd;
	__u32 snd_cwnd;
	__u32 snd_ssthresh;
	__u32 snd_nxt;
	__u32 write_seq;
	__u8 nonagle : 4;
	__u32 mss_cache;
	__u32 rcv_nxt;
	__u32 copied_seq;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct task_struct;
struct file;

/* arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h: what a thread in a system call called it with. */
struct pt_regs___x86 {
	unsigned long si;
	unsigned long dx;
	unsigned long r8;
	unsigned long orig_ax;		/* the call's number */
};

struct pt_regs___arm64 {
	__u64 regs[31];
	__s32 syscallno;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct sock *sk;
};

#pragma clang attribute pop

/* include/uapi/linux/bpf.h: what hooks of a control group get, with every field, as offsets mean something here: the verifier rewrites each access. */
struct __sk_buff {
	__u32 len;
	__u32 pkt_type;
	__u32 mark;
	__u32 queue_mapping;
	__u32 protocol;
	__u32 vlan_present;
	__u32 vlan_tci;
	__u32 vlan_proto;
	__u32 priority;
	__u32 ingress_ifindex;
	__u32 ifindex;
	__u32 tc_index;
	__u32 cb[5];
	__u32 hash;
	__u32 tc_classid;
	__u32 data;
	__u32 data_end;
	__u32 napi_id;
	__u32 family;
	__u32 remote_ip4;
	__u32 local_ip4;
	__u32 remote_ip6[4];
	__u32 local_ip6[4];
	__u32 remote_port;
	__u32 local_port;
	__u32 data_meta;
	__u64 flow_keys __attribute__((aligned(8)));
	__u64 tstamp;
	__u32 wire_len;
	__u32 gso_segs;
	struct bpf_sock *sk __attribute__((aligned(8)));
};

struct bpf_sock_addr {
	__u32 user_family;
	__u32 user_ip4;
	__u32 user_ip6[4];
	__u32 user_port;		/* network order */
	__u32 family;
	__u32 type;
	__u32 protocol;
	__u32 msg_src_ip4;
	__u32 msg_src_ip6[4];
	struct bpf_sock *sk __attribute__((aligned(8)));
};

struct bpf_sock {
	__u32 bound_dev_if;
	__u32 family;
	__u32 type;
	__u32 protocol;
	__u32 mark;
	__u32 priority;
	__u32 src_ip4;
	__u32 src_ip6[4];
	__u32 src_port;
	__be16 dst_port;
	__u32 dst_ip4;
	__u32 dst_ip6[4];
	__u32 state;
};

#endif
