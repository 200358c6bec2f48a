/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over the tables of fields.c. Each field is guessed from the one like it: the same field
 * of the item before, or of the service before, or what is usual. Endpoints that all behave alike
 * therefore take hardly any room, and the one that behaves otherwise stands out, as it does for a
 * reader.
 *
 * One walk codes in both directions. Where it reads, every number is checked against its kind and
 * every list against its place before it is kept.
 */
#include <string.h>

#include "base/text.h"
#include "model/compact_private.h"

enum {
    EVEN = 1 << 15,
    LIKELY = 3 << 14, /* that an answer is no */
    UNLIKELY = 1 << 13,
};

/* Of every generation: another number needs one for each (generations.h). */
enum { ENUM_BITS = 7, COUNT_BITS = 5 };
_Static_assert(N_FAILURES <= 1 << ENUM_BITS, "the longest enum");
_Static_assert(MAX_ACTIONS < 1 << COUNT_BITS, "the longest list");

_Static_assert(N_CHECKS < 64, "or else a shift in this file");
/* A field where it is coded. */
struct spot {
    const struct fields *fields;
    const struct field *field;
    char *at;         /* in coder->facts */
    const char *like; /* the same kind of thing, coded before; or NULL */
    int service;      /* -1: of no service */
    uint32_t row;
};

/* The same place in what is written. */
static const char *source_of(const struct coder *coder, const char *at)
{
    return (const char *)coder->source + (at - (const char *)coder->facts);
}

/* --- estimates --- */

static uint32_t hash(uint32_t seed, uint32_t value)
{
    seed = (seed ^ value) * UINT32_C(0x9e3779b1);
    return seed ^ seed >> 15;
}

static uint32_t row_hash(const struct fields *fields, const struct field *field)
{
    uint32_t row = 0;

    for (const char *at = fields->name; *at; at++)
        row = hash(row, (unsigned char)*at);
    for (const char *at = field->name; *at; at++)
        row = hash(row, (unsigned char)*at);
    return row;
}

bool code_bit(struct coder *coder, enum question question, uint32_t row, uint32_t situation,
              uint16_t no_at_first, bool bit)
{
    uint32_t which = hash(hash(row, question), situation) % ESTIMATES;

    return range_bit(&coder->range, &coder->estimates[which], no_at_first, bit);
}

uint32_t code_tree(struct coder *coder, enum question question, uint32_t row, uint32_t value,
                   int n_bits)
{
    uint32_t node = 1;

    for (int i = n_bits - 1; i >= 0; i--)
        node = node << 1 | code_bit(coder, question, row, node, EVEN, (value >> i) & 1);
    return node - (UINT32_C(1) << n_bits);
}

/* Any number: its sign, how many bits it has, and those. */
static int64_t code_whole(struct coder *coder, uint32_t row, int64_t value)
{
    bool negative = code_bit(coder, ASK_SIGN, row, 0, LIKELY, value < 0);
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    int n_bits = 0;

    while (n_bits < 63 && size >> n_bits)
        n_bits++;
    n_bits = (int)code_tree(coder, ASK_LENGTH, row, (uint32_t)n_bits, 6);

    uint64_t result = n_bits > 0;
    for (int i = n_bits - 2; i >= 0; i--) {
        bool bit = (size >> i) & 1;
        bit = i >= n_bits - 4
                  ? code_bit(coder, ASK_BITS, row,
                             (uint32_t)(n_bits * 16) + (uint32_t)(result & 15), EVEN, bit)
                  : range_raw(&coder->range, bit, 1);
        result = result << 1 | bit;
    }
    return negative ? -(int64_t)result : (int64_t)result;
}

/* --- numbers --- */

int64_t number_at(const struct field *field, const char *at)
{
    union {
        int32_t i32;
        int64_t i64;
        uint16_t u16;
        uint32_t u32;
        bool yes;
        check_set checks; /* the low half is read */
    } value = {.checks = 0};

    memcpy(&value, at, field->size);
    switch (field->kind) {
    case FIELD_BOOL:
        return value.yes;
    case FIELD_INT32:
        return value.i32;
    case FIELD_UINT16:
        return value.u16;
    case FIELD_UINT32:
    case FIELD_ENUM:
        return value.u32;
    default:
        return value.i64;
    }
}

bool number_fits(const struct field *field, int64_t value)
{
    switch (field->kind) {
    case FIELD_BOOL:
        return value == 0 || value == 1;
    case FIELD_INT32:
        return value >= INT32_MIN && value <= INT32_MAX;
    case FIELD_UINT16:
        return value >= 0 && value <= UINT16_MAX;
    case FIELD_UINT32:
        return value >= 0 && value <= UINT32_MAX;
    case FIELD_ENUM:
        return value >= 0 && value < field->names->n;
    case FIELD_INT64:
        return value >= -JSON_MAX_WHOLE && value <= JSON_MAX_WHOLE;
    case FIELD_CHECKS:
        return (uint64_t)value >> N_CHECKS == 0;
    default:
        return true;
    }
}

