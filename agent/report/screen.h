/* SPDX-License-Identifier: Apache-2.0
 *
 * The terminal: lines with wrapping, marks and colours; and the parts of a terminal's report that are
 * made of them. Nothing leaves but printable ASCII, line ends, and our own marks and colours.
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
    int column; /* of the next character, from 0 */
};

void screen_init(struct screen *screen, const struct style *style, struct buffer *to);

/* On the current line, never wrapped: for names and commands. */
void screen_text(struct screen *screen, enum ink ink, const char *text);
void screen_textf(struct screen *screen, enum ink ink, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Word by word from the current column on; further lines start at `indent`. A word is never broken,
 * so that it can be copied. */
void screen_wrap(struct screen *screen, enum ink ink, int indent, const char *text);

/* The same to the end of the line; and a line that begins at a column. */
void screen_finish(struct screen *screen, enum ink ink, int indent, const char *text);
void screen_line(struct screen *screen, enum ink ink, int at, int indent, const char *text);

/* screen_end ends the line; screen_pad adds spaces up to a column, at least one behind a text. */
void screen_end(struct screen *screen);
void screen_pad(struct screen *screen, int column);

/* A mark for a status, and its colour. Pass and fail differ without colour and without UTF-8. */
void screen_mark(struct screen *screen, enum status status);
int screen_status(struct screen *screen, enum status status); /* padded; returns the next column */
enum ink status_ink(enum status status);
enum ink verdict_ink(enum verdict verdict);
int mark_width(const struct screen *screen, enum status status);

/* An arrow to what stands behind it, one or two columns wide. */
void screen_arrow(struct screen *screen);

/* "12 ms", "2.0 s", "75 s". */
enum { DURATION_SIZE = 24 };
void duration_text(int32_t duration_ms, char to[DURATION_SIZE]);

/* --- advice.c: what one finding says --- */

enum { LABEL_AT = 2, TEXT_AT = 8 }; /* columns of "  Fix   Let inbound 443 ..." */

/* The findings with whose ends, the restart of the agent, the commands end: causes behind the last cause that has any, warnings behind
 * the last warning, each end once. From *i = -1 on; false: no more, or commands of another finding come behind those of `finding`. */
bool advice_next_end(const struct report *report, const struct finding *finding, int32_t *i);

/* A label and a wrapped text. */
void advice_labelled(struct screen *screen, const char *label, const char *text);

/* The first and the last observations; all of them with `all`. */
void advice_evidence(struct screen *screen, const struct finding *finding, bool all);

/* Fix, alternatives, and where to read more; with the commands where the last screen has not all of them.
 * `finding` is one of the report's. */
void advice_write(struct screen *screen, const struct report *report, const struct finding *finding,
                  bool commands);

/* What to do, with which a report ends: every cause by its name with its fix in a line, then the first
 * commands, then the restart of the agent. advice_fitting: what so many rows
 * hold of it. */
struct last_screen {
    int32_t n_commands; /* at most; a block is there whole, but for the first one, or not at all */
    bool all;           /* of them are there */
    bool in_short;      /* without the reboot, for which no room is left */
};
void advice_last_screen(struct screen *screen, const struct report *report,
                        const struct last_screen *holds);
struct last_screen advice_fitting(const struct report *report, const struct style *style, int rows);

/* --- ladder.c: what each check came to --- */

enum ladders {
    LADDERS_ALL,     /* a line for each target; below a rung that does not pass, what was seen */
    LADDERS_NOT_OK,  /* the same, only of targets that do not pass; the others share a line */
    LADDERS_IN_FULL, /* a line for each rung, and everything that was seen */
};

/* Also what was not tried, not judged, or cannot be seen until something is fixed. */
void ladders_write(struct screen *screen, const struct report *report, enum ladders ladders);

/* --- terminal.c: the view of a round under way, redrawn in place --- */

struct live {
    int n_lines; /* of the last drawing; the next one goes over them */
    int columns; /* of the terminal then: it breaks the lines anew when that changes */
};

struct live_moment {
    int round;            /* the one under way, or the last one */
    bool under_way;       /* then the report holds what is known so far */
    const char *words;    /* the summary of the last whole round; empty: there is none */
    int64_t remaining_ms; /* < 0: there is no deadline */
};

/* Draws over the last drawing. Lines that do not fit the terminal's rows are left out at the end: a
 * cursor does not go up beyond the first row. */
void live_draw(struct live *live, const struct report *report, const struct live_moment *moment,
               const struct style *style, struct buffer *to);

/* Takes the drawing off the screen. */
void live_erase(struct live *live, struct buffer *to);

#endif
