/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two pages share: one file each, which loads nothing and runs nothing but its own copy buttons.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "base/buffer.h"

/* The script of the copy buttons and its SHA-256 in base64, for the Content-Security-Policy: a browser runs
 * no other script, whatever a report holds (W3C CSP Level 3, section 2.3.1). */
extern const char html_script[], html_script_sha256[];

/* Everything up to the body's content, and everything behind it. `json`: JSON, which the page carries. */
void html_begin(struct buffer *to, const char *title);
void html_end(struct buffer *to, const char *json);

/* An element with text; what is to be pasted, with its copy button. */
void html_element(struct buffer *to, const char *element, const char *text);
void html_commands(struct buffer *to, const char *text);

#endif
