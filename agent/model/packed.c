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

/* Of which level are the members that are written. */
static enum keep keep_of(enum packed level)
{
    return level == PACKED_ALL ? KEEP_QUOTED : level == PACKED_WORDS ? KEEP_EXTRA : KEEP_NEEDED;
}

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
    struct facts *trimmed = malloc(sizeof(*trimmed));

    *trimmed = *facts;
    facts_trim(trimmed, level);
    cJSON *json = facts_to_json(trimmed, keep_of(level));
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
    struct buffer text;

    buffer_init(&text, PLAIN_MAX_BYTES);
    if (packed_text(facts, level, &text))
        deflate_text(&text, to);
    bool written = !text.failed && !to->failed;
    buffer_clear(&text);
    return written;
}

static bool read_text(const struct buffer *text, struct facts *facts, char *error,
                      size_t error_size)
{
    const char *json = memchr(text->bytes, '\n', text->used);
    struct buffer whole;
    bool read = false;

    buffer_init(&whole, PLAIN_MAX_BYTES);
    for (const char *at = json; at && *at; at++)
        (void)(*at == REGION ? buffer_add(&whole, text->bytes, (size_t)(json - text->bytes))
                             : buffer_add(&whole, at, 1));
    cJSON *object = whole.failed ? NULL : cJSON_ParseWithLength(whole.bytes, whole.used);
    if (object) /* what only a newer program knows is left out */
        read = facts_from_json(object, true, facts, error, error_size);
    else
        (void)text_set(error, error_size, "its facts make no sense");
    cJSON_Delete(object);
    buffer_clear(&whole);
    return read;
}

bool packed_read(const unsigned char *bytes, size_t n, struct facts *facts, char *error,
                 size_t error_size)
{
    const int version = n > 0 ? bytes[0] : 0;
    const struct dictionary *dictionary = NULL;
    struct buffer text;

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
    buffer_init(&text, PLAIN_MAX_BYTES);
    bool read = buffer_add_inflated(&text, dictionary->text, dictionary->n, bytes + 1, n - 1);
    if (read)
        read = read_text(&text, facts, error, error_size);
    else
        (void)text_set(error, error_size, "its facts make no sense");
    buffer_clear(&text);
    return read;
}
