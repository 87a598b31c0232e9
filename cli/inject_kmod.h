/* SPDX-License-Identifier: MIT */
/*
 * The files of kvmwhy.ko in debugfs: values in and out. Each failure is reported, with a remedy.
 * docs/kmod.md lists the files.
 */
#ifndef KW_INJECT_KMOD_H
#define KW_INJECT_KMOD_H

#include <limits.h>
#include <stddef.h>

enum { KW_KMOD_TEXT = 32 }; /* bytes of an attribute's text, with its NUL */

struct kw_kmod {
	char path[PATH_MAX]; /* of its folder inject/ */
	int folder;
};

/* Only names the folder, for callers that do not access it. */
void kw_kmod_name(struct kw_kmod *kmod, const char *debugfs);

/* Opens the folder and locks it against other callers. Return: 0, or -1 after a complaint. */
int kw_kmod_open(struct kw_kmod *kmod, const char *debugfs);

void kw_kmod_close(struct kw_kmod *kmod);

/* Is there such an attribute, and may we write it? Return: 0, or -1 after a complaint. */
int kw_kmod_check(const struct kw_kmod *kmod, const char *attribute);

int kw_kmod_write(const struct kw_kmod *kmod, const char *attribute, const char *text);
int kw_kmod_read(const struct kw_kmod *kmod, const char *attribute, char text[static KW_KMOD_TEXT]);

/*
 * The file status, as NUL-terminated text truncated to @size. Return: 0, or -1 after a complaint.
 */
int kw_kmod_status(const struct kw_kmod *kmod, char *text, size_t size);

#endif
