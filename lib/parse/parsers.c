// SPDX-License-Identifier: MIT
/* The producers, in the order in which they are asked for a line; the first that takes it has it. */
#include "parse/parse.h"

const struct kw_parser *const kw_parsers[] = {
	&kw_parser_watch,   &kw_parser_qemu,    &kw_parser_vmcs,  &kw_parser_vmcb,	&kw_parser_run_page, &kw_parser_qemu_kvm,
	&kw_parser_kvmtool, &kw_parser_monitors, &kw_parser_dmesg, NULL,
};
