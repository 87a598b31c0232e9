// SPDX-License-Identifier: MIT
/*
 * A host's KVM in, one page of text out, in the form of `kvmwhy explain`: a label, then text from
 * column 12 on. Commands are never broken.
 */
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../lib/base/color.h"

enum { COLUMN = 12, HANG = 2, LEAST_WIDTH = 60, WIDTH = 100, MOST_WIDTH = 120, TEXT_LEAST = 24 };

struct page {
	struct kw_output *out;
	size_t width;
	bool colored;
	const char *color; /* KW_COLOR_* of the next row, or NULL */
	const char *label; /* of the next row, or "" */
};

static void put(struct page *p, const char *text, size_t len)
{
	kw_output_write(p->out, text, len);
}

static void begin_row(struct page *p, size_t indent)
{
	char head[MOST_WIDTH + 1];

	snprintf(head, sizeof(head), "  %-*s%*s", COLUMN - 2, p->label, (int)indent, "");
	put(p, head, strlen(head));
	p->label = "";
}

static void color(struct page *p, const char *code)
{
	if (p->colored && code)
		put(p, code, strlen(code));
}

static void end_row(struct page *p)
{
	color(p, p->color ? KW_COLOR_END : NULL);
	put(p, "\n", 1);
}

/* The following rows belong to this label. */
static void section(struct page *p, const char *label)
{
	p->label = label;
}

/* Text from @column on; further lines begin at @hang. */
static void words(struct page *p, const char *text, size_t column, size_t hang)
{
	size_t start = column;

	color(p, p->color);
	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > start && column + 1 + len > p->width) {
			end_row(p);
			begin_row(p, hang - COLUMN);
			color(p, p->color);
			column = start = hang;
		}
		if (column > start)
			put(p, " ", 1);
		column += len + (column > start);
		put(p, text, len);
		text += len + (text[len] == ' ');
	}
	end_row(p);
	p->color = NULL;
}

__attribute__((format(printf, 3, 4))) static void row(struct page *p, size_t indent,
						      const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	begin_row(p, indent);
	words(p, text, COLUMN + indent, COLUMN + indent + HANG);
}

/* A row of a table: @name, then text from @width columns later on, if there is room for it. */
__attribute__((format(printf, 4, 5))) static void entry(struct page *p, const char *name,
							size_t width, const char *format, ...)
{
	size_t text_at = COLUMN + width;
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	begin_row(p, 0);
	color(p, p->color);
	put(p, name, strlen(name));
	color(p, p->color ? KW_COLOR_END : NULL);
	for (size_t i = strlen(name); i < width; i++)
		put(p, " ", 1);
	words(p, text, text_at, text_at + TEXT_LEAST > p->width ? COLUMN + HANG : text_at);
}

static void verbatim(struct page *p, size_t indent, const char *head, const char *text)
{
	begin_row(p, indent);
	put(p, head, strlen(head));
	p->color = KW_COLOR_COMMAND;
	color(p, p->color);
	put(p, text, strlen(text));
	end_row(p);
	p->color = NULL;
}

static void blank(struct page *p)
{
	put(p, "\n", 1);
}

static const char *or(const char *text, const char *otherwise)
{
	return *text ? text : otherwise;
}

/* The parts */

static void headline(struct page *p, const struct kw_host *host)
{
	const struct kw_host_kvm *kvm = &host->kvm;
	static const char *const can[] = { "unknown whether KVM can run guests here",
					   "KVM cannot run guests here",
					   "KVM can run guests here" };
	char text[KW_HOST_LINE];

	snprintf(text, sizeof(text), "Linux %s, %s: %s",
		 or(host->kernel.release, "release unknown"), or(kvm->vendor, "no KVM"),
		 can[kvm->can_run]);
	p->color = KW_COLOR_TITLE;
	color(p, p->color);
	put(p, text, strlen(text));
	end_row(p);
	p->color = NULL;
	blank(p);
}

static void kernel(struct page *p, const struct kw_host *host)
{
	const struct kw_host_kernel *k = &host->kernel;

	section(p, "kernel");
	row(p, 0, "%s   %s", or(k->release, "release unknown"), k->build);
	if (k->signature[0])
		row(p, 0, "%s", k->signature);
	if (k->os[0])
		row(p, 0, "%s", k->os);
}

static const char *cpu_flag(const struct kw_host_cpu *cpu)
{
	if (cpu->svm == KW_YES)
		return "svm";
	if (cpu->vmx == KW_YES)
		return "vmx";
	return cpu->svm == KW_NO ? "neither svm nor vmx" : "flags unknown";
}

