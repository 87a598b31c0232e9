// SPDX-License-Identifier: MIT
/* A kernel in, its KVM defects out; a parameter of a KVM module in, its meaning out. */
#include "api/api.h"

#include <errno.h>
#include <string.h>

#include "explain/kver.h"

static const struct kw_row *defect_at(size_t i)
{
	const struct kw_row *row;

	for (size_t at = 0; (row = kw_row_at(KW_TABLE_KVM_CHANGE, at)); at++)
		if (kw_row_get(row, KW_ATTR_DEFECT) && !i--)
			return row;
	return NULL;
}

static const char *last_commit(const struct kw_row *row)
{
	const char *commit[KW_MAX_REPEAT];
	size_t count = kw_row_all(row, KW_ATTR_COMMIT, commit, KW_MAX_REPEAT);

	return count ? commit[count - 1] : NULL;
}

static bool is_others(const struct kw_row *row, enum kw_vendor vendor)
{
	const char *cpu = kw_row_get(row, KW_ATTR_CPU);

	if (!cpu || vendor == KW_VENDOR_UNKNOWN)
		return false;
	return strcmp(cpu, vendor == KW_VENDOR_AMD ? "amd" : "intel") != 0;
}

static void judge(const struct kw_row *row, const struct kw_context *context, const char *build,
		  struct kw_defect *ret)
{
	enum kw_change_doubt doubt;
	enum kw_change_state state;
	struct kw_kver kernel = { 0 };

	ret->affected = KW_AFFECTED_NO;
	ret->doubt = "";
	if (is_others(row, context->vendor))
		return;
	if (context->host_kernel)
		kw_kver_parse(context->host_kernel, strlen(context->host_kernel), &kernel);
	if (build)
		kw_kver_refine(&kernel, build, strlen(build));
	state = kw_change_state(row, &kernel, &doubt);
	if (state == KW_CHANGE_APPLIES)
		ret->affected = KW_AFFECTED_YES;
	else if (state == KW_CHANGE_CANNOT_TELL)
		ret->affected = KW_AFFECTED_UNKNOWN;
	ret->doubt = kw_change_doubt_text(doubt);
}

int kw_kernel_defect(const struct kw_options *options, const char *build, size_t i,
		     struct kw_defect *ret)
{
	const struct kw_row *row = defect_at(i);
	struct kw_context context;
	int err = kw_context_init(options, &context);

	if (err)
		return err;
	if (ret->size != sizeof(*ret))
		return kw_refuse(kw_options_error(options),
				 "kw_defect.size is %zu: this library knows %zu", ret->size,
				 sizeof(*ret));
	if (!row)
		return 0;
	*ret = (struct kw_defect){
		.size = sizeof(*ret),
		.id = kw_row_id(row),
		.title = kw_row_name(row),
		.effect = kw_row_get(row, KW_ATTR_EFFECT),
		.seen = kw_row_get(row, KW_ATTR_DEFECT),
		.fixed = kw_row_get(row, KW_ATTR_UNTIL),
		.commit = last_commit(row),
		.source = kw_row_get(row, KW_ATTR_SOURCE),
	};
	judge(row, &context, build, ret);
	return 1;
}

int kw_kvm_parameter(size_t i, struct kw_parameter *ret)
{
	const struct kw_row *row = kw_row_at(KW_TABLE_KVM_PARAM, i);

	if (ret->size != sizeof(*ret))
		return -EINVAL;
	if (!row)
		return 0;
	*ret = (struct kw_parameter){
		.size = sizeof(*ret),
		.module = kw_row_get(row, KW_ATTR_MODULE),
		.name = kw_row_name(row),
		.about = kw_row_get(row, KW_ATTR_ABOUT),
		.source = kw_row_get(row, KW_ATTR_SOURCE),
	};
	return 1;
}

static const struct kw_row *parameter_row(const struct kw_parameter *parameter)
{
	const struct kw_row *row;

	for (size_t i = 0; (row = kw_row_at(KW_TABLE_KVM_PARAM, i)); i++)
		if (!strcmp(kw_row_get(row, KW_ATTR_MODULE), parameter->module) &&
		    !strcmp(kw_row_name(row), parameter->name))
			return row;
	return NULL;
}

/* "Y|1 meaning": returns the meaning if @value is one of the alternatives, else NULL. */
static const char *meaning(const char *text, const char *value)
{
	const char *end = strchr(text, ' ');
	size_t len = strlen(value);

	for (const char *word = text; word < end;) {
		size_t n = strcspn(word, "| ");

		if (n == len && !memcmp(word, value, n))
			return end + 1;
		word += n + 1;
	}
	return text[0] == '*' && len ? end + 1 : NULL;
}

void kw_kvm_parameter_value(struct kw_parameter *parameter, const char *value)
{
	const struct kw_row *row = parameter_row(parameter);
	const char *text[KW_MAX_REPEAT];
	size_t count = kw_row_all(row, KW_ATTR_VALUE, text, KW_MAX_REPEAT);

	parameter->means = NULL;
	for (size_t i = 0; i < count && !parameter->means; i++)
		parameter->means = meaning(text[i], value);
}
