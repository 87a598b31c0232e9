// SPDX-License-Identifier: MIT
/*
 * A fuzz target without a fuzzer, for any compiler: runs it on the named files, and with -n COUNT
 * on COUNT mutated copies of them, the same ones each time.
 */
#include "fuzz.h"

struct input {
	uint8_t *data;
	size_t len;
};

static struct input *inputs;
static size_t ninputs;
static uint64_t state = 0x9e3779b97f4a7c15;

static size_t below(size_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return limit ? (size_t)(state % limit) : 0;
}

/* A block of its own, so that a sanitizer sees an out-of-bounds read. */
static uint8_t *copy(const uint8_t *data, size_t len)
{
	uint8_t *p = malloc(len ? len : 1);

	PROMISE(p);
	if (len)
		memcpy(p, data, len);
	return p;
}

static void run(const uint8_t *data, size_t len)
{
	uint8_t *p = copy(data, len);

	LLVMFuzzerTestOneInput(p, len);
	free(p);
}

static void add_file(const char *path)
{
	static uint8_t room[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t len;

	if (!file) {
		perror(path);
		exit(1);
	}
	len = fread(room, 1, sizeof(room), file);
	fclose(file);
	inputs = realloc(inputs, (ninputs + 1) * sizeof(*inputs));
	PROMISE(inputs);
	inputs[ninputs++] = (struct input){ copy(room, len), len };
}

/* Overwrites, removes or moves some bytes, or takes them from another input. */
static size_t change(uint8_t *p, size_t len, size_t room)
{
	const struct input *other = &inputs[below(ninputs)];
	size_t at = below(len), from = below(other->len), count = 1 + below(60);

	switch (below(5)) {
	case 0:
		if (len)
			p[at] = (uint8_t)below(256);
		return len;
	case 1:
		if (count > len - at)
			count = len - at;
		memmove(p + at, p + at + count, len - at - count);
		return len - count;
	case 2:
		if (len + count > room || at + count > len)
			return len;
		memmove(p + at + count, p + at, len - at);
		return len + count;
	case 3:
		if (count > other->len - from)
			count = other->len - from;
		if (len + count > room)
			return len;
		memmove(p + at + count, p + at, len - at);
		memcpy(p + at, other->data + from, count);
		return len + count;
	default:
		return below(8) ? len : at;
	}
}

static void run_changed(void)
{
	static uint8_t room[1 << 16];
	const struct input *input = &inputs[below(ninputs)];
	size_t len = input->len < sizeof(room) ? input->len : sizeof(room);

	memcpy(room, input->data, len);
	for (size_t i = 1 + below(8); i; i--)
		len = change(room, len, sizeof(room));
	run(room, len);
}

int main(int argc, char **argv)
{
	unsigned long changed = 0;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "-n") == 0) {
		changed = strtoul(argv[2], NULL, 10);
		i = 3;
	}
	for (; i < argc; i++)
		add_file(argv[i]);
	if (!ninputs) {
		fprintf(stderr, "usage: %s [-n COUNT] FILE...\n", argv[0]);
		return 2;
	}
	run(NULL, 0);
	for (size_t k = 0; k < ninputs; k++)
		run(inputs[k].data, inputs[k].len);
	for (unsigned long k = 0; k < changed; k++)
		run_changed();
	printf("%zu inputs and %lu changed copies\n", ninputs, changed);
	for (size_t k = 0; k < ninputs; k++)
		free(inputs[k].data);
	free(inputs);
	return 0;
}
