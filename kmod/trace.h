/* SPDX-License-Identifier: GPL-2.0-only */
/* The events kvmwhy:kvmwhy_failure and kvmwhy:kvmwhy_inject. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvmwhy

#if !defined(KW_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define KW_TRACE_H

#include <linux/tracepoint.h>

#include "kvmwhy_uapi.h"

TRACE_DEFINE_ENUM(KVMWHY_KIND_OTHER);
TRACE_DEFINE_ENUM(KVMWHY_KIND_WRMSR);
TRACE_DEFINE_ENUM(KVMWHY_KIND_RDMSR);
TRACE_DEFINE_ENUM(KVMWHY_KIND_PAGE_FAULT);
TRACE_DEFINE_ENUM(KVMWHY_FUNCTION_UNKNOWN);
TRACE_DEFINE_ENUM(KVMWHY_FUNCTION_SET_MSR_COMMON);
TRACE_DEFINE_ENUM(KVMWHY_FUNCTION_VENDOR_SET_MSR);
TRACE_DEFINE_ENUM(KVMWHY_FUNCTION_MMU_PAGE_FAULT);
TRACE_DEFINE_ENUM(KVMWHY_FUNCTION_GET_MSR_COMMON);
TRACE_DEFINE_ENUM(KVMWHY_FUNCTION_VENDOR_GET_MSR);
TRACE_DEFINE_ENUM(KVMWHY_FUNCTION_VCPU_IOCTL);

/*
 * A failure: as in kvm_run, see include/uapi/kvmwhy.h. run is what KVM returned from KVM_RUN; 0 for
 * kind RDMSR, which never leaves it.
 */
TRACE_EVENT(
	kvmwhy_failure, TP_PROTO(int vcpu_id, const struct kvmwhy_data *data, int run),
	TP_ARGS(vcpu_id, data, run),

	TP_STRUCT__entry(__field(int, vcpu_id) __field(u16, kind) __field(u32, flags)
				 __field(s32, result) __field(s32, run) __field(u32, msr)
					 __field(u32, function) __field(u64, value)
						 __field(u64, rip) __field(u64, exit_reason)
							 __field(u64, gpa)
								 __field(u64, error_code)),

	TP_fast_assign(__entry->vcpu_id = vcpu_id; __entry->kind = data->kind;
		       __entry->flags = data->flags; __entry->result = (s32)data->result;
		       __entry->run = run; __entry->msr = data->msr;
		       __entry->function = data->function; __entry->value = data->value;
		       __entry->rip = data->rip; __entry->exit_reason = data->exit_reason;
		       __entry->gpa = data->gpa; __entry->error_code = data->error_code;),

	TP_printk(
		"vcpu %d %s result %d run %d flags 0x%x msr 0x%x value 0x%llx rip 0x%llx exit 0x%llx gpa 0x%llx error_code 0x%llx function %s",
		__entry->vcpu_id,
		__print_symbolic(__entry->kind, { KVMWHY_KIND_OTHER, "other" },
				 { KVMWHY_KIND_WRMSR, "wrmsr" }, { KVMWHY_KIND_RDMSR, "rdmsr" },
				 { KVMWHY_KIND_PAGE_FAULT, "page_fault" }),
		__entry->result, __entry->run, __entry->flags, __entry->msr, __entry->value,
		__entry->rip, __entry->exit_reason, __entry->gpa, __entry->error_code,
		__print_symbolic(__entry->function, { KVMWHY_FUNCTION_UNKNOWN, "unknown" },
				 { KVMWHY_FUNCTION_SET_MSR_COMMON, "kvm_set_msr_common" },
				 { KVMWHY_FUNCTION_VENDOR_SET_MSR, "vendor_set_msr" },
				 { KVMWHY_FUNCTION_MMU_PAGE_FAULT, "kvm_mmu_page_fault" },
				 { KVMWHY_FUNCTION_GET_MSR_COMMON, "kvm_get_msr_common" },
				 { KVMWHY_FUNCTION_VENDOR_GET_MSR, "vendor_get_msr" },
				 { KVMWHY_FUNCTION_VCPU_IOCTL, "kvm_vcpu_ioctl" })));

/* An access is about to fail because it was injected. value: of a WRMSR. */
TRACE_EVENT(kvmwhy_inject,
	TP_PROTO(int vcpu_id, bool write, u32 msr, u64 value, int result),
	TP_ARGS(vcpu_id, write, msr, value, result),

	TP_STRUCT__entry(
		__field(int, vcpu_id)
		__field(bool, write)
		__field(u32, msr)
		__field(u64, value)
		__field(s32, result)
	),

	TP_fast_assign(
		__entry->vcpu_id	= vcpu_id;
		__entry->write		= write;
		__entry->msr		= msr;
		__entry->value		= write ? value : 0;
		__entry->result		= result;
	),

	TP_printk("vcpu %d %s msr 0x%x value 0x%llx result %d",
		  __entry->vcpu_id, __entry->write ? "wrmsr" : "rdmsr", __entry->msr,
		  __entry->value, __entry->result)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
