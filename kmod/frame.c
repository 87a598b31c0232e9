// SPDX-License-Identifier: GPL-2.0-only
/*
 * The KVM_RUN that a vCPU is in. A frame is the data of a kretprobe instance of
 * kvm_arch_vcpu_ioctl_run(), or of kvm_vcpu_ioctl() around it: it lives until that function
 * returns, whether or not the probe is still registered then. In: a vCPU. Out: its frame, if the
 * calling task runs it; if there are two, the inner one.
 */
#include <linux/fs.h>
#include <linux/hash.h>

#include "kvmwhy.h"

#define KW_FRAME_BITS 8

static struct kw_bucket {
	raw_spinlock_t lock;
	struct hlist_head frames;
} kw_buckets[1 << KW_FRAME_BITS] = {
	[0 ... (1 << KW_FRAME_BITS) - 1] = {
		.lock = __RAW_SPIN_LOCK_UNLOCKED(kw_buckets.lock),
	},
};

/*
 * The hooks that have frames. A bit is cleared while taking each bucket's lock in turn and read
 * under one: a bucket without frames of the hook gets none afterwards.
 */
static unsigned int kw_frames_opened;

static struct kw_bucket *kw_bucket_of(const struct kvm_vcpu *vcpu)
{
	return &kw_buckets[hash_ptr(vcpu, KW_FRAME_BITS)];
}

/* What was kept of an earlier access was reported, or did not leave KVM_RUN. */
void kw_frame_forget(struct kw_frame *frame)
{
	if (frame->injected)
		kw_inject_returned();
	frame->injected = false;
	frame->failed = false;
	frame->common = 0;
}

/*
 * The frame may be used without the lock: only its task removes it, by returning from its function,
 * and that task is the caller.
 */
struct kw_frame *kw_frame_find(const struct kvm_vcpu *vcpu)
{
	struct kw_bucket *bucket = kw_bucket_of(vcpu);
	struct kw_frame *frame, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry(frame, &bucket->frames, node) {
		if (frame->vcpu == vcpu && frame->task == current) {
			found = frame;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return found;
}

static void kw_frame_add(struct kw_frame *frame)
{
	struct kw_bucket *bucket = kw_bucket_of(frame->vcpu);
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	if (READ_ONCE(kw_frames_opened) & BIT(frame->hook))
		hlist_add_head(&frame->node, &bucket->frames);
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

/* False if it was already gone: the frames were closed since, or before it was added. */
static bool kw_frame_remove(struct kw_frame *frame)
{
	struct kw_bucket *bucket = kw_bucket_of(frame->vcpu);
	unsigned long flags;
	bool was_there;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	was_there = !hlist_unhashed(&frame->node);
	hlist_del_init(&frame->node);
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return was_there;
}

/* Before a probe is registered. */
void kw_frames_open(enum kw_hook_id hook)
{
	WRITE_ONCE(kw_frames_opened, kw_frames_opened | BIT(hook));
}

/*
 * Before a probe is unregistered: from then on instances are freed without calling the return
 * handler, so nothing may point to one.
 */
void kw_frames_close(enum kw_hook_id hook)
{
	struct hlist_node *next;
	struct kw_bucket *bucket;
	struct kw_frame *frame;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kw_buckets); i++) {
		bucket = &kw_buckets[i];
		raw_spin_lock_irqsave(&bucket->lock, flags);
		WRITE_ONCE(kw_frames_opened, kw_frames_opened & ~BIT(hook));
		hlist_for_each_entry_safe(frame, next, &bucket->frames, node)
			if (frame->hook == hook)
				hlist_del_init(&frame->node);
		raw_spin_unlock_irqrestore(&bucket->lock, flags);
	}
}

static int kw_run_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (void *)regs_get_kernel_argument(regs, 0);
	struct kw_frame *frame = (void *)instance->data, *outer = kw_frame_find(vcpu);

	if (outer)
		outer->entered = true;
	*frame = (struct kw_frame){
		.hook = KW_HOOK_RUN,
		.vcpu = vcpu,
		.task = current,
	};
	kw_frame_add(frame);
	return 0;
}

static int kw_run_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct kw_frame *frame = (void *)instance->data;
	int result = (int)regs_return_value(regs);

	kw_frame_remove(frame);
	regs_set_return_value(regs, kw_report_run(frame, result));
	kw_frame_forget(frame);
	return 0;
}

const struct kw_hook kw_run_hook = {
	.entry	= kw_run_entry,
	.ret	= kw_run_return,
	.size	= sizeof(struct kw_frame),
};

/* Nonzero: another ioctl of the vCPU, whose return does not matter. */
static int kw_ioctl_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct file *file = (void *)regs_get_kernel_argument(regs, 0);
	struct kw_frame *frame = (void *)instance->data;

	if ((unsigned int)regs_get_kernel_argument(regs, 1) != KVM_RUN)
		return 1;
	*frame = (struct kw_frame){
		.hook = KW_HOOK_IOCTL,
		.vcpu = file->private_data,
		.task = current,
		.argument = regs_get_kernel_argument(regs, 2),
	};
	kw_frame_add(frame);
	return 0;
}

/* A closed frame may have missed the entry to kvm_arch_vcpu_ioctl_run(). */
static int kw_ioctl_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct kw_frame *frame = (void *)instance->data;
	int result = (int)regs_return_value(regs);

	if (kw_frame_remove(frame) && !frame->entered)
		regs_set_return_value(regs, kw_report_ioctl(frame, result));
	kw_frame_forget(frame);
	return 0;
}

const struct kw_hook kw_ioctl_hook = {
	.entry	= kw_ioctl_entry,
	.ret	= kw_ioctl_return,
	.size	= sizeof(struct kw_frame),
};
