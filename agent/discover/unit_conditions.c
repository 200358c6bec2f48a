/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd.unit(5), "Conditions and Asserts": of those with a | before them one must hold, of the others all. An empty one,
 * of whatever kind, resets all of them.
 */
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/unit.h"

struct told {
    char words[WORDS_SIZE], file[PATH_SIZE];
};

struct conditions {
    struct told not_held, not_known, not_triggered;
    bool triggers; /* or may trigger */
};

static void tell(struct told *told, const char *file, const char *key, const char *value)
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

/* `kind`: behind "Condition" or "Assert". */
static void take_condition(struct conditions *all, const char *root, const char *kind,
                           const struct unit_setting *at)
{
    const char *value = at->value, *path = value + strspn(value, "|! \t");
    const char *negation = memchr(value, '!', (size_t)(path - value));

    if (!value[0]) {
        memset(all, 0, sizeof(*all));
        return;
    }
    enum answer answer = holds(root, kind, path);
    if (unit_is_made_later(path) && strchr("/%", path[0]))
        answer = ANSWER_YES;
    else if (negation && answer != ANSWER_UNKNOWN)
        answer = answer == ANSWER_YES ? ANSWER_NO : ANSWER_YES;
    if (value[0] == '|') {
        all->triggers |= answer != ANSWER_NO;
        tell(&all->not_triggered, at->file, at->key, value);
    } else if (answer != ANSWER_YES) {
        tell(answer == ANSWER_NO ? &all->not_held : &all->not_known, at->file, at->key, value);
    }
}

void unit_conditions(const char *root, const struct buffer *settings, unit_taken *each, void *arg)
{
    static const char *const kinds[] = {"Condition", "Assert"};

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct conditions all = {0};
        for (struct unit_setting at = {0}; unit_next(settings, &at);)
            if (text_starts(at.key, kinds[i]))
                take_condition(&all, root, at.key + strlen(kinds[i]), &at);
        struct told *no = all.not_held.words[0] || all.triggers ? &all.not_held
                                                                : &all.not_triggered;
        if (no->words[0] && text_add(no->words, sizeof(no->words), " does not hold"))
            each(arg, TAKEN_ALL, no->file, no->words);
        else if (all.not_known.words[0] &&
                 text_add(all.not_known.words, sizeof(all.not_known.words),
                          ", if that does not hold"))
            each(arg, TAKEN_MAYBE, all.not_known.file, all.not_known.words);
    }
}
