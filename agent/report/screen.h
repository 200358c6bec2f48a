/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of text for a terminal: wrapping, marks and colours. The last filter before a terminal:
 * no byte that is not printable ASCII leaves, but line ends, our own marks and colour sequences.
 */
#ifndef REPORT_SCREEN_H
#define REPORT_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "model/report.h"
#include "report/report.h"

enum ink { INK_PLAIN, INK_RED, INK_YELLOW, INK_GREEN, INK_DIM };

struct screen {
    struct buffer *to;
    bool colour;
    bool unicode;
    int columns;
    int column; /* where the next character goes, from 0 */
};

void screen_init(struct screen *screen, const struct style *style, struct buffer *to);

/* As it is, on the current line: for names and commands, which are never wrapped. */
void screen_text(struct screen *screen, enum ink ink, const char *text);
void screen_textf(struct screen *screen, enum ink ink, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Word by word from the current column on; further lines start at `indent`. A word is never
 * broken, however long, so that it can be copied. */
void screen_wrap(struct screen *screen, enum ink ink, int indent, const char *text);

/* Ends the line; spaces up to a column (at least one when something stands there already). */
void screen_end(struct screen *screen);
void screen_pad(struct screen *screen, int column);

/* A mark for a status, and its colour: pass and fail differ without colour and without UTF-8. */
void screen_mark(struct screen *screen, enum status status);
enum ink status_ink(enum status status);
int mark_width(const struct screen *screen, enum status status);

/* "12 ms", "2.0 s", "75 s". */
enum { DURATION_SIZE = 24 };
void duration_text(int32_t duration_ms, char to[DURATION_SIZE]);

#endif
