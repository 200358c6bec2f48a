/* SPDX-License-Identifier: Apache-2.0
 *
 * Text in memory of a fixed size: never longer than its size, always terminated. Every string that a
 * server, a file or the environment controls passes text_escape() before it is kept.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Formats into `to`. False when it was cut. */
bool text_set(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Formats behind what `to` already holds. False when it was cut. */
bool text_add(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds an item to a list: behind the separator, unless it is the first. */
void text_list(char *to, size_t size, const char *separator, const char *item);

/* Copies n bytes, turning C0, DEL, C1, everything beyond ASCII and the backslash into \xNN (or \n,
 * \t, \r, \\), so that the result is printable ASCII. Ends in "..." when it was cut.
 * Returns whether all of it fitted. `from` may be NULL (an empty string). */
bool text_escape(char *to, size_t size, const char *from, size_t n);

/* The same of what a format makes. */
bool text_quote(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A quotation, escaped, of n bytes of an unexpected body: the title of an HTML page
 * ("<title>Sign in</title>"), else the first EXCERPT_BYTES. */
enum { EXCERPT_BYTES = 120 };
void text_excerpt(char *to, size_t size, const char *body, size_t n);

/* Removes white space at both ends, in place; returns its argument. */
char *text_trim(char *text);

/* The next word up to one of the delimiters, of the text at *rest, which is cut and goes on behind it; NULL: none. */
char *text_next(char **rest, const char *delimiters);

/* The same of a text that stays as it is: a copy, cut to what fits. False: none.
 *   for (const char *at = list; text_word(&at, " ", word, sizeof(word));) */
bool text_word(const char **at, const char *delimiters, char *word, size_t size);

/* "a,b,c" has "b". No list has an empty item. */
bool text_has(const char *list, char separator, const char *item);

bool text_starts(const char *text, const char *prefix);
bool text_starts_any(const char *text, const char *prefixes); /* "a b c", each of them short */
bool text_ends(const char *text, const char *suffix);

/* True when only [A-Za-z0-9] and the characters in `also` occur and it is not empty. */
bool text_only(const char *text, const char *also);

/* Which of n names the word is; n when it is none. The first name is at `names`, the next ones each `stride` bytes
 * further: of a table's rows, &rows[0].name and sizeof(rows[0]). */
size_t text_find(const char *word, const char *const *names, size_t stride, size_t n);

/* "did you mean --output? ", with the nearest of the names. Empty when more than a third of the word's
 * letters would be wrong. A part of a name ("firewall") counts as one wrong letter. */
void text_hint(char *to, size_t size, const char *dashes, const char *word,
               const char *const *names, size_t stride, size_t n);

/* "3.3.1142.0" against "3.3.40.0": -1, 0, 1; 0 also when either is no version. */
int text_compare_versions(const char *a, const char *b);

/* A whole decimal number without sign; false when it is none or above max. */
bool text_number(const char *text, uint64_t max, uint64_t *value);

#endif
