/* SPDX-License-Identifier: MIT */
/*
 * kvmwhy inject --preload: the other way to inject, without a module and without root.
 */
#ifndef KW_INJECT_PRELOAD_H
#define KW_INJECT_PRELOAD_H

#include <stdbool.h>

/* Do these arguments of kvmwhy inject request it? */
bool kw_inject_preload_asked(int argc, char **argv);

/* Executes the command named in the arguments. Returns only on failure, an exit status. */
int kw_inject_preload_run(int argc, char **argv);

#endif
