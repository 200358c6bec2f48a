/* SPDX-License-Identifier: Apache-2.0
 *
 * What came back, and how it ended: head lines into struct http_head, libcurl's codes into our
 * vocabulary.
 */
#include <stddef.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/dial.h"
#include "net/http_exchange.h"

enum { MAX_HEAD_BYTES = 32 * 1024, DATE_SIZE = 64 };

/* --- the head --- */

static const struct {
    const char *name;
    size_t offset; /* of a char[NAME_SIZE] */
    char cut;      /* what follows this character is left out */
} kept[] = {
    {"server", offsetof(struct exchange, head.server), '\0'},
    {"content-type", offsetof(struct exchange, head.content_type), '\0'},
    {"x-amzn-requestid", offsetof(struct exchange, head.request_id), '\0'},
    {"x-amz-request-id", offsetof(struct exchange, head.request_id), '\0'},
    {"x-amzn-errortype", offsetof(struct exchange, head.error_type), ':'},
    {"via", offsetof(struct exchange, head.via), '\0'},
    {"x-aws-ec2-metadata-token-ttl-seconds", offsetof(struct exchange, token_ttl), '\0'},
};

static bool is_name(const char *line, size_t n, const char *name)
{
    return n == strlen(name) && strncasecmp(line, name, n) == 0;
}

static void keep_date(struct http_head *head, const char *value, size_t n)
{
    char text[DATE_SIZE];
    int64_t date_unix_s; /* RFC 9110 section 6.6.1 */

    if (head->has_date || n >= sizeof(text))
        return;
    memcpy(text, value, n);
    text[n] = '\0';
    if (clock_parse_http_date(text, &date_unix_s)) {
        head->has_date = true;
        head->clock_offset_ms = date_unix_s * 1000 - clock_wall_unix_ms();
    }
}

/* What Go's net/http, the agent's, refuses and libcurl takes by its first digits: another status line than
 * RFC 9112 section 4 has, and lengths (RFC 9110 section 8.6) that are no number or differ. */
static bool is_status_line(const char *line, size_t n)
{
    static const char form[] = "HTTP/1.0 000";

    if (n < strlen(form) || memcmp(line, form, strlen("HTTP/1.")) != 0 || line[8] != ' ' ||
        (n > strlen(form) && !strchr(" \r\n", line[strlen(form)])))
        return false;
    for (size_t i = strlen("HTTP/1."); i < strlen(form); i++)
        if (form[i] == '0' && (line[i] < '0' || line[i] > '9'))
            return false;
    return true;
}

static bool is_length(struct exchange *exchange, const char *value, size_t n)
{
    char digits[sizeof(exchange->length)];
    uint64_t length;

    if (!text_set(digits, sizeof(digits), "%.*s", (int)n, value) || strlen(digits) != n ||
        !text_number(digits, INT64_MAX, &length) ||
        (exchange->length[0] && strcmp(digits, exchange->length) != 0))
        return false;
    return text_set(exchange->length, sizeof(exchange->length), "%s", digits);
}

/* False: with such a field the answer is none. */
static bool keep_field(struct exchange *exchange, const char *line, size_t n)
{
    static const char blanks[] = {' ', '\t', '\r', '\n'};
    const char *colon = memchr(line, ':', n);

    if (!colon)
        return true;
    size_t n_name = (size_t)(colon - line);
    const char *value = colon + 1;
    const char *end = line + n;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && memchr(blanks, end[-1], sizeof(blanks)))
        end--;
    if (is_name(line, n_name, "content-length"))
        return is_length(exchange, value, (size_t)(end - value));
    if (is_name(line, n_name, "date"))
        keep_date(&exchange->head, value, (size_t)(end - value));
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        char *to = (char *)exchange + kept[i].offset;
        if (!is_name(line, n_name, kept[i].name) || *to)
            continue;
        const char *cut = !kept[i].cut ? NULL : memchr(value, kept[i].cut, (size_t)(end - value));
        (void)text_escape(to, NAME_SIZE, value, (size_t)((cut ? cut : end) - value));
        credentials_hide(exchange->credentials, to);
    }
    return true;
}

/* libcurl ends no line with a zero byte. */
static bool is_empty_line(const char *bytes, size_t n)
{
    return n == 0 || (n == 1 && bytes[0] == '\n') || (n == 2 && memcmp(bytes, "\r\n", 2) == 0);
}

size_t exchange_read_head(char *bytes, size_t size, size_t n, void *arg)
{
    struct exchange *exchange = arg;

    (void)size; /* 1 */
    exchange->head_bytes += n;
    if (exchange->head_bytes > MAX_HEAD_BYTES) {
        exchange->too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (n == exchange->head_bytes || (n >= 5 && memcmp(bytes, "HTTP/", 5) == 0)) {
        /* Anew: the one before was an interim answer. */
        exchange->head = (struct http_head){.status = 0};
        exchange->head_complete = false;
        exchange->length[0] = exchange->token_ttl[0] = '\0';
        exchange->malformed = !is_status_line(bytes, n);
    } else if (is_empty_line(bytes, n)) {
        exchange->head_complete = true;
    } else if (!exchange->head_complete) {
        exchange->malformed = !keep_field(exchange, bytes, n);
    }
    return exchange->malformed ? CURL_WRITEFUNC_ERROR : n;
}

size_t exchange_read_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct exchange *exchange = arg;

    (void)size; /* 1 */
    if (!buffer_add(&exchange->body, bytes, n)) {
        exchange->too_large = true;
        return CURL_WRITEFUNC_ERROR;
    }
    return n;
}

