// SPDX-License-Identifier: MIT
/* Options in, a context out. */
#include "api/api.h"

#include <errno.h>

static int vendor_find(const char *name, enum kw_vendor *ret)
{
	*ret = KW_VENDOR_UNKNOWN;
	if (!name)
		return 0;
	if (strcmp(name, "intel") == 0)
		*ret = KW_VENDOR_INTEL;
	else if (strcmp(name, "amd") == 0)
		*ret = KW_VENDOR_AMD;
	else
		return -EINVAL;
	return 0;
}

/* Copies what @options of any known size hold. */
int kw_context_init(const struct kw_options *options, struct kw_context *ret)
{
	*ret = (struct kw_context){ 0 };
	if (!options)
		return 0;
	if (options->size != sizeof(*options) || options->flags & ~KW_OPTION_ALL)
		return -EINVAL;
	ret->host_kernel = options->host_kernel;
	ret->all = options->flags & KW_OPTION_ALL;
	return vendor_find(options->vendor, &ret->vendor);
}
