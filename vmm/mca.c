// SPDX-License-Identifier: MIT
/*
 * The guest's accesses to its machine-check MSRs in, their answers out. lib/decode/x86/mce_rule.c,
 * which the kernel module also compiles, decides about writes; reads and resets are as in KVM's
 * get_msr_mce() and KVM_X86_SETUP_MCE, HWCR as in kvm_set_msr_common(), all as read in Linux 6.12.
 */
#include "msr_filter.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "decode/x86/mce_rule.h"

#define MCG_CAP 0x179u
#define MCG_STATUS 0x17au
#define MCG_CTL 0x17bu
#define MC0_CTL2 0x280u
#define MC0_CTL 0x400u
#define HWCR 0xc0010015u

#define FLAGS (KW_MCA_CTL_P | KW_MCA_CMCI_P | KW_MCA_SER_P)
#define BIT(n) ((uint64_t)1 << (n))

#define HWCR_MCSTATUSWREN BIT(18)
#define HWCR_TSCFREQSEL BIT(24)
/* TLBCACHEDIS, FFDIS, IGNNE_EM: a guest may set them, without effect */
#define HWCR_DROPPED (BIT(3) | BIT(6) | BIT(8))

#define STATUS_VAL BIT(63)
#define STATUS_OVER BIT(62)
#define STATUS_UC BIT(61)
#define STATUS_PCC BIT(57)
#define STATUS_S BIT(56)
#define STATUS_AR BIT(55)

enum { CTL, STATUS, ADDR, MISC };

static unsigned int banks_of(const struct kw_mca *mca)
{
	return mca->mcg_cap & 0xff;
}

bool kw_mca_is_initialised(const struct kw_mca *mca)
{
	return mca && (mca->vendor == KW_MCA_INTEL || mca->vendor == KW_MCA_AMD) &&
	       banks_of(mca) >= 1 && banks_of(mca) <= KW_MCA_BANKS;
}

int kw_mca_has(const struct kw_mca *mca, uint32_t msr)
{
	return msr == MCG_CAP || kw_mce_is_msr(msr) || (msr == HWCR && mca->vendor == KW_MCA_AMD);
}

int kw_mca_init(struct kw_mca *mca, enum kw_mca_vendor vendor, unsigned int banks,
		unsigned int flags)
{
	if (!mca || (vendor != KW_MCA_INTEL && vendor != KW_MCA_AMD))
		return -EINVAL;
	if (banks < 1 || banks > KW_MCA_BANKS || (flags & ~FLAGS))
		return -EINVAL;
	if (vendor == KW_MCA_AMD && (flags & KW_MCA_CMCI_P))
		return -EINVAL;
	memset(mca, 0, sizeof(*mca));
	mca->vendor = vendor;
	mca->mcg_cap = flags | banks;
	if (flags & KW_MCA_CTL_P)
		mca->mcg_ctl = ~(uint64_t)0;
	for (unsigned int i = 0; i < banks; i++)
		mca->mci[i][CTL] = ~(uint64_t)0;
	return 0;
}

static struct kw_mce_result rule(const struct kw_mca *mca, uint32_t msr, uint64_t value)
{
	const struct kw_mce_write write = {
		.gen = KW_MCE_6_0,
		.msr = msr,
		.value = value,
		.banks = banks_of(mca),
		.amd_compatible = mca->vendor == KW_MCA_AMD,
		.mcstatuswren = mca->hwcr & HWCR_MCSTATUSWREN,
		.mcg_ctl_p = mca->mcg_cap & KW_MCA_CTL_P,
		.mcg_cmci_p = mca->mcg_cap & KW_MCA_CMCI_P,
	};

	return kw_mce_rule(&write);
}

/* Where a guest register is kept; NULL if it does not exist, which is #GP even for a read. */
static uint64_t *place(struct kw_mca *mca, uint32_t msr)
{
	unsigned int banks = banks_of(mca);

	switch (msr) {
	case MCG_CAP:
		return &mca->mcg_cap;
	case MCG_STATUS:
		return &mca->mcg_status;
	case MCG_CTL:
		return mca->mcg_cap & KW_MCA_CTL_P ? &mca->mcg_ctl : NULL;
	case HWCR:
		return &mca->hwcr;
	}
	if (msr >= MC0_CTL && msr < MC0_CTL + 4 * banks)
		return &mca->mci[(msr - MC0_CTL) / 4][msr & 3];
	if (msr >= MC0_CTL2 && msr < MC0_CTL2 + banks && (mca->mcg_cap & KW_MCA_CMCI_P))
		return &mca->ctl2[msr - MC0_CTL2];
	return NULL;
}

