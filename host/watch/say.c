// SPDX-License-Identifier: MIT
/* What a way of watching has to say, one sentence after the other. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "watch.h"

void kw_watcher_say(char text[static KW_WATCHER_TEXT], const char *format, ...)
{
	size_t len = strlen(text);
	va_list arguments;

	if (len)
		len += (size_t)snprintf(text + len, KW_WATCHER_TEXT - len, " ");
	if (len >= KW_WATCHER_TEXT)
		return;
	va_start(arguments, format);
	if ((size_t)vsnprintf(text + len, KW_WATCHER_TEXT - len, format, arguments) >=
	    KW_WATCHER_TEXT - len)
		text[len ? len - 1 : 0] = '\0';
	va_end(arguments);
}
