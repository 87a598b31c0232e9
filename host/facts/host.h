/* SPDX-License-Identifier: MIT */
/*
 * A host's KVM according to its files: facts from /proc, /sys and /dev in, plain structures out.
 * Prints nothing and changes nothing on the host. What could not be read is unknown, which is
 * neither yes nor no.
 */
#ifndef KW_HOST_H
#define KW_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tree.h"

enum kw_tri { KW_TRI_UNKNOWN, KW_NO, KW_YES };

enum {
	KW_HOST_WORD = 80,
	KW_HOST_LINE = 400,
	KW_HOST_FILE = 160,
	KW_HOST_LIST = 32,
	KW_HOST_GUESTS = 256
};

/* A list that may be truncated: .count says how many there are, at most KW_HOST_LIST are here. */
struct kw_host_words {
	size_t count;
	char word[KW_HOST_LIST][KW_HOST_WORD];
};

struct kw_host_kernel {
	char release[KW_HOST_WORD];	/* as `uname -r` prints it */
	char build[KW_HOST_LINE];	/* as `uname -v` prints it */
	char signature[KW_HOST_LINE];	/* Ubuntu's /proc/version_signature, or "" */
	char os[KW_HOST_LINE];		/* the distribution's name, or "" */
	unsigned int major, minor;	/* 0.0 if unknown */
	char lockdown[KW_HOST_WORD];	/* none, integrity, confidentiality; "" if unknown */
	enum kw_tri efi, secure_boot;
	enum kw_tri taint_known;
	uint64_t taint;
	enum kw_tri modules;		/* the kernel can load modules */
	enum kw_tri modules_disabled;	/* kernel.modules_disabled: until the next boot */
	enum kw_tri sig_enforce;	/* it loads only signed modules */
	enum kw_tri kprobes;
	enum kw_tri btf, btf_kvm;	/* of vmlinux, and of kvm if that is a module */
	enum kw_tri bpf;		/* the system call */
	enum kw_tri jit;		/* BPF programs are compiled */
	enum kw_tri livepatches_known;
	struct kw_host_words livepatches;
};

/* The processor, and what is below this host. */
struct kw_host_cpu {
	char vendor[KW_HOST_WORD], model[KW_HOST_WORD];
	enum kw_tri vmx, svm;		/* flags of /proc/cpuinfo */
	enum kw_tri hypervisor;		/* this host is a guest */
	char under[KW_HOST_LINE];	/* of what, according to DMI and /sys/hypervisor; or "" */
};

enum kw_kvm_state { KW_KVM_UNKNOWN, KW_KVM_NOT_LOADED, KW_KVM_MODULE, KW_KVM_BUILT_IN };

struct kw_host_cap {
	const char *name;	/* KVM_CAP_* */
	const char *about;
	int value;		/* of KVM_CHECK_EXTENSION */
};

struct kw_host_kvm {
	enum kw_kvm_state state;	/* of kvm itself */
	char vendor[KW_HOST_WORD];	/* kvm_amd, kvm_intel, another one; "" if there is none */
	enum kw_kvm_state vendor_state;
	enum kw_tri registered;		/* the kernel has a device "kvm" */
	enum kw_tri node;		/* /dev/kvm exists */
	char access[KW_HOST_LINE];	/* "crw-rw---- root:kvm", with "and an access list" */
	/* errno of opening it; 0 if it was opened; -1 if not tried */
	int open_error;
	int api;			/* KVM_GET_API_VERSION, or -1 */
	size_t ncaps;
	struct kw_host_cap cap[KW_HOST_LIST];
	enum kw_tri can_run;
	char why[KW_HOST_LINE];		/* a sentence for .can_run */
};

struct kw_host_param {
	char module[KW_HOST_WORD], name[KW_HOST_WORD];
	char value[KW_HOST_WORD];
	int error;			/* errno, if the value could not be read */
};

/* A source of KVM messages that can be switched. */
struct kw_host_diag {
	const char *id;
	const char *about;
	enum kw_tri on;
	char state[KW_HOST_LINE];	/* details, or why it is unknown; or "" */
	char turn_on[KW_HOST_LINE], turn_off[KW_HOST_LINE]; /* commands; "" if there is none */
};

struct kw_host_guest {
	int pid;
	char comm[KW_HOST_WORD];
	char name[KW_HOST_LINE];	/* from the command line, or "" */
	unsigned int vms, vcpus;
};

