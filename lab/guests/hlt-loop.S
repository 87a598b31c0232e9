/* SPDX-License-Identifier: MIT */
/*
 * As often as EDI says, HLT, after which lab/vmm --halts lets it go on. lab/vmm --halts --set
 * rdi=20000 ... Seen: done with 0x42; lab/vmm --time tells how long it took.
 */
#include "guest.h"
	START
1:	hlt
	dec	%edi
	jnz	1b
	DONE	0x42
