// SPDX-License-Identifier: MIT
/*
 * host_why ROOT WAY: why `kvmwhy watch` cannot work through bpf, tracefs or any, in its own words;
 * nothing if nothing prevents it.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"

int main(int argc, char **argv)
{
	static struct kw_host host;
	char text[2048], small[40];
	unsigned int ways;

	if (argc != 3 || kw_host_collect(&host, argv[1]))
		return 2;
	ways = !strcmp(argv[2], "bpf")	   ? KW_WAY_BPF :
	       !strcmp(argv[2], "tracefs") ? KW_WAY_TRACEFS :
					     KW_WAY_ALL;
	kw_host_why_not(&host, ways, small, sizeof(small));
	kw_host_why_not(&host, ways, text, sizeof(text));
	/* A text that does not fit is cut, and ends. */
	if (strlen(small) >= sizeof(small) || strncmp(small, text, strlen(small)))
		return 1;
	puts(text);
	return 0;
}