static void cpu(struct page *p, const struct kw_host *host)
{
	const struct kw_host_cpu *c = &host->cpu;

	section(p, "cpu");
	row(p, 0, "%s, %s; %s", or (c->vendor, "vendor unknown"), or (c->model, "model unknown"),
	    cpu_flag(c));
	if (c->hypervisor == KW_YES)
		row(p, 0, "This host is itself a guest (hypervisor flag%s%s): what KVM does here "
			  "depends on the hypervisor underneath.",
		    c->under[0] ? "; " : "", c->under);
	else if (c->under[0])
		row(p, 0, "%s", c->under);
}

static void cap(struct page *p, const struct kw_host_cap *c)
{
	char name[64];

	snprintf(name, sizeof(name), "%-25s %3d", c->name + strlen("KVM_CAP_"), c->value);
	entry(p, name, 31, "%s", c->about);
}

static void kvm(struct page *p, const struct kw_host *host)
{
	static const char *const states[] = { "may or may not be "
					      "loaded", "not loaded", "a module", "built in" };
	const struct kw_host_kvm *k = &host->kvm;

	section(p, "kvm");
	if (k->vendor[0])
		row(p, 0, "kvm (%s), %s (%s)", states[k->state], k->vendor,
		    states[k->vendor_state]);
	else
		row(p, 0, "kvm (%s), no vendor module", states[k->state]);
	row(p, 0, "%s", k->why);
	section(p, "device");
	if (k->node != KW_YES)
		row(p, 0, k->node == KW_NO ? "no /dev/kvm" : "unknown whether /dev/kvm exists");
	else if (k->open_error > 0)
		row(p, 0, "/dev/kvm %s; this process cannot open it: %s", k->access,
		    strerror(k->open_error));
	else
		row(p, 0, "/dev/kvm %s%s", k->access,
		    k->open_error ? "" : "; this process can open it");
	section(p, "caps");
	for (size_t i = 0; i < k->ncaps; i++)
		cap(p, &k->cap[i]);
}

static void taint(struct page *p, const struct kw_host_kernel *k)
{
	char letters[65];

	if (k->taint_known != KW_YES) {
		row(p, 0, "taint flags unknown");
		return;
	}
	kw_host_taint_letters(k->taint, letters);
	row(p, 0, k->taint ? "tainted %llu (%s)" : "not tainted", (unsigned long long)k->taint,
	    letters);
	for (unsigned int bit = 0; bit < 64; bit++)
		if (k->taint >> bit & 1)
			row(p, 2, "%c  %s", kw_taint_letter(bit) ? kw_taint_letter(bit) : '?',
			    kw_taint_about(bit) ? kw_taint_about(bit) : "a flag unknown to kvmwhy");
}

static void list(struct page *p, const char *what, const struct kw_host_words *w)
{
	size_t shown = w->count < KW_HOST_LIST ? w->count : KW_HOST_LIST;

	for (size_t i = 0; i < shown; i++)
		row(p, 0, "%s %s", what, w->word[i]);
	if (w->count > shown)
		row(p, 0, "and %zu more", w->count - shown);
}

static void state(struct page *p, const struct kw_host *host)
{
	static const char *const boot[] = { "Secure Boot unknown", "no Secure Boot",
					    "Secure Boot" };
	const struct kw_host_kernel *k = &host->kernel;

	section(p, "state");
	row(p, 0, "lockdown %s; %s", or(k->lockdown, "unknown"), boot[k->secure_boot]);
	taint(p, k);
	if (k->livepatches_known == KW_YES && !k->livepatches.count)
		row(p, 0, "no live patch");
	else if (k->livepatches_known != KW_YES)
		row(p, 0, "live patches unknown");
	list(p, "live patch", &k->livepatches);
	if (host->probes_known != KW_YES)
		row(p, 0, "probes on KVM functions unknown");
	else if (!host->probes.count)
		row(p, 0, "no probes on KVM functions");
	list(p, "hooked by", &host->probes);
}

static void defects(struct page *p, const struct kw_host *host)
{
	static const char *const affected[] = { "undecided", "affected", "not affected" };
	static const char *const colors[] = { KW_COLOR_LIKELY, KW_COLOR_BAD, KW_COLOR_ASIDE };
	struct kw_defect d = { .size = sizeof(d) };

	section(p, "defects");
	for (size_t i = 0; kw_host_defect(host, i, &d); i++) {
		p->color = colors[d.affected];
		entry(p, affected[d.affected], 14, "%s (%s, until %s)", d.title, d.id, d.fixed);
		if (d.affected == KW_AFFECTED_UNKNOWN)
			row(p, 2, "%s; Linux commit %s", d.doubt, d.commit ? d.commit : "unknown");
		if (d.affected != KW_AFFECTED_NO)
			row(p, 2, "%s", d.seen);
	}
}