static void set_number(struct coder *coder, const struct field *field, char *at, int64_t value)
{
    union {
        int32_t i32;
        int64_t i64;
        uint16_t u16;
        uint32_t u32;
        bool yes;
        check_set checks;
    } to = {.checks = 0};

    if (!number_fits(field, value)) {
        coder->failed = true;
        return;
    }
    if (field->kind == FIELD_INT32)
        to.i32 = (int32_t)value;
    else if (field->kind == FIELD_UINT16)
        to.u16 = (uint16_t)value;
    else if (field->kind == FIELD_UINT32 || field->kind == FIELD_ENUM)
        to.u32 = (uint32_t)value;
    else if (field->kind == FIELD_BOOL)
        to.yes = value != 0;
    else
        to.i64 = value;
    memcpy(at, &to, field->size);
}

/* What a number may well be, the likeliest first; each once. */
static int guess_numbers(const struct coder *coder, const struct spot *spot, int64_t guesses[3])
{
    int64_t usual;
    bool known = guess_number(coder, spot->fields, spot->field, &usual);
    bool is_time = text_ends(spot->field->name, "_unix_ms") ||
                   text_ends(spot->field->name, "_unix_s");
    int n = 0;

    if (spot->like)
        guesses[n++] = number_at(spot->field, spot->like);
    if (known && (is_time || !spot->like) && (n == 0 || guesses[0] != usual))
        guesses[n++] = usual;
    for (int i = 0; i < n; i++)
        if (guesses[i] == 0)
            return n;
    guesses[n++] = 0;
    return n;
}

/* By the numbers that checks had in this generation; only the newest one is written. */
static int64_t code_checks(struct coder *coder, int64_t value)
{
    check_set set = (check_set)range_raw(&coder->range, (uint32_t)((uint64_t)value >> 32), 32)
                    << 32;

    set |= range_raw(&coder->range, (uint32_t)value, 32);
    coder->failed |= (set >> coder->generation.n_checks) != 0;
    return (int64_t)checks_of_today(set, coder->generation.n_services);
}

static int64_t code_enum(struct coder *coder, const struct spot *spot, int64_t value)
{
    uint32_t coded = code_tree(coder, ASK_ENUM, spot->row, (uint32_t)value, ENUM_BITS);

    coder->failed |= coded >= names_of_generation(spot->field->names, coder->generation.number);
    return coded;
}

static int64_t code_unguessed(struct coder *coder, const struct spot *spot, int64_t value)
{
    int64_t base = 0;

    if (spot->field->kind == FIELD_CHECKS)
        return code_checks(coder, value);
    if (spot->field->kind == FIELD_ENUM)
        return code_enum(coder, spot, value);
    if (text_ends(spot->field->name, "_unix_ms") || text_ends(spot->field->name, "_unix_s"))
        (void)guess_number(coder, spot->fields, spot->field, &base);
    /* unsigned: what is read may be anything, and is checked by set_number() */
    return (int64_t)((uint64_t)base + (uint64_t)code_whole(coder, spot->row, value - base));
}

static void code_number(struct coder *coder, const struct spot *spot)
{
    int64_t value = number_at(spot->field, source_of(coder, spot->at));
    int64_t guesses[3];
    int n = guess_numbers(coder, spot, guesses);

    for (int i = 0; i < n; i++) {
        if (code_bit(coder, ASK_AS_GUESSED, spot->row, (uint32_t)(2 * i + (spot->like != NULL)),
                     i == 0 ? UNLIKELY : EVEN, value == guesses[i])) {
            set_number(coder, spot->field, spot->at, guesses[i]);
            return;
        }
        if (spot->field->kind == FIELD_BOOL) {
            set_number(coder, spot->field, spot->at, !guesses[i]);
            return;
        }
    }
    set_number(coder, spot->field, spot->at, code_unguessed(coder, spot, value));
}

/* --- texts --- */

static void remember(struct coder *coder, const char *text)
{
    if (text[0] && text[1] && coder->n_echoes < MAX_ECHOES)
        coder->echoes[coder->n_echoes++] = text;
}

