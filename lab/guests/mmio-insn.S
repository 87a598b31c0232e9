/* SPDX-License-Identifier: MIT */
/*
 * An x87 load from 0xa0000. There is no memory, so KVM must emulate it, and its emulator has no
 * FLD. Seen: suberror 1 at the FLD, with its bytes in the extra data from Linux v5.16 on.
 */
#include "guest.h"
	START
	mov	$0xa000, %ax
	mov	%ax, %ds
	clts
	fninit
	flds	0x10
	DONE	0x42
