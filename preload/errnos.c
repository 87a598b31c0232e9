// SPDX-License-Identifier: MIT
/*
 * The names of errnos, for specifications and for the command line.
 */
#include "errnos.h"

#include <errno.h>
#include <stddef.h>
#include <strings.h>

static const struct {
	const char *name;
	int number;
} errnos[] = {
#define E(name) { #name, name }
	E(EPERM),  E(ENOENT), E(EINTR),	 E(EIO),     E(ENXIO),	    E(E2BIG),
	E(EBADF),  E(EAGAIN), E(ENOMEM), E(EACCES),  E(EFAULT),	    E(EBUSY),
	E(EEXIST), E(ENODEV), E(EINVAL), E(ENOTTY),  E(EFBIG),	    E(ENOSPC),
	E(EROFS),  E(ERANGE), E(ENOSYS), E(ENODATA), E(EOPNOTSUPP), E(EHWPOISON),
#undef E
};

const char *kw_errno_name(int64_t number)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (errnos[i].number == number)
			return errnos[i].name;
	return NULL;
}

int kw_errno_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (!strcasecmp(errnos[i].name, name))
			return errnos[i].number;
	return 0;
}
