/* SPDX-License-Identifier: MIT */
/*
 * As often as EDI says, OUT to a port that nobody looks at: an exit to the VMM. lab/vmm --set
 * rdi=20000 ... Seen: done with 0x42; lab/vmm --time tells how long it took.
 */
#include "guest.h"
	START
1:	out	%al, $0x80
	dec	%edi
	jnz	1b
	DONE	0x42
