/* SPDX-License-Identifier: MIT */
/*
 * THE record: what is known about one failure, and how. Parsers fill it, the later stages read it.
 * A fact that was not seen is unknown, never zero: check kw_known() before reading the member.
 */
#ifndef KW_FAILURE_H
#define KW_FAILURE_H

#include "base/arena.h"
#include "base/str.h"

#include <kvm_numbers.h>

enum kw_class {
	KW_CLASS_NONE,
	KW_CLASS_KVM_RUN_FAILED,
	KW_CLASS_INTERNAL_ERROR,
	KW_CLASS_ENTRY_FAILED,
	KW_CLASS_UNKNOWN_EXIT,
	KW_CLASS_VMCS_DUMP,
	KW_CLASS_VMCB_DUMP,
	KW_CLASS_MSR_MESSAGE,
	KW_CLASS_VMM_ERROR,
	KW_CLASS_REGISTER_DUMP,
	/* from here on: kw_class_is_message() */
	KW_CLASS_KVM_UNUSABLE,	   /* KVM cannot be used at all */
	KW_CLASS_SETUP_FAILED,	   /* an ioctl that sets a VM or vCPU up was refused */
	KW_CLASS_HOST_KERNEL,	   /* BUG, oops, WARN, panic of the host in KVM */
	/* the VMM ended itself: qemu: fatal, hardware error, or just an assertion */
	KW_CLASS_VMM_FATAL,
	KW_CLASS_CPU_RESET,	   /* a dump made by a reset */
	KW_CLASS_SPLIT_LOCK,
	KW_CLASS_PROTECTED_VM,	   /* SEV, SNP, TDX: launch and firmware */
	KW_CLASS_MEMORY_ERROR,	   /* hardware errors of the host's memory */
	KW_CLASS_MIGRATION_FAILED,
	KW_CLASS_CPU_FEATURES,	   /* the host lacks what the guest's CPU model has */
	KW_CLASS_NOT_KVM,	   /* the guest's end was not KVM's doing */
	KW_NCLASSES,
};

enum kw_arch {
	KW_ARCH_UNKNOWN,
	KW_ARCH_X86,
	KW_ARCH_AARCH64,
	KW_ARCH_ARM,
	KW_ARCH_PPC64,
	KW_ARCH_S390X,
	KW_ARCH_RISCV64,
	KW_ARCH_LOONGARCH64,
	KW_ARCH_MIPS,
	KW_NARCHES,
};

enum kw_vendor { KW_VENDOR_UNKNOWN, KW_VENDOR_INTEL, KW_VENDOR_AMD };

enum kw_how { KW_NOT_KNOWN, KW_SEEN, KW_DERIVED, KW_ASSUMED };

enum kw_fact {
#define F(arch, name, group, print, doc) KW_F_##name,
#include "failure/facts.def"
#undef F
	KW_NFACTS,
	KW_F_none = KW_NFACTS,
};

enum kw_fact_group {
	KW_G_SAID,
	KW_G_REG,
	KW_G_SEG,
	KW_G_SYS,
	KW_G_VMCS,
	KW_G_VMCB,
	KW_G_DERIVED,
	KW_NGROUPS
};

/* Name, group and meaning of each fact, by enum kw_fact. */
struct kw_fact_info {
	char name[32];
	uint8_t arch;  /* enum kw_arch it belongs to; KW_ARCH_UNKNOWN: any */
	uint8_t group; /* enum kw_fact_group */
	bool hex;
	char doc[56];
};
extern const struct kw_fact_info kw_facts[KW_NFACTS];

/* .arch and .group alone, since they are asked for every fact that is set. */
extern const uint8_t kw_fact_arch[KW_NFACTS], kw_fact_group[KW_NFACTS];

/* Texts that were seen, each a part of a line. */
enum kw_text {
	KW_T_HEADLINE,	     /* the line that names the failure, trimmed */
	KW_T_ERRNO,	     /* strerror text as printed */
	/* release of the host's kernel, from an oops or WARN header or from `kvmwhy watch` */
	KW_T_HOST_KERNEL,
	KW_T_VMM,	     /* who printed it: QEMU, kvmtool, crosvm, cloud-hypervisor, ... */
	KW_T_GUEST,	     /* name of the guest */
	KW_T_FUNCTION,	     /* function named in a message */
	KW_T_THREAD,	     /* name of the vCPU's thread */
	KW_T_DEVICE,	     /* device or group named in a message */
	KW_T_IOCTL,	     /* the ioctl that was refused, "" if the text does not name it */
	KW_NTEXTS,
};

