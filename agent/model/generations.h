/* SPDX-License-Identifier: Apache-2.0
 *
 * What the compact form (compact.h) of each generation holds. Blocks on consoles are read for
 * years, so a generation that a release has written never changes: it is the rows, values, words
 * and guesses that were there when it was closed. Only the newest is written.
 *
 * To add something to what is recorded, while the newest generation is open (its row in
 * generations.c has no checksum yet), N being its number:
 *
 *   a member of a struct    one row at the end of its FIELDS in fields.c, with SINCE(N):
 *                           INT32(agent_facts, restarts, SINCE(N))
 *   a value of an enum      at the end of the enum and of its names; where it is the first one of
 *                           this generation, one row in `grown` in generations.c
 *   a word                  at the end of the list in compact_text.c: nothing more
 *   another guess           one row with `since` N above the old row in compact_guess.c; a guess at
 *                           a new member needs none
 *   a service, a check      at the end of its enum: nothing more
 *
 * Where the newest generation is closed, the first such change opens the next one: GENERATION + 1
 * below, a new last row in generations.c, and in the row before it the numbers that a failing
 * test_model_generations says. What a release does: tests/frozen/README.md.
 *
 * Never: rename, reorder or remove a struct, a row, a name or a word; change the kind of a member;
 * make a text shorter or a list end sooner; change ENUM_BITS, COUNT_BITS or another number of
 * compact_walk.c, compact_text.c and range.c. The frozen blocks would not be read any more, and
 * test_model_generations says which.
 */
#ifndef MODEL_GENERATIONS_H
#define MODEL_GENERATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/checks.h"
#include "model/fields.h"

enum { GENERATION = 2 }; /* what is written */

/* What a generation holds of the lists that have no rows. */
struct generation {
    int number;
    uint32_t checksum; /* of its table of fields */
    unsigned int n_words;
    unsigned int n_services;
    unsigned int n_checks;
};

/* False when there is no such generation, or none yet. */
bool generation_find(int number, struct generation *generation);

/* True while no release has written it. */
bool generation_is_open(int number);

/* Of the names of its rows and of their enums, in their order: what a block begins with, so that
 * a block of a table that is not this one is refused. */
uint32_t generation_checksum(int number);

bool field_is_of(const struct field *field, int number);

/* How many values of an enum it has: those from 0 on. */
unsigned int names_of_generation(const struct names *names, int number);

/* A set of checks by the numbers that checks had when there were so many services, by those of
 * today: checks of the services stand in the middle. */
check_set checks_of_today(check_set set, unsigned int n_services);

#endif