static void params(struct page *p, const struct kw_host *host)
{
	section(p, "params");
	for (size_t i = 0; i < host->nparams; i++) {
		const struct kw_host_param *param = &host->param[i];
		const char *about, *means = kw_host_meaning(param, &about);

		if (param->error)
			row(p, 0, "%s.%s cannot be read: %s", param->module, param->name,
			    strerror(param->error));
		else
			row(p, 0, "%s.%s=%s  %s: %s", param->module, param->name, param->value,
			    about, means ? means : "a value unknown to kvmwhy");
	}
	if (!host->nparams)
		row(p, 0, "none");
}

static void diags(struct page *p, const struct kw_host *host)
{
	static const char *const on[] = { "unknown", "off", "on" };

	section(p, "messages");
	for (size_t i = 0; i < host->ndiags; i++) {
		const struct kw_host_diag *d = &host->diag[i];

		entry(p, on[d->on], 8, "%s: %s%s%s%s", d->id, d->about, d->state[0] ? " (" : "",
		      d->state, d->state[0] ? ")" : "");
		if (d->turn_on[0] && d->on != KW_YES)
			verbatim(p, 8, "on:  ", d->turn_on);
		if (d->turn_off[0])
			verbatim(p, 8, "off: ", d->turn_off);
	}
}

/* On one line if there is room; a command has one of its own otherwise. */
static void reason(struct page *p, const char *says, const char *todo)
{
	static const char run[] = "Run: ";
	bool fits = COLUMN + HANG + strlen(says) + 1 + strlen(todo) <= p->width;

	if (fits || strncmp(todo, run, strlen(run))) {
		row(p, 0, "- %s%s%s", says, *todo ? " " : "", todo);
		return;
	}
	row(p, 0, "- %s", says);
	verbatim(p, HANG, run, todo + strlen(run));
}

static void reasons(struct page *p, const struct kw_can *can)
{
	for (size_t i = 0; i < can->count; i++)
		reason(p, can->reason[i].says, can->reason[i].todo);
}

static void watch(struct page *p, const struct kw_host *host)
{
	unsigned int ways = host->watch.ways;
	char text[KW_HOST_WORD] = "";

	for (unsigned int i = 0; kw_host_way_name(i); i++)
		if (ways >> i & 1)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
				 text[0] ? ", " : "", kw_host_way_name(i));
	section(p, "watch");
	if (!ways)
		row(p, 0, "kvmwhy watch cannot work here");
	else if (host->watch.tried == ways)
		row(p, 0, "kvmwhy watch works here, through %s: tried", text);
	else
		row(p, 0, "kvmwhy watch can work here, through %s", text);
	if (ways && host->watch.tried != ways)
		reason(p, "This was not tried.", host->copy ? "" : "Run: kvmwhy host --try");
	reasons(p, &host->watch);
}

static void module(struct page *p, const struct kw_host *host)
{
	section(p, "module");
	if (host->own_loaded == KW_YES)
		row(p, 0, "kvmwhy.ko is loaded");
	else if (host->module.ways)
		row(p, 0, "kvmwhy.ko is not loaded, but could be");
	else
		row(p, 0, "kvmwhy.ko is not loaded and cannot work here");
	list(p, "", &host->own_params);
	reasons(p, &host->module);
}

static void guests(struct page *p, const struct kw_host *host)
{
	size_t shown = host->nguests < KW_HOST_GUESTS ? host->nguests : KW_HOST_GUESTS;

	section(p, "guests");
	for (size_t i = 0; i < shown; i++) {
		const struct kw_host_guest *g = &host->guest[i];

		row(p, 0, "%d %s%s%s, %u vCPU%s%s", g->pid, g->comm, g->name[0] ? ": " : "",
		    g->name, g->vcpus, g->vcpus == 1 ? "" : "s",
		    g->vms > 1 ? ", more than one VM" : "");
	}
	if (host->nguests > shown)
		row(p, 0, "and %zu more", host->nguests - shown);
	if (!host->nguests && !host->unreadable)
		row(p, 0, "none running");
	if (host->unreadable)
		row(p, 0, "%s%zu processes could not be inspected: %s",
		    host->nguests ? "" : "none seen; ", host->unreadable,
		    host->root == KW_YES ? "this container may not" : "run it as root");
}

static size_t width_of(unsigned int print)
{
	size_t columns = print / KW_PRINT_WIDTH(1);

	if (!columns)
		return WIDTH;
	if (columns < LEAST_WIDTH)
		return LEAST_WIDTH;
	return columns < MOST_WIDTH ? columns : MOST_WIDTH;
}

void kw_host_text(const struct kw_host *host, struct kw_output *out, unsigned int print)
{
	static void (*const parts[])(struct page *, const struct kw_host *) = {
		kernel, cpu,  kvm,   state, NULL,  defects, NULL,
		params, NULL, diags, NULL,  watch, module,  guests,
	};
	struct page page = {
		.out = out,
		.width = width_of(print),
		.colored = print & KW_PRINT_COLOR,
		.label = "",
	};

	headline(&page, host);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i])
			parts[i](&page, host);
		else
			blank(&page);
}
