/* SPDX-License-Identifier: MIT */
/*
 * In: svm_states.inc, states of a VMCB. Out, on the serial port: the base VMCB, as "vmcb OFFSET
 * VALUE" for each nonzero 8 bytes, then "exit CODE" of one VMRUN for each state, then "@done".
 *
 * A multiboot kernel for QEMU, which emulates SVM: 64-bit, with the first GiB identity-mapped, also
 * for the guest and for nested paging. The guest is a HLT.
 */
	.set	LOAD_AT, 0x100000
	.set	COM1, 0x3f8
	.set	MSR_EFER, 0xc0000080
	.set	MSR_VM_HSAVE_PA, 0xc0010117
	.set	EFER_LME, 0x100
	.set	EFER_LMA, 0x400
	.set	EFER_NXE, 0x800
	.set	EFER_SVME, 0x1000
	.set	PAGE, 0x1000

	.text
	.code32
	.balign	4
header:	.long	0x1badb002, 0x10000, -(0x1badb002 + 0x10000)
	.long	header, LOAD_AT, 0, bss_end, start

start:	mov	$stack_end, %esp
	movl	$pdpt + 7, pml4
	movl	$pd + 7, pdpt
	xor	%ecx, %ecx
1:	mov	%ecx, %eax
	shl	$21, %eax
	or	$0x87, %eax
	mov	%eax, pd(, %ecx, 8)
	inc	%ecx
	cmp	$512, %ecx
	jb	1b
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0x20, %eax
	mov	%eax, %cr4
	mov	$MSR_EFER, %ecx
	mov	$EFER_LME | EFER_NXE | EFER_SVME, %eax
	xor	%edx, %edx
	wrmsr
	mov	$0x80010011, %eax
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$8, $long_mode

	.code64
long_mode:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$MSR_VM_HSAVE_PA, %ecx
	mov	$host_save, %eax
	xor	%edx, %edx
	wrmsr
	clgi
	call	show_vmcb
	mov	$states, %r12
next_state:
	cmpq	$-1, (%r12)
	je	done
	call	change_vmcb
	mov	$vmcb, %eax
	vmrun
	mov	$exit_is, %esi
	call	show_text
	mov	vmcb + 0x70, %rbx
	call	show_number
	call	show_end
	jmp	next_state
done:	mov	$done_is, %esi
	call	show_text
	call	show_end
1:	hlt
	jmp	1b

/*
 * A state at %r12: the number of changes; for each its offset, size in bytes, 1 if the value is
 * XORed, and the value.
 */
change_vmcb:
	mov	$valid, %esi
	mov	$vmcb, %edi
	mov	$PAGE / 8, %ecx
	rep movsq
	mov	(%r12), %r13
	add	$8, %r12
1:	dec	%r13
	js	2f
	mov	(%r12), %rdi
	add	$vmcb, %rdi
	mov	8(%r12), %rcx
	mov	24(%r12), %rax
	testq	$1, 16(%r12)
	jz	3f
	xor	(%rdi), %rax
3:	mov	%rax, changed
	mov	$changed, %esi
	rep movsb
	add	$32, %r12
	jmp	1b
2:	ret

show_vmcb:
	xor	%r13d, %r13d
1:	mov	valid(%r13), %r14
	test	%r14, %r14
	jz	2f
	mov	$vmcb_is, %esi
	call	show_text
	mov	%r13, %rbx
	call	show_number
	mov	%r14, %rbx
	call	show_number
	call	show_end
2:	add	$8, %r13d
	cmp	$PAGE, %r13d
	jb	1b
	ret

show_text:
	mov	$COM1, %edx
1:	lodsb
	test	%al, %al
	jz	2f
	out	%al, %dx
	jmp	1b
2:	ret

/* A blank and %rbx with 16 digits. */
show_number:
	mov	$COM1, %edx
	mov	$' ', %al
	out	%al, %dx
	mov	$16, %ecx
1:	rol	$4, %rbx
	mov	%ebx, %eax
	and	$15, %eax
	mov	digits(%rax), %al
	out	%al, %dx
	dec	%ecx
	jnz	1b
	ret

show_end:
	mov	$COM1, %edx
	mov	$'\n', %al
	out	%al, %dx
	ret

guest:	hlt
	jmp	guest

digits:	.ascii	"0123456789abcdef"
vmcb_is:
	.asciz	"vmcb"
exit_is:
	.asciz	"exit"
done_is:
	.asciz	"@done"

	.balign	8
gdt:	.quad	0, 0x00af9b000000ffff, 0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

/* AMD APM vol. 2, "VMCB Layout". */
	.macro	segment at, selector, attributes
	.org	valid + 0x400 + \at
	.word	\selector, \attributes
	.long	0xffffffff
	.quad	0
	.endm

	.balign	PAGE
valid:	.org	valid + 0x008		/* all exceptions */
	.long	0xffffffff
	.long	0x8100000f		/* INTR NMI SMI INIT HLT shutdown */
	.long	3			/* VMRUN VMMCALL */
	.org	valid + 0x040
	.quad	io_map, msr_map
	.org	valid + 0x058		/* ASID */
	.long	1
	.org	valid + 0x060		/* V_INTR_MASKING */
	.long	1 << 24
	.org	valid + 0x090		/* NP_ENABLE */
	.quad	1
	.org	valid + 0x0b0		/* N_CR3 */
	.quad	pml4
	segment	0x00, 0x10, 0xc93	/* ES */
	segment	0x10, 0x08, 0xa9b	/* CS */
	segment	0x20, 0x10, 0xc93	/* SS */
	segment	0x30, 0x10, 0xc93	/* DS */
	segment	0x40, 0x10, 0xc93	/* FS */
	segment	0x50, 0x10, 0xc93	/* GS */
	segment	0x70, 0, 0x82		/* LDTR */
	segment	0x90, 0, 0x8b		/* TR */
	.org	valid + 0x4d0
	.quad	EFER_LME | EFER_LMA | EFER_NXE | EFER_SVME
	.org	valid + 0x548		/* CR4 CR3 CR0 DR7 DR6 RFLAGS RIP */
	.quad	0x20, pml4, 0x80010011, 0x400, 0xffff0ff0, 2, guest
	.org	valid + 0x5d8		/* RSP */
	.quad	stack_end
	.org	valid + 0x668		/* G_PAT */
	.quad	0x0007040600070406
	.org	valid + PAGE

states:	.include "svm_states.inc"
	.quad	-1

	.bss
	.balign	PAGE
pml4:	.skip	PAGE
pdpt:	.skip	PAGE
pd:	.skip	PAGE
vmcb:	.skip	PAGE
host_save:
	.skip	PAGE
io_map:	.skip	3 * PAGE
msr_map:
	.skip	2 * PAGE
changed:
	.skip	8
	.skip	PAGE
	.balign	16
stack_end:
bss_end:
