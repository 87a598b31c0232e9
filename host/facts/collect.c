// SPDX-License-Identifier: MIT
/* A root in, everything known about the host's KVM out: the order of the parts. */
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int take_root(struct kw_host *host, const char *root)
{
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	host->copy = true;
	host->tree.root = root;
	return 0;
}

void kw_host_collect_watch(struct kw_host *host)
{
	memset(host, 0, sizeof(*host));
	host->tree.root = "";
	kw_host_kernel(host);
	kw_host_cpu(host);
	kw_host_kvm(host);
	kw_host_device(host);
	kw_host_diags(host);
	kw_host_ways(host);
}

int kw_host_collect(struct kw_host *host, const char *root)
{
	int err = 0;

	memset(host, 0, sizeof(*host));
	host->tree.root = "";
	if (root && strcmp(root, "/"))
		err = take_root(host, root);
	if (err)
		return err;
	kw_host_kernel(host);
	kw_host_cpu(host);
	kw_host_kvm(host);
	kw_host_device(host);
	kw_host_params(host);
	kw_host_diags(host);
	kw_host_probes(host);
	kw_host_guests(host);
	kw_host_ways(host);
	return 0;
}
