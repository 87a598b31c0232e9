/* SPDX-License-Identifier: MIT */
/*
 * kvmwhy inject --preload: the other way to inject, without a module and without root.
 */
#ifndef KW_INJECT_PRELOAD_H
#define KW_INJECT_PRELOAD_H

#include <stdbool.h>

/* Whether these arguments of kvmwhy inject ask for it. */
bool kw_inject_preload_asked(int argc, char **argv);

/* Becomes the command that the arguments name. Return: an exit status, if it cannot. */
int kw_inject_preload_run(int argc, char **argv);

#endif
