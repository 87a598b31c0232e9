// SPDX-License-Identifier: MIT
/*
 * Text in, whole writes out, to the standard output or a file. The first failure is kept and
 * reported once; a closed pipe (EPIPE, if SIGPIPE is ignored) ends the work silently.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "term.h"
#include "view.h"

static int open_output(struct kw_output *out, const char *path, int flags, mode_t mode)
{
	out->fd = STDOUT_FILENO;
	out->name = path ? path : "standard output";
	out->error = 0;
	out->len = 0;
	out->pager = NULL;
	out->paged = false;
	if (!path)
		return 0;
	out->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags, mode);
	if (out->fd >= 0)
		return 0;
	kw_complain("cannot write '%s': %s", path, strerror(errno));
	return -1;
}

int kw_output_open(struct kw_output *out, const char *path)
{
	return open_output(out, path, 0, 0666);
}

int kw_output_append(struct kw_output *out, const char *path)
{
	return open_output(out, path, O_APPEND, 0600);
}

/* Without a pager, the answer goes to the terminal itself. */
static void start_pager(struct kw_output *out)
{
	out->paged = !kw_pager_start(out->pager);
	out->pager = NULL;
}

static int write_all(struct kw_output *out, const char *text, size_t len)
{
	if (out->pager)
		start_pager(out);
	while (len && !out->error) {
		ssize_t done = write(out->fd, text, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			out->error = -errno;
			break;
		}
		text += done;
		len -= (size_t)done;
	}
	return out->error;
}

int kw_output_flush(struct kw_output *out)
{
	size_t len = out->len;

	if (!len)
		return out->error;
	out->len = 0;
	kw_progress_hide();
	return write_all(out, out->data, len);
}

int kw_output_write(void *arg, const char *text, size_t len)
{
	struct kw_output *out = arg;

	if (len > sizeof(out->data) - out->len && kw_output_flush(out))
		return out->error;
	if (len > sizeof(out->data)) {
		kw_progress_hide();
		return write_all(out, text, len);
	}
	memcpy(out->data + out->len, text, len);
	out->len += len;
	return out->error;
}

int kw_output_close(struct kw_output *out)
{
	kw_output_flush(out);
	if (close(out->fd) && !out->error)
		out->error = -errno;
	if (out->paged)
		kw_pager_wait();
	if (!out->error)
		return 0;
	if (out->error != -EPIPE)
		kw_complain("cannot write '%s': %s", out->name, strerror(-out->error));
	return -1;
}

int kw_output_end(struct kw_output *out, const char *text, int status)
{
	kw_output_write(out, text, strlen(text));
	return kw_output_close(out) ? KW_EXIT_TROUBLE : status;
}

int kw_print(const char *text, int status)
{
	static struct kw_output out;

	kw_output_open(&out, NULL);
	return kw_output_end(&out, text, status);
}
