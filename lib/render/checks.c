// SPDX-License-Identifier: MIT
/*
 * A check of VM entry or VMRUN, without a failure: what must hold, the source, who makes it. Text
 * or JSON.
 */
#include "render/lines.h"
#include "render/render.h"

#include "base/json.h"
#include "base/query.h"

enum {
	ID_WIDTH = 34,	 /* with its indent; a longer one shifts its line */
	TEXT_LEAST = 40, /* next to an id; with less room, the text goes below it */
};

/* The part of VM entry that makes the checks of a set, and how its failure shows. */
static const struct part {
	const char *name, *made_by, *gives;
} parts[KW_NCHECK_SETS] = {
	[KW_CHECKS_VMX_CONTROLS] = {
		.name = "vmx-controls",
		.made_by = "VM entry (Intel), on the VMX controls, before anything is loaded",
		.gives = "VM-instruction error 7; QEMU prints: KVM: entry failed, hardware error 0x7",
	},
	[KW_CHECKS_VMX_HOST] = {
		.name = "vmx-host",
		.made_by = "VM entry (Intel), on the host-state area, before anything is loaded",
		.gives = "VM-instruction error 8; QEMU prints: KVM: entry failed, hardware error 0x8",
	},
	[KW_CHECKS_VMX_GUEST] = {
		.name = "vmx-guest",
		.made_by = "VM entry (Intel), on the guest-state area, once controls and host state are accepted",
		.gives = "exit reason 33 with bit 31; QEMU prints: KVM: entry failed, hardware error 0x80000021",
	},
	[KW_CHECKS_VMX_MSR_LOAD] = {
		.name = "vmx-msr-load",
		.made_by = "VM entry (Intel), while it loads MSRs, once the guest state is accepted",
		.gives = "exit reason 34 with bit 31, with the entry's number in the exit "
			 "qualification; QEMU prints: KVM: entry failed, hardware error 0x80000022",
	},
	[KW_CHECKS_SET_SREGS] = {
		.name = "set-sregs",
		.made_by = "KVM (x86), in KVM_SET_SREGS and KVM_SET_SREGS2, before anything is set",
		.gives = "EINVAL; QEMU 9.2 and later print: Failed to set special registers: Invalid argument",
	},
	[KW_CHECKS_SET_XCRS] = {
		.name = "set-xcrs",
		.made_by = "KVM (x86), in KVM_SET_XCRS, before anything is set",
		.gives = "EINVAL; QEMU 9.2 and later print: Failed to set XCRs: Invalid argument",
	},
	[KW_CHECKS_SVM] = {
		.name = "svm",
		.made_by = "VMRUN (AMD), on the VMCB",
		.gives = "VMEXIT_INVALID, exit code -1; QEMU prints: KVM: entry failed, hardware "
			 "error 0xffffffff, or 0xffffffffffffffff with Linux 7.x",
	},
};

static const struct part *part_of(const struct kw_check *check)
{
	return &parts[kw_check_section_of(check)->set];
}

static void check_as_json(struct kw_json *j, const struct kw_check *check)
{
	kw_json_object(j);
	KW_JSON_TEXT(j, "id", kw_str(check->id));
	KW_JSON_TEXT(j, "says", kw_str(check->says));
	KW_JSON_TEXT(j, "section", kw_str(kw_check_section_of(check)->title));
	KW_JSON_TEXT(j, "condition", kw_str(check->code));
	KW_JSON_TEXT(j, "set", kw_str(part_of(check)->name));
	kw_json_object_end(j);
}

static void check_as_text(struct kw_lines *lines, const struct kw_check *check)
{
	kw_lines_color(lines, KW_COLOR_TITLE);
	kw_lines_put(lines, kw_str(check->id));
	kw_lines_color(lines, NULL);
	kw_lines_end(lines);
	kw_lines_end(lines);
	kw_lines_row(lines, KW_STR("says"), kw_str(check->says));
	kw_lines_row(lines, KW_STR("condition"), kw_str(check->code));
	kw_lines_row(lines, KW_STR("section"), kw_str(kw_check_section_of(check)->title));
	kw_lines_row(lines, KW_STR("made by"), kw_str(part_of(check)->made_by));
	kw_lines_row(lines, KW_STR("if broken"), kw_str(part_of(check)->gives));
}

void kw_render_check(struct kw_buf *buf, const struct kw_check *check, const struct kw_look *look,
		     bool json)
{
	struct kw_lines lines = { .buf = buf, .look = *look };
	struct kw_json j = { .buf = buf };

	if (json) {
		check_as_json(&j, check);
		kw_buf_char(buf, '\n');
	} else {
		check_as_text(&lines, check);
	}
	kw_lines_deinit(&lines);
}

static void row_as_text(struct kw_lines *lines, const struct kw_check *check)
{
	kw_lines_pad(lines, 2);
	kw_lines_put(lines, kw_str(check->id));
	kw_lines_beside(lines, ID_WIDTH + 1, TEXT_LEAST, 6);
	kw_lines_wrap(lines, kw_str(check->says), lines->column);
	kw_lines_end(lines);
}

static bool is_found(struct kw_str query, const struct kw_check *check)
{
	const struct kw_str texts[] = {
		kw_str(check->id),
		kw_str(check->says),
		kw_str(check->code),
		kw_str(kw_check_section_of(check)->title),
	};

	return kw_query_finds(query, texts, sizeof(texts) / sizeof(texts[0]));
}

static void title_as_text(struct kw_lines *lines, const char *title, bool first)
{
	if (!first)
		kw_lines_end(lines);
	kw_lines_color(lines, KW_COLOR_TITLE);
	kw_lines_wrap(lines, kw_str(title), 0);
	kw_lines_color(lines, NULL);
	kw_lines_end(lines);
}

size_t kw_render_checks(struct kw_buf *buf, struct kw_str query, const struct kw_look *look,
			bool json)
{
	struct kw_lines lines = { .buf = buf, .look = *look };
	struct kw_json j = { .buf = buf };
	size_t found = 0;

	if (json)
		kw_json_array(&j);
	for (const struct kw_check_section *s = kw_check_sections; s->n; s++) {
		bool titled = json;

		for (size_t i = 0; i < s->n; i++) {
			if (!is_found(query, &s->check[i]))
				continue;
			if (!titled)
				title_as_text(&lines, s->title, !found);
			titled = true;
			found++;
			if (json)
				check_as_json(&j, &s->check[i]);
			else
				row_as_text(&lines, &s->check[i]);
		}
	}
	if (json) {
		kw_json_array_end(&j);
		kw_buf_char(buf, '\n');
	}
	kw_lines_deinit(&lines);
	return found;
}
