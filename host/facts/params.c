// SPDX-License-Identifier: MIT
/* Values of the parameters of KVM's modules, and of kvmwhy.ko, that matter for failures. */
#include "host.h"

#include <errno.h>
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>
#include <string.h>

static void take(struct kw_host *host, const struct kw_parameter *p)
{
	struct kw_host_param *ret = &host->param[host->nparams];
	char path[KW_HOST_LINE];
	int err;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", p->module, p->name);
	err = kw_tree_line(&host->tree, path, ret->value, sizeof(ret->value));
	if (err == -ENOENT)
		return;
	snprintf(ret->module, sizeof(ret->module), "%s", p->module);
	snprintf(ret->name, sizeof(ret->name), "%s", p->name);
	ret->error = -err;
	host->nparams++;
}

struct own {
	const struct kw_tree *tree;
	struct kw_host_words *words;
};

static int take_own(void *arg, const char *name)
{
	const struct own *own = arg;
	struct kw_host_words *words = own->words;
	char path[KW_HOST_LINE], value[KW_HOST_WORD];

	if (words->count >= KW_HOST_LIST || strlen(name) > KW_HOST_WORD / 2)
		return 0;
	snprintf(path, sizeof(path), "/sys/module/kvmwhy/parameters/%s", name);
	if (!kw_tree_line(own->tree, path, value, sizeof(value)))
		snprintf(words->word[words->count++], KW_HOST_WORD, "%.39s=%.39s", name, value);
	return 0;
}

void kw_host_params(struct kw_host *host)
{
	struct own own = { &host->tree, &host->own_params };
	struct kw_parameter p = { .size = sizeof(p) };

	for (size_t i = 0; host->nparams < KW_HOST_LIST && kw_kvm_parameter(i, &p) > 0; i++)
		if (!strcmp(p.module, "kvm") || !strcmp(p.module, host->kvm.vendor))
			take(host, &p);
	kw_tree_names(&host->tree, "/sys/module/kvmwhy/parameters", take_own, &own);
}