/* Where a fact comes from. */
struct kw_origin {
	uint8_t how;   /* enum kw_how */
	uint16_t line; /* index in kw_failure.lines, KW_NO_LINE if it is from none */
};

#define KW_NO_LINE UINT16_MAX

/* A line of the input, verbatim. */
struct kw_line {
	uint64_t number; /* from 1 */
	struct kw_str text;
};

/* The instruction bytes. The bit in .known is clear for an unreadable byte (??). */
struct kw_code {
	uint8_t bytes[64];
	uint64_t known;
	uint8_t len;
	int8_t marked; /* index of the byte in < >, -1 if none was seen */
	struct kw_origin origin;
};

enum { KW_RUN_ROW = 16, KW_RUN_ROWS = 48 };

/* The part of a kvm_run page that is read: rows of 16 bytes. */
struct kw_run_page {
	uint8_t len[KW_RUN_ROWS]; /* bytes of the row that were seen */
	bool odd;		  /* differs from the text around it */
	uint8_t bytes[KW_RUN_ROWS * KW_RUN_ROW];
};

enum { KW_WATCH_WORDS = 10 };

/* What `kvmwhy watch` wrote around a failure that it saw. */
struct kw_watch {
	bool begun, ended;	       /* its first and its last line were seen */
	uint16_t line;		       /* the first line */
	uint16_t word_known;	       /* bit i: word[i] was seen */
	uint16_t word_line[KW_WATCH_WORDS];
	uint64_t word[KW_WATCH_WORDS]; /* of struct kvmwhy_data */
};

enum kw_msr_verb {
	KW_MSR_UNHANDLED,
	KW_MSR_IGNORED,
	KW_MSR_UNIMPLEMENTED,
	KW_MSR_DISABLED_PERFCTR,
	KW_MSR_NOP
};

/* One kernel message about an MSR; equal ones are counted. */
struct kw_msr_message {
	uint32_t index;
	bool write, value_known;
	bool data_behind_read; /* "rdmsr: X data 0x0": a read with a data word */
	uint8_t verb; /* enum kw_msr_verb */
	uint64_t value, rip; /* rip 0 if the line has none */
	uint32_t count;
	uint16_t line; /* of the first */
};

enum kw_sign_kind {
	KW_SIGN_WARN,	      /* WARNING: ... at a KVM source file or function */
	/* BUG:, Oops, general protection fault ... in KVM or in memory management */
	KW_SIGN_BUG,
	KW_SIGN_VMX_INSN,	      /* vmptrld/vmclear/vmread/vmwrite/invept/invvpid failed */
	KW_SIGN_SEV_TERMINATION, /* SEV-ES guest requested termination; value: set << 8 | reason */
	KW_SIGN_SEV_MESSAGE,    /* vmgexit: ..., other SEV lines */
	KW_SIGN_EIO_IOCTL,      /* another KVM ioctl failed with EIO in the same log */
	KW_SIGN_ASSERTION,      /* an assertion of the VMM */
	KW_SIGN_DUMP_OFF,	      /* "set kvm_intel.dump_invalid_vmcs=1 ..." */
	KW_SIGN_FEATURE,	      /* host doesn't support requested feature */
	KW_SIGN_SMT,	      /* QEMU's hint about SMT on POWER */
	KW_SIGN_UNUSUAL_EXIT,   /* vmx/svm: unexpected exit reason ... */
	KW_SIGN_SPTE,	      /* reserved bits on spte */
	KW_SIGN_MMIO_UNREGISTERED, /* VMM: guest access to an address without a device */
	/* the kernel's own checks of page counts and page states, KSM */
	KW_SIGN_HOST_MM,
	KW_SIGN_KERNEL,	      /* "Comm: qemu ... 5.2.0-rc2": value 1 if the process is a VMM */
	KW_SIGN_MSR,	      /* a message about an MSR; value is the index */
	KW_SIGN_TCG,	      /* CCS=, CCD=, CCO= or v=..: printed by TCG's -d log, not by KVM */
	KW_SIGN_INJECTED,     /* kvmwhy.ko: "wrmsr(0x838): injecting -1"; value is the MSR */
	KW_SIGN_CONTINUED,      /* kvm_run returned -N, cont refused, ... */
	KW_SIGN_OTHER,

