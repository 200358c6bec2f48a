/* SPDX-License-Identifier: Apache-2.0
 *
 * Every member of every struct of facts has its row in fields.c: the headers themselves are read,
 * so that a member added there and forgotten here is named. Run from the root of the repository.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/limits.h"
#include "model/fields.h"

static const struct fields *find_fields(const struct fields *in, const char *name)
{
    if (strcmp(in->name, name) == 0)
        return in;
    for (size_t i = 0; i < in->n; i++) {
        const struct fields *found = in->rows[i].fields ? find_fields(in->rows[i].fields, name)
                                                        : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static bool has_row(const struct fields *fields, const char *name)
{
    if (strcmp(name, "steps") == 0) /* one row a rung, by the rung's name */
        name = "connect";
    for (size_t i = 0; i < fields->n; i++) {
        char count[NAME_SIZE];
        (void)snprintf(count, sizeof(count), "n_%s", fields->rows[i].name);
        if (strcmp(fields->rows[i].name, name) == 0 ||
            (fields->rows[i].count == COUNT_LIST && strcmp(count, name) == 0))
            return true;
    }
    return false;
}

/* The declared name in a line like "    char cname[HOST_SIZE]; ..."; false when it has none. */
static bool member_of(const char *line, char name[NAME_SIZE])
{
    size_t end = strcspn(line, "[;");
    size_t start = end;

    if (strncmp(line, "    ", 4) != 0 || line[4] == '/' || line[4] == ' ' || !line[end])
        return false;
    while (start > 0 && line[start - 1] != ' ' && line[start - 1] != '*')
        start--;
    (void)snprintf(name, NAME_SIZE, "%.*s", (int)(end - start), line + start);
    return true;
}

static int check_header(const char *path)
{
    struct buffer text;
    const struct fields *fields = NULL;
    char *rest;
    int members = 0;

    buffer_init(&text, FILE_MAX_BYTES);
    assert_int_equal(file_read("", path, &text), 0);
    for (char *line = strtok_r(text.bytes, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char name[NAME_SIZE];

        if (sscanf(line, "struct %63s {", name) == 1 && strchr(line, '{'))
            fields = find_fields(&facts_fields, name);
        else if (line[0] == '}')
            fields = NULL;
        else if (fields && member_of(line, name) && !strstr(line, "in no report")) {
            if (!has_row(fields, name))
                fail_msg("%s: struct %s: %s has no row in fields.c", path, fields->name, name);
            members++;
        }
    }
    buffer_clear(&text);
    return members;
}

static void every_member_has_a_row(void **state)
{
    (void)state;
    int members = check_header("agent/model/facts.h") + check_header("agent/model/plan.h") +
                  check_header("agent/model/wire.h") + check_header("agent/model/failure.h");
    assert_true(members > 150); /* or the reading of headers above is broken */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
