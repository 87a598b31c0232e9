// SPDX-License-Identifier: MIT
/*
 * A record of /dev/kmsg is "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT\n" (Linux
 * Documentation/ABI/testing/dev-kmsg). Its time is not CLOCK_MONOTONIC, and the two drift apart; we
 * note when a line arrived.
 */
#include "kmsg.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000ull

enum { RECORD_BYTES = 8192, BLOCK_LINES = 120, READS = 4096 };

int kw_kmsg_open(struct kw_kmsg *kmsg)
{
	memset(kmsg, 0, sizeof(*kmsg));
	kmsg->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg->fd < 0)
		return -errno;
	if (lseek(kmsg->fd, 0, SEEK_END) >= 0)
		return 0;
	kw_kmsg_close(kmsg);
	return -EIO;
}

/* First lines of KVM's multi-line dumps and of the kernel's own warnings. */
static bool begins_block(const char *text)
{
	static const char *const heads[] = { "*** Guest State ***",
					     "VMCS 0x",
					     "VMCB Control Area",
					     " VMCB 0x",
					     "WARNING: ",
					     "cut here",
					     "BUG: " };

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (strstr(text, heads[i]))
			return true;
	return false;
}

static bool names_kvm(const char *text)
{
	return strcasestr(text, "kvm") || strstr(text, "SVM: ") || strstr(text, "VMCS") ||
	       strstr(text, "VMCB");
}

/* "kvm [1234]: ..." */
static pid_t pid_in(const char *text)
{
	const char *found = strstr(text, "kvm [");

	return found ? (pid_t)strtol(found + strlen("kvm ["), NULL, 10) : 0;
}

static void keep(struct kw_kmsg *kmsg, const char *text)
{
	struct kw_kmsg_line *line;
	struct timespec now;

	if (kmsg->nlines == KW_KMSG_LINES) {
		memmove(&kmsg->line[0], &kmsg->line[1],
			sizeof(kmsg->line[0]) * (KW_KMSG_LINES - 1));
		kmsg->nlines--;
	}
	line = &kmsg->line[kmsg->nlines++];
	clock_gettime(CLOCK_MONOTONIC, &now);
	line->time_ns = (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
	line->pid = pid_in(text);
	snprintf(line->text, sizeof(line->text), "%s", text);
}

static void take_record(struct kw_kmsg *kmsg, char *record)
{
	char *text = strchr(record, ';');

	if (!text++)
		return;
	text[strcspn(text, "\n")] = '\0';	/* the device's properties follow */
	if (begins_block(text))
		kmsg->block = BLOCK_LINES;
	if (!kmsg->block && !names_kvm(text))
		return;
	if (kmsg->block)
		kmsg->block--;
	if (strstr(text, "end trace"))
		kmsg->block = 0;
	keep(kmsg, text);
}

void kw_kmsg_read(struct kw_kmsg *kmsg)
{
	char record[RECORD_BYTES];

	for (int i = 0; kmsg->fd >= 0 && i < READS; i++) {
		ssize_t len = read(kmsg->fd, record, sizeof(record) - 1);

		/* lines were overwritten before we read them; the next one is there */
		if (len < 0 && errno == EPIPE)
			continue;
		if (len <= 0)
			return;
		record[len] = '\0';
		take_record(kmsg, record);
	}
}

static bool belongs(const struct kw_kmsg_line *line, uint64_t time_ns, pid_t pid, pid_t tid)
{
	return line->time_ns + SECOND_NS >= time_ns &&
	       (!line->pid || line->pid == pid || line->pid == tid);
}

size_t kw_kmsg_take(struct kw_kmsg *kmsg, uint64_t time_ns, pid_t pid, pid_t tid,
		    const char *ret[static KW_KMSG_LINES])
{
	static struct kw_kmsg_line given[KW_KMSG_LINES];
	size_t n = 0, left = 0;

	for (size_t i = 0; i < kmsg->nlines; i++) {
		if (belongs(&kmsg->line[i], time_ns, pid, tid))
			given[n++] = kmsg->line[i];
		else if (kmsg->line[i].time_ns + SECOND_NS >= time_ns)
			kmsg->line[left++] = kmsg->line[i];
	}
	kmsg->nlines = left;
	for (size_t i = 0; i < n; i++)
		ret[i] = given[i].text;
	return n;
}

void kw_kmsg_close(struct kw_kmsg *kmsg)
{
	if (kmsg->fd >= 0)
		close(kmsg->fd);
	kmsg->fd = -1;
}