	/* KVM cannot be used */
	KW_SIGN_KVM_MISSING,	/* no /dev/kvm */
	KW_SIGN_KVM_DENIED,	/* /dev/kvm may not be opened */
	KW_SIGN_KVM_BUSY,	/* KVM_CREATE_VM: another hypervisor has VMX or SVM */
	/* switched off in firmware, or by the hypervisor below this host */
	KW_SIGN_KVM_OFF,
	KW_SIGN_KVM_NO_HARDWARE, /* the CPU has neither VMX nor SVM */
	KW_SIGN_KVM_OTHER_VENDOR, /* the other vendor's module is loaded */
	KW_SIGN_VMXON_FAULTED,	/* value: IA32_FEAT_CTL */
	KW_SIGN_ENABLE_FAILED,	/* enabling virtualization on CPUn failed */
	KW_SIGN_KVM_NO_EL2,	/* arm64: the kernel was entered at EL1 */
	KW_SIGN_KVM_UNUSABLE,	/* a program says that KVM cannot be used, not why */
	KW_SIGN_KVM_HOLDS,	/* another hypervisor found VMX or SVM in use */
	KW_SIGN_KVM_NOT_NESTED, /* the hypervisor below cannot give a VM its VMX or SVM */
	KW_SIGN_KVM_NOT_ASKED,	/* QEMU runs without KVM, and an option needs it */
	KW_SIGN_KVM_NOT_BUILT,	/* this QEMU has no KVM */
	KW_SIGN_CPUS_DIFFER,	/* the host's CPUs differ in what VMX or SVM offers */
	KW_SIGN_KVM_MISFIT,	/* KVM's module is missing, or of another kernel */
	KW_SIGN_KVM_CPU_UNKNOWN, /* ARM: this kernel's KVM does not know the CPU */

	/* the host's kernel */
	KW_SIGN_SPURIOUS_FAULT, /* kvm_spurious_fault() */
	KW_SIGN_MMIO_SPTE,	/* reserved bits in an MMIO SPTE */
	KW_SIGN_SPTE_WALK,	/* a line of the walk printed with it */
	KW_SIGN_ON_VM,		/* a trace of a kernel that runs in a VM */
	KW_SIGN_LOCKUP,		/* a CPU stuck in KVM */
	KW_SIGN_HUNG_TASK,	/* a VMM's thread waited too long in the kernel */
	KW_SIGN_IN_KVM,		/* an oops at an instruction of KVM's */
	KW_SIGN_VCPU_THREAD,	/* a trace of the kernel's while a VMM's thread ran */
	KW_SIGN_PANIC,
	KW_SIGN_HYP_PANIC,	/* arm64: KVM's code at EL2 */
	KW_SIGN_SPLIT_LOCK,	   /* .value: the address of the instruction */
	KW_SIGN_SPLIT_LOCK_FATAL,
	KW_SIGN_BUS_LOCK,
	KW_SIGN_MCE_GUEST,	/* QEMU passed a memory error to the guest */
	KW_SIGN_MCE_HOST,	/* memory_failure() killed, or is about to */

	/* small monitors, and how a monitor ended itself */
	KW_SIGN_FEW_WORDS,	/* an exit's number or name, and nothing else */
	KW_SIGN_SECCOMP,	/* value: number of the system call */

	/* encrypted guests */
	KW_SIGN_SEV_LAUNCH,	/* value: fw_error */
	KW_SIGN_SEV_UNSUPPORTED,
	KW_SIGN_SEV_RMPUPDATE,
	KW_SIGN_SEV_RMP_FAULT,
	KW_SIGN_TDX_SEAMCALL,	/* value: the status */
	KW_SIGN_TDX_UNACCEPTED,
	KW_SIGN_TDX_PLATFORM,
	KW_SIGN_TDX_REFUSED,
	KW_SIGN_TDX_GUEST_FATAL,

