// SPDX-License-Identifier: MIT
/*
 * KVM's rule for machine-check MSR writes, by generation. The code states the behaviour of
 * set_msr_mce() as read in Linux 5.10.46, 5.10.223, 6.1.192, 6.12.107 and 7.3.4; commits are in
 * data/kvm_change.tbl, topic mce.
 */
#ifdef __KERNEL__
#include "mce_rule.h"
#else
#include "decode/x86/mce_rule.h"
#endif

#define MCG_STATUS 0x17au
#define MCG_CTL 0x17bu
#define MC0_CTL2 0x280u
#define MC0_CTL 0x400u
#define MAX_BANKS 32u

#define ALL_ONES (~(uint64_t)0)
#define BIT_CORRECTABLE ((uint64_t)1 << 0)
#define BIT_GART ((uint64_t)1 << 10)
#define CTL2_DEFINED (((uint64_t)1 << 30) | 0x7fff) /* CMCI_EN and the threshold */

static bool is_ctl2(uint32_t msr)
{
	return msr >= MC0_CTL2 && msr < MC0_CTL2 + MAX_BANKS;
}

static bool is_bank(uint32_t msr)
{
	return msr >= MC0_CTL && msr < MC0_CTL + 4 * MAX_BANKS;
}

bool kw_mce_is_msr(uint32_t msr)
{
	return msr == MCG_STATUS || msr == MCG_CTL || is_ctl2(msr) || is_bank(msr);
}

static enum kw_mce_reason mcg_ctl(const struct kw_mce_write *w)
{
	if (!w->mcg_ctl_p && (w->value || !w->host_initiated))
		return KW_MCE_NO_MCG_CTL;
	if (w->value != 0 && w->value != ALL_ONES)
		return KW_MCE_MCG_CTL_VALUE;
	return w->mcg_ctl_p ? KW_MCE_OK : KW_MCE_OK_HOST;
}

static enum kw_mce_reason ctl2(const struct kw_mce_write *w)
{
	if (w->gen != KW_MCE_6_0)
		return KW_MCE_NO_CTL2;
	if (w->msr - MC0_CTL2 >= w->banks)
		return KW_MCE_NO_BANK;
	if (!w->mcg_cmci_p && (w->value || !w->host_initiated))
		return KW_MCE_NO_CMCI;
	if (w->value & ~CTL2_DEFINED)
		return KW_MCE_CTL2_RESERVED;
	return w->mcg_cmci_p ? KW_MCE_OK : KW_MCE_OK_HOST;
}

static enum kw_mce_reason ctl(const struct kw_mce_write *w)
{
	if (w->value == 0 || (w->value | BIT_GART) == ALL_ONES)
		return KW_MCE_OK;
	if ((w->value | BIT_GART | BIT_CORRECTABLE) != ALL_ONES)
		return KW_MCE_CTL_VALUE;
	return w->gen >= KW_MCE_FIXED ? KW_MCE_OK_BIT0 : KW_MCE_CTL_BIT0;
}

static enum kw_mce_reason status(const struct kw_mce_write *w)
{
	if (w->value == 0)
		return KW_MCE_OK;
	if (w->host_initiated)
		return KW_MCE_OK_HOST;
	if (w->amd_compatible && w->mcstatuswren)
		return KW_MCE_OK_MCSTATUSWREN;
	return KW_MCE_STATUS_VALUE;
}

static enum kw_mce_reason bank(const struct kw_mce_write *w)
{
	if ((w->msr - MC0_CTL) / 4 >= w->banks)
		return KW_MCE_NO_BANK;
	switch (w->msr & 3) {
	case 0:
		return ctl(w);
	case 1:
		return status(w);
	default: /* MCi_ADDR and MCi_MISC accept anything */
		return KW_MCE_OK;
	}
}

