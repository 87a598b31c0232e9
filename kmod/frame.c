// SPDX-License-Identifier: GPL-2.0-only
/*
 * The KVM_RUN that a vCPU is in. A frame is the data of a kretprobe instance of
 * kvm_arch_vcpu_ioctl_run(): it lives until that function returns, whether or not the probe is
 * still registered then. In: a vCPU. Out: its frame, if the calling task runs it.
 */
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

/* Written under each bucket's lock in turn, read under one: a closed bucket stays empty. */
static bool kw_frames_opened;

static struct kw_bucket *kw_bucket_of(const struct kvm_vcpu *vcpu)
{
	return &kw_buckets[hash_ptr(vcpu, KW_FRAME_BITS)];
}

/* What was kept of an earlier access has been told, or did not leave KVM_RUN. */
void kw_frame_forget(struct kw_frame *frame)
{
	if (frame->injected)
		kw_inject_returned();
	frame->injected = false;
	frame->failed = false;
	frame->common = 0;
}

/*
 * The frame may be used without the lock: only its task makes it go away, by returning from
 * kvm_arch_vcpu_ioctl_run(), and that task is the one that asks.
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
	if (READ_ONCE(kw_frames_opened))
		hlist_add_head(&frame->node, &bucket->frames);
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

static void kw_frame_remove(struct kw_frame *frame)
{
	struct kw_bucket *bucket = kw_bucket_of(frame->vcpu);
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_del_init(&frame->node);
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

static void kw_frames_set(bool opened)
{
	struct hlist_node *next;
	struct kw_bucket *bucket;
	struct kw_frame *frame;
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kw_buckets); i++) {
		bucket = &kw_buckets[i];
		raw_spin_lock_irqsave(&bucket->lock, flags);
		WRITE_ONCE(kw_frames_opened, opened);
		hlist_for_each_entry_safe(frame, next, &bucket->frames, node)
			hlist_del_init(&frame->node);
		raw_spin_unlock_irqrestore(&bucket->lock, flags);
	}
}

/* Before the probe is registered. */
void kw_frames_open(void)
{
	kw_frames_set(true);
}

/*
 * Before the probe is unregistered: from then on instances are freed without a call of the return
 * handler, so nothing may point to one.
 */
void kw_frames_close(void)
{
	kw_frames_set(false);
}

static int kw_run_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct kw_frame *frame = (void *)instance->data;

	*frame = (struct kw_frame){
		.vcpu = (void *)regs_get_kernel_argument(regs, 0),
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