static void code_one_text(struct coder *coder, const struct spot *spot)
{
    const char *text = source_of(coder, spot->at);
    const char *guesses[3];
    char usual[WORDS_SIZE];
    int n = 0;

    usual[0] = '\0';
    if (guess_text(coder, spot->fields, spot->field, spot->service, usual, sizeof(usual)) &&
        strlen(usual) < spot->field->size)
        guesses[n++] = usual;
    if (spot->like && (n == 0 || strcmp(usual, spot->like) != 0))
        guesses[n++] = spot->like;
    if ((n == 0 || guesses[0][0]) && (n < 2 || guesses[1][0]))
        guesses[n++] = "";
    for (int i = 0; i < n; i++) {
        bool fresh = guesses[i] != spot->like;
        if (code_bit(coder, ASK_AS_GUESSED, spot->row, (uint32_t)(2 * i + (spot->like != NULL)),
                     i == 0 ? UNLIKELY : EVEN, strcmp(text, guesses[i]) == 0)) {
            (void)text_set(spot->at, spot->field->size, "%s", guesses[i]);
            if (fresh)
                remember(coder, spot->at);
            return;
        }
    }
    coder->beginning = usual;
    code_text(coder, spot->row, text, spot->at, spot->field->size);
    remember(coder, spot->at);
}

/* --- the walk --- */

static bool is_zero(const char *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (at[i])
            return false;
    return true;
}

/* A struct like the one before, or one in which nothing was written, takes one answer. */
static void code_struct(struct coder *coder, const struct spot *spot)
{
    size_t size = spot->field->size;
    const char *from = source_of(coder, spot->at);
    bool copy = spot->like && !is_zero(spot->like, size);

    if (copy &&
        code_bit(coder, ASK_AS_GUESSED, spot->row, 0, EVEN, memcmp(from, spot->like, size) == 0)) {
        memcpy(spot->at, spot->like, size);
        return;
    }
    if (code_bit(coder, ASK_ZERO, spot->row, copy, LIKELY, is_zero(from, size)))
        return;
    code_fields(coder, spot->field->fields, spot->at, copy ? spot->like : NULL, spot->service);
}

static void code_item(struct coder *coder, const struct spot *spot)
{
    if (spot->field->kind == FIELD_STRUCT)
        code_struct(coder, spot);
    else if (spot->field->kind == FIELD_TEXT)
        code_one_text(coder, spot);
    else
        code_number(coder, spot);
}

/* How many items; their places are zero beyond that. */
static int32_t code_count(struct coder *coder, const struct spot *spot, const char *base,
                          int32_t like)
{
    int32_t n;

    memcpy(&n, source_of(coder, base + spot->field->n_offset), sizeof(n));
    if (!code_bit(coder, ASK_AS_GUESSED_ELSE, spot->row, 0, UNLIKELY, n == like))
        n = (int32_t)code_tree(coder, ASK_LENGTH, spot->row, (uint32_t)n, COUNT_BITS);
    else
        n = like;
    if (n < 0 || (size_t)n > spot->field->max_items) {
        coder->failed = true;
        return 0;
    }
    return n;
}

static void code_list(struct coder *coder, struct spot spot, char *base, const char *base_like)
{
    const struct field *field = spot.field;
    int32_t n_like = 0;

    if (base_like)
        memcpy(&n_like, base_like + field->n_offset, sizeof(n_like));
    int32_t n = code_count(coder, &spot, base, base_like ? n_like : 1);
    memcpy(base + field->n_offset, &n, sizeof(n));
    for (int32_t i = 0; i < n && !coder->failed; i++) {
        spot.at = base + field->offset + (size_t)i * field->size;
        spot.like = i > 0 ? spot.at - field->size : NULL;
        if (i == 0 && n_like > 0)
            spot.like = base_like + field->offset;
        code_item(coder, &spot);
    }
}

static void code_by_service(struct coder *coder, struct spot spot, char *base)
{
    const struct field *field = spot.field;

    for (size_t i = 0; i < coder->generation.n_services && !coder->failed; i++) {
        spot.at = base + field->offset + i * field->size;
        spot.like = i > 0 ? spot.at - field->size : NULL;
        spot.service = (int)i;
        code_item(coder, &spot);
    }
}

void code_fields(struct coder *coder, const struct fields *fields, char *at, const char *like,
                 int service)
{
    for (size_t i = 0; i < fields->n && !coder->failed; i++) {
        const struct field *field = &fields->rows[i];
        struct spot spot = {fields,
                            field,
                            at + field->offset,
                            like ? like + field->offset : NULL,
                            service,
                            row_hash(fields, field)};

        if (!field_is_of(field, coder->generation.number))
            continue;
        if (range_overran(&coder->range))
            coder->failed = true;
        else if (field->count == COUNT_LIST)
            code_list(coder, spot, at, like);
        else if (field->count == COUNT_BY_SERVICE)
            code_by_service(coder, spot, at);
        else
            code_item(coder, &spot);
    }
}
