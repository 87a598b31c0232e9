// SPDX-License-Identifier: MIT
/*
 * Prints a line for each BPF program, map and link in the kernel, with its number and name. bpf_ids
 * --missed: the programs that the kernel skipped because they were already running on that
 * processor, by the kernel's own count.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct kind {
	const char *name;
	unsigned int next, open;
};

static const struct kind kinds[] = {
	{ "program", BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID },
	{ "map", BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID },
	{ "link", BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID },
};

static int missed;	/* requested explicitly */

static int bpf(unsigned int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* Programs and maps have a name, links have none. */
static void say(const struct kind *kind, uint32_t id)
{
	struct bpf_prog_info program = { 0 };
	struct bpf_map_info map = { 0 };
	union bpf_attr attr = { .prog_id = id };
	int is_map = kind->next == BPF_MAP_GET_NEXT_ID, fd = bpf(kind->open, &attr);

	if (fd < 0)
		return;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = is_map ? sizeof(map) : sizeof(program);
	attr.info.info = is_map ? (uintptr_t)&map : (uintptr_t)&program;
	if (kind->next != BPF_LINK_GET_NEXT_ID)
		bpf(BPF_OBJ_GET_INFO_BY_FD, &attr);
	close(fd);
	if (!missed)
		printf("bpf %s %u %s\n", kind->name, id, is_map ? map.name : program.name);
	else if (!is_map && program.recursion_misses)
		printf("%s was not started %llu times\n", program.name, program.recursion_misses);
}

int main(int argc, char **argv)
{
	missed = argc == 2 && !strcmp(argv[1], "--missed");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		union bpf_attr attr = { 0 };

		while (!bpf(kinds[i].next, &attr)) {
			say(&kinds[i], attr.next_id);
			attr.start_id = attr.next_id;
		}
		if (errno != ENOENT)
			printf("bpf_ids: %ss: %s\n", kinds[i].name, strerror(errno));
	}
	return 0;
}
