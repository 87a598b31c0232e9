// SPDX-License-Identifier: MIT
/*
 * UTF-16 to UTF-8, a byte at a time. A mark counts only if ASCII follows: two bytes of a binary
 * prove nothing.
 */
#include "base/utf16.h"

#include "base/escape.h"

enum { START, MARK_FE, MARK_FF, FIRST_BIG, FIRST_LITTLE, PASSES, BIG, LITTLE };

bool kw_utf16_passes(struct kw_utf16 *u, unsigned char first)
{
	if (u->state == START && first != 0xfe && first != 0xff)
		u->state = PASSES;
	return u->state == PASSES;
}

static size_t unit(struct kw_utf16 *u, uint16_t c, char *room)
{
	uint16_t high = u->high;

	u->high = 0;
	if (c >> 10 == 0xd800 >> 10) {
		u->high = c;
		return 0;
	}
	if (c >> 10 == 0xdc00 >> 10)
		return kw_utf8_put(room,
				   high ? 0x10000 + ((high & 0x3ffu) << 10) + (c & 0x3ffu) : c);
	return kw_utf8_put(room, c);
}

/* It was not a mark: passes what was held back, and @byte. */
static size_t pass(struct kw_utf16 *u, unsigned char byte, char *room)
{
	bool marked = u->state == FIRST_BIG || u->state == FIRST_LITTLE;
	bool big = u->state == MARK_FE || u->state == FIRST_BIG;
	size_t len = 0;

	room[len++] = (char)(big ? 0xfe : 0xff);
	if (marked) {
		room[len++] = (char)(big ? 0xff : 0xfe);
		room[len++] = (char)u->byte;
	}
	room[len++] = (char)byte;
	u->state = PASSES;
	return len;
}

size_t kw_utf16_byte(struct kw_utf16 *u, unsigned char byte, char room[static KW_UTF16_ROOM])
{
	uint16_t c;
	bool big;

	switch (u->state) {
	case START:
		u->state = byte == 0xfe ? MARK_FE : MARK_FF;
		return 0;
	case MARK_FE: case MARK_FF:
		big = u->state == MARK_FE;
		if (byte != (big ? 0xff : 0xfe))
			return pass(u, byte, room);
		u->state = big ? FIRST_BIG : FIRST_LITTLE;
		return 0;
	}
	u->half = !u->half;
	if (u->half) {
		u->byte = byte;
		return 0;
	}
	big = u->state == BIG || u->state == FIRST_BIG;
	c = (uint16_t)(big ? u->byte << 8 | byte : byte << 8 | u->byte);
	if (u->state < PASSES) {
		if (!c || c >= 0x80)
			return pass(u, byte, room);
		u->state = big ? BIG : LITTLE;
	}
	return unit(u, c, room);
}

size_t kw_utf16_end(struct kw_utf16 *u, char room[static KW_UTF16_ROOM])
{
	struct kw_utf16 at_end = *u;

	*u = (struct kw_utf16){ 0 };
	if (at_end.state == START || at_end.state >= PASSES)
		return 0;
	/* the byte that pass() adds is not from the stream */
	if (at_end.state >= FIRST_BIG && !at_end.half)
		return pass(&at_end, 0, room) - 2;
	return pass(&at_end, 0, room) - 1;
}
