// SPDX-License-Identifier: MIT
/* Banks or a policy in; sets the filter on the VM that makes what they answer exit from KVM_RUN. */
#include "msr_filter.h"

#include <errno.h>

int kw_mca_enable(const struct kw_mca *mca, int vm_fd)
{
	struct kw_msr_filter filter;

	if (!kw_mca_is_initialised(mca))
		return -EINVAL;
	if (kw_msr_filter_compile(&filter, NULL, mca))
		return -EINVAL;
	return kw_msr_filter_enable(&filter, vm_fd);
}

int kw_msr_policy_enable(const struct kw_msr_policy *policy, const struct kw_mca *mca, int vm_fd)
{
	struct kw_msr_filter filter;
	int ret = kw_msr_filter_compile(&filter, policy, mca);

	return ret ? ret : kw_msr_filter_enable(&filter, vm_fd);
}
