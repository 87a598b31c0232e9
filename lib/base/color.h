/* SPDX-License-Identifier: MIT */
/* The colours of text on a terminal, by purpose. The command's own pages also use them. */
#ifndef KW_COLOR_H
#define KW_COLOR_H

#define KW_COLOR_TITLE	  "\033[1m"  /* headlines, headings, the one thing that is wrong */
#define KW_COLOR_ASIDE	  "\033[2m"  /* what is not read first: evidence, sources */
#define KW_COLOR_COMMAND  "\033[36m" /* what can be typed */
#define KW_COLOR_CERTAIN  "\033[1;32m"
#define KW_COLOR_LIKELY	  "\033[1;33m" /* and what cannot be decided */
#define KW_COLOR_POSSIBLE "\033[1;36m"
#define KW_COLOR_BAD	  "\033[1;31m" /* a defect that is there */
#define KW_COLOR_END	  "\033[0m"

#endif
