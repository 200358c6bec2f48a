/* SPDX-License-Identifier: Apache-2.0
 *
 * One row a generation, and one for each enum that grew in it. The header says when to add which.
 */
#include "model/generations.h"

#include <string.h>

#include "base/crc24.h"
#include "model/compact_private.h"
#include "model/failure.h"

/* Zero: as today, as nothing of it is written down before it is closed. */
static const struct generation generations[] = {
    {1, 0x7c1205, 212, 6, 46}, /* 0.1.0 */
    {GENERATION, 0, 0, 0, 0},
};
enum { N_GENERATIONS = sizeof(generations) / sizeof(generations[0]) };

/* The first value that an enum did not have before. */
static const struct {
    const struct names *names;
    int since;
    unsigned int first;
} grown[] = {
    {&failure_names, 2, FAILURE_UNKNOWN},
};

static const struct generation *find(int number)
{
    for (size_t i = 0; i < N_GENERATIONS; i++)
        if (generations[i].number == number)
            return &generations[i];
    return NULL;
}

bool generation_is_open(int number)
{
    const struct generation *found = find(number);

    return found && found->checksum == 0;
}

bool generation_find(int number, struct generation *generation)
{
    const struct generation *found = find(number);

    if (!found)
        return false;
    *generation = *found;
    if (generation_is_open(number))
        *generation = (struct generation){number, generation_checksum(number), n_words(),
                                          N_SERVICES, N_CHECKS};
    return true;
}

bool field_is_of(const struct field *field, int number)
{
    return field->since <= number;
}

unsigned int names_of_generation(const struct names *names, int number)
{
    unsigned int n = names->n;

    for (size_t i = 0; i < sizeof(grown) / sizeof(grown[0]); i++)
        if (grown[i].names == names && grown[i].since > number && grown[i].first < n)
            n = grown[i].first;
    return n;
}

static uint32_t checksum(const struct fields *fields, int number, uint32_t crc)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];
        const unsigned char kind = (unsigned char)(field->kind * 8 + field->count);

        if (!field_is_of(field, number))
            continue;
        crc = crc24(crc, field->name, strlen(field->name) + 1);
        crc = crc24(crc, &kind, 1);
        for (unsigned int j = 0; field->names && j < names_of_generation(field->names, number); j++)
            crc = crc24(crc, field->names->by_value[j], strlen(field->names->by_value[j]) + 1);
        if (field->fields)
            crc = checksum(field->fields, number, crc);
    }
    return crc;
}

uint32_t generation_checksum(int number)
{
    return checksum(&facts_fields, number, CRC24_INIT);
}

check_set checks_of_today(check_set set, unsigned int n_services)
{
    unsigned int then = CHECK_SERVICES + n_services * N_RUNGS;
    check_set below = set & (((check_set)1 << then) - 1);

    return below | (set & ~below) << (CHECK_CLOCK_SKEW - then);
}
