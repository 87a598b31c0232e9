/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of kvmwhy.ko share.
 *
 * A guest's MSR access passes inject.c, permit.c and report.c, in this order: an injected refusal
 * is permitted like one of KVM's own. msr.c implements that path. report.c stores what it found in
 * the frame of the vCPU's KVM_RUN, and uses it when that KVM_RUN fails.
 *
 * These files call each other in a circle, as their jobs require: main.c has the settings that the
 * others, such as inject.c, read and change; probe.c arms the hooks of frame.c, inject.c and
 * report.c and tells them what was missed; and a frame, when it ends, is reported or injected into.
 * Each call goes through this header.
 *
 * Locks: kw_mutex guards the settings and which probes are registered; parameters, debugfs and the
 * module notifier take it. Handlers run without it, with preemption off: they read a setting once,
 * and take only the raw spinlocks of frame.c, inject.c and report.c, never two at a time. A
 * handler's data about a vCPU belongs to the task that runs it, which holds vcpu->mutex; at the end
 * of kvm_vcpu_ioctl() it no longer does, and report.c tries to take it.
 */
#ifndef KW_KVMWHY_H
#define KW_KVMWHY_H

#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/mutex.h>

#include "compat.h"
#include "kvmwhy_uapi.h"

/* Settings: main.c */

enum kw_permit {
	KW_PERMIT_CORRECTABLE	= BIT(0),
	KW_PERMIT_GP		= BIT(1),
};

enum kw_report {
	KW_REPORT_OFF,
	KW_REPORT_ANNOTATE,
	KW_REPORT_EXIT,
};

extern struct mutex kw_mutex;
extern unsigned int kw_permit;
extern unsigned int kw_report;

int kw_apply(void);
const char *kw_permit_text(void);
const char *kw_report_text(void);

/* Counters: atomic, never reset while the module is loaded; debugfs.c shows them. */

enum kw_counter {
	KW_COUNT_FAILURES,	/* reported, by event and message */
	KW_COUNT_CONVERTED,	/* of these, KVM_RUN returned 0 instead */
	KW_COUNT_PERMITTED,	/* writes that permit=correctable let through */
	KW_COUNT_GP,		/* writes that permit=gp made #GP */
	KW_COUNT_INJECTED,
	KW_NCOUNTERS,
};

extern atomic64_t kw_counters[KW_NCOUNTERS];

static inline void kw_count(enum kw_counter counter)
{
	atomic64_inc(&kw_counters[counter]);
}

/* Negative, and not one of the two that mean success for KVM_RUN. */
static inline bool kw_is_failure(int result)
{
	return result < 0 && result != -EINTR && result != -EAGAIN;
}

/* Probes: probe.c; a hook handles one or two functions. */

enum kw_hook_id {
	KW_HOOK_RUN,
	KW_HOOK_IOCTL,
	KW_HOOK_SET_MSR,
	KW_HOOK_GET_MSR,
	KW_HOOK_SET_MSR_COMMON,
	KW_HOOK_GET_MSR_COMMON,
	KW_HOOK_PAGE_FAULT,
	KW_NHOOKS,
};

struct kw_hook {
	kretprobe_handler_t entry;
	kretprobe_handler_t ret;
	size_t size;
};

extern const struct kw_hook kw_run_hook;
extern const struct kw_hook kw_ioctl_hook;
extern const struct kw_hook kw_set_msr_hook;
extern const struct kw_hook kw_get_msr_hook;
extern const struct kw_hook kw_msr_common_hook;
extern const struct kw_hook kw_page_fault_hook;

struct seq_file;

int kw_probes_init(void);
void kw_probes_exit(void);
int kw_probes_arm(unsigned int hooks);
unsigned long kw_probes_missed(unsigned int hooks);
void kw_probes_show(struct seq_file *file);

/* The KVM_RUN that a vCPU is in: frame.c */

struct kw_frame {
	struct hlist_node node;
	enum kw_hook_id hook;		/* whose data it is: KW_HOOK_RUN or KW_HOOK_IOCTL */
	struct kvm_vcpu *vcpu;
	const struct task_struct *task;
	unsigned long argument;		/* of the ioctl */
	bool entered;			/* kvm_arch_vcpu_ioctl_run(), which reports its end */
	int common;			/* negative result of kvm_[sg]et_msr_common(), or 0 */
	bool failed;			/* data holds a failure that KVM_RUN has yet to return */
	bool injected;			/* kw_inject_returned() has yet to be called for it */
	struct kvmwhy_data data;
};

struct kw_frame *kw_frame_find(const struct kvm_vcpu *vcpu);
void kw_frame_forget(struct kw_frame *frame);
void kw_frames_open(enum kw_hook_id hook);
void kw_frames_close(enum kw_hook_id hook);

/* Where the guest is: where.c */

void kw_where(const struct kvm_vcpu *vcpu, struct kvmwhy_data *data, bool loaded);

/* The three jobs: permit.c, inject.c, report.c */

int kw_permit_write(struct kvm_vcpu *vcpu, const struct msr_data *msr, int result);

enum kw_access {
	KW_WRMSR,
	KW_RDMSR,
};

int kw_inject(const struct kw_frame *frame, const struct kvm_vcpu *vcpu, enum kw_access access,
	      const struct msr_data *msr);
void kw_inject_returned(void);
void kw_inject_pause(void);
void kw_inject_resume(void);
unsigned int kw_inject_hooks(void);

struct kw_msr_failure {
	struct kw_frame *frame;
	const struct kvm_vcpu *vcpu;
	const struct msr_data *msr;
	enum kw_access access;
	int result;
	bool injected;
};

void kw_report_msr(const struct kw_msr_failure *failure);
int kw_report_run(struct kw_frame *frame, int result);
int kw_report_ioctl(struct kw_frame *frame, int result);

/* debugfs.c; inject.c adds its attributes */

struct dentry;

void kw_debugfs_init(void);
void kw_debugfs_exit(void);
void kw_inject_debugfs(struct dentry *parent);
void kw_inject_init(void);

#endif
