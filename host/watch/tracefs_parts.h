/* SPDX-License-Identifier: MIT */
/*
 * What the files of the tracefs backend share. tracefs_probe.c puts events into the kernel,
 * tracefs_ring.c reads them in time order, tracefs_join.c turns them into records, tracefs_guard.c
 * removes what was put in.
 */
#ifndef KW_WATCHER_TRACEFS_PARTS_H
#define KW_WATCHER_TRACEFS_PARTS_H

#include "watch.h"

#include <event-parse.h>
#include <kbuffer.h>
#include <stdbool.h>
#include <tracefs.h>

/*
 * Two instances, since the buffers of one drop the oldest events and those of the other the newest:
 *
 * FAILURES has one event for each failed KVM_RUN and nothing else, so the events its full buffers
 * refuse are the lost failures. It wakes the reader. HISTORY has what came before: each VM exit,
 * each guest access to an MSR. Nothing reads it, and it overwrites itself, until something fails.
 * Then the thread's last events are still there: kvm_exit fires on every exit, and reading them all
 * would cost more than the guests. The kernel can neither filter kvm_exit by what comes later nor
 * read VM exit fields at the end of KVM_RUN: they are in structures of the vendor modules, which
 * have no BTF.
 */
enum kw_tracefs_instance { KW_TRACEFS_FAILURES, KW_TRACEFS_HISTORY, KW_TRACEFS_INSTANCES };

/* The kinds of events; the rows of tracefs_probe.c. */
enum kw_tracefs_kind {
	KW_TRACEFS_EXIT,
	KW_TRACEFS_NESTED,
	KW_TRACEFS_RUN_END,
	KW_TRACEFS_EMULATE,
	KW_TRACEFS_MODULE,
	KW_TRACEFS_MSR_ENTER,
	KW_TRACEFS_MSR_COMMON,
	KW_TRACEFS_MSR_VENDOR,
	KW_TRACEFS_FAULT_ENTER,
	KW_TRACEFS_FAULT,
	KW_TRACEFS_LEAVE,
	KW_TRACEFS_KINDS,
};

/* Fields by position in their row. */
enum {
	KW_TF_EXIT_REASON,
	KW_TF_RIP,
	KW_TF_ISA,
	KW_TF_INFO1,
	KW_TF_INFO2,
	KW_TF_INTR_INFO,
	KW_TF_ERROR_CODE,
	KW_TF_VCPU,
};
enum { KW_TF_REASON, KW_TF_ERRNO };
enum { KW_TF_INSN_LEN, KW_TF_INSN };
enum {
	KW_TF_M_KIND,
	KW_TF_M_FLAGS,
	KW_TF_M_RESULT,
	KW_TF_M_RUN,
	KW_TF_M_MSR,
	KW_TF_M_FUNCTION,
	KW_TF_M_VALUE,
	KW_TF_M_RIP,
	KW_TF_M_EXIT_REASON,
	KW_TF_M_GPA,
	KW_TF_M_ERROR_CODE,
	KW_TF_M_VCPU,
};
enum { KW_TF_MSR_INDEX, KW_TF_MSR_DATA, KW_TF_MSR_HOST };
enum { KW_TF_RET };
enum { KW_TF_FAULT_GPA, KW_TF_FAULT_CODE };
enum { KW_TF_L_VCPU, KW_TF_L_RUN, KW_TF_L_REGS, KW_TF_L_AVAIL };
enum { KW_TF_FIELDS = 12 };

/* Where an event's fields are; size 0: this kernel's event does not have it. */
struct kw_tracefs_layout {
	int id;		/* of the event in this kernel; -1: not there */
	struct {
		uint16_t offset, size;
	} field[KW_TF_FIELDS];
};

/* What may be left in the kernel, as text usable by a process just forked. */
enum { KW_TRACEFS_PATH = 192, KW_TRACEFS_PROBES = KW_TRACEFS_KINDS - KW_TRACEFS_MSR_ENTER };
struct kw_tracefs_names {
	char name[KW_TRACEFS_INSTANCES][80];
	char path[KW_TRACEFS_INSTANCES][KW_TRACEFS_PATH];
	char probe_file[KW_TRACEFS_PATH];
	char group[64];
	char minus[KW_TRACEFS_PROBES][96];	/* removes a probe */
};

