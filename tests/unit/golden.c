/* SPDX-License-Identifier: Apache-2.0
 *
 * Shows both lines where they part: a golden that only says "differs" gets regenerated unread.
 */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/file.h"

static int line_length(const char *at)
{
    return (int)strcspn(at, "\n");
}

static void fail_where_they_part(const char *path, const char *is, const char *was)
{
    int line = 1;
    const char *is_line = is;
    const char *was_line = was;

    for (size_t i = 0; is[i] && is[i] == was[i]; i++) {
        if (is[i] != '\n')
            continue;
        line++;
        is_line = is + i + 1;
        was_line = was + i + 1;
    }
    fail_msg("%s:%d differs (GOLDEN_UPDATE=1 writes it anew)\n  is:  %.*s\n  was: %.*s", path, line,
             line_length(is_line), is_line, line_length(was_line), was_line);
}

void assert_golden(const char *name, const char *bytes, size_t n)
{
    char path[256];
    struct buffer was;

    (void)snprintf(path, sizeof(path), "tests/golden/%s", name);
    if (getenv("GOLDEN_UPDATE")) {
        int error = file_write_atomically(path, bytes, n, 0644);
        if (error)
            fail_msg("%s: %s", path, strerror(error));
        return;
    }
    buffer_init(&was, FILE_MAX_BYTES);
    int error = file_read("", path, &was);
    if (error) {
        buffer_clear(&was);
        fail_msg("%s: %s (GOLDEN_UPDATE=1 writes it)", path, strerror(error));
    }
    bool same = was.used == n && memcmp(was.bytes, bytes, n) == 0;
    if (!same)
        fail_where_they_part(path, bytes, was.bytes ? was.bytes : "");
    buffer_clear(&was);
}
