/* SPDX-License-Identifier: Apache-2.0
 *
 * The outputs: pure formatters from a report to bytes. Each has a file and a row in the table.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "model/fleet.h"
#include "model/image.h"
#include "model/report.h"

enum { REPORT_MAX_BYTES = 2 * 1024 * 1024 };

/* "schema" of the JSON report. The number changes only when readers would break. */
#define REPORT_SCHEMA "ssm-preflight/1"

struct style {
    bool colour;  /* SGR sequences */
    bool unicode; /* marks beyond ASCII, for a UTF-8 terminal */
    bool verbose; /* passed checks with their detail, notes in full */
    int columns;  /* width to wrap at; 0: 80, and no terminal */
    int rows;     /* of the terminal; 0: none, or not known */
    bool json;    /* tables as an array of objects, pages as an object */
};

struct output {
    const char *name; /* of --output */
    const char *what; /* for --help */
    void (*write)(const struct report *report, const struct style *style, struct buffer *to);
};

extern const struct output outputs[];
extern const size_t n_outputs;
const struct output *output_find(const char *name); /* NULL: no such output */

/* terminal.c, advice.c, short.c, json.c */
void terminal_write(const struct report *report, const struct style *style, struct buffer *to);
void commands_write(const struct report *report, const struct style *style, struct buffer *to);

/* The page `no-login`, filled in with what the report of one instance knows; NULL: nothing. Without what is about user data
 * where no commands for it are known. True where they are, and the instance. */
bool no_login_write(const struct report *report, struct buffer *to);
void short_write(const struct report *report, const struct style *style, struct buffer *to);
void json_write(const struct report *report, const struct style *style, struct buffer *to);

/* console.c: the block for the serial console, at most 4 KB of lines of at most 80 columns */
void console_write(const struct report *report, const struct style *style, struct buffer *to);

/* prometheus.c, junit.c, html.c */
void prometheus_write(const struct report *report, const struct style *style, struct buffer *to);
void html_write(const struct report *report, const struct style *style, struct buffer *to);
void junit_write(const struct report *report, const struct style *style, struct buffer *to);

/* --- json.c: for every output that is JSON --- */

struct cJSON;
void json_put(struct cJSON *object, const char *name, const char *text);
void json_put_or_null(struct cJSON *object, const char *name, const char *text); /* "" is null */
void json_put_texts(struct cJSON *object, const char *name, const char *texts, size_t size,
                    int32_t n); /* n texts of `size` bytes */
/* Prints and deletes the tree: in lines, or in one. */
void json_add(struct buffer *to, struct cJSON *tree, bool in_lines);

/* --- junit.c: for every output that is XML, or HTML --- */

/* Text, also of an attribute's value in double quotation marks, without what is not printable. */
void junit_put(struct buffer *to, const char *text);
void junit_attribute(struct buffer *to, const char *name, const char *value);
void junit_line(struct buffer *to, const char *before, const char *text);

enum junit_kind { JUNIT_PASSED, JUNIT_FAILED, JUNIT_ERROR, JUNIT_SKIPPED };
struct junit_counts {
    int of[JUNIT_SKIPPED + 1];
    int64_t ms;
};
void junit_count(struct junit_counts *counts, enum junit_kind kind, int32_t ms);

/* What a document, a suite and a case begin with. */
void junit_begin(struct buffer *to, const struct junit_counts *all);
void junit_begin_suite(struct buffer *to, const char *name, const struct junit_counts *counts,
                       int64_t started_unix_ms, const char *host);
void junit_begin_case(struct buffer *to, const char *name, const char *suite, int32_t ms);

/* The summary without the verdict's name, for outputs that print the verdict themselves. */
const char *report_summary_words(const struct report *report);

/* "NOT READY (2 causes): this; that": the verdict and what it is about, in one line. */
enum { VERDICT_LINE_SIZE = HEADLINE_SIZE + NAME_SIZE };
void report_verdict_line(const struct report *report, char to[VERDICT_LINE_SIZE]);

/* The instance id of IMDS, else the one in a Nitro machine's asset tag, else empty. */
const char *facts_instance_name(const struct facts *facts);

/* --- html.c: what the pages share: one file each, which loads nothing and runs nothing but its own copy buttons --- */

/* The script of the copy buttons and its SHA-256 in base64, for the Content-Security-Policy: a browser runs
 * no other script, whatever a report holds (W3C CSP Level 3, section 2.3.1). */
extern const char html_script[], html_script_sha256[];

/* Everything up to the body's content, and everything behind it. `json`: JSON, which the page carries. */
void html_begin(struct buffer *to, const char *title);
void html_end(struct buffer *to, const char *json);

/* An element with text; what is to be pasted, with its copy button. */
void html_element(struct buffer *to, const char *element, const char *text);
void html_commands(struct buffer *to, const char *text);

/* The way from the instance to what it needs, drawn, with the hop that fails; nothing where nothing was tried. */
void html_way(struct buffer *to, const struct report *report);

/* For a fleet's page: the way, and the evidence of the root cause. */
void html_example(struct buffer *to, const struct report *report);

/* The page `no-login`, in HTML. */
void html_no_login(struct buffer *to, const struct report *report);

/* --- fleet.c: many instances at once, one table by root cause, or what programs read --- */

enum { FLEET_MAX_BYTES = 256 * 1024 * 1024 };

struct fleet_output {
    const char *name; /* of --output */
    void (*write)(const struct fleet *fleet, const struct style *style, struct buffer *to);
};

extern const struct fleet_output fleet_outputs[];
extern const size_t n_fleet_outputs;

/* --- image.c: the audit of an image, in four of the formats --- */

void image_write_terminal(const struct image_report *report, const struct style *style,
                          struct buffer *to);
void image_write_short(const struct image_report *report, const struct style *style,
                       struct buffer *to);
void image_write_json(const struct image_report *report, const struct style *style,
                      struct buffer *to);
void image_write_junit(const struct image_report *report, const struct style *style,
                       struct buffer *to);

/* --- explain.c: what the binary carries, as text: the pages of docs/findings and docs/checks (`explain`), and tables
 * in columns (`list`) --- */

/* The page of a finding's code, of a check ("ssm.connect" has the page "endpoint.connect"), or by its
 * own name, in upper or lower case. False when there is none: `to` then holds a line, without a line
 * end, which says so and names the nearest one. */
bool explain_write(const char *name, const struct style *style, struct buffer *to);

enum { LIST_MAX_CELLS = 8 };

struct list_row {
    const char *cells[LIST_MAX_CELLS]; /* NULL or "" is an empty cell */
};

/* Headings, one for each column, then the rows. The last column is wrapped. */
void list_write(const char *const headings[], size_t n_columns, const struct list_row rows[],
                size_t n_rows, const struct style *style, struct buffer *to);

/* `list checks`: each check, its page and its question. */
void list_checks_write(const struct style *style, struct buffer *to);

#endif
