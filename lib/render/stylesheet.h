/* SPDX-License-Identifier: MIT */
/* CSS for the inside of a <style> element. Classes are those that html.c and picture.c write. */
#ifndef KW_STYLESHEET_H
#define KW_STYLESHEET_H

extern const char kw_stylesheet[];

#endif
