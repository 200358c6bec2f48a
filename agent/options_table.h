/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to options: the table, and how a value is set, from the command line or from a file.
 */
#ifndef OPTIONS_TABLE_H
#define OPTIONS_TABLE_H

#include "options.h"

enum { MAX_OPTION_ROWS = 32, WHY_SIZE = 256 };

/* A value being set: `why` says what is wrong with it. */
struct setting {
    struct options *options;
    const struct option_row *row;
    const char *value;
    const char *file_root; /* prefix of a file named in a configuration file below --root */
    char why[WHY_SIZE];
};

struct option_row {
    const char *name;
    const char *argument; /* NULL: a flag */
    const char *help;
    bool (*set)(struct setting *setting);
    size_t offset, size; /* of the member, for the plain kinds */
    bool (*take)(struct setting *setting, const char *word); /* each word of a list */
    const char *choices; /* of a choice, in the order of its enum, space separated */
    bool repeatable;
    bool command_line_only;
};

extern const struct option_row option_rows[];
extern const size_t n_option_rows;

/* NULL when there is no such option. */
const struct option_row *option_find(const char *name, size_t n);

/* Sets one option once from one place; `seen` has an entry for each row. */
bool option_apply(struct setting *setting, bool seen[MAX_OPTION_ROWS]);
#endif