/* --- how it ended --- */

static const struct {
    CURLcode code;
    enum failure failure;
} failures[] = {
    {CURLE_OPERATION_TIMEDOUT, FAILURE_TIMEOUT},
    {CURLE_GOT_NOTHING, FAILURE_CLOSED},
    {CURLE_PARTIAL_FILE, FAILURE_TRUNCATED},
    {CURLE_RECV_ERROR, FAILURE_MALFORMED}, /* chunks that are none: errno was looked at before */
    {CURLE_SEND_ERROR, FAILURE_CLOSED},
    {CURLE_UNSUPPORTED_PROTOCOL, FAILURE_MALFORMED}, /* no status line: it would be HTTP/0.9 */
    {CURLE_WEIRD_SERVER_REPLY, FAILURE_MALFORMED},
    {CURLE_TOO_LARGE, FAILURE_TOO_LARGE},
    {CURLE_COULDNT_CONNECT, FAILURE_LOCAL},
};

/* Why the handshake did not end well. */
static enum failure handshake_failure(struct exchange *exchange, CURLcode result, int os_error)
{
    if (result == CURLE_OPERATION_TIMEDOUT)
        return FAILURE_TIMEOUT;
    if (result == CURLE_OUT_OF_MEMORY)
        return FAILURE_INTERNAL;
    enum failure failure = tls_failure(&exchange->peer, exchange->error, os_error);
    if (failure != FAILURE_NONE)
        return failure;
    if (result != CURLE_PEER_FAILED_VERIFICATION)
        return FAILURE_CLOSED; /* no reason at all: the stream just ended */
    /* libcurl's own look at the name came after ours; before it, it leaves out one alert's number. */
    return exchange->peer.shown ? FAILURE_WRONG_NAME : FAILURE_TLS_ALERT;
}

static bool is_broken(CURLcode result)
{
    return result == CURLE_RECV_ERROR || result == CURLE_SEND_ERROR || result == CURLE_GOT_NOTHING;
}

static enum failure result_failure(struct exchange *exchange, CURLcode result, int os_error)
{
    if (exchange->too_large)
        return FAILURE_TOO_LARGE;
    if (exchange->malformed)
        return FAILURE_MALFORMED;
    if (os_error != 0 && (result == CURLE_COULDNT_CONNECT || is_broken(result)))
        return dial_failure(os_error);
    if (exchange->is_tls && is_broken(result)) {
        enum failure failure = tls_failure(&exchange->peer, exchange->error, 0);
        if (failure == FAILURE_CLOSED && exchange->head_complete)
            return FAILURE_TRUNCATED;
        if (failure != FAILURE_NONE)
            return failure;
    }
    for (size_t i = 0; i < COUNT_OF(failures); i++)
        if (failures[i].code == result)
            return failures[i].failure;
    return FAILURE_INTERNAL;
}

static void fail(struct step *step, enum failure failure, int64_t took_us, int os_error,
                 const char *detail)
{
    step_fail(step, failure, loop_took_ms(took_us));
    step->os_error = os_error;
    (void)text_escape(step->detail, sizeof(step->detail), detail, strlen(detail));
}

void exchange_judge(struct exchange *exchange, CURLcode result, struct http_reply *reply)
{
    int64_t took_us = reply->took_us;
    int64_t began_us = exchange->handshake_us[0];
    long os_errno = 0;

    (void)curl_easy_getinfo(exchange->easy, CURLINFO_OS_ERRNO, &os_errno);
    credentials_hide(exchange->credentials, exchange->error);
    int os_error = exchange->os_error ? exchange->os_error : (int)os_errno;
    if (exchange->is_tls && began_us != 0) {
        if (!exchange->sent) {
            enum failure failure = handshake_failure(exchange, result, os_error);
            fail(&reply->tls, failure, loop_clock_us(exchange->loop) - began_us, os_error,
                 exchange->peer.detail);
            step_skip(&reply->step, FAILURE_BELOW);
            return;
        }
        step_ok(&reply->tls, loop_took_ms(exchange->handshake_us[1] - began_us));
        took_us -= exchange->handshake_us[1] - began_us;
    }
    if (result == CURLE_OK) {
        step_ok(&reply->step, loop_took_ms(took_us));
        return;
    }
    enum failure failure = result_failure(exchange, result, os_error);
    fail(&reply->step, failure, took_us, os_error,
         failure == FAILURE_TIMEOUT ? "" : exchange->error);
}
