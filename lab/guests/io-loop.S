/* SPDX-License-Identifier: MIT */
/*
 * OUT, EDI times, to an unused port: an exit to the VMM. lab/vmm --set rdi=20000 ... Seen: done
 * with 0x42; lab/vmm --time shows how long it took.
 */
#include "guest.h"
	START
1:	out	%al, $0x80
	dec	%edi
	jnz	1b
	DONE	0x42
