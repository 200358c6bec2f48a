/* SPDX-License-Identifier: Apache-2.0
 *
 * Go wraps errors: the agent's last line is often as general as "failed to find agent identity", and the reason
 * is the last "caused by: " of the lines before, an empty one apart (seen with 3.3.1142.0). From 3.3.4364.0 on
 * a line for the console says that it is "unable to acquire credentials", with the reason.
 */
#include "model/agent_log.h"

#include <string.h>

#include "base/text.h"

#define CAUSED_BY "caused by: "

enum { LINES_BACK = 6 }; /* from an error to the cause that it wraps */

static bool has(const char *line, size_t n, const char *words)
{
    return memmem(line, n, words, strlen(words));
}

/* On a console only what keeps the agent down: a healthy one writes errors as well. What it says of ec2messages
 * counts nowhere. */
static bool is_error(const char *line, size_t n, enum agent_lines lines)
{
    return has(line, n, AGENT_DID_NOT_START) || has(line, n, "unable to acquire credentials") ||
           (lines == AGENT_LINES_ALL && !has(line, n, "MDSInteractor") &&
            (has(line, n, " ERROR ") || has(line, n, " CRITICAL ")));
}

/* On a console. What our own block quotes of the agent is no line of the agent's. */
static bool is_the_agents(const char *line, size_t n)
{
    return (has(line, n, "amazon-ssm-agent") || has(line, n, "SSM Agent")) &&
           !has(line, n, "ssm-preflight");
}

/* Behind the words; NULL: none, or it says nothing. */
static const char *cause_in(const char *line, size_t n)
{
    const char *at = memmem(line, n, CAUSED_BY, strlen(CAUSED_BY));

    at = at ? at + strlen(CAUSED_BY) : NULL;
    return at && at < line + n && *at != ':' ? at : NULL;
}

void agent_log_last_error(const char *text, size_t n, enum agent_lines lines,
                          char to[LINE_OF_LOG_SIZE])
{
    const char *end = text + n, *error = NULL, *cause = NULL;
    size_t n_error = 0, n_cause = 0;
    int since_cause = 0;

    for (const char *line = text, *next; line < end; line = next) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop ? stop + 1 : end;
        size_t length = (size_t)((stop ? stop : end) - line);
        length -= length > 0 && line[length - 1] == '\r';
        if (lines == AGENT_LINES_NAMED && !is_the_agents(line, length))
            continue;
        since_cause++;
        if (has(line, length, "SSM Agent v") && has(line, length, "is running"))
            error = NULL;
        if (is_error(line, length, lines)) {
            error = line;
            n_error = length;
        }
        const char *found = cause_in(line, length);
        if (found) {
            cause = found;
            n_cause = (size_t)(line + length - found);
            since_cause = 0;
        }
    }
    to[0] = '\0';
    if (!error)
        return;
    (void)text_escape(to, LINE_OF_LOG_SIZE, error, n_error);
    if (cause && since_cause <= LINES_BACK && text_add(to, LINE_OF_LOG_SIZE, ", " CAUSED_BY))
        (void)text_escape(to + strlen(to), LINE_OF_LOG_SIZE - strlen(to), cause, n_cause);
}
