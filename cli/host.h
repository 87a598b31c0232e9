/* SPDX-License-Identifier: MIT */
/* A host's KVM in, a page of text or a JSON object out. */
#ifndef KW_CLI_HOST_H
#define KW_CLI_HOST_H

#include <kvmwhy/kvmwhy.h>
#include <stdbool.h>

#include "../host/facts/host.h"
#include "cli.h"

/* What kw_kernel_defect() says about defect @i on this host. Return: false beyond the last. */
bool kw_host_defect(const struct kw_host *host, size_t i, struct kw_defect *ret);

/* What the value of a parameter means, or NULL; @about receives what the parameter is. */
const char *kw_host_meaning(const struct kw_host_param *param, const char **about);

const char *kw_host_state_name(enum kw_kvm_state state);

/*
 * Takes what the installed `kvmwhy watch` says of itself into .watch; if @trying, also which ways
 * open here.
 */
void kw_host_ask_watch(struct kw_host *host, bool trying);

/* The way of a bit of struct kw_can, as --via has it; NULL beyond the last. */
const char *kw_host_way_name(unsigned int bit);

/* "POE": the letters of the set taint flags. */
void kw_host_taint_letters(uint64_t taint, char ret[65]);

/* @print: KW_PRINT_COLOR and KW_PRINT_WIDTH(). */
void kw_host_text(const struct kw_host *host, struct kw_output *out, unsigned int print);

/* Return: 0, or a negative errno. */
int kw_host_json(const struct kw_host *host, struct kw_output *out);

#endif
