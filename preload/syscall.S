/* SPDX-License-Identifier: MIT */
/*
 * syscall(2) for VMMs that call KVM_RUN through it: SYS_ioctl goes to kw_inject_ioctl(), everything
 * else to the real syscall(). In assembly, because it must not have a frame: a call such as
 * SYS_vfork returns twice, SYS_clone on another stack.
 */
#include <sys/syscall.h>

	.text
	.globl	syscall
	.type	syscall, @function
syscall:
	.cfi_startproc
	endbr64
	cmpq	$SYS_ioctl, %rdi
	je	1f
	movq	kw_real_syscall(%rip), %rax
	testq	%rax, %rax
	je	2f
	jmp	*%rax

1:	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	kw_inject_ioctl
	cltq
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	ret

	/* Called before this library was initialised. */
2:	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	8(%rsp), %r9
	syscall
	cmpq	$-4095, %rax
	jae	3f
	ret
3:	pushq	%rax
	.cfi_adjust_cfa_offset 8
	call	__errno_location@PLT
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	negl	%edx
	movl	%edx, (%rax)
	movq	$-1, %rax
	ret
	.cfi_endproc
	.size	syscall, . - syscall

	.section .note.GNU-stack, "", @progbits
