/* SPDX-License-Identifier: Apache-2.0
 *
 * base/text.c: what judges a word, given any word.
 */
#include "base/text.h"

#include "__fc_builtin.h"

static char word[16];

int main(void)
{
    uint64_t number = 0;

    for (int i = 0; i < 15; i++)
        word[i] = (char)Frama_C_interval(-128, 127);
    return text_only(word, "-_") + text_starts(word, "ssm") + text_ends(word, ".com") +
           text_number(word, 65535, &number);
}
