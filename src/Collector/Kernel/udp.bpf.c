// SPDX-License-Identifier: GPL-2.0
/*
 * UDP by owner and peer; TCP pays nothing. Two sets of programs count the same, and UdpProgram loads one of them:
 *
 * functions    where the kernel hands a datagram from a socket to IP, and from a socket's queue to its reader. Sees each datagram as
 *              it goes, with its peer. Where the kernel lets functions be traced.
 * tracepoints  what send and receive returned (Linux 6.3). They know the peer of connected sockets only. Whom any other sends to is read
 *              where its system call's arguments say; who sent to it, the hooks of the control group leave for the same thread's tracepoint.
 *              Those cost each datagram a lock: only groups in which somebody asks who sent have them.
 */
#include "kernel.h"
#include "udp.h"
#include "askers.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "GPL";

#define UDP_HEADER 8
#define EPHEMERAL_FREE 1024		/* below, only a server's port */
#define ENOMEM 12
#define MOST_MESSAGES 1024		/* UIO_MAXIOV: more, sendmmsg() leaves unsent */
#define NANOSECONDS 1000000000ull
#define NAMED_PEERS 4096
#define LOOK_AT_EACH 16			/* datagrams from who knows whom: looking costs as much as counting */
#define SMALLEST_BATCH 512		/* bytes; what is shorter is taken for one datagram */
#define ETH_P_IP __builtin_bswap16(0x0800)

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);	/* set by UdpProgram before load */
	__type(key, struct udp_key);
	__type(value, struct udp_counters);
} edges SEC(".maps");

/* By owner alone: what found no room in edges. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct udp_key);
	__type(value, struct udp_counters);
} overflow SEC(".maps");

/* What found no room there either. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct udp_counters);
} lost SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct udp_drop_key);
	__type(value, struct udp_drop_counters);
} drops SEC(".maps");

/* Drops that found no room there. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct udp_drop_counters);
} lost_drops SEC(".maps");

static __always_inline bool is_udp(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return sk->sk_protocol == IPPROTO_UDP && (family == AF_INET || family == AF_INET6);
}

static __always_inline struct udp_counters *find_or_add(void *map, const struct udp_key *key)
{
	struct udp_counters *found = bpf_map_lookup_elem(map, key);
	struct udp_counters none = {};

	if (found)
		return found;
	bpf_map_update_elem(map, key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

/* Control groups that were announced without an edge, which every datagram of theirs tries to add. What is pushed out is announced once more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} announced SEC(".maps");

static __always_inline void announce_once(__u64 cgroup_id)
{
	__u8 yes = 1;

	if (!bpf_map_lookup_elem(&announced, &cgroup_id) && !announce_asker(cgroup_id))
		bpf_map_update_elem(&announced, &cgroup_id, &yes, BPF_ANY);
}

/* The first datagram of an edge, and each that finds no room for one. */
static __noinline struct udp_counters *add_edge(struct udp_key *key)
{
	bool asks = key->server_port == DNS_PORT && !key->is_server;
	struct udp_counters *found;
	__u32 first = 0;

	found = find_or_add(&edges, key);
	if (found) {
		if (asks)
			announce_asker(key->owner.cgroup_id);
		return found;
	}
	if (asks)
		announce_once(key->owner.cgroup_id);
	__builtin_memset(key->peer, 0, sizeof(key->peer));
	key->server_port = 0;
	found = find_or_add(&overflow, key);
	return found ? found : bpf_map_lookup_elem(&lost, &first);
}

/* A port below 1024 is a server's: who bound one above it to ask there, as resolvers do, is the client all the same. */
static __always_inline bool is_server(struct sock *sk, __u16 local_port, __u16 remote_port)
{
	if (!(BPF_CORE_READ_BITFIELD(sk, sk_userlocks) & SOCK_BINDPORT_LOCK))
		return 0;
	return local_port < EPHEMERAL_FREE || remote_port >= EPHEMERAL_FREE;
}

/* How many datagrams the edge has received by now. */
static __always_inline __u64 count(struct sock *sk, struct udp_key *key, __u16 local, __u16 remote, bool sent, __u32 bytes, __u32 datagrams)
{
	struct udp_counters *counters;

	read_owner(&key->owner, sk);
	key->is_server = is_server(sk, local, remote);
	key->server_port = key->is_server ? local : remote;
	counters = bpf_map_lookup_elem(&edges, key);
	if (!counters)
		counters = add_edge(key);
	if (!counters)
		return 0;
	if (sent) {
		__sync_fetch_and_add(&counters->sent_bytes, bytes);
		__sync_fetch_and_add(&counters->sent_datagrams, datagrams);
	} else {
		__sync_fetch_and_add(&counters->received_bytes, bytes);
		__sync_fetch_and_add(&counters->received_datagrams, datagrams);
	}
	return counters->received_datagrams;
}

