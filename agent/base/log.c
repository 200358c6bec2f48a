/* SPDX-License-Identifier: Apache-2.0
 *
 * One line a message, prefixed with the program's name, escaped: a message may quote a file.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/output.h"
#include "base/text.h"

static bool is_verbose;

void log_set_verbose(bool verbose)
{
    is_verbose = verbose;
}

static void write_line(const char *format, va_list arguments)
{
    char line[1024], escaped[2048], whole[2100];

    (void)vsnprintf(line, sizeof(line), format, arguments);
    (void)text_escape(escaped, sizeof(escaped), line, strlen(line));
    (void)text_set(whole, sizeof(whole), "ssm-preflight: %s\n", escaped);
    (void)output_write(STDERR_FILENO, whole, strlen(whole));
}

void log_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

void log_verbose(const char *format, ...)
{
    if (!is_verbose)
        return;
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}
