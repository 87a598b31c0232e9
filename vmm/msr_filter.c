// SPDX-License-Identifier: MIT
/*
 * What is to exit from KVM_RUN in, KVM's filter out: at most 16 ranges, each a bitmap of at most
 * 12,288 MSRs for reads, writes or both; the first that contains the MSR and the access decides.
 */
#include "msr_filter.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* The MSRs of kw_mca_exit(), as ranges. */
static const uint32_t mca_edges[] = {
	0x179, 0x17c, 0x280, 0x2a0, 0x400, 0x480, 0xc0010015, 0xc0010016,
};
#define NMCA_EDGES (sizeof(mca_edges) / sizeof(mca_edges[0]))
#define EDGES_MAX (2 * KW_MSR_POLICY_LINES_MAX + NMCA_EDGES)

struct build {
	struct kw_msr_filter *filter;
	uint32_t base;	/* of the open span */
	uint32_t end;	/* one beyond its last MSR that exits; 0: no span is open */
	bool uses[2];	/* whether an access exits, for reads and for writes */
};

static const unsigned int kvm_flags[2] = { KVM_MSR_FILTER_READ, KVM_MSR_FILTER_WRITE };

/* The accesses to an MSR that must exit. */
static unsigned int leaving(const struct kw_msr_policy *policy, const struct kw_mca *mca,
			    uint32_t msr)
{
	static const unsigned int both[] = { KW_MSR_READ, KW_MSR_WRITE };
	unsigned int access = 0;

	if (mca && kw_mca_has(mca, msr))
		return KW_MSR_READ | KW_MSR_WRITE;
	for (size_t i = 0; policy && i < 2; i++) {
		const struct kw_msr_rule *rule =
			kw_msr_policy_find(policy, msr, both[i], KVM_MSR_EXIT_REASON_FILTER);

		if (rule && rule->action != KW_MSR_ALLOW)
			access |= both[i];
	}
	return access;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* In ascending order; nothing changes between two of these. */
static size_t edges(const struct kw_msr_policy *policy, const struct kw_mca *mca,
		    uint32_t edge[static EDGES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; policy && i < policy->count; i++) {
		if (policy->rule[i].what != KW_MSR_NUMBERS)
			continue;
		edge[count++] = policy->rule[i].first;
		edge[count++] = policy->rule[i].last + 1;
	}
	for (size_t i = 0; mca && i < NMCA_EDGES; i++)
		edge[count++] = mca_edges[i];
	qsort(edge, count, sizeof(*edge), compare);
	return count;
}

static void add_range(struct build *b, unsigned int flags, uint8_t *bitmap)
{
	b->filter->kvm.ranges[b->filter->ranges++] = (struct kvm_msr_filter_range){
		.flags = flags,
		.nmsrs = b->end - b->base,
		.base = b->base,
		.bitmap = bitmap,
	};
}

/*
 * Turns the two bitmaps of the open span into one range or two, none for a bitmap that stops
 * nothing.
 */
static int close_span(struct build *b)
{
	unsigned int n = b->filter->ranges;
	uint8_t *read = b->filter->bitmap[n], *write = b->filter->bitmap[n + 1];

	if (!b->end)
		return 0;
	if (n + b->uses[0] + b->uses[1] > KVM_MSR_FILTER_MAX_RANGES &&
	    memcmp(read, write, KW_MSR_BITMAP_BYTES) != 0)
		return -E2BIG;
	if (!memcmp(read, write, KW_MSR_BITMAP_BYTES)) {
		add_range(b, KVM_MSR_FILTER_READ | KVM_MSR_FILTER_WRITE, read);
	} else {
		if (!b->uses[0])
			memcpy(read, write, KW_MSR_BITMAP_BYTES);
		for (size_t i = 0; i < 2; i++)
			if (b->uses[i])
				add_range(b, kvm_flags[i], b->filter->bitmap[b->filter->ranges]);
	}
	b->end = 0;
	return 0;
}

static int open_span(struct build *b, uint32_t base)
{
	int ret = close_span(b);

	if (ret)
		return ret;
	if (b->filter->ranges == KVM_MSR_FILTER_MAX_RANGES)
		return -E2BIG;
	/* a set bit allows */
	memset(b->filter->bitmap[b->filter->ranges], 0xff, 2 * sizeof(b->filter->bitmap[0]));
	b->base = base;
	b->uses[0] = b->uses[1] = false;
	return 0;
}

/* Adds MSRs from @first up to @end, as many as the open span has room for. */
static uint32_t stop_some(struct build *b, uint32_t first, uint32_t end, unsigned int access)
{
	static const unsigned int bits[2] = { KW_MSR_READ, KW_MSR_WRITE };
	unsigned int n = b->filter->ranges;

	if (end - b->base > KW_MSR_BITMAP_MSRS)
		end = b->base + KW_MSR_BITMAP_MSRS;
	for (size_t i = 0; i < 2; i++) {
		if (!(access & bits[i]))
			continue;
		for (uint32_t bit = first - b->base; bit < end - b->base; bit++)
			b->filter->bitmap[n + i][bit / 8] &= (uint8_t)~(1u << bit % 8);
		b->uses[i] = true;
	}
	b->end = end;
	return end;
}

static int stop(struct build *b, uint32_t first, uint32_t end, unsigned int access)
{
	while (first < end) {
		if (!b->end || first - b->base >= KW_MSR_BITMAP_MSRS) {
			int ret = open_span(b, first);

			if (ret)
				return ret;
		}
		first = stop_some(b, first, end, access);
	}
	return 0;
}

static uint32_t reasons(const struct kw_msr_policy *policy)
{
	uint32_t reasons = KVM_MSR_EXIT_REASON_FILTER;

	for (size_t i = 0; policy && i < policy->count; i++) {
		if (policy->rule[i].what == KW_MSR_UNKNOWN)
			reasons |= KVM_MSR_EXIT_REASON_UNKNOWN;
		if (policy->rule[i].what == KW_MSR_INVALID)
			reasons |= KVM_MSR_EXIT_REASON_INVAL;
	}
	return reasons;
}

int kw_msr_filter_compile(struct kw_msr_filter *filter, const struct kw_msr_policy *policy,
			  const struct kw_mca *mca)
{
	struct build build = { .filter = filter };
	uint32_t edge[EDGES_MAX];
	size_t count = edges(policy, mca, edge);

	memset(&filter->kvm, 0, sizeof(filter->kvm));
	filter->kvm.flags = KVM_MSR_FILTER_DEFAULT_ALLOW;
	filter->ranges = 0;
	filter->reasons = reasons(policy);
	for (size_t i = 0; i + 1 < count; i++) {
		unsigned int access = leaving(policy, mca, edge[i]);
		int ret = access ? stop(&build, edge[i], edge[i + 1], access) : 0;

		if (ret)
			return ret;
	}
	return close_span(&build);
}

int kw_msr_filter_enable(const struct kw_msr_filter *filter, int vm_fd)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args = { filter->reasons },
	};

	if (ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_X86_USER_SPACE_MSR) <= 0 ||
	    ioctl(vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_X86_MSR_FILTER) <= 0)
		return -EOPNOTSUPP;
	if (ioctl(vm_fd, KVM_ENABLE_CAP, &cap) ||
	    ioctl(vm_fd, KVM_X86_SET_MSR_FILTER, &filter->kvm))
		return -errno;
	return 0;
}