static __always_inline void count_packet(struct sock *sk, struct sk_buff *skb, bool is_ipv4, bool sent)
{
	__u16 network = skb->network_header;
	__u16 transport = skb->transport_header;
	unsigned char *head = skb->head;
	struct skb_shared_info *shared = (struct skb_shared_info *)(head + skb->end);
	__u32 bytes = skb->len;		/* of a datagram received, the payload alone */
	unsigned short segments = 1;
	struct udp_key key = {};
	__be16 ports[2] = {};
	__be32 address = 0;

	bpf_core_read(&segments, sizeof(segments), &shared->gso_segs);
	bpf_probe_read_kernel(ports, sizeof(ports), head + transport);
	if (is_ipv4) {
		bpf_probe_read_kernel(&address, sizeof(address), head + network + (sent ? 16 : 12));
		map_address(key.peer, address);
	} else {
		bpf_probe_read_kernel(key.peer, sizeof(key.peer), head + network + (sent ? 24 : 8));
	}
	if (sent)
		bytes -= transport - network + UDP_HEADER;
	count(sk, &key, __builtin_bswap16(ports[!sent]), __builtin_bswap16(ports[sent]), sent, bytes, segments ? segments : 1);
}

/* Also carries what raw sockets and ICMP send. */
SEC("fentry/ip_send_skb")
int BPF_PROG(count_sent, struct net *net, struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (sk && is_udp(sk))
		count_packet(sk, skb, 1, 1);
	return 0;
}

SEC("fentry/ip6_send_skb")
int BPF_PROG(count_sent6, struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (sk && is_udp(sk))
		count_packet(sk, skb, 0, 1);
	return 0;
}

SEC("fexit/__skb_recv_udp")
int BPF_PROG(count_received, struct sock *sk, unsigned int flags, int *off, int *err, struct sk_buff *skb)
{
	if (skb && !(flags & MSG_PEEK))
		count_packet(sk, skb, skb->protocol == ETH_P_IP, 0);
	return 0;
}

/* Until 5.17 */
SEC("fexit/__skb_recv_udp")
int BPF_PROG(count_received_noblock, struct sock *sk, unsigned int flags, int noblock, int *off, int *err, struct sk_buff *skb)
{
	if (skb && !(flags & MSG_PEEK))
		count_packet(sk, skb, skb->protocol == ETH_P_IP, 0);
	return 0;
}

/* Control groups in which somebody asks who sent to a socket that is not connected, once each: UdpProgram attaches the hooks that know it to them. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} new_readers SEC(".maps");

/* What is pushed out is announced once more. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} readers SEC(".maps");

static __noinline void announce_reader(__u64 cgroup_id)
{
	__u8 yes = 1;

	if (!bpf_map_lookup_elem(&readers, &cgroup_id) && !bpf_map_update_elem(&readers, &cgroup_id, &yes, BPF_NOEXIST) &&
	    bpf_ringbuf_output(&new_readers, &cgroup_id, sizeof(cgroup_id), BPF_RB_NO_WAKEUP))
		bpf_map_delete_elem(&readers, &cgroup_id);
}

/* Who sent a datagram, between the control group's hook and the tracepoint, which follows in the same thread. */
struct named_peer {
	__u32 thread;
	__u32 port;			/* network order */
	__u8  address[16];
	__u8  cache_line[40];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, NAMED_PEERS);
	__type(key, __u32);
	__type(value, struct named_peer);
} named_peers SEC(".maps");

static __always_inline struct named_peer *named_peer(__u32 thread)
{
	__u32 slot = thread % NAMED_PEERS;

	return bpf_map_lookup_elem(&named_peers, &slot);
}

/* The tracepoint has the peer of a connected socket by itself, also where the application names another one for once. */
static __always_inline bool is_connected(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;

	return sk && sk->state == TCP_ESTABLISHED;
}

SEC("cgroup/recvmsg4")
int name_sender4(struct bpf_sock_addr *ctx)
{
	struct named_peer *peer;
	__u32 thread;

	if (is_connected(ctx))
		return 1;
	thread = bpf_get_current_pid_tgid();
	peer = named_peer(thread);
	if (peer) {
		map_address(peer->address, ctx->user_ip4);
		peer->port = ctx->user_port;
		peer->thread = thread;
	}
	return 1;
}

