/* SPDX-License-Identifier: Apache-2.0
 *
 * A text is at most PLAIN_MAX_BYTES before it is deflated, and so it is when it is read: a block that
 * would grow to more is no block of ours.
 */
#include "model/packed.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/text.h"
#include "model/facts_json.h"

enum {
    PLAIN_MAX_BYTES = 128 * 1024,
    RAW = -15,   /* no header, and the largest window: it must hold the dictionary */
    MEMORY = 9,  /* the largest: one Huffman table for all */
    REGION = '~' /* which occurs in the JSON as \u007e only */
};

/* --- trimming ---
 * What is always left out is said by the table of fields; here is what depends on other members: what went
 * well needs few words, and what is said twice needs one. */

enum { SOON_S = 30 * 86400, RIGHT_MS = 10000, MAX_QUOTED = 3, AT_ONCE_MS = 100 };

/* 3060 becomes 3000, 1503 1500, and 16004 16000: what a person reads, and every limit that a cause compares with, has two
 * digits and zeros, or is of whole seconds, and no limit is below 100 ms. */
static int32_t round_down(int32_t ms)
{
    int32_t unit = 1;

    if (ms > 0 && ms < AT_ONCE_MS)
        return 1;
    while (ms / unit >= 100 && unit < 1000)
        unit *= 10;
    return ms / unit * unit;
}

static void trim_step(struct facts *facts, void *at)
{
    struct step *step = at;

    (void)facts;
    step->took_ms = round_down(step->took_ms);
}

static bool any_port_is_silent(const struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            if (facts->endpoints[i].addresses[j].silent_port != 0)
                return true;
    return false;
}

/* A certificate that verified says nothing more than its issuer, unless it ends soon. */
static void trim_address(struct facts *facts, void *at)
{
    struct address_facts *address = at;
    struct tls_session *session = &address->session;

    if (!any_port_is_silent(facts))
        address->port = 0;
    if (address->steps[RUNG_TLS].outcome == OUTCOME_OK) {
        session->subject[0] = '\0';
        session->names[0] = '\0';
        if (session->not_after_unix_s - facts->started_unix_ms / 1000 > SOON_S)
            session->not_before_unix_s = session->not_after_unix_s = 0;
    }
    if (address->steps[RUNG_HTTP].outcome == OUTCOME_OK) {
        address->head.server[0] = '\0';
        address->head.via[0] = '\0';
        address->body_start[0] = '\0';
    }
}

/* The words of a denial are quoted once; others of its kind are named. */
static void trim_endpoint(struct facts *facts, void *at)
{
    struct endpoint_facts *endpoint = at;

    (void)facts;
    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        struct action_facts *action = &endpoint->actions[i];
        const bool is_told = action->permission == PERMISSION_DENIED ||
                             action->permission == PERMISSION_UNCLEAR;

        action->took_ms = round_down(action->took_ms);
        for (int32_t j = 0; j < i; j++)
            if (endpoint->actions[j].permission == action->permission &&
                endpoint->actions[j].denied_by == action->denied_by &&
                endpoint->actions[j].failure == action->failure)
                action->message[0] = '\0';
        if (!is_told) {
            action->address[0] = action->code[0] = action->message[0] = '\0';
            action->status = action->took_ms = 0;
        }
    }
}

/* Of readings that all agree with the clock, as many as are quoted. */
static void trim_clock(struct facts *facts, void *at)
{
    struct clock_facts *clock = at;

    (void)facts;
    for (int32_t i = 0; i < clock->n_samples; i++)
        if (llabs(clock->samples[i].offset_ms) > RIGHT_MS || clock->samples[i].error_ms > RIGHT_MS)
            return;
    if (clock->n_samples > MAX_QUOTED)
        clock->n_samples = MAX_QUOTED;
    for (int32_t i = 0; i < clock->n_samples; i++) {
        clock->samples[i].offset_ms -= clock->samples[i].offset_ms % 100;
        clock->samples[i].error_ms = round_down(clock->samples[i].error_ms);
    }
}

/* An address of the link alone says something only where there is no other. */
static void trim_interface(struct facts *facts, void *at)
{
    struct interface_facts *interface = at;
    int32_t n = 0;

    if (!facts->network.usable_ipv4 && !facts->network.usable_ipv6)
        return;
    for (int32_t i = 0; i < interface->n_addresses; i++)
        if (!text_starts(interface->addresses[i], "fe80:"))
            memmove(interface->addresses[n++], interface->addresses[i], ADDRESS_SIZE);
    interface->n_addresses = n;
}

/* A struct is trimmed before what is in it. */
static const struct {
    const char *fields;
    void (*trim)(struct facts *facts, void *at);
} trims[] = {
    {"step", trim_step},
    {"address_facts", trim_address},
    {"endpoint_facts", trim_endpoint},
    {"clock_facts", trim_clock},
    {"interface_facts", trim_interface},
};

/* How long lists may be at the last level. */
static const struct {
    const char *list;
    int32_t most;
} lists[] = {
    {"interfaces", 2}, {"vpc_cidrs", 4}, {"subnet_cidrs", 2},    {"samples", 3},
    {"answers", 4},    {"addresses", 3}, {"security_groups", 1},
};

