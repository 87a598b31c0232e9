// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the guest is: a vCPU in; RIP and the last VM exit out, each with its flag, or missing.
 * KVM's own accessors are not exported to modules like this one.
 */
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <asm/asm.h>
#include <asm/svm.h>
#include <asm/vmx.h>

#include "kvmwhy.h"

#define KW_BASIC_EXIT_REASON 0xffffu

/*
 * VMREAD of the current VMCS. Without VMX or a current VMCS it faults or fails: then there is no
 * value. Callers run between vcpu_load() and vcpu_put(), with preemption off.
 */
static bool kw_vmread(unsigned long field, unsigned long *value)
{
	unsigned long got = 0;
	bool ok = false;

	asm volatile("1: vmread %2, %1\n\t"
		     "seta %0\n"
		     "2:\n\t"
		     _ASM_EXTABLE(1b, 2b)
		     : "+q"(ok), "+r"(got)
		     : "r"(field)
		     : "cc");
	*value = got;
	return ok;
}

static void kw_set_rip(struct kvmwhy_data *data, u64 rip)
{
	data->rip = rip;
	data->flags |= KVMWHY_HAS_RIP;
}

static void kw_set_exit(struct kvmwhy_data *data, u64 reason, u32 isa)
{
	data->exit_reason = reason;
	data->flags |= KVMWHY_HAS_EXIT | isa;
}

static void kw_where_vmx(struct kvmwhy_data *data)
{
	unsigned long value;

	if (!(data->flags & KVMWHY_HAS_RIP) && kw_vmread(GUEST_RIP, &value))
		kw_set_rip(data, value);
	if (kw_vmread(VM_EXIT_REASON, &value))
		kw_set_exit(data, value & KW_BASIC_EXIT_REASON, KVMWHY_EXIT_VMX);
}

/*
 * struct vcpu_svm is private to kvm-amd. In all its versions the pointer to the current VMCB
 * follows the vCPU; it is trusted only if what it points to has the guest's RIP, RSP and RAX.
 */
static bool kw_is_vmcb_of(const struct vmcb *vmcb, const struct kvm_vcpu *vcpu)
{
	u64 rip, rsp, rax;

	if (!vmcb || !PAGE_ALIGNED(vmcb) ||
	    copy_from_kernel_nofault(&rip, &vmcb->save.rip, sizeof(rip)) ||
	    copy_from_kernel_nofault(&rsp, &vmcb->save.rsp, sizeof(rsp)) ||
	    copy_from_kernel_nofault(&rax, &vmcb->save.rax, sizeof(rax)))
		return false;
	return rip == kw_cached_rip(vcpu) && rsp == vcpu->arch.regs[VCPU_REGS_RSP] &&
	       rax == vcpu->arch.regs[VCPU_REGS_RAX];
}

static void kw_where_svm(const struct kvm_vcpu *vcpu, struct kvmwhy_data *data)
{
	const struct vmcb *vmcb;
	u32 exit_code;

	if (copy_from_kernel_nofault(&vmcb, vcpu + 1, sizeof(vmcb)) || !kw_is_vmcb_of(vmcb, vcpu) ||
	    copy_from_kernel_nofault(&exit_code, &vmcb->control.exit_code, sizeof(exit_code)))
		return;
	/* the defined codes have 32 bits, except the small negative ones */
	kw_set_exit(data, (u64)(s64)(s32)exit_code, 0);
}

/* loaded: the vCPU is still on this CPU, its VMCS the current one. */
void kw_where(const struct kvm_vcpu *vcpu, struct kvmwhy_data *data, bool loaded)
{
	if (kw_state_is_protected(vcpu))
		return;
	if (kw_rip_is_cached(vcpu))
		kw_set_rip(data, kw_cached_rip(vcpu));

	/* before its first exit a vCPU has none */
	if (!vcpu->stat.exits)
		return;
	if (boot_cpu_has(X86_FEATURE_SVM))
		kw_where_svm(vcpu, data);
	else if (loaded)
		kw_where_vmx(data);
}
