// SPDX-License-Identifier: MIT
/*
 * A host's KVM in, one JSON object out; docs/kvmwhy-host.schema.json describes it. A key whose fact
 * is unknown is left out.
 */
#include "host.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static void put_text(json_t *o, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(o, key, json_string(text));
}

static void put_tri(json_t *o, const char *key, enum kw_tri tri)
{
	if (tri != KW_TRI_UNKNOWN)
		json_object_set_new(o, key, json_boolean(tri == KW_YES));
}

static void put_number(json_t *o, const char *key, long long number)
{
	json_object_set_new(o, key, json_integer(number));
}

static json_t *words(const struct kw_host_words *w)
{
	json_t *array = json_array();

	for (size_t i = 0; i < w->count && i < KW_HOST_LIST; i++)
		json_array_append_new(array, json_string(w->word[i]));
	return array;
}

static json_t *taint(const struct kw_host_kernel *k)
{
	json_t *o = json_object(), *flags = json_array();
	char letters[65], value[20];

	snprintf(value, sizeof(value), "0x%" PRIx64, k->taint);
	kw_host_taint_letters(k->taint, letters);
	put_text(o, "value", value);
	json_object_set_new(o, "letters", json_string(letters));
	for (unsigned int bit = 0; bit < 64; bit++)
		if (k->taint >> bit & 1 && kw_taint_about(bit))
			json_array_append_new(flags, json_string(kw_taint_about(bit)));
	json_object_set_new(o, "means", flags);
	return o;
}

static json_t *kernel(const struct kw_host *host)
{
	const struct kw_host_kernel *k = &host->kernel;
	json_t *o = json_object();

	put_text(o, "release", k->release);
	put_text(o, "build", k->build);
	put_text(o, "signature", k->signature);
	put_text(o, "os", k->os);
	put_text(o, "lockdown", k->lockdown);
	put_tri(o, "secure_boot", k->secure_boot);
	if (k->taint_known == KW_YES)
		json_object_set_new(o, "taint", taint(k));
	if (k->livepatches_known == KW_YES)
		json_object_set_new(o, "livepatches", words(&k->livepatches));
	if (host->probes_known == KW_YES)
		json_object_set_new(o, "kvm_probes", words(&host->probes));
	return o;
}

static json_t *cpu(const struct kw_host_cpu *c)
{
	json_t *o = json_object();

	put_text(o, "vendor", c->vendor);
	put_text(o, "model", c->model);
	put_tri(o, "vmx", c->vmx);
	put_tri(o, "svm", c->svm);
	put_tri(o, "hypervisor", c->hypervisor);
	put_text(o, "under", c->under);
	return o;
}

static json_t *device(const struct kw_host_kvm *k)
{
	json_t *o = json_object();

	put_tri(o, "exists", k->node);
	put_text(o, "access", k->access);
	if (k->open_error >= 0)
		json_object_set_new(o, "can_open", json_boolean(k->open_error == 0));
	if (k->open_error > 0)
		put_text(o, "error", strerror(k->open_error));
	return o;
}

static json_t *kvm(const struct kw_host_kvm *k)
{
	json_t *o = json_object(), *caps = json_object();

	put_text(o, "state", kw_host_state_name(k->state));
	put_text(o, "vendor", k->vendor);
	if (k->vendor[0])
		put_text(o, "vendor_state", kw_host_state_name(k->vendor_state));
	put_tri(o, "can_run", k->can_run);
	put_text(o, "why", k->why);
	json_object_set_new(o, "device", device(k));
	if (k->api >= 0)
		put_number(o, "api_version", k->api);
	for (size_t i = 0; i < k->ncaps; i++)
		put_number(caps, k->cap[i].name, k->cap[i].value);
	if (k->ncaps)
		json_object_set_new(o, "capabilities", caps);
	else
		json_decref(caps);
	return o;
}

