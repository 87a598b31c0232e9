// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/debug/kvmwhy/inject/: attributes in and out. Problems are diagnosed when an operation
 * fails, not before: a check in advance would be a guess.
 */
#include "inject_kmod.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "term.h"

#define LOADED "/sys/module/kvmwhy"
#define LOCKDOWN "/sys/kernel/security/lockdown"

/* Without its NUL; -1 with errno set. */
static ssize_t read_text(int folder, const char *name, char *text, size_t size)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = -1;
	int error;

	if (fd < 0)
		return -1;
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	error = errno;
	close(fd);
	errno = error;
	text[len] = '\0';
	return n < 0 ? -1 : (ssize_t)len;
}

/* The file lists all levels, with brackets around the current one: "none [integrity] ...". */
static bool is_locked_down(void)
{
	char levels[128];

	return read_text(AT_FDCWD, LOCKDOWN, levels, sizeof(levels)) > 0 &&
	       !strstr(levels, "[none]");
}

static int complain(const struct kw_kmod *kmod, const char *what, const char *attribute, int error)
{
	const char *path = kmod->path;

	if (error == EPERM && is_locked_down())
		kw_complain("cannot %s '%s/%s': the kernel is locked down, which closes debugfs "
			    "even to root; boot without lockdown= or without Secure Boot",
			    what, path, attribute);
	else if (error == EACCES || error == EPERM)
		kw_complain("cannot %s '%s/%s': %s: run this as root", what, path, attribute,
			    strerror(error));
	else if (error == ENOENT)
		kw_complain("'%s/%s' is missing: kvmwhy.ko and this command differ in version: "
			    "compare 'modinfo -F version kvmwhy' with 'kvmwhy version'",
			    path, attribute);
	else
		kw_complain("cannot %s '%s/%s': %s", what, path, attribute, strerror(error));
	return -1;
}

/* An unused mount point is empty; debugfs never is. */
static bool is_empty(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool empty = true;

	if (!folder)
		return errno == ENOENT;
	while (empty && (entry = readdir(folder)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(folder);
	return empty;
}

static int complain_open(const struct kw_kmod *kmod, const char *debugfs, int error)
{
	if (error == EACCES || error == EPERM)
		kw_complain("cannot open '%s': %s: run this as root", kmod->path, strerror(error));
	else if (error != ENOENT)
		kw_complain("cannot open '%s': %s", kmod->path, strerror(error));
	else if (is_empty(debugfs))
		kw_complain("debugfs is not mounted at '%s': run 'mount -t debugfs debugfs "
			    "%s'", debugfs,
			    debugfs);
	else if (access(LOADED, F_OK))
		kw_complain("the module is not loaded: run 'modprobe kvmwhy'; to install it, see "
			    "docs/kmod.md");
	else
		kw_complain("'%s' is missing although the module is loaded: check dmesg",
			    kmod->path);
	return -1;
}

void kw_kmod_name(struct kw_kmod *kmod, const char *debugfs)
{
	snprintf(kmod->path, sizeof(kmod->path), "%s/kvmwhy/inject", debugfs);
	kmod->folder = -1;
}

int kw_kmod_open(struct kw_kmod *kmod, const char *debugfs)
{
	kw_kmod_name(kmod, debugfs);
	kmod->folder = open(kmod->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (kmod->folder < 0)
		return complain_open(kmod, debugfs, errno);
	if (!flock(kmod->folder, LOCK_EX))
		return 0;
	kw_complain("cannot lock '%s': %s", kmod->path, strerror(errno));
	kw_kmod_close(kmod);
	return -1;
}

void kw_kmod_close(struct kw_kmod *kmod)
{
	close(kmod->folder);
	kmod->folder = -1;
}

int kw_kmod_check(const struct kw_kmod *kmod, const char *attribute)
{
	return faccessat(kmod->folder, attribute, W_OK, 0) ?
		       complain(kmod, "write", attribute, errno) :
		       0;
}

/* In one write(): the module takes each write as the whole value. */
int kw_kmod_write(const struct kw_kmod *kmod, const char *attribute, const char *text)
{
	int fd = openat(kmod->folder, attribute, O_WRONLY | O_TRUNC | O_CLOEXEC);
	size_t len = strlen(text);
	int error = 0;

	if (fd < 0)
		return complain(kmod, "write", attribute, errno);
	if (write(fd, text, len) != (ssize_t)len)
		error = errno;
	if (close(fd) && !error)
		error = errno;
	if (!error)
		return 0;
	if (error == EINVAL)
		kw_complain("the module refuses '%s' for '%s/%s'", text, kmod->path, attribute);
	else if (error == EOPNOTSUPP)
		kw_complain("the module does not know this kernel's KVM: dmesg names the function "
			    "that it cannot probe");
	else
		complain(kmod, "write", attribute, error);
	return -1;
}

int kw_kmod_read(const struct kw_kmod *kmod, const char *attribute, char text[static KW_KMOD_TEXT])
{
	if (read_text(kmod->folder, attribute, text, KW_KMOD_TEXT) < 0)
		return complain(kmod, "read", attribute, errno);
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

int kw_kmod_status(const struct kw_kmod *kmod, char *text, size_t size)
{
	static const char name[] = "../status";

	return read_text(kmod->folder, name, text, size) < 0 ?
		       complain(kmod, "read", name, errno) :
		       0;
}
