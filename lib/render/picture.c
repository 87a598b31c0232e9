// SPDX-License-Identifier: MIT
/* Draws only numbers and names from our own tables, never text from a log. */
#include "render/picture.h"

#include "decode/x86/msr.h"

enum {
	CELL = 15, /* width of a bit */
	CELL_HEIGHT = 22,
	CELL_TOP = 16, /* below the bit numbers */
	NAME_TOP = CELL_TOP + CELL_HEIGHT + 5,
	LETTER = 6, /* width of a letter of a name */
	MARGIN = 4,
	MAX_FIELDS = 64,
};

struct field {
	char name[32];
	unsigned int high, low;
	bool reserved;
};

struct strip {
	const char *title;
	uint64_t value;
	struct field field[MAX_FIELDS]; /* highest bits first */
	size_t nfields;
};

static unsigned int bit_x(unsigned int bit)
{
	return MARGIN + (63 - bit) * CELL;
}

static unsigned int width_of(const struct field *field)
{
	return (field->high - field->low + 1) * CELL;
}

/* A name that does not fit under its bits is turned upright. */
static bool is_upright(const struct field *field)
{
	return strlen(field->name) * LETTER > width_of(field);
}

static void add_field(struct strip *strip, const char *name, unsigned int high, unsigned int low,
		      bool reserved)
{
	struct field *field;
	size_t len = strlen(name);

	if (strip->nfields == MAX_FIELDS)
		return;
	field = &strip->field[strip->nfields++];
	if (len >= sizeof(field->name))
		len = sizeof(field->name) - 1;
	memcpy(field->name, name, len);
	field->name[len] = '\0';
	field->high = high;
	field->low = low;
	field->reserved = reserved;
}

static bool msr_strip(const struct kw_case *c, struct strip *ret)
{
	const struct kw_msr *msr = kw_msr_find(c->msr_index, c->vendor);
	struct kw_msr_field field;

	if (!c->has_msr || !c->has_msr_value || !msr || !msr->nfields)
		return false;
	ret->title = c->msr_name;
	ret->value = c->msr_value;
	for (size_t i = 0; kw_msr_field(msr, i, &field); i++)
		add_field(ret, field.reserved ? "" : field.name, field.high, field.low,
			  field.reserved);
	return true;
}

/* The bits of CR0 and CR4 by their names; those without one are reserved. */
static bool control_strip(const struct kw_case *c, struct strip *ret)
{
	const struct kw_insn *insn = &c->insn;
	enum kw_fact reg = insn->ctl_number ? KW_F_cr4 : KW_F_cr0;
	char name[32];

	if (c->code != KW_CODE_OK || !insn->has_ctl || !insn->ctl_write || !insn->has_ctl_value ||
	    insn->ctl_is_dr || (insn->ctl_number != 0 && insn->ctl_number != 4))
		return false;
	ret->title = insn->ctl_number ? "CR4" : "CR0";
	ret->value = insn->ctl_value;
	for (unsigned int bit = 64; bit-- > 0;) {
		bool reserved = kw_bits_reserved(reg, 1ull << bit) != 0;

		kw_bits_text(reg, 1ull << bit, name, sizeof(name));
		add_field(ret, reserved ? "" : name, bit, bit, reserved);
	}
	return true;
}

static unsigned int name_height(const struct strip *strip)
{
	unsigned int height = 14;

	for (size_t i = 0; i < strip->nfields; i++) {
		unsigned int len = (unsigned int)strlen(strip->field[i].name) * LETTER + 8;

		if (is_upright(&strip->field[i]) && len > height)
			height = len;
	}
	return height;
}

static const char *cell_class(const struct field *field, bool set)
{
	if (field->reserved)
		return set ? "bad" : "res";
	return set ? "set" : "clear";
}

static void draw_bit(struct kw_buf *buf, const struct strip *strip, const struct field *field,
		     unsigned int bit)
{
	bool set = strip->value >> bit & 1;

	kw_buf_printf(buf, "<rect class=\"%s\" x=\"%u\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
		      cell_class(field, set), bit_x(bit), CELL_TOP, CELL, CELL_HEIGHT);
	kw_buf_printf(buf, "<text%s x=\"%u\" y=\"%d\">%d</text>",
		      field->reserved && set ? " class=\"bad\"" : "", bit_x(bit) + CELL / 2,
		      CELL_TOP + 15, set);
}

static void draw_number(struct kw_buf *buf, unsigned int bit)
{
	kw_buf_printf(buf, "<text class=\"num\" x=\"%u\" y=\"11\">%u</text>", bit_x(bit) + CELL / 2,
		      bit);
}

static void draw_name(struct kw_buf *buf, const struct strip *strip, const struct field *field)
{
	unsigned int middle = bit_x(field->high) + width_of(field) / 2;
	bool zero = !(strip->value << (63 - field->high) >> (63 - field->high) >> field->low);
	const char *class = zero ? "name zero" : "name";

	if (is_upright(field))
		kw_buf_printf(
			buf,
			"<text class=\"%s up\" transform=\"translate(%u %d) rotate(-90)\">%s</text>",
			class, middle + 4, NAME_TOP, field->name);
	else
		kw_buf_printf(buf, "<text class=\"%s\" x=\"%u\" y=\"%d\">%s</text>", class, middle,
			      NAME_TOP + 9, field->name);
}

