/* SPDX-License-Identifier: Apache-2.0
 *
 * Readers that take bytes in memory: reports, answers of services and resolvers, times, escapes.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/anonymize.h"
#include "model/facts_json.h"
#include "model/packed.h"
#include "net/dns.h"
#include "observe/climb.h"
#include "report/recorded.h"
#include "targets.h"

static struct facts facts, again;
static char error[WORDS_SIZE];

void fuzz_recorded(const uint8_t *bytes, size_t n)
{
    char *text = malloc(n + 1);

    if (!text)
        abort();
    memcpy(text, bytes, n);
    text[n] = '\0';
    error[0] = '\0';
    if (recorded_read(text, n, &facts, NULL, error, sizeof(error)))
        fuzz_require_clean(&facts_fields, &facts);
    else
        fuzz_require(error[0], "an error says something");
    free(text);
}

void fuzz_facts_json(const uint8_t *bytes, size_t n)
{
    cJSON *json = cJSON_ParseWithLength((const char *)bytes, n);

    if (json && facts_from_json(json, n % 2, &facts, error, sizeof(error))) {
        fuzz_require_clean(&facts_fields, &facts);
        cJSON *made = facts_to_json(&facts, KEEP_UNUSED);
        char *printed = cJSON_PrintUnformatted(made); /* numbers are made as text */
        cJSON *first = cJSON_Parse(printed);
        fuzz_require(facts_from_json(first, false, &again, error, sizeof(error)), "facts survive");
        cJSON *second = facts_to_json(&again, KEEP_UNUSED);
        fuzz_require(cJSON_Compare(made, second, 1), "facts survive as they were");
        cJSON_Delete(second);
        cJSON_Delete(first);
        cJSON_free(printed);
        cJSON_Delete(made);
    }
    cJSON_Delete(json);
}

/* Behind the byte 0xff is what stands in it, packed as one block that is stored as it is (RFC 1951 section 3.2.4):
 * what is changed in there goes through. */
void fuzz_packed(const uint8_t *bytes, size_t n)
{
    LOCAL_BUFFER stored = {.max_bytes = UINT16_MAX + 8};

    error[0] = '\0';
    if (n > 0 && bytes[0] == 0xff && n <= UINT16_MAX) {
        const uint16_t length = (uint16_t)(n - 1);
        const char head[] = {(char)dictionaries[0].version, 1,
                             (char)(length & 0xff),         (char)(length >> 8),
                             (char)(~length & 0xff),        (char)(~length >> 8 & 0xff)};
        (void)buffer_add(&stored, head, sizeof(head));
        (void)buffer_add(&stored, (const char *)bytes + 1, length);
        bytes = (const uint8_t *)stored.bytes;
        n = stored.used;
    }
    if (packed_read(bytes, n, &facts, error, sizeof(error)))
        fuzz_require_clean(&facts_fields, &facts);
    else
        fuzz_require(error[0], "an error says something");
}

/* "CONTENT-TYPE\nERROR-TYPE\nSTATUS\nBODY" */
void fuzz_service_answer(const uint8_t *bytes, size_t n)
{
    static struct facts held; /* nothing else is written to it */
    static struct action_facts action;
    struct http_head head = {.status = 400};
    char *text = fuzz_text(bytes, n), *body = text, *line;
    char nothing[] = "";

    memset(&action, 0, sizeof(action));
    if ((line = strsep(&body, "\n")) && body)
        (void)text_escape(head.content_type, sizeof(head.content_type), line, strlen(line));
    if (body && (line = strsep(&body, "\n")) && body)
        (void)text_escape(head.error_type, sizeof(head.error_type), line, strlen(line));
    if (body && (line = strsep(&body, "\n")) && body)
        head.status = (int32_t)strtoul(line, NULL, 10) % 600;
    if (!body)
        body = nothing;
    service_answer_judge(&head, body, strlen(body), "InvalidDocument ParameterNotFound", &action);
    fuzz_require(action.permission <= PERMISSION_UNCLEAR, "an answer decides");
    fuzz_require((action.permission == PERMISSION_ALLOWED) == (action.failure == FAILURE_NONE),
                 "allowed, or a reason why not");
    held.endpoints[0].n_actions = 1;
    held.endpoints[0].actions[0] = action;
    fuzz_require_clean(&facts_fields, &held);
    free(text);
}

void fuzz_dns_answer(const uint8_t *bytes, size_t n)
{
    static struct facts held; /* nothing else is written to it */
    struct dns_answer *answer = &held.endpoints[0].answers[0];

    for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family++) {
        char detail[DETAIL_SIZE] = "";

        memset(answer, 0, sizeof(*answer));
        held.endpoints[0].n_answers = 1;
        answer->family = (enum family)family;
        enum failure failure = dns_answer_read(bytes, n, answer, detail);
        fuzz_require((failure == FAILURE_NONE) == (answer->n_addresses > 0),
                     "an address, or a reason why not");
        fuzz_require_clean(&facts_fields, &held);
    }
}

void fuzz_times(const uint8_t *bytes, size_t n)
{
    char *text = fuzz_text(bytes, n);
    char written[TIME_SIZE];
    int64_t value = 0, back = 0;

    if (clock_parse_duration(text, &value))
        fuzz_require(value >= 0 && value <= 86400000, "a duration is at most a day");
    (void)clock_parse_http_date(text, &value);
    if (clock_parse_iso8601(text, &value)) {
        clock_format_iso8601(value * 1000, false, written);
        fuzz_require(!clock_parse_iso8601(written, &back) || back == value,
                     "a time that is written is the same when read");
    }
    free(text);
}

/* The first byte is the room there is. */
void fuzz_escape(const uint8_t *bytes, size_t n)
{
    char to[256];
    size_t size = n > 0 ? bytes[0] : 0;

    memset(to, 0x7f, sizeof(to));
    bool whole = text_escape(to, size, (const char *)bytes + (n > 0), n > 0 ? n - 1 : 0);
    if (size == 0)
        return;
    fuzz_require(memchr(to, '\0', size), "what is escaped ends");
    for (const char *at = to; *at; at++)
        fuzz_require(*at >= 0x20 && *at <= 0x7e, "what is escaped is printable ASCII");
    fuzz_require(whole || strlen(to) >= size - 4 || size < 8, "no more is cut than must be");
    (void)text_trim(to);
}

/* In one kind of text each, beside a block of the VPC. */
void fuzz_anonymize(const uint8_t *bytes, size_t n)
{
    static struct facts held; /* nothing else is written to it */
    struct tls_session *session = &held.endpoints[0].addresses[0].session;
    const struct {
        char *at;
        size_t size;
    } texts[] = {{held.role.message, sizeof(held.role.message)},
                 {held.role.role, sizeof(held.role.role)},
                 {held.agent.no_proxy, sizeof(held.agent.no_proxy)},
                 {held.agent.proxy_file, sizeof(held.agent.proxy_file)},
                 {held.instance.type, sizeof(held.instance.type)},
                 {held.instance.region, sizeof(held.instance.region)},
                 {session->issuer, sizeof(session->issuer)},
                 {session->version, sizeof(session->version)}};
    const size_t which = n % COUNT_OF(texts);

    held.instance.n_vpc_cidrs = 1;
    held.endpoints[0].n_addresses = 1;
    (void)text_escape(held.instance.vpc_cidrs[0], ADDRESS_SIZE, (const char *)bytes, n);
    (void)text_escape(texts[which].at, texts[which].size, (const char *)bytes, n);
    anonymize_facts(&held);
    fuzz_require_clean(&facts_fields, &held);
    texts[which].at[0] = '\0';
}
