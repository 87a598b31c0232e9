// SPDX-License-Identifier: MIT
/* Turns words with bit fields into structs and short texts. No heap, no stdio. */
#include "decode/x86/exit_info.h"

#include "base/buf.h"
#include "decode/tables.h"

static void put(struct kw_buf *t, const char *s)
{
	kw_buf_add(t, kw_str(s));
}

/* Another item of a list. */
static void item(struct kw_buf *t, const char *s)
{
	if (t->len > 0)
		put(t, ", ");
	put(t, s);
}

static void put_hex(struct kw_buf *t, uint64_t value)
{
	put(t, "0x");
	kw_buf_hex(t, value, 1);
}

static void put_unknown_bits(struct kw_buf *t, uint64_t bits)
{
	for (unsigned int i = 0; i < 64; i++) {
		if (!(bits >> i & 1))
			continue;
		item(t, "bit");
		kw_buf_dec(t, i);
	}
}

struct flag {
	uint8_t bit;
	const char *set;
	const char *clear; /* or NULL */
};

/* Names of the set flags; set bits without a flag follow as bitN. */
static void put_flags(struct kw_buf *t, uint64_t word, const struct flag *flag, size_t count)
{
	uint64_t known = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name = word >> flag[i].bit & 1 ? flag[i].set : flag[i].clear;

		known |= UINT64_C(1) << flag[i].bit;
		if (name)
			item(t, name);
	}
	put_unknown_bits(t, word & ~known);
}

#define FLAGS(t, word, table) put_flags((t), (word), (table), sizeof(table) / sizeof((table)[0]))

static bool bit(uint64_t word, unsigned int n)
{
	return word >> n & 1;
}

/* The vector, with its name if the type makes it an exception. */
static void put_vector(struct kw_buf *t, uint8_t vector, bool exception)
{
	const char *name = exception ? kw_exception_name(vector) : NULL;

	if (name) {
		put(t, name);
		put(t, " (vector ");
		kw_buf_dec(t, vector);
		put(t, ")");
		return;
	}
	put(t, "vector ");
	put_hex(t, vector);
}

/*
 * Intel SDM vol. 3, "VM-Entry Controls for Event Injection", "Information for VM Exits Due to
 * Vectored Events", "Information for VM Exits That Occur During Event Delivery". Bit 12 of the
 * IDT-vectoring information is undefined, so it does not count as unknown either.
 */
void kw_vmx_intr_info_decode(enum kw_vmx_intr_field kind, uint32_t word,
			     struct kw_vmx_intr_info *ret)
{
	uint32_t known = UINT32_C(0x80000fff);

	if (kind != KW_VMX_ENTRY_INTR_INFO)
		known |= 1u << 12;
	*ret = (struct kw_vmx_intr_info){
		.vector = (uint8_t)word,
		.type = word >> 8 & 7,
		.error_code = bit(word, 11),
		.nmi_unblocking = kind == KW_VMX_EXIT_INTR_INFO && bit(word, 12),
		.valid = bit(word, 31),
		.unknown = word & ~known,
	};
}

const char *kw_vmx_intr_type_name(unsigned int type)
{
	static const char names[8][32] = {
		"external interrupt",
		"reserved type",
		"NMI",
		"hardware exception",
		"software interrupt",
		"privileged software exception",
		"software exception",
		"other event",
	};

	return type < 8 ? names[type] : NULL;
}

size_t kw_vmx_intr_info_text(enum kw_vmx_intr_field kind, uint32_t word, char *buf, size_t size)
{
	struct kw_buf t = kw_buf_over(buf, size);
	struct kw_vmx_intr_info e;

	kw_vmx_intr_info_decode(kind, word, &e);
	if (!e.valid) {
		put(&t, "not valid");
		return t.len;
	}
	put_vector(&t, e.vector, e.type == KW_VMX_NMI || e.type == KW_VMX_HARDWARE_EXCEPTION ||
					 e.type == KW_VMX_PRIVILEGED_SOFTWARE_EXCEPTION ||
					 e.type == KW_VMX_SOFTWARE_EXCEPTION);
	if (e.type != KW_VMX_NMI || e.vector != 2)
		item(&t, kw_vmx_intr_type_name(e.type));
	if (e.error_code)
		item(&t, "error code valid");
	if (e.nmi_unblocking)
		item(&t, "NMI unblocking due to IRET");
	put_unknown_bits(&t, e.unknown);
	return t.len;
}