SEC("cgroup/recvmsg6")
int name_sender6(struct bpf_sock_addr *ctx)
{
	struct named_peer *peer;
	__u32 *words;
	__u32 thread;

	if (is_connected(ctx))
		return 1;
	thread = bpf_get_current_pid_tgid();
	peer = named_peer(thread);
	if (peer) {
		words = (__u32 *)peer->address;
		words[0] = ctx->user_ip6[0];
		words[1] = ctx->user_ip6[1];
		words[2] = ctx->user_ip6[2];
		words[3] = ctx->user_ip6[3];
		peer->port = ctx->user_port;
		peer->thread = thread;
	}
	return 1;
}

/* A thread amid sendmmsg(). What is pushed out costs the batch's other names: hence LRU. */
struct batch {
	__u64 messages;
	__u64 last_sent_ns;
	__u32 next;
	__u32 length;			/* of the message before */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct batch);
} batches SEC(".maps");

/* include/linux/socket.h, as the caller of a 64-bit system call has it */
struct message {
	__u64 name;
	__u32 name_length;
	__u32 zero;
	__u64 rest[5];
};

struct messages {
	struct message message;
	__u32 sent;			/* bytes: written when the message has been sent */
	__u32 zero;
};

/*
 * The message of a sendmmsg() that the tracepoint is about: they come in order, and end with the last or with the first that fails. One that
 * fails before the tracepoint leaves its batch open: another batch, one in which the kernel has not written the length of the message before,
 * and one that comes a second later begin anew.
 */
static __noinline __u64 message_of_batch(__u64 messages, __u32 count, int length)
{
	__u32 thread = bpf_get_current_pid_tgid();
	struct batch *known = bpf_map_lookup_elem(&batches, &thread);
	struct batch batch = { .messages = messages, .last_sent_ns = bpf_ktime_get_ns(), .length = length };
	__u32 number = 0, sent = 0;

	if (known && known->messages == messages && known->next < count && batch.last_sent_ns - known->last_sent_ns < NANOSECONDS) {
		number = known->next;
		bpf_probe_read_user(&sent, sizeof(sent), (void *)(messages + number * sizeof(struct messages) - 2 * sizeof(__u32)));
		if (sent != known->length)
			number = 0;
	}
	batch.next = number + 1;
	if (length < 0 || batch.next >= count || batch.next >= MOST_MESSAGES)
		bpf_map_delete_elem(&batches, &thread);
	else
		bpf_map_update_elem(&batches, &thread, &batch, BPF_ANY);
	return messages + number * sizeof(struct messages);
}

/* The thread's system call: one that sends or receives datagrams, or another one, as io_uring's and a 32-bit program's are. */
enum call_kind {
	OTHER_CALL	= 0,
	SENDTO		= 1,
	RECVFROM	= 2,
	SENDMSG		= 3,
	RECVMSG		= 4,
	SENDMMSG	= 5,
	RECVMMSG	= 6,
};

struct call {
	enum call_kind kind;
	__u64 message, count, name;
};

static __always_inline void read_call(struct call *call)
{
	struct pt_regs___x86 *x86 = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct pt_regs___arm64 *arm64 = (void *)x86;
	__u64 number;

	call->kind = OTHER_CALL;
	if (bpf_core_field_exists(x86->orig_ax)) {
		number = x86->orig_ax;
		call->message = x86->si, call->count = x86->dx, call->name = x86->r8;
		call->kind = number == 44 ? SENDTO : number == 45 ? RECVFROM : number == 46 ? SENDMSG : number == 47 ? RECVMSG :
			     number == 307 ? SENDMMSG : number == 299 ? RECVMMSG : OTHER_CALL;
	} else if (bpf_core_field_exists(arm64->syscallno)) {
		number = arm64->syscallno;
		call->message = arm64->regs[1], call->count = arm64->regs[2], call->name = arm64->regs[4];
		call->kind = number == 206 ? SENDTO : number == 207 ? RECVFROM : number == 211 ? SENDMSG : number == 212 ? RECVMSG :
			     number == 269 ? SENDMMSG : number == 243 ? RECVMMSG : OTHER_CALL;
	}
	/* or the compiler joins loads of different registers into one, which the verifier does not follow */
	barrier_var(call->message);
	barrier_var(call->name);
}

