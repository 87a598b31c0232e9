// SPDX-License-Identifier: MIT
/*
 * The kernel's BTF in, offsets in struct kvm_vcpu out. vmlinux itself has that struct, so this also
 * works on kernels whose modules have no BTF (5.10).
 */
#include "tracefs_parts.h"

#ifdef KW_WITH_LIBBPF

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <string.h>

/*
 * A member of a struct or of its unnamed structs and unions; false if there is none, or for a bit
 * field.
 */
static bool find_member(const struct btf *btf, int id, const char *name, uint32_t *offset,
			int *type)
{
	const struct btf_type *of = btf__type_by_id(btf, (uint32_t)id);
	const struct btf_member *member;

	if (!of || !btf_is_composite(of))
		return false;
	member = btf_members(of);
	for (uint32_t i = 0; i < btf_vlen(of); i++, member++) {
		const char *called = btf__name_by_offset(btf, member->name_off);
		uint32_t bit = btf_member_bit_offset(of, i), inner;

		if (called && !strcmp(called, name)) {
			*offset = bit / 8;
			*type = btf__resolve_type(btf, member->type);
			return !btf_member_bitfield_size(of, i) && bit % 8 == 0 && *type > 0;
		}
		if (called && *called)
			continue;
		if (find_member(btf, btf__resolve_type(btf, member->type), name, &inner, type)) {
			*offset = bit / 8 + inner;
			return true;
		}
	}
	return false;
}

static bool find_all(const struct btf *btf, struct kw_tracefs_vcpu *ret)
{
	int vcpu = btf__find_by_name_kind(btf, "kvm_vcpu", BTF_KIND_STRUCT), arch, type;
	uint32_t arch_at;

	if (vcpu < 0 || !find_member(btf, vcpu, "run", &ret->run, &type) ||
	    !find_member(btf, vcpu, "vcpu_id", &ret->vcpu_id, &type) ||
	    !find_member(btf, vcpu, "arch", &arch_at, &arch))
		return false;
	if (!find_member(btf, arch, "regs", &ret->regs, &type) ||
	    !find_member(btf, arch, "regs_avail", &ret->regs_avail, &type))
		return false;
	ret->regs += arch_at;
	ret->regs_avail += arch_at;
	return true;
}

int kw_tracefs_vcpu_layout(struct kw_tracefs_vcpu *ret)
{
	struct btf *kernel, *kvm = NULL;
	bool found;

	libbpf_set_print(NULL);
	kernel = btf__parse("/sys/kernel/btf/vmlinux", NULL);
	if (!kernel)
		return -1;
	found = find_all(kernel, ret);
	if (!found) {
		kvm = btf__parse_split("/sys/kernel/btf/kvm", kernel);
		found = kvm && find_all(kvm, ret);
	}
	btf__free(kvm);
	btf__free(kernel);
	return found ? 0 : -1;
}

#else

int kw_tracefs_vcpu_layout(struct kw_tracefs_vcpu *ret)
{
	(void)ret;
	return -1;
}

#endif