/* The vectors allowed for each type are the SDM's; software interrupts may have any. */
const char *kw_vmx_intr_info_refused(uint32_t entry_intr_info)
{
	struct kw_vmx_intr_info e;

	kw_vmx_intr_info_decode(KW_VMX_ENTRY_INTR_INFO, entry_intr_info, &e);
	if (!e.valid)
		return NULL;
	if (e.type == 1)
		return "the interruption type is reserved";
	if (e.type == KW_VMX_NMI && e.vector != 2)
		return "type NMI needs vector 2";
	if (e.type == KW_VMX_HARDWARE_EXCEPTION && e.vector > 31)
		return "type hardware exception needs a vector up to 31";
	if (e.error_code && e.type != KW_VMX_HARDWARE_EXCEPTION)
		return "an error code is valid only with type hardware exception";
	return NULL;
}

/* AMD APM vol. 2, "Event Injection" and "EXITINTINFO Pseudo-Code". */
void kw_svm_event_inj_decode(uint64_t word, struct kw_svm_event_inj *ret)
{
	*ret = (struct kw_svm_event_inj){
		.vector = (uint8_t)word,
		.type = word >> 8 & 7,
		.error_code_valid = bit(word, 11),
		.valid = bit(word, 31),
		.error_code = (uint32_t)(word >> 32),
		.unknown = word & UINT32_C(0x7ffff000),
	};
}

static const char *svm_event_type(unsigned int type)
{
	switch (type) {
	case KW_SVM_INTR:
		return "external or virtual interrupt";
	case KW_SVM_NMI:
		return "NMI";
	case KW_SVM_EXCEPTION:
		return "exception";
	case KW_SVM_SOFTWARE_INTERRUPT:
		return "software interrupt";
	default:
		return "reserved type";
	}
}

size_t kw_svm_event_inj_text(uint64_t word, char *buf, size_t size)
{
	struct kw_buf t = kw_buf_over(buf, size);
	struct kw_svm_event_inj e;

	kw_svm_event_inj_decode(word, &e);
	if (!e.valid) {
		put(&t, "not valid");
		return t.len;
	}
	/* the CPU ignores the vector of an NMI */
	if (e.type != KW_SVM_NMI)
		put_vector(&t, e.vector, e.type == KW_SVM_EXCEPTION);
	item(&t, svm_event_type(e.type));
	if (e.error_code_valid) {
		item(&t, "error code ");
		put_hex(&t, e.error_code);
	}
	put_unknown_bits(&t, e.unknown);
	return t.len;
}

const char *kw_svm_event_inj_refused(uint64_t eventinj)
{
	struct kw_svm_event_inj e;

	kw_svm_event_inj_decode(eventinj, &e);
	if (!e.valid)
		return NULL;
	if (e.type != KW_SVM_INTR && e.type != KW_SVM_NMI && e.type != KW_SVM_EXCEPTION &&
	    e.type != KW_SVM_SOFTWARE_INTERRUPT)
		return "the event type is reserved";
	if (e.type == KW_SVM_EXCEPTION && (e.vector == 2 || e.vector > 31))
		return "type exception has a vector that is not an exception";
	if (e.type == KW_SVM_EXCEPTION &&
	    (e.vector == 15 || (e.vector >= 22 && e.vector <= 27) || e.vector == 31))
		return "type exception has a reserved vector";
	return NULL;
}

/* Intel SDM vol. 3, "Exit Qualification for EPT Violations". */
void kw_ept_violation_decode(uint64_t qualification, struct kw_ept_violation *ret)
{
	*ret = (struct kw_ept_violation){
		.read = bit(qualification, 0),
		.write = bit(qualification, 1),
		.fetch = bit(qualification, 2),
		.readable = bit(qualification, 3),
		.writable = bit(qualification, 4),
		.executable = bit(qualification, 5),
		.user_executable = bit(qualification, 6),
		.gva_valid = bit(qualification, 7),
		.translated = bit(qualification, 7) && bit(qualification, 8),
		.nmi_unblocking = bit(qualification, 12),
	};
}

