/* SPDX-License-Identifier: Apache-2.0 */
#include "model/names.h"

#include <string.h>

const char *name_of(const struct names *names, unsigned int value)
{
    if (value >= names->n)
        return "?";
    return names->by_value[value];
}

bool name_find(const struct names *names, const char *name, unsigned int *value)
{
    for (unsigned int i = 0; i < names->n; i++) {
        if (strcmp(names->by_value[i], name) == 0) {
            *value = i;
            return true;
        }
    }
    return false;
}
