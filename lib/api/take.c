// SPDX-License-Identifier: MIT
/* A text for the caller to free. */
#include "api/api.h"

#include <errno.h>
#include <stdlib.h>

int kw_buf_take(struct kw_buf *buf, char **ret)
{
	kw_buf_char(buf, '\0');
	if (buf->failed) {
		kw_buf_deinit(buf);
		return -ENOMEM;
	}
	*ret = buf->p;
	return 0;
}