static bool hwcr_takes(uint64_t value)
{
	return !(value & ~(HWCR_DROPPED | HWCR_MCSTATUSWREN | HWCR_TSCFREQSEL));
}

static bool write_msr(struct kw_mca *mca, uint32_t msr, uint64_t value)
{
	uint64_t *at = place(mca, msr);

	if (!at || msr == MCG_CAP)
		return false;
	if (msr == HWCR ? !hwcr_takes(value) : rule(mca, msr, value).ret != 0)
		return false;
	*at = msr == HWCR ? value & ~HWCR_DROPPED : value;
	return true;
}

static bool read_msr(struct kw_mca *mca, uint32_t msr, uint64_t *value)
{
	const uint64_t *at = place(mca, msr);

	if (at)
		*value = *at;
	return at != NULL;
}

int kw_mca_exit(struct kw_mca *mca, struct kvm_run *run)
{
	uint64_t value = 0;
	bool done;

	if (!run || !kw_mca_is_initialised(mca))
		return -EINVAL;
	if (run->exit_reason != KVM_EXIT_X86_RDMSR && run->exit_reason != KVM_EXIT_X86_WRMSR)
		return 0;
	if (!kw_mca_has(mca, run->msr.index))
		return 0;
	if (run->exit_reason == KVM_EXIT_X86_WRMSR) {
		done = write_msr(mca, run->msr.index, run->msr.data);
	} else {
		done = read_msr(mca, run->msr.index, &value);
		run->msr.data = value;
	}
	run->msr.error = !done;
	return 1;
}

const char *kw_mca_reason(const struct kw_mca *mca, uint32_t msr, uint64_t value)
{
	if (!kw_mca_is_initialised(mca) || !kw_mca_has(mca, msr))
		return "";
	if (msr == MCG_CAP)
		return "MCG_CAP is read-only";
	if (msr != HWCR) {
		enum kw_mce_reason reason = rule(mca, msr, value).reason;

		/* the rule's own text speaks of older kernels too */
		return reason == KW_MCE_CTL_VALUE ?
			       "MCi_CTL accepts only 0 and all ones (bits 0 and 10 may be clear)" :
			       kw_mce_reason_text(reason);
	}
	return hwcr_takes(value) ? "the value is allowed" :
				   "in HWCR a guest may set only McStatusWrEn, TscFreqSel, "
				   "TlbCacheDis, FFDIS and IGNNE_EM";
}

/* Uncorrected, but no immediate action required: logged, without #MC. As KVM's is_ucna(). */
static bool is_ucna(const struct kvm_x86_mce *mce)
{
	return !mce->mcg_status && !(mce->status & (STATUS_PCC | STATUS_S | STATUS_AR));
}

static void log_error(struct kw_mca *mca, const struct kvm_x86_mce *mce)
{
	uint64_t *bank = mca->mci[mce->bank];
	uint64_t uc = STATUS_VAL | STATUS_UC;

	/* a corrected error does not overwrite an uncorrected one */
	if (!(mce->status & STATUS_UC) && (bank[STATUS] & uc) == uc) {
		bank[STATUS] |= STATUS_OVER;
		return;
	}
	bank[STATUS] = mce->status | (bank[STATUS] & STATUS_VAL ? STATUS_OVER : 0);
	bank[ADDR] = mce->addr;
	bank[MISC] = mce->misc;
}

/*
 * KVM queues #MC if its own bank is enabled, with the guest's MCIP. Its MCi_CTL was never written:
 * 0 without KVM_X86_SETUP_MCE. Every KVM accepts both values from user space.
 */
static int raise_in_kvm(const struct kw_mca *mca, int vcpu_fd, struct kvm_x86_mce mce)
{
	struct { /* struct kvm_msrs */
		uint32_t nmsrs, pad;
		struct kvm_msr_entry entries[2];
	} msrs = {
		.nmsrs = 2,
		.entries = {
			{ .index = MCG_STATUS, .data = mca->mcg_status },
			{ .index = MC0_CTL + 4u * mce.bank, .data = ~(uint64_t)0 },
		},
	};
	int done = ioctl(vcpu_fd, KVM_SET_MSRS, &msrs);

	if (done >= 0 && done < 2)
		return -EINVAL;
	return done < 0 || ioctl(vcpu_fd, KVM_X86_SET_MCE, &mce) ? -errno : 0;
}