size_t kw_ept_violation_text(uint64_t qualification, char *buf, size_t size)
{
	/* bits 8 to 11 are meaningful only with bit 7; 9 to 11 are advanced information */
	static const struct flag flags[] = {
		{ 0, "data read", NULL },
		{ 1, "data write", NULL },
		{ 2, "instruction fetch", NULL },
		{ 7, NULL, "no linear address" },
		{ 12, "NMI unblocking due to IRET", NULL },
		{ 13, "shadow-stack access", NULL },
		{ 15, "guest-paging verification", NULL },
		{ 16, "asynchronous to the instruction", NULL },
	};
	const uint64_t shown_below = UINT64_C(0x4f78); /* bits 3 to 6, 8 to 11, 14 */
	struct kw_buf t = kw_buf_over(buf, size);
	struct kw_ept_violation v;

	kw_ept_violation_decode(qualification, &v);
	FLAGS(&t, qualification & ~shown_below, flags);
	if (v.gva_valid)
		item(&t, v.translated ? "final translation" : "paging-structure access");
	if (!v.readable && !v.writable && !v.executable) {
		item(&t, "EPT entry not present");
		return t.len;
	}
	item(&t, "EPT entry allows ");
	put(&t, v.readable ? "r" : "-");
	put(&t, v.writable ? "w" : "-");
	put(&t, v.executable ? "x" : "-");
	return t.len;
}

/* Intel SDM vol. 3, "Page-Fault Exceptions"; AMD APM vol. 2, "#PF-Page-Fault Exception". */
static const struct flag pf_flags[] = {
	{ 1, "write", NULL },
	{ 4, "instruction fetch", NULL },
	{ 2, "user", "supervisor" },
	{ 0, "protection violation", "page not present" },
	{ 3, "reserved bit set", NULL },
	{ 5, "protection key", NULL },
	{ 6, "shadow stack", NULL },
	{ 7, "HLAT paging", NULL },
	{ 15, "SGX", NULL },
	{ 31, "RMP", NULL },
};

size_t kw_pf_error_text(uint32_t error_code, char *buf, size_t size)
{
	struct kw_buf t = kw_buf_over(buf, size);

	if (!(error_code & (KW_PF_W | KW_PF_I)))
		item(&t, "read");
	FLAGS(&t, error_code, pf_flags);
	return t.len;
}

/* AMD APM vol. 2, "Nested versus Guest Page Faults, Fault Ordering"; Linux PFERR_GUEST_*. */
size_t kw_npf_text(uint64_t exit_info_1, char *buf, size_t size)
{
	static const struct flag flags[] = {
		{ 1, "write", NULL },
		{ 4, "instruction fetch", NULL },
		{ 2, "user", NULL }, /* always set for the nested walk, so clear says nothing */
		{ 0, "protection violation", "page not present" },
		{ 3, "reserved bit set", NULL },
		{ 6, "shadow stack", NULL },
		{ 31, "RMP", NULL },
		{ 32, "final translation", NULL },
		{ 33, "guest page-table walk", NULL },
		{ 34, "encrypted", NULL },
		{ 35, "RMP size mismatch", NULL },
		{ 36, "VMPL", NULL },
	};
	struct kw_buf t = kw_buf_over(buf, size);

	if (!(exit_info_1 & (KW_PF_W | KW_PF_I)))
		item(&t, "read");
	FLAGS(&t, exit_info_1, flags);
	return t.len;
}

/* Intel SDM vol. 3, "Basic VM-Exit Information". */
void kw_vmx_exit_decode(uint32_t word, struct kw_vmx_exit *ret)
{
	*ret = (struct kw_vmx_exit){
		.basic = (uint16_t)word,
		.bus_lock = bit(word, 26),
		.enclave = bit(word, 27),
		.pending_mtf = bit(word, 28),
		.from_root = bit(word, 29),
		.entry_failure = bit(word, 31),
		.unknown = word & UINT32_C(0x43ff0000),
	};
}

