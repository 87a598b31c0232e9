/* SPDX-License-Identifier: MIT */
/*
 * The words of all parsers as compiled lists: where a stream is worth reading, and which of its
 * lines can contain a message. compile_words.c writes them. Copy one and call kw_find_use_best().
 */
#ifndef KW_PARSE_WORDS_H
#define KW_PARSE_WORDS_H

#include "base/find.h"

extern const struct kw_finder kw_parser_words, kw_message_words;

#endif