	/* not KVM */
	KW_SIGN_OOM,
	KW_SIGN_OOM_CGROUP,
	KW_SIGN_OOMD,
	KW_SIGN_VMM_SEGFAULT,
	KW_SIGN_VMM_COREDUMP,
	KW_SIGN_VFIO_GROUP,
	KW_SIGN_VFIO_NO_IOMMU,
	KW_SIGN_VFIO_NO_REMAP,	/* the platform has no interrupt remapping */
	KW_SIGN_VFIO_FAULT,
	KW_SIGN_VFIO_DMA_MAP,
	KW_SIGN_VFIO_UNBOUND,	/* not bound to vfio-pci */
	KW_SIGN_VFIO_BUSY,	/* in use by another process */
	KW_SIGN_VFIO_DENIED,	/* may not be opened */
	KW_SIGN_VFIO_PIN,	/* memory could not be mapped for the device; value: errno */
	KW_SIGN_VFIO_LOST,	/* the device does not answer: power state or reset */
	KW_SIGN_VFIO_BAR,	/* a driver of the host's has the BAR */
	KW_SIGN_VMM_GONE,	/* libvirt saw the VMM end, and does not say why */
	KW_SIGN_NO_RAM,		/* the guest's memory is not available */
	KW_SIGN_DISK_PAUSE,	/* the VM was paused by an I/O error */
	KW_SIGN_WINDOWS_STOP,	/* value: the bug-check code of Windows */
	KW_SIGN_GUEST_PANIC,	/* the guest said so, by a device of the VMM */
	KW_SIGN_FIRMWARE_STOP,	/* the guest's UEFI firmware; value: the vector */
	KW_SIGN_S390_STOP,	/* s390x: the guest loaded a disabled-wait PSW, or loops */
	KW_SIGN_S390_PSW,	/* value: the address in its PSW */

	/* the VMM gave up, or refused to start or continue */
	KW_SIGN_FATAL,		/* cpu_abort() */
	KW_SIGN_OUTSIDE_RAM,	/* cpu_abort() for code outside memory; value: the address */
	KW_SIGN_HW_ERROR,	/* hw_error() of a device model */
	KW_SIGN_CPU_RESET,
	KW_SIGN_RESET_REQUIRED, /* cont was refused */
	KW_SIGN_MIGRATION_DEVICE, /* a device's state does not load */
	KW_SIGN_MIGRATION_UNKNOWN, /* the stream has a device that this VM lacks */
	KW_SIGN_MIGRATION_RAM,	/* memory blocks differ */
	KW_SIGN_MIGRATION_MACHINE, /* machine types differ */
	KW_SIGN_MIGRATION,
	KW_SIGN_TSC_MISMATCH,	/* QEMU: TSC frequencies differ, and the host cannot scale */
	KW_SIGN_VCPUS_LIMIT,	/* more vCPUs than KVM runs; value: KVM's limit */
	KW_SIGN_PPC_CAP,	/* a capability of the pseries machine that KVM lacks */
	KW_SIGN_RISCV_SCAUSE,	/* value: SCAUSE of an exit that KVM does not handle */
	KW_SIGN_MISSING_FEATURES, /* of the CPU model */
	KW_SIGN_EXTRA_FEATURES,
	KW_SIGN_SYSREG_ACCESS,	/* arm64: the guest accessed a system register that KVM lacks */
	KW_SIGN_SYSREG,		/* the register; value: as Linux's sys_reg() encodes it */
	KW_SIGN_SETUP,		/* an ioctl that sets a VM or vCPU up was refused */
	KW_NSIGNS,
};

/* A line near the failure that is evidence but not a fact of its own. */
struct kw_sign {
	uint8_t kind; /* enum kw_sign_kind */
	uint16_t line;
	uint64_t value; /* a number in the line, depending on the kind; 0 if none */
	struct kw_str text;
};

struct kw_note {
	uint64_t line; /* number of the input line, 0 if it concerns none */
	struct kw_str text;
};

enum {
	KW_MAX_EXTRA = 32,
	KW_MAX_LINES = 400,
	KW_MAX_NOTES = 16,
	KW_MAX_SIGNS = 24,
	KW_MAX_MSR_MESSAGES = 64,
};

