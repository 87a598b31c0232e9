// SPDX-License-Identifier: MIT
/* Things to do shared by several rules, each with the condition under which it helps. */
#include "explain/rules/rules.h"

static bool on_x86(const struct kw_case *c)
{
	return kw_is_x86(c->f);
}

static bool has_host_dump(const struct kw_case *c)
{
	return c->host_dump;
}

const struct kw_do kw_do_dump_vmcs = {
	.text = "Run: `echo 1 > /sys/module/kvm_intel/parameters/dump_invalid_vmcs` on the host, "
		"provoke the failure again, and "
		"give `kvmwhy explain` the VMCS dump from dmesg.",
	.when = on_x86,
	.unless = has_host_dump,
	.kernel = "dump-invalid-vmcs",
	.parameter = "kvm_intel.dump_invalid_vmcs",
	.on = "Give `kvmwhy explain` the VMCS dump from `journalctl -k` or dmesg too: "
	      "kvm_intel.dump_invalid_vmcs is on.",
};

const struct kw_do kw_do_dump_vmcb = {
	.text = "Run: `echo 1 > /sys/module/kvm_amd/parameters/dump_invalid_vmcb` on the host, "
		"provoke the failure again, and "
		"give `kvmwhy explain` the VMCB dump from dmesg.",
	.when = on_x86,
	.unless = has_host_dump,
	.kernel = "dump-invalid-vmcb",
	.parameter = "kvm_amd.dump_invalid_vmcb",
	.on = "Give `kvmwhy explain` the VMCB dump from `journalctl -k` or dmesg too: "
	      "kvm_amd.dump_invalid_vmcb is on.",
};

const struct kw_do kw_do_unrestricted_guest = {
	.text = "Run: `cat /sys/module/kvm_intel/parameters/unrestricted_guest` on the host. N confirms it.",
	.parameter = "kvm_intel.unrestricted_guest",
	.on = "Check whether kvm_intel.unrestricted_guest was also on when the guest died: it is on "
	      "now, which speaks against this.",
	.off = "Load kvm_intel with ept=1 unrestricted_guest=1 if the processor has both: "
	       "kvm_intel.unrestricted_guest is off now, which confirms this.",
};

const struct kw_do kw_do_trace_refusal = {
	.text = "Run: `trace-cmd record -e kvm:kvm_exit -e kvm:kvm_userspace_exit`. If no "
		"kvm_userspace_exit event comes with "
		"the failure, seccomp or an LSM refused the ioctl before KVM saw it.",
	.unless = kw_told_saw_function,
};

const struct kw_do kw_do_kretprobe_msr = {
	.text = "Attach kretprobes to kvm_set_msr_common and kvm_emulate_wrmsr: they show which "
		"function returned the -1.",
	.unless = kw_told_saw_function,
};

const struct kw_do kw_do_trace_page_fault = {
	.text = "Run: `trace-cmd record -e kvm:kvm_page_fault -e kvm:kvm_userspace_exit`. The last "
		"kvm_page_fault event has the "
		"guest physical address.",
	.when = on_x86,
	.without = KW_NEED(fault_gpa),
};

const struct kw_do kw_do_trace_exits = {
	.text = "Run: `trace-cmd record -e kvm:kvm_exit -e kvm:kvm_userspace_exit -e "
		"kvm:kvm_page_fault` until it fails. The last "
		"kvm_exit event says what the CPU did.",
	.when = on_x86,
	.without = KW_NEED(last_exit),
};

const struct kw_do kw_do_trace_emulation = {
	.text = "Run: `trace-cmd record -e kvm:kvm_emulate_insn`. The event that ends in `failed` "
		"has the instruction.",
};

const struct kw_do kw_do_whole_log = {
	.text = "Collect everything that the VMM wrote to stderr, from the line that names the "
		"failure to the end of the register dump.",
};

const struct kw_do kw_do_find_sregs = {
	.text = "Find who set it. KVM_SET_SREGS and KVM_SET_REGS accept values that VM entry then "
		"refuses: check what the VMM "
		"last restored, loaded or computed.",
};

const struct kw_do kw_do_report_kernel = {
	.text = "If the VMM set nothing of the kind, the host's KVM has a bug: report it with this dump and the kernel version.",
};
