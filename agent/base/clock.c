/* SPDX-License-Identifier: Apache-2.0
 *
 * The program never sets a locale, so strptime reads the English month names of RFC 9110.
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

bool clock_parse_http_date(const char *text, int64_t *unix_s)
{
    struct tm when = {0};
    const char *rest = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &when);

    if (!rest || *rest)
        return false;
    *unix_s = (int64_t)timegm(&when);
    return true;
}

bool clock_parse_iso8601(const char *text, int64_t *unix_s)
{
    struct tm when = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &when);

    if (!rest) {
        memset(&when, 0, sizeof(when));
        rest = strptime(text, "%Y%m%dT%H%M%S", &when);
    }
    if (!rest)
        return false;
    if (*rest == '.') {
        size_t digits = strspn(rest + 1, "0123456789");
        if (digits == 0)
            return false;
        rest += 1 + digits;
    }
    if (strcmp(rest, "Z") != 0)
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
    to[0] = '\0';
    if (!gmtime_r(&when, &parts) || strftime(to, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return;
    if (with_ms)
        (void)text_add(to, TIME_SIZE, ".%03dZ", (int)ms);
    else
        (void)text_add(to, TIME_SIZE, "Z");
}