struct kw_tracefs_guard {
	int pipe;	/* -1: there is none */
	pid_t pid;
};

/* A page taken out of the kernel but not yet processed. */
struct kw_tracefs_page {
	struct kw_tracefs_page *next;
	unsigned char bytes[];
};

/* One CPU's buffer of one instance, with one page loaded. */
struct kw_tracefs_stream {
	struct kw_tracefs_page *first, **last;	/* the next pages */
	int fd;
	unsigned int cpu;
	unsigned int instance;
	struct kbuffer *kbuf;
	void *page;
	void *event;		/* the next one, or NULL */
	unsigned long long ts;
	uint64_t drops;		/* seen so far in the kernel's statistics */
	bool loaded;		/* in this reading */
};

struct kw_tracefs_rings {
	struct kw_tracefs_stream *streams;	/* those of FAILURES, then those of HISTORY */
	size_t count, cpus;
	int page_size;
	size_t taken;	/* bytes of pending pages */
	uint64_t taken_at;
	bool gaps;	/* HISTORY has overwritten something since the last reading */
	uint64_t whole_since;	/* nothing later than this was overwritten, by the events' clock */
};

/* An event as it was read. */
struct kw_tracefs_event {
	enum kw_tracefs_instance instance;
	enum kw_tracefs_kind kind;
	uint64_t ts;
	int tid;
	const uint8_t *data;
	const struct kw_tracefs_layout *layout;
};

struct kw_tracefs {
	struct kw_watcher *live;
	struct kw_tracefs_names names;
	struct kw_tracefs_guard guard;
	struct tracefs_instance *instance[KW_TRACEFS_INSTANCES];
	struct tep_handle *tep;
	struct kw_tracefs_layout layout[KW_TRACEFS_KINDS];
	struct kw_tracefs_rings rings;
	uint32_t vendor;		/* KVMWHY_X86_SVM or _VMX, or 0 */
	int timer;
	void *threads;			/* tsearch tree of tracefs_join.c */
	size_t nthreads;
	uint64_t bare;			/* failures whose history was overwritten */
	uint64_t missed;		/* returns that no probe could catch */
	uint64_t missed_common;		/* those of kvm_set_msr_common() among them */
	char missing[KW_WATCHER_TEXT];	/* what was known at open */
};

/* tracefs_guard.c: all return 0, or -1 with live->why. */
void kw_tracefs_names_own(struct kw_tracefs_names *names, const char *dir);
void kw_tracefs_remove_stale(const char *dir);
bool kw_tracefs_remove(const struct kw_tracefs_names *names);
bool kw_tracefs_remove_patiently(const struct kw_tracefs_names *names);
int kw_tracefs_guard_start(struct kw_tracefs_guard *guard, const struct kw_tracefs_names *names);
void kw_tracefs_guard_stop(struct kw_tracefs_guard *guard);

/* tracefs_probe.c */
const char *kw_tracefs_probe_name(size_t i);
const char *kw_tracefs_find_dir(struct kw_watcher *live);
int kw_tracefs_put_in(struct kw_tracefs *t, const char *dir);
void kw_tracefs_count_missed(struct kw_tracefs *t);

/* tracefs_layout.c: the layout of struct kvm_vcpu, from the kernel's BTF. */
struct kw_tracefs_vcpu {
	uint32_t run, vcpu_id, regs, regs_avail;	/* offsets in struct kvm_vcpu */
};
int kw_tracefs_vcpu_layout(struct kw_tracefs_vcpu *ret);

/* tracefs_ring.c */
int kw_tracefs_rings_open(struct kw_tracefs *t, int epoll);
void kw_tracefs_rings_close(struct kw_tracefs *t);
int kw_tracefs_rings_read(struct kw_tracefs *t,
			  int (*take)(struct kw_tracefs *t, const struct kw_tracefs_event *event));

/* tracefs_join.c */
int kw_tracefs_join(struct kw_tracefs *t, const struct kw_tracefs_event *event);
void kw_tracefs_threads_free(struct kw_tracefs *t);

/*
 * tracefs_who.c: pid, comm and args of the thread event->tid; the threads of a process, to be
 * freed, or NULL.
 */
void kw_tracefs_who(struct kw_tracefs *t, struct kvmwhy_event *event);
char *kw_tracefs_tasks(pid_t pid);


#endif
