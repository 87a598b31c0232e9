// SPDX-License-Identifier: MIT
/* Why a call was refused, into the caller's memory. Allocates nothing. */
#include "api/api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int kw_refuse(struct kw_error *error, const char *format, ...)
{
	va_list args;

	if (!error || error->size != sizeof(*error))
		return -EINVAL;
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	return -EINVAL;
}
