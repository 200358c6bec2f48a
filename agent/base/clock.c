/* SPDX-License-Identifier: Apache-2.0
 *
 * Times are read here and not by strptime, which would bring time zones and locales into the binary.
 */
#include "base/clock.h"

#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/text.h"

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

int64_t clock_wall_unix_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int clock_rest(struct pollfd *fds, nfds_t n, int64_t wait_ms)
{
    return poll(fds, n, wait_ms > INT32_MAX ? INT32_MAX : (int)wait_ms);
}

bool clock_parse_duration(const char *text, int64_t *duration_ms)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}};
    enum { DAY_MS = 24 * 60 * 60 * 1000 };

    size_t digits = strspn(text, "0123456789");
    char number[16];
    uint64_t value = 0;

    if (!text_set(number, sizeof(number), "%.*s", (int)digits, text))
        return false;
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (strcmp(text + digits, units[i].unit) != 0)
            continue;
        if (!text_number(number, DAY_MS / units[i].ms, &value))
            return false;
        *duration_ms = (int64_t)(value * units[i].ms);
        return true;
    }
    return false;
}

/* A number of the form, and what struct tm counts it from. */
static const struct part {
    char letter;
    size_t n_digits;
    int least, most, counted_from;
    size_t offset;
} parts_of_time[] = {
    {'Y', 4, 0, 9999, 1900, offsetof(struct tm, tm_year)},
    {'m', 2, 1, 12, 1, offsetof(struct tm, tm_mon)},
    {'d', 2, 1, 31, 0, offsetof(struct tm, tm_mday)},
    {'H', 2, 0, 23, 0, offsetof(struct tm, tm_hour)},
    {'M', 2, 0, 59, 0, offsetof(struct tm, tm_min)},
    {'S', 2, 0, 60, 0, offsetof(struct tm, tm_sec)},
};

static const char *read_part(const char *text, const struct part *part, struct tm *when)
{
    int value = 0;

    for (size_t i = 0; i < part->n_digits; i++, text++) {
        if (*text < '0' || *text > '9')
            return NULL;
        value = value * 10 + *text - '0';
    }
    if (value < part->least || value > part->most)
        return NULL;
    *(int *)((char *)when + part->offset) = value - part->counted_from;
    return text;
}

static const char *read_month(const char *text, struct tm *when)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (strncmp(text, months + i * 3, 3) == 0) {
            when->tm_mon = i;
            return text + 3;
        }
    }
    return NULL;
}

/* The letters of strptime that are in parts_of_time, and %b, a month's English name. Returns what follows the time, NULL: it has
 * another form. */
static const char *read_time(const char *text, const char *form, struct tm *when)
{
    for (; text && *form; form++) {
        if (*form != '%') {
            text = *text == *form ? text + 1 : NULL;
            continue;
        }
        form++;
        if (*form == 'b')
            text = read_month(text, when);
        for (size_t i = 0; text && i < COUNT_OF(parts_of_time); i++)
            if (*form == parts_of_time[i].letter)
                text = read_part(text, &parts_of_time[i], when);
    }
    return text;
}

bool clock_parse_http_date(const char *text, int64_t *unix_s)
{
    struct tm when = {0};
    const char *comma = strchr(text, ','); /* behind the day of the week, which the date says too */
    const char *rest = comma ? read_time(comma, ", %d %b %Y %H:%M:%S GMT", &when) : NULL;

    if (comma != text + 3 || !rest || *rest)
        return false;
    *unix_s = (int64_t)timegm(&when);
    return true;
}

bool clock_parse_iso8601(const char *text, int64_t *unix_s)
{
    struct tm when = {0};
    const char *rest = read_time(text, "%Y-%m-%dT%H:%M:%S", &when);

    if (!rest)
        rest = read_time(text, "%Y%m%dT%H%M%S", &when);
    if (!rest)
        return false;
    if (*rest == '.') {
        size_t digits = strspn(rest + 1, "0123456789");
        if (digits == 0)
            return false;
        rest += 1 + digits;
    }
    if (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0)
        return false;
    *unix_s = (int64_t)timegm(&when);
    return true;
}

void clock_format_iso8601(int64_t unix_ms, bool with_ms, char to[TIME_SIZE])
{
    int64_t ms = unix_ms % 1000;
    int64_t s = unix_ms / 1000;
    if (ms < 0) {
        ms += 1000;
        s--;
    }

    time_t when = (time_t)s;
    struct tm parts;
    (void)gmtime_r(&when, &parts); /* milliseconds end before years do not fit */
    (void)strftime(to, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    if (with_ms)
        (void)text_add(to, TIME_SIZE, ".%03dZ", (int)ms);
    else
        (void)text_add(to, TIME_SIZE, "Z");
}