static void trim_fields(struct facts *facts, const struct fields *fields, char *base,
                        enum packed level)
{
    for (size_t i = 0; i < COUNT_OF(trims); i++)
        if (strcmp(trims[i].fields, fields->name) == 0)
            trims[i].trim(facts, base);
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];

        for (size_t j = 0; level == PACKED_LISTS && j < COUNT_OF(lists); j++)
            if (field->count == COUNT_LIST && strcmp(lists[j].list, field->name) == 0 &&
                field_n_items(field, base) > (size_t)lists[j].most)
                memcpy(base + field->n_offset, &lists[j].most, sizeof(lists[j].most));
        for (size_t j = 0; field->fields && j < field_n_items(field, base); j++)
            trim_fields(facts, field->fields, base + field->offset + j * field->size, level);
    }
}

void facts_trim(struct facts *facts, enum packed level)
{
    trim_fields(facts, &facts_fields, (char *)facts, level);
}

/* --- packing --- */

/* A region stands in the facts dozens of times, and the dictionary has another one. */
static void add_with_region(struct buffer *to, const char *json, const char *region)
{
    size_t n_region = strlen(region);

    (void)buffer_addf(to, "%s\n", region);
    while (*json) {
        if (n_region > 0 && text_starts(json, region)) {
            (void)buffer_add(to, &(const char){REGION}, 1);
            json += n_region;
        } else if (*json == REGION) {
            (void)buffer_addf(to, "\\u%04x", (unsigned int)*json++);
        } else {
            (void)buffer_add(to, json++, 1);
        }
    }
}

bool packed_text(const struct facts *facts, enum packed level, struct buffer *to)
{
    static const enum keep keeps[] = {[PACKED_ALL] = KEEP_QUOTED, [PACKED_WORDS] = KEEP_EXTRA};
    struct facts *trimmed = malloc(sizeof(*trimmed));

    *trimmed = *facts;
    facts_trim(trimmed, level);
    cJSON *json = facts_to_json(trimmed, level < COUNT_OF(keeps) ? keeps[level] : KEEP_NEEDED);
    char *text = cJSON_PrintUnformatted(json);
    add_with_region(to, text, trimmed->plan.region);
    cJSON_free(text);
    cJSON_Delete(json);
    free(trimmed);
    return !to->failed;
}

static void deflate_text(const struct buffer *text, struct buffer *to)
{
    const struct dictionary *dictionary = &dictionaries[0];
    unsigned char piece[512];
    z_stream stream = {.next_in = (const unsigned char *)text->bytes, .avail_in = (uInt)text->used};
    int status = Z_OK;

    (void)deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, RAW, MEMORY, Z_DEFAULT_STRATEGY);
    (void)deflateSetDictionary(&stream, (const unsigned char *)dictionary->text,
                               (uInt)dictionary->n);
    (void)buffer_add(to, &(const char){(char)dictionary->version}, 1);
    while (status == Z_OK && !to->failed) {
        stream.next_out = piece;
        stream.avail_out = sizeof(piece);
        status = deflate(&stream, Z_FINISH);
        (void)buffer_add(to, (const char *)piece, sizeof(piece) - stream.avail_out);
    }
    (void)deflateEnd(&stream);
}

bool packed_write(const struct facts *facts, enum packed level, struct buffer *to)
{
    LOCAL_BUFFER text = {.max_bytes = PLAIN_MAX_BYTES};
    bool written = packed_text(facts, level, &text);

    deflate_text(&text, to);
    return written && !to->failed;
}

static bool read_text(const struct buffer *text, struct facts *facts, char *error,
                      size_t error_size)
{
    const char *json = memchr(text->bytes, '\n', text->used);
    LOCAL_BUFFER whole = {.max_bytes = PLAIN_MAX_BYTES};
    bool read = false;

    for (const char *at = json; at && *at; at++)
        (void)(*at == REGION ? buffer_add(&whole, text->bytes, (size_t)(json - text->bytes))
                             : buffer_add(&whole, at, 1));
    cJSON *object = cJSON_ParseWithLength(whole.bytes, whole.used);
    if (object) /* what only a newer program knows is left out */
        read = facts_from_json(object, true, facts, error, error_size);
    else
        (void)text_set(error, error_size, "its facts make no sense");
    cJSON_Delete(object);
    return read;
}

bool packed_read(const unsigned char *bytes, size_t n, struct facts *facts, char *error,
                 size_t error_size)
{
    const int version = n > 0 ? bytes[0] : 0;
    const struct dictionary *dictionary = NULL;

    for (size_t i = 0; i < n_dictionaries; i++)
        if (dictionaries[i].version == version)
            dictionary = &dictionaries[i];
    if (!dictionary) {
        (void)text_set(error, error_size,
                       version > dictionaries[0].version
                           ? "written by a newer ssm-preflight (its facts need dictionary %d, this "
                             "one has up to %d): use that one or newer"
                           : "its facts make no sense",
                       version, dictionaries[0].version);
        return false;
    }
    LOCAL_BUFFER text = {.max_bytes = PLAIN_MAX_BYTES};
    if (buffer_add_inflated(&text, dictionary->text, dictionary->n, bytes + 1, n - 1))
        return read_text(&text, facts, error, error_size);
    (void)text_set(error, error_size, "its facts make no sense");
    return false;
}
