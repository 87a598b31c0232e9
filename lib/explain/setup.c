// SPDX-License-Identifier: MIT
/* Why KVM refuses an ioctl that sets a VM or vCPU up: a row of data/kvm_ioctl.tbl. */
#include "decode/tables.h"
#include "explain/explain.h"

const struct kw_row *kw_setup_cause(const struct kw_case *c)
{
	struct kw_str ioctl = c->f->text[KW_T_IOCTL];
	const struct kw_row *row = NULL;

	if (!ioctl.len || !kw_has(c->f, errno_number) || c->f->errno_number > INT32_MAX)
		return NULL;
	do
		row = kw_ioctl_cause(row, ioctl, (int)c->f->errno_number,
				     kw_arch_name(c->f->arch));
	while (row && c->host.known && kw_change_state(row, &c->host, NULL) == KW_CHANGE_NOT);
	return row;
}
