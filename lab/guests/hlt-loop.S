/* SPDX-License-Identifier: MIT */
/*
 * HLT, EDI times; lab/vmm --halts resumes it each time. lab/vmm --halts --set rdi=20000 ... Seen:
 * done with 0x42; lab/vmm --time shows how long it took.
 */
#include "guest.h"
	START
1:	hlt
	dec	%edi
	jnz	1b
	DONE	0x42