static json_t *defects(const struct kw_host *host)
{
	static const char *const has[] = { "cannot-tell", "yes", "no" };
	json_t *array = json_array();
	struct kw_defect d = { .size = sizeof(d) };

	for (size_t i = 0; kw_host_defect(host, i, &d); i++) {
		json_t *o = json_object();

		put_text(o, "id", d.id);
		put_text(o, "title", d.title);
		put_text(o, "has", has[d.affected]);
		put_text(o, "doubt", d.doubt);
		put_text(o, "effect", d.effect);
		put_text(o, "seen", d.seen);
		put_text(o, "fixed", d.fixed);
		put_text(o, "commit", d.commit);
		put_text(o, "source", d.source);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *params(const struct kw_host *host)
{
	json_t *array = json_array();

	for (size_t i = 0; i < host->nparams; i++) {
		const struct kw_host_param *p = &host->param[i];
		const char *about, *means = kw_host_meaning(p, &about);
		json_t *o = json_object();

		put_text(o, "module", p->module);
		put_text(o, "name", p->name);
		put_text(o, "value", p->value);
		put_text(o, "about", about);
		put_text(o, "means", means);
		if (p->error)
			put_text(o, "error", strerror(p->error));
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *diags(const struct kw_host *host)
{
	json_t *array = json_array();

	for (size_t i = 0; i < host->ndiags; i++) {
		const struct kw_host_diag *d = &host->diag[i];
		json_t *o = json_object();

		put_text(o, "id", d->id);
		put_text(o, "about", d->about);
		put_tri(o, "on", d->on);
		put_text(o, "state", d->state);
		put_text(o, "turn_on", d->turn_on);
		put_text(o, "turn_off", d->turn_off);
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *way_names(unsigned int bits)
{
	json_t *array = json_array();

	for (unsigned int i = 0; kw_host_way_name(i); i++)
		if (bits >> i & 1)
			json_array_append_new(array, json_string(kw_host_way_name(i)));
	return array;
}

static json_t *can(const struct kw_can *c, bool watch)
{
	json_t *o = json_object(), *reasons = json_array();

	json_object_set_new(o, "works", json_boolean(c->ways != 0));
	if (watch) {
		json_object_set_new(o, "ways", way_names(c->ways));
		json_object_set_new(o, "tried", way_names(c->tried));
	}
	for (size_t i = 0; i < c->count; i++) {
		const struct kw_reason *r = &c->reason[i];
		json_t *reason = json_object();

		put_text(reason, "id", r->id);
		put_text(reason, "says", r->says);
		put_text(reason, "do", r->todo);
		if (watch)
			json_object_set_new(reason, "blocks", way_names(r->blocks));
		else
			json_object_set_new(reason, "blocks", json_boolean(r->blocks != 0));
		json_array_append_new(reasons, reason);
	}
	json_object_set_new(o, "reasons", reasons);
	return o;
}

static json_t *module(const struct kw_host *host)
{
	json_t *o = can(&host->module, false);

	put_tri(o, "loaded", host->own_loaded);
	if (host->own_params.count)
		json_object_set_new(o, "parameters", words(&host->own_params));
	return o;
}

static json_t *guests(const struct kw_host *host)
{
	json_t *o = json_object(), *array = json_array();

	for (size_t i = 0; i < host->nguests && i < KW_HOST_GUESTS; i++) {
		const struct kw_host_guest *g = &host->guest[i];
		json_t *guest = json_object();

		put_number(guest, "pid", g->pid);
		put_text(guest, "comm", g->comm);
		put_text(guest, "name", g->name);
		put_number(guest, "vms", g->vms);
		put_number(guest, "vcpus", g->vcpus);
		json_array_append_new(array, guest);
	}
	put_number(o, "count", (long long)host->nguests);
	put_number(o, "unreadable", (long long)host->unreadable);
	json_object_set_new(o, "processes", array);
	return o;
}

static int take(const char *text, size_t len, void *arg)
{
	return kw_output_write(arg, text, len) ? -1 : 0;
}

int kw_host_json(const struct kw_host *host, struct kw_output *out)
{
	json_t *o = json_object();
	int err;

	put_number(o, "schema", 1);
	json_object_set_new(o, "kernel", kernel(host));
	json_object_set_new(o, "cpu", cpu(&host->cpu));
	json_object_set_new(o, "kvm", kvm(&host->kvm));
	json_object_set_new(o, "defects", defects(host));
	json_object_set_new(o, "parameters", params(host));
	json_object_set_new(o, "diagnostics", diags(host));
	json_object_set_new(o, "watch", can(&host->watch, true));
	json_object_set_new(o, "module", module(host));
	json_object_set_new(o, "guests", guests(host));
	err = o ? json_dump_callback(o, take, out, JSON_INDENT(2)) : -1;
	json_decref(o);
	if (err)
		return out->error ? out->error : -ENOMEM;
	return kw_output_write(out, "\n", 1);
}