static enum kw_mce_reason decide(const struct kw_mce_write *w)
{
	if (w->msr == MCG_STATUS)
		return KW_MCE_OK;
	if (w->msr == MCG_CTL)
		return mcg_ctl(w);
	if (is_ctl2(w->msr))
		return ctl2(w);
	if (is_bank(w->msr))
		return bank(w);
	return KW_MCE_NOT_MCE;
}

static int return_value(enum kw_mce_gen gen, enum kw_mce_reason reason)
{
	switch (reason) {
	case KW_MCE_NOT_MCE:
	case KW_MCE_OK:
	case KW_MCE_OK_BIT0:
	case KW_MCE_OK_MCSTATUSWREN:
	case KW_MCE_OK_HOST:
		return 0;
	case KW_MCE_CTL_BIT0:
	case KW_MCE_CTL_VALUE:
	case KW_MCE_STATUS_VALUE:
		return gen < KW_MCE_FIXED ? -1 : 1;
	default:
		return 1;
	}
}

static enum kw_mce_effect effect(const struct kw_mce_write *w, int ret)
{
	if (ret == 0)
		return KW_MCE_ACCEPTED;
	if (w->host_initiated)
		return KW_MCE_IOCTL_STOPS;
	return ret < 0 && w->gen == KW_MCE_5_10 ? KW_MCE_KVM_RUN_EPERM : KW_MCE_GP;
}

struct kw_mce_result kw_mce_rule(const struct kw_mce_write *w)
{
	struct kw_mce_result r;

	r.reason = decide(w);
	r.ret = return_value(w->gen, r.reason);
	r.effect = effect(w, r.ret);
	return r;
}

bool kw_mce_permit_correctable(const struct kw_mce_write *w)
{
	uint64_t cleared = ~w->value;

	if (!is_bank(w->msr) || (w->msr & 3) != 0 || (w->msr - MC0_CTL) / 4 >= w->banks)
		return false;
	return cleared != 0 && (cleared & ~(BIT_CORRECTABLE | BIT_GART)) == 0;
}

const char *kw_mce_reason_text(enum kw_mce_reason reason)
{
	switch (reason) {
	case KW_MCE_NOT_MCE:
		return "not a machine-check MSR that KVM emulates";
	case KW_MCE_OK:
		return "the value is allowed";
	case KW_MCE_OK_BIT0:
		return "all ones without bit 0: the guest may ignore correctable single-bit ECC "
		       "errors";
	case KW_MCE_OK_MCSTATUSWREN:
		return "the guest has set HWCR[McStatusWrEn]";
	case KW_MCE_OK_HOST:
		return "allowed because the host writes it";
	case KW_MCE_NO_MCG_CTL:
		return "the guest's MCG_CAP has no MCG_CTL_P, so there is no MCG_CTL";
	case KW_MCE_MCG_CTL_VALUE:
		return "MCG_CTL accepts only 0 and all ones";
	case KW_MCE_NO_BANK:
		return "the guest's MCG_CAP has no such bank";
	case KW_MCE_CTL_BIT0:
		return "MCi_CTL accepts only 0 and all ones (bit 10 may be clear); this kernel "
		       "does not yet let a guest clear bit 0 to ignore correctable single-bit ECC "
		       "errors";
	case KW_MCE_CTL_VALUE:
		return "MCi_CTL accepts only 0 and all ones (bit 10 may be clear; in newer kernels "
		       "also bit 0)";
	case KW_MCE_STATUS_VALUE:
		return "MCi_STATUS accepts only 0, unless the guest is AMD-compatible and has set "
		       "HWCR[McStatusWrEn]";
	case KW_MCE_NO_CTL2:
		return "this kernel does not emulate MCi_CTL2; the index falls into the MTRR range";
	case KW_MCE_NO_CMCI:
		return "the guest's MCG_CAP has no MCG_CMCI_P, so there is no MCi_CTL2";
	case KW_MCE_CTL2_RESERVED:
		return "MCi_CTL2 has only bit 30 (CMCI_EN) and bits 14:0 (threshold)";
	default:
		return "";
	}
}