static void draw_field(struct kw_buf *buf, const struct strip *strip, const struct field *field)
{
	for (unsigned int bit = field->high + 1; bit-- > field->low;)
		draw_bit(buf, strip, field, bit);
	kw_buf_printf(buf, "<rect class=\"frame\" x=\"%u\" y=\"%d\" width=\"%u\" height=\"%d\"/>",
		      bit_x(field->high), CELL_TOP, width_of(field), CELL_HEIGHT);
	if (!field->reserved || field->high - field->low > 3) {
		draw_number(buf, field->high);
		if (field->low != field->high)
			draw_number(buf, field->low);
	}
	if (field->name[0])
		draw_name(buf, strip, field);
}

void kw_picture_bits(struct kw_buf *buf, const struct kw_case *c)
{
	struct strip strip = { 0 };

	if (!msr_strip(c, &strip) && !control_strip(c, &strip))
		return;
	kw_buf_printf(
		buf,
		"<figure><figcaption>%s &larr; <code>0x%016llx</code></figcaption>\n"
		"<svg role=\"img\" viewBox=\"0 0 %d %u\" aria-label=\"the 64 bits of the value\">",
		strip.title, (unsigned long long)strip.value, 64 * CELL + 2 * MARGIN,
		NAME_TOP + name_height(&strip));
	for (size_t i = 0; i < strip.nfields; i++)
		draw_field(buf, &strip, &strip.field[i]);
	KW_BUF_LIT(buf, "</svg></figure>\n");
}

/* The places in address order; names short enough for a box. */
static const struct {
	enum kw_place place;
	const char *name, *start;
} places[] = {
	{ KW_PLACE_FIRST_PAGE, "first page", "0" },
	{ KW_PLACE_RAM_LOW, "low RAM", "1000" },
	{ KW_PLACE_VGA_HOLE, "VGA", "a0000" },
	{ KW_PLACE_OPTION_ROM, "option ROM", "c0000" },
	{ KW_PLACE_SYSTEM_ROM, "system ROM", "e0000" },
	{ KW_PLACE_RAM, "RAM", "100000" },
	{ KW_PLACE_RAM_OR_HOLE, "RAM or hole", "80000000" },
	{ KW_PLACE_PCI_HOLE, "PCI hole", "e0000000" },
	{ KW_PLACE_IOAPIC, "I/O APIC", "fec00000" },
	{ KW_PLACE_HPET, "HPET", "fed00000" },
	{ KW_PLACE_TPM, "TPM", "fed40000" },
	{ KW_PLACE_LAPIC, "local APIC", "fee00000" },
	{ KW_PLACE_FLASH, "flash", "ff000000" },
};

enum { NPLACES = sizeof(places) / sizeof(places[0]), BOX = 76, BOX_TOP = 34, BOX_HEIGHT = 30 };

/* Plain RAM is not worth a picture: it needs something else in it. */
static bool is_news(enum kw_place place)
{
	return place != KW_PLACE_RAM && place != KW_PLACE_RAM_OR_HOLE;
}

static bool is_drawn(enum kw_place place)
{
	for (size_t i = 0; i < NPLACES; i++) {
		if (places[i].place == place)
			return true;
	}
	return false;
}

static void draw_pin(struct kw_buf *buf, size_t box, const char *what, uint64_t address, int y)
{
	unsigned int x = MARGIN + (unsigned int)box * BOX + BOX / 2;
	const char *anchor = box < 2 ? "start" : box > NPLACES - 3 ? "end" : "middle";

	kw_buf_printf(buf,
		      "<text class=\"pin\" x=\"%u\" y=\"%d\" text-anchor=\"%s\">%s %llx</text>", x,
		      y, anchor, what, (unsigned long long)address);
	kw_buf_printf(buf, "<path class=\"pin\" d=\"M%u %d V%d\"/>", x, y + 3, BOX_TOP);
}

static void draw_box(struct kw_buf *buf, const struct kw_case *c, size_t i, bool rip, bool mem)
{
	unsigned int x = MARGIN + (unsigned int)i * BOX;

	kw_buf_printf(buf, "<rect class=\"%s\" x=\"%u\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
		      rip || mem ? "set" : "clear", x, BOX_TOP, BOX, BOX_HEIGHT);
	kw_buf_printf(buf, "<rect class=\"frame\" x=\"%u\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
		      x, BOX_TOP, BOX, BOX_HEIGHT);
	kw_buf_printf(buf, "<text class=\"name\" x=\"%u\" y=\"%d\">%s</text>", x + BOX / 2,
		      BOX_TOP + 19, places[i].name);
	kw_buf_printf(buf, "<text class=\"num left\" x=\"%u\" y=\"%d\">%s</text>", x,
		      BOX_TOP + BOX_HEIGHT + 12, places[i].start);
	if (mem)
		draw_pin(buf, i, "operand", c->insn.mem_gva, 11);
	if (rip)
		draw_pin(buf, i, "RIP", c->linear_rip, mem ? 24 : 11);
}

void kw_picture_places(struct kw_buf *buf, const struct kw_case *c)
{
	bool rip = c->has_linear_rip && is_drawn(c->rip_place);
	bool mem = c->code == KW_CODE_OK && c->insn.has_mem && is_drawn(c->mem_place);

	if (!(rip && is_news(c->rip_place)) && !(mem && is_news(c->mem_place)))
		return;
	kw_buf_printf(
		buf,
		"<figure><figcaption>The first 4 GiB of a PC, not to scale; linear addresses as if "
		"mapped one to one</figcaption>\n"
		"<svg role=\"img\" viewBox=\"0 0 %d %d\" aria-label=\"address map\">",
		NPLACES * BOX + 2 * MARGIN, BOX_TOP + BOX_HEIGHT + 18);
	for (size_t i = 0; i < NPLACES; i++)
		draw_box(buf, c, i, rip && places[i].place == c->rip_place,
			 mem && places[i].place == c->mem_place);
	KW_BUF_LIT(buf, "</svg></figure>\n");
}
