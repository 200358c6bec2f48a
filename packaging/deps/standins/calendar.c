/* SPDX-License-Identifier: Apache-2.0
 *
 * The calendar in UTC, in place of glibc's: that one reads /etc/localtime whatever is asked, and brings time zones, locales and
 * scanf along (60 KB). libcurl asks for the date of a signature, OpenSSL for today's to judge certificates by.
 * The algorithm counts from March, so that a leap day is the last of its year; an era is 400 years, 146,097 days.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
    DAY_S = 86400,
    DAYS_OF_ERA = 146097,
    DAYS_TO_1970 = 719468 /* from the first of March of the year 0 */
};

static int64_t floor_of(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static int64_t days_since_1970(int64_t year, int month, int day)
{
    int64_t from_march = month > 2 ? year : year - 1;
    int64_t era = floor_of(from_march, 400);
    int64_t of_era = from_march - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

/* Unlike glibc's, it leaves *when as it is, and wants a month between 0 and 11. */
time_t timegm(struct tm *when)
{
    int64_t days = days_since_1970(1900 + (int64_t)when->tm_year, when->tm_mon + 1, when->tm_mday);

    return days * DAY_S + when->tm_hour * (int64_t)3600 + when->tm_min * 60 + when->tm_sec;
}

struct tm *gmtime_r(const time_t *restrict at, struct tm *restrict to)
{
    int64_t days = floor_of(*at, DAY_S);
    int64_t second = *at - days * DAY_S;
    int64_t from = days + DAYS_TO_1970;
    int64_t era = floor_of(from, DAYS_OF_ERA);
    int64_t of_era = from - era * DAYS_OF_ERA;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * of_year + 2) / 153; /* of a year that begins in March */
    int64_t year = era * 400 + year_of_era + (month >= 10);

    if (year - 1900 < INT32_MIN || year - 1900 > INT32_MAX) {
        errno = EOVERFLOW;
        return NULL;
    }
    *to = (struct tm){.tm_sec = (int)(second % 60),
                      .tm_min = (int)(second / 60 % 60),
                      .tm_hour = (int)(second / 3600),
                      .tm_mday = (int)(of_year - (153 * month + 2) / 5 + 1),
                      .tm_mon = (int)(month < 10 ? month + 2 : month - 10),
                      .tm_year = (int)(year - 1900),
                      .tm_wday = (int)(days + 4 - 7 * floor_of(days + 4, 7)),
                      .tm_yday = (int)(days - days_since_1970(year, 1, 1)),
                      .tm_zone = "UTC"};
    return to;
}

struct tm *gmtime(const time_t *at)
{
    static struct tm when;

    return gmtime_r(at, &when);
}

/* What libcurl's signature and agent/base/clock.c ask for: %Y, %m, %d, %H, %M, %S, and letters for themselves. */
size_t strftime(char *restrict to, size_t size, const char *restrict format,
                const struct tm *restrict when)
{
    size_t used = 0;

    for (; *format; format++) {
        char text[16] = {*format};
        if (*format == '%') {
            static const char kinds[] = "YmdHMS";
            const char *kind = strchr(kinds, *++format);
            const int numbers[] = {1900 + when->tm_year, when->tm_mon + 1, when->tm_mday,
                                   when->tm_hour,        when->tm_min,     when->tm_sec};
            if (!kind || !*kind)
                return 0;
            (void)snprintf(text, sizeof(text), *kind == 'Y' ? "%d" : "%02d", numbers[kind - kinds]);
        }
        size_t n = strlen(text);
        if (used + n >= size)
            return 0;
        memcpy(to + used, text, n + 1);
        used += n;
    }
    return used;
}