struct kw_failure {
	enum kw_class class;
	enum kw_arch arch;
	uint64_t first_line, last_line;
	struct kw_origin headline;
	unsigned int vmm_lines;	  /* lines that came from a VMM */
	bool code_line_seen;	  /* there was a Code=, even without a byte after it */
	bool registers_narrow;	  /* printed in the EAX form */
	bool emulation_failure;	  /* "emulation failure" was printed */

	union {
		struct {
#define F(arch, name, group, print, doc) uint64_t name;
#include "failure/facts.def"
#undef F
		};
		uint64_t fact[KW_NFACTS];
	};
	struct kw_origin origin[KW_NFACTS];
	unsigned int known_in[KW_NGROUPS]; /* how many facts of a group are known */

	struct kw_code code;
	uint64_t extra[KW_MAX_EXTRA]; /* extra data[i] of an internal error */
	uint32_t extra_known;
	uint16_t extra_line[KW_MAX_EXTRA];
	struct kw_str text[KW_NTEXTS];
	struct kw_run_page page; /* begun if run_exit_reason is known */
	struct kw_watch watch;

	struct kw_msr_message msr[KW_MAX_MSR_MESSAGES];
	struct kw_sign sign[KW_MAX_SIGNS];
	struct kw_note note[KW_MAX_NOTES];
	struct kw_line line[KW_MAX_LINES];
	uint16_t nmsr, nsigns, nnotes, nlines;
	struct kw_arena *arena; /* owns all texts */
};

/* An empty record whose texts live in @arena. */
void kw_failure_init(struct kw_failure *f, struct kw_arena *arena);

static inline bool kw_known(const struct kw_failure *f, enum kw_fact fact)
{
	return f->origin[fact].how != KW_NOT_KNOWN;
}

/* kw_has(f, cr0): is f->cr0 known? */
#define kw_has(f, name) kw_known((f), KW_F_##name)

/* True if the fact is known and has this value. */
#define FACT_IS(f, name, value) (kw_has((f), name) && (f)->name == (value))

static inline void kw_failure_set(struct kw_failure *f, enum kw_fact fact, uint64_t value,
				  enum kw_how how, uint16_t line)
{
	f->known_in[kw_fact_group[fact]] += !kw_known(f, fact);
	f->fact[fact] = value;
	f->origin[fact] = (struct kw_origin){ .how = (uint8_t)how, .line = line };
}

static inline void kw_failure_forget(struct kw_failure *f, enum kw_fact fact)
{
	f->known_in[kw_fact_group[fact]] -= kw_known(f, fact);
	f->origin[fact].how = KW_NOT_KNOWN;
}


/* Is any fact of @group known? */
static inline bool kw_failure_has_group(const struct kw_failure *f, enum kw_fact_group group)
{
	return f->known_in[group];
}

/* Does the record have a dump_vmcs or dump_vmcb, its own or joined? */
static inline bool kw_failure_has_host_dump(const struct kw_failure *f)
{
	return kw_failure_has_group(f, KW_G_VMCS) || kw_failure_has_group(f, KW_G_VMCB);
}

/* Keeps a copy of an input line and returns its index, KW_NO_LINE if there is no room. */
uint16_t kw_failure_add_line(struct kw_failure *f, uint64_t number, struct kw_str text);

void kw_failure_add_note(struct kw_failure *f, uint64_t line, struct kw_str text);
void kw_failure_add_sign(struct kw_failure *f, enum kw_sign_kind kind, uint16_t line,
			  uint64_t value, struct kw_str text);

/* The sign of this kind, or NULL. */
const struct kw_sign *kw_failure_sign(const struct kw_failure *f, enum kw_sign_kind kind);

/* Is it a class of failures known only from a message, whose text is all there is? */
static inline bool kw_class_is_message(enum kw_class class)
{
	return class >= KW_CLASS_KVM_UNUSABLE && class < KW_NCLASSES;
}

/* The names of the JSON: "kvm-run-failed", "x86", ... */
const char *kw_class_name(enum kw_class class);
const char *kw_arch_name(enum kw_arch arch);

#endif
