/* SPDX-License-Identifier: GPL-2.0 */
/* What drops.bpf.c counts and the C# record DropKey mirrors. */
#ifndef NETPULSE_DROPS_H
#define NETPULSE_DROPS_H

#include "owner.h"

struct drop_key {
	struct owner owner;		/* all zero where the packet tells nobody's */
	__u32 reason;			/* enum skb_drop_reason; from bit 16 on the subsystem */
	__u32 zero;			/* named, because padding is part of a hash key */
};
_Static_assert(sizeof(struct drop_key) == 32, "DropKey.cs mirrors this");

#endif