int kw_mca_inject(struct kw_mca *mca, int vcpu_fd, const struct kvm_x86_mce *mce)
{
	bool raise;
	int ret;

	if (!mce || !kw_mca_is_initialised(mca) || mce->bank >= banks_of(mca) ||
	    !(mce->status & STATUS_VAL))
		return -EINVAL;
	raise = (mce->status & STATUS_UC) && !is_ucna(mce);
	if (raise && (mca->mcg_cap & KW_MCA_CTL_P) && mca->mcg_ctl != ~(uint64_t)0)
		return 0;
	/* nonzero values of MCi_CTL differ only in which correctable errors they mask */
	if (raise && !mca->mci[mce->bank][CTL])
		return 0;
	if (raise) {
		ret = raise_in_kvm(mca, vcpu_fd, *mce);
		if (ret)
			return ret;
		mca->mcg_status = mce->mcg_status;
	}
	log_error(mca, mce);
	return raise;
}

int kw_mca_save(const struct kw_mca *mca, struct kw_mca_state *ret)
{
	if (!ret || !kw_mca_is_initialised(mca))
		return -EINVAL;
	*ret = (struct kw_mca_state){
		.version = KW_MCA_STATE_VERSION,
		.size = sizeof(*ret),
		.vendor = mca->vendor,
		.mcg_cap = mca->mcg_cap,
		.mcg_status = mca->mcg_status,
		.mcg_ctl = mca->mcg_ctl,
		.hwcr = mca->hwcr,
	};
	memcpy(ret->mci, mca->mci, sizeof(ret->mci));
	memcpy(ret->ctl2, mca->ctl2, sizeof(ret->ctl2));
	return 0;
}

/* Every existing register has a value that its rule permits; all others are 0. */
static bool is_possible(struct kw_mca *mca)
{
	if (mca->hwcr & ~(mca->vendor == KW_MCA_AMD ? HWCR_MCSTATUSWREN | HWCR_TSCFREQSEL : 0))
		return false;
	if (place(mca, MCG_CTL) ? rule(mca, MCG_CTL, mca->mcg_ctl).ret : mca->mcg_ctl != 0)
		return false;
	for (uint32_t i = 0; i < KW_MCA_BANKS; i++) {
		const uint64_t *bank = mca->mci[i];
		bool there = i < banks_of(mca);

		/* errors set MCi_STATUS, MCi_ADDR and MCi_MISC without a WRMSR: any value */
		if (there ? rule(mca, MC0_CTL + 4 * i, bank[CTL]).ret :
			    (bank[CTL] | bank[STATUS] | bank[ADDR] | bank[MISC]) != 0)
			return false;
		if (place(mca, MC0_CTL2 + i) ? rule(mca, MC0_CTL2 + i, mca->ctl2[i]).ret :
					       mca->ctl2[i] != 0)
			return false;
	}
	return true;
}

int kw_mca_restore(struct kw_mca *mca, const void *state, size_t size)
{
	struct kw_mca_state from;
	struct kw_mca to;

	if (!state || !kw_mca_is_initialised(mca) || size < offsetof(struct kw_mca_state, vendor))
		return -EINVAL;
	memcpy(&from, state, size < sizeof(from) ? size : sizeof(from));
	if (from.version != KW_MCA_STATE_VERSION)
		return -EOPNOTSUPP;
	if (size != sizeof(from) || from.size != sizeof(from) || from.reserved)
		return -EINVAL;
	if (from.vendor != mca->vendor || from.mcg_cap != mca->mcg_cap)
		return -EINVAL;
	to = (struct kw_mca){
		.vendor = from.vendor,
		.mcg_cap = from.mcg_cap,
		.mcg_status = from.mcg_status,
		.mcg_ctl = from.mcg_ctl,
		.hwcr = from.hwcr,
	};
	memcpy(to.mci, from.mci, sizeof(to.mci));
	memcpy(to.ctl2, from.ctl2, sizeof(to.ctl2));
	if (!is_possible(&to))
		return -EINVAL;
	*mca = to;
	return 0;
}
