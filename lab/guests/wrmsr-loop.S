/* SPDX-License-Identifier: MIT */
/*
 * WRMSR, EDI times, of the index and value in ECX and EDX:EAX: lab/vmm --set rdi=20000 ... Seen:
 * done with 0x42; lab/vmm --time shows how long it took.
 */
#include "guest.h"
	START
1:	wrmsr
	dec	%edi
	jnz	1b
	DONE	0x42
