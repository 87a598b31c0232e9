// SPDX-License-Identifier: MIT
/* How the targets pass their input to the library. */
#include "fuzz.h"

uint64_t fuzz_hash(const uint8_t *data, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * 0x100000001b3;
	return hash ^ hash >> 32;
}

char *fuzz_string(const uint8_t *data, size_t len)
{
	char *copy = malloc(len + 1);

	PROMISE(copy);
	if (len)
		memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

void feed_pieces(struct kw_stream *s, const char *p, size_t len, uint64_t random)
{
	size_t most = random % 3 ? 1 + random % 199 : 1 + random % 5;

	while (len) {
		size_t piece = 1 + random % most;

		if (piece > len)
			piece = len;
		kw_stream_feed(s, p, piece);
		p += piece;
		len -= piece;
		random = random * 6364136223846793005 + 1442695040888963407;
		random ^= random >> 33;
	}
}

static void on_failure(void *arg, struct kw_failure *f)
{
	check_failure(f, *(const uint64_t *)arg);
}

void fuzz_parsers(const struct kw_parser *const *parsers, const uint8_t *data, size_t len)
{
	struct kw_str text = { (const char *)data, len };
	char *scratch = malloc(len + 1);
	struct kw_clean_line line;
	struct kw_mail mail = { 0 };
	struct kw_gather *g;
	uint64_t number = 0;

	PROMISE(scratch && kw_gather_create(on_failure, &number, &g) == 0);
	while (text.len) {
		size_t end = kw_str_find(text, KW_STR("\n"));
		struct kw_str raw = { text.p, end == SIZE_MAX ? text.len : end };

		line = (struct kw_clean_line){ .number = ++number };
		kw_clean(raw, false, scratch, &mail, &line);
		for (size_t i = 0; parsers[i] && parsers[i]->line(g, &line) == KW_TOOK_NOTHING; i++)
			;
		text = kw_str_from(text, raw.len + 1);
	}
	kw_gather_finish(g);
	kw_gather_destroy(g);
	free(scratch);
}
