// SPDX-License-Identifier: MIT
/* Options in, a context out. */
#include "api/api.h"

#include <errno.h>

static int vendor_find(const struct kw_options *o, enum kw_vendor *ret)
{
	*ret = KW_VENDOR_UNKNOWN;
	if (!o->vendor)
		return 0;
	if (strcmp(o->vendor, "intel") == 0)
		*ret = KW_VENDOR_INTEL;
	else if (strcmp(o->vendor, "amd") == 0)
		*ret = KW_VENDOR_AMD;
	else
		return kw_refuse(o->error,
				 "kw_options.vendor is '%.32s': it is \"intel\", \"amd\" or NULL",
				 o->vendor);
	return 0;
}

struct kw_error *kw_options_error(const struct kw_options *options)
{
	return options && options->size >= sizeof(*options) ? options->error : NULL;
}

int kw_context_init(const struct kw_options *options, struct kw_context *ret)
{
	*ret = (struct kw_context){ 0 };
	if (!options)
		return 0;
	if (options->size != sizeof(*options))
		return kw_refuse(kw_options_error(options),
				 "kw_options.size is %zu: this library knows %zu", options->size,
				 sizeof(*options));
	if (options->flags & ~KW_OPTION_ALL)
		return kw_refuse(options->error,
				 "kw_options.flags is 0x%x: this library knows 0x%x",
				 options->flags, KW_OPTION_ALL);
	ret->host_kernel = options->host_kernel;
	ret->parameters = options->parameters;
	ret->all = options->flags & KW_OPTION_ALL;
	return vendor_find(options, &ret->vendor);
}

int kw_look_init(unsigned int flags, struct kw_look *ret)
{
	if (flags & (KW_PRINT_WIDTH(1) - 1) & ~KW_PRINT_COLOR)
		return -EINVAL;
	*ret = (struct kw_look){
		.columns = flags / KW_PRINT_WIDTH(1),
		.color = flags & KW_PRINT_COLOR,
	};
	return 0;
}