static __always_inline __u64 name_in(__u64 message)
{
	__u64 name = 0;

	bpf_probe_read_user(&name, sizeof(name), (void *)message);
	return name;
}

/* Where the thread's system call says whom it sends to; 0 where it does not say. */
static __always_inline __u64 read_receiver(int length)
{
	struct call call = {};

	read_call(&call);
	if (call.kind == SENDTO)
		return call.name;
	if (call.kind == SENDMMSG)
		return name_in(message_of_batch(call.message, call.count, length));
	return call.kind == SENDMSG ? name_in(call.message) : 0;
}

/* Whether the thread has the kernel say who sent, or may have: of another call nobody knows. */
static __always_inline bool asks_for_sender(void)
{
	struct call call = {};

	read_call(&call);
	if (call.kind == RECVFROM)
		return call.name;
	return call.kind == OTHER_CALL || name_in(call.message);
}

/* The address that the caller names, which the kernel has read there a moment ago. */
static __always_inline __be16 name_receiver(__u8 peer[16], int length)
{
	__u64 at = read_receiver(length);
	struct {
		__u16 family;
		__be16 port;
		__be32 ipv4;		/* of IPv6, the flow */
	} name;

	if (!at || bpf_probe_read_user(&name, sizeof(name), (void *)at))
		return 0;
	if (name.family != AF_INET6)
		map_address(peer, name.ipv4);
	else if (bpf_probe_read_user(peer, 16, (void *)(at + sizeof(name))))
		return 0;
	return name.port;
}

static __always_inline void count_length(struct sock *sk, int length, bool sent)
{
	struct udp_key key = {};
	struct named_peer *named;
	bool is_unnamed = 0;
	__u32 datagrams = 1;
	__be16 remote = 0;
	__u64 received;
	__u16 segment = 0;
	__u32 thread;

	if (sk->__sk_common.skc_state == TCP_ESTABLISHED) {
		remote = sk->__sk_common.skc_dport;
		if (sk->__sk_common.skc_family == AF_INET6)
			bpf_core_read(key.peer, sizeof(key.peer), &sk->__sk_common.skc_v6_daddr);
		else
			map_address(key.peer, sk->__sk_common.skc_daddr);
	} else if (sent) {
		remote = name_receiver(key.peer, length);
	} else {
		thread = bpf_get_current_pid_tgid();
		named = named_peer(thread);
		if (named && named->thread == thread) {
			named->thread = 0;
			remote = named->port;
			__builtin_memcpy(key.peer, named->address, sizeof(key.peer));
		} else {
			is_unnamed = 1;
		}
	}
	if (length < 0)
		return;
	if (sent && length > SMALLEST_BATCH)
		bpf_core_read(&segment, sizeof(segment), &((struct udp_sock *)sk)->gso_size);
	if (segment && length > segment)
		datagrams = (length + segment - 1) / segment;
	received = count(sk, &key, sk->__sk_common.skc_num, __builtin_bswap16(remote), sent, length, datagrams);
	if (is_unnamed && received % LOOK_AT_EACH == 1 && asks_for_sender())
		announce_reader(key.owner.cgroup_id);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(count_send, struct sock *sk, int ret, int flags)
{
	if (is_udp(sk))
		count_length(sk, ret, 1);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(count_receive, struct sock *sk, int ret, int flags)
{
	if (is_udp(sk) && !(flags & MSG_PEEK))
		count_length(sk, ret, 0);
	return 0;
}

SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(count_dropped, int rc, struct sock *sk)
{
	struct udp_drop_counters *counters, none = {};
	struct udp_drop_key key = {};
	__u32 first = 0;

	read_owner(&key.owner, sk);
	if (BPF_CORE_READ_BITFIELD(sk, sk_userlocks) & SOCK_BINDPORT_LOCK)
		key.local_port = sk->__sk_common.skc_num;
	counters = bpf_map_lookup_elem(&drops, &key);
	if (!counters) {
		bpf_map_update_elem(&drops, &key, &none, BPF_NOEXIST);
		counters = bpf_map_lookup_elem(&drops, &key);
	}
	if (!counters)
		counters = bpf_map_lookup_elem(&lost_drops, &first);
	if (!counters)
		return 0;
	counters->rcvbuf = sk->sk_rcvbuf;
	counters->rcvbuf_locked = !!(BPF_CORE_READ_BITFIELD(sk, sk_userlocks) & SOCK_RCVBUF_LOCK);
	__sync_fetch_and_add(rc == -ENOMEM ? &counters->receive_buffer : &counters->memory, 1);
	return 0;
}