/* A sentence that says what is missing, and one that says what to do. */
struct kw_reason {
	const char *id;			/* not-root, no-btf, ... */
	unsigned int blocks;		/* of KW_WAY_*; 0 for a remark */
	char says[KW_HOST_LINE];
	char todo[KW_HOST_LINE];	/* or "" */
};

/* The ways of `kvmwhy watch`, best first; and the module. */
enum {
	KW_WAY_FENTRY = 1,
	KW_WAY_KPROBE = 2,
	KW_WAY_TRACEPOINT = 4,
	KW_WAY_TRACEFS = 8,
	KW_WAY_BPF = KW_WAY_FENTRY | KW_WAY_KPROBE | KW_WAY_TRACEPOINT,
	KW_WAY_ALL = KW_WAY_BPF | KW_WAY_TRACEFS,
	KW_WAY_MODULE = 16
};

enum { KW_REASONS = 16 };

struct kw_can {
	unsigned int ways;		/* those that nothing blocks */
	unsigned int tried;		/* of these, those that were opened, and closed again */
	size_t count;
	struct kw_reason reason[KW_REASONS];
};

struct kw_host {
	struct kw_tree tree;
	bool copy;			/* a copy, not the host itself */
	struct kw_host_kernel kernel;
	struct kw_host_cpu cpu;
	struct kw_host_kvm kvm;
	enum kw_tri caps_known;
	uint64_t caps;			/* effective capabilities of this process */
	enum kw_tri root;		/* its effective user is root */
	enum kw_tri tracefs;		/* mounted */
	char tracefs_path[KW_HOST_WORD];
	size_t nparams;
	struct kw_host_param param[KW_HOST_LIST];
	size_t ndiags;
	struct kw_host_diag diag[8];
	enum kw_tri probes_known;
	struct kw_host_words probes;	/* "kprobe kvm_set_msr_common", "ftrace kvm_vcpu_ioctl" */
	enum kw_tri own_loaded;		/* kvmwhy.ko */
	struct kw_host_words own_params; /* "permit=off" */
	size_t nguests;			/* how many there are; at most KW_HOST_GUESTS are here */
	struct kw_host_guest guest[KW_HOST_GUESTS];
	size_t unreadable;		/* processes whose files could not be inspected */
	struct kw_can watch, module;
};

/*
 * Inspects the host, or a copy of its files below @root (NULL or "/" for the host). The structure
 * is too big for a stack. Return: 0, or a negative errno if @root cannot be read.
 */
int kw_host_collect(struct kw_host *host, const char *root);

/* Only what `kvmwhy watch` depends on: .kernel, .cpu, .kvm, .watch. */
void kw_host_collect_watch(struct kw_host *host);

/*
 * What the installed `kvmwhy watch` says of itself: the ways that were built in (0: it does not
 * start), and why the kernel log cannot be read.
 */
void kw_host_built(struct kw_host *host, unsigned int ways);
void kw_host_no_log(struct kw_host *host, const char *why);

/* @way was opened and closed again, or, with @why, could not be opened. */
void kw_host_tried(struct kw_host *host, unsigned int way, const char *why);

/* The parts of kw_host_collect(), in its order. */
void kw_host_kernel(struct kw_host *host);
void kw_host_cpu(struct kw_host *host);
void kw_host_kvm(struct kw_host *host);
void kw_host_device(struct kw_host *host);
void kw_host_params(struct kw_host *host);
void kw_host_diags(struct kw_host *host);
void kw_host_probes(struct kw_host *host);
void kw_host_guests(struct kw_host *host);
void kw_host_ways(struct kw_host *host);

/* The name of the guest in the command line of @pid, "" if there is none. */
void kw_host_guest_name(const struct kw_tree *tree, int pid, char *name, size_t size);

/* The KVM module for this processor: kvm_amd, kvm_intel, or just kvm if its flags are unknown. */
const char *kw_host_wanted(const struct kw_host *host);

/* Taint flags: the letter of bit @bit and its meaning; 0 and NULL for an unknown bit. */
char kw_taint_letter(unsigned int bit);
const char *kw_taint_about(unsigned int bit);

static inline enum kw_tri kw_tri(bool yes)
{
	return yes ? KW_YES : KW_NO;
}

#endif
