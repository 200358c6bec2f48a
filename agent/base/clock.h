/* SPDX-License-Identifier: Apache-2.0
 *
 * The two clocks, monotonic for how long and wall for when; and the forms in which time is written:
 * durations of options, HTTP dates (RFC 9110 section 5.6.7), ISO 8601 in UTC.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIME_SIZE = 32 }; /* "2026-11-23T12:00:00.123Z" with room */

int64_t clock_monotonic_us(void); /* CLOCK_MONOTONIC */
int64_t clock_monotonic_ms(void);
int64_t clock_wall_unix_ms(void); /* CLOCK_REALTIME, since 1970 */

/* poll(2) between two rounds of `wait`. Of its own, so that a test can let an hour pass in a second
 * (tests/waiting/hasty.c). */
int clock_rest(struct pollfd *fds, nfds_t n, int64_t wait_ms);

/* "250ms", "30s", "5m": a whole number and a unit. False when it is none, or over a day. */
bool clock_parse_duration(const char *text, int64_t *duration_ms);

/* "Mon, 23 Nov 2026 12:00:00 GMT". */
bool clock_parse_http_date(const char *text, int64_t *unix_s);

/* "2026-11-23T12:00:00Z", with or without a fraction; or "20261123T120000Z". UTC only. */
bool clock_parse_iso8601(const char *text, int64_t *unix_s);

/* The first form above, with milliseconds when with_ms. */
void clock_format_iso8601(int64_t unix_ms, bool with_ms, char to[TIME_SIZE]);

#endif
