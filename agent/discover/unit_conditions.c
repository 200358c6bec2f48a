/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd.unit(5), "Conditions and Asserts": of those with a | before them one must hold, of the others all. An empty one,
 * of whatever kind, resets all of them.
 */
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"

static void tell(struct unit_told *told, const char *file, const char *key, const char *value)
{
    if (!told->words[0])
        (void)text_quote(told->words, sizeof(told->words), "%s=%s", key, value);
    (void)text_escape(told->file, sizeof(told->file), file, strlen(file));
}

/* What it asks of a path; of all else this program does not know what systemd will find. */
static enum answer holds(const char *root, const char *kind, const char *path)
{
    struct stat status;
    bool is_link = strcmp(kind, "PathIsSymbolicLink") == 0;

    if (path[0] != '/' || strpbrk(path, "*?["))
        return ANSWER_UNKNOWN;
    if (!file_look(root, path, !is_link, &status))
        return ANSWER_NO;
    if (strcmp(kind, "PathExists") == 0 || strcmp(kind, "PathExistsGlob") == 0)
        return ANSWER_YES;
    if (is_link)
        return S_ISLNK(status.st_mode) ? ANSWER_YES : ANSWER_NO;
    if (strcmp(kind, "PathIsDirectory") == 0)
        return S_ISDIR(status.st_mode) ? ANSWER_YES : ANSWER_NO;
    if (strcmp(kind, "FileNotEmpty") == 0)
        return S_ISREG(status.st_mode) && status.st_size > 0 ? ANSWER_YES : ANSWER_NO;
    if (strcmp(kind, "FileIsExecutable") == 0)
        return S_ISREG(status.st_mode) && (status.st_mode & 0111) ? ANSWER_YES : ANSWER_NO;
    return ANSWER_UNKNOWN;
}

void unit_take_condition(struct unit_conditions *conditions, const char *file, const char *key,
                         const char *value)
{
    size_t n = text_starts(key, "Condition") ? strlen("Condition")
               : text_starts(key, "Assert")  ? strlen("Assert")
                                             : 0;
    struct unit_asked *all = key[0] == 'C' ? &conditions->conditions : &conditions->asserts;
    const char *path = value + strspn(value, "|! \t");
    const char *negation = memchr(value, '!', (size_t)(path - value));

    if (n == 0)
        return;
    if (!value[0]) {
        memset(all, 0, sizeof(*all));
        return;
    }
    enum answer answer = holds(conditions->root, key + n, path);
    if (unit_is_made_later(path) && strchr("/%", path[0]))
        answer = ANSWER_YES;
    else if (negation && answer != ANSWER_UNKNOWN)
        answer = answer == ANSWER_YES ? ANSWER_NO : ANSWER_YES;
    if (value[0] == '|') {
        all->triggers |= answer != ANSWER_NO;
        tell(&all->not_triggered, file, key, value);
    } else if (answer != ANSWER_YES) {
        tell(answer == ANSWER_NO ? &all->not_held : &all->not_known, file, key, value);
    }
}

static void tell_all(struct unit_asked *all, unit_taken *each, void *arg)
{
    struct unit_told *no = all->not_held.words[0] || all->triggers ? &all->not_held
                                                                   : &all->not_triggered;

    if (no->words[0] && text_add(no->words, sizeof(no->words), " does not hold"))
        each(arg, TAKEN_ALL, no->file, no->words);
    else if (all->not_known.words[0] && text_add(all->not_known.words, sizeof(all->not_known.words),
                                                 ", if that does not hold"))
        each(arg, TAKEN_MAYBE, all->not_known.file, all->not_known.words);
}

void unit_tell_conditions(struct unit_conditions *conditions, unit_taken *each, void *arg)
{
    tell_all(&conditions->conditions, each, arg);
    tell_all(&conditions->asserts, each, arg);
}