size_t kw_vmx_exit_text(uint32_t word, char *buf, size_t size)
{
	struct kw_buf t = kw_buf_over(buf, size);
	struct kw_vmx_exit x;
	const char *name;

	kw_vmx_exit_decode(word, &x);
	name = kw_vmx_exit_name(x.basic);
	put(&t, name ? name : "basic exit reason");
	put(&t, " (");
	kw_buf_dec(&t, x.basic);
	put(&t, ")");
	if (x.entry_failure)
		item(&t, "VM-entry failure");
	if (x.bus_lock)
		item(&t, "bus lock");
	if (x.enclave)
		item(&t, "enclave mode");
	if (x.pending_mtf)
		item(&t, "pending MTF");
	if (x.from_root)
		item(&t, "from VMX root operation");
	put_unknown_bits(&t, x.unknown);
	return t.len;
}

enum kw_entry_code kw_entry_code_of(uint64_t code)
{
	if (code >= UINT64_MAX - 3 || (code >= UINT32_MAX - 3 && code <= UINT32_MAX))
		return KW_ENTRY_SVM;
	if (code <= UINT32_MAX && bit(code, 31))
		return KW_ENTRY_VMX_EXIT;
	if (kw_vmx_insn_error(code))
		return KW_ENTRY_VMX_INSN_ERROR;
	return KW_ENTRY_OTHER;
}

/* AMD APM vol. 2, "IOIO Intercepts". */
void kw_svm_ioio_decode(uint32_t exit_info_1, struct kw_io_exit *ret)
{
	unsigned int sizes = exit_info_1 >> 4 & 7; /* SZ8, SZ16, SZ32: in bytes */

	*ret = (struct kw_io_exit){
		.port = (uint16_t)(exit_info_1 >> 16),
		.bytes = sizes == 1 || sizes == 2 || sizes == 4 ? (uint8_t)sizes : 0,
		.in = bit(exit_info_1, 0),
		.string = bit(exit_info_1, 2),
		.rep = bit(exit_info_1, 3),
	};
}

/* Intel SDM vol. 3, "Exit Qualification for I/O Instructions". */
void kw_vmx_io_decode(uint64_t qualification, struct kw_io_exit *ret)
{
	unsigned int bytes = (unsigned int)(qualification & 7) + 1;

	*ret = (struct kw_io_exit){
		.port = (uint16_t)(qualification >> 16),
		.bytes = bytes == 1 || bytes == 2 || bytes == 4 ? (uint8_t)bytes : 0,
		.in = bit(qualification, 3),
		.string = bit(qualification, 4),
		.rep = bit(qualification, 5),
	};
}

size_t kw_io_exit_text(const struct kw_io_exit *io, char *buf, size_t size)
{
	struct kw_buf t = kw_buf_over(buf, size);

	if (io->rep)
		put(&t, "REP ");
	put(&t, io->in ? "IN" : "OUT");
	if (io->string)
		put(&t, "S");
	put(&t, ", port ");
	put_hex(&t, io->port);
	if (io->bytes) {
		put(&t, ", ");
		kw_buf_dec(&t, io->bytes);
		put(&t, io->bytes == 1 ? " byte" : " bytes");
	}
	return t.len;
}

/* struct kvm_run.emulation_failure and prepare_emulation_failure_exit() of Linux. */
void kw_emulation_failure_decode(const uint64_t *data, size_t ndata,
				 struct kw_emulation_failure *ret)
{
	size_t at = 1;

	*ret = (struct kw_emulation_failure){ 0 };
	if (ndata == 0)
		return;
	ret->flags = data[0];
	if (bit(data[0], 0) && ndata >= 3) {
		uint8_t size = (uint8_t)data[1];

		ret->has_bytes = true;
		ret->insn_size = size < 15 ? size : 15;
		for (unsigned int i = 0; i < 15; i++)
			ret->insn_bytes[i] = (uint8_t)(data[1 + (i + 1) / 8] >> ((i + 1) % 8 * 8));
		at = 3;
	}
	if (ndata < at + 5)
		return;
	ret->has_exit = true;
	ret->reason = data[at];
	ret->info1 = data[at + 1];
	ret->info2 = data[at + 2];
	ret->intr_info = (uint32_t)data[at + 3];
	ret->error_code = (uint32_t)data[at + 4];
	ret->debug = (uint8_t)(at + 5);
	ret->ndebug = (uint8_t)(ndata - ret->debug < 16 ? ndata - ret->debug : 16);
}
