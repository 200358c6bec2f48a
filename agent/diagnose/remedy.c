/* SPDX-License-Identifier: Apache-2.0
 *
 * From a row's title, and from the entries of a page, to the words of a finding.
 */
#include "diagnose/remedy.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/values.h"

/* False where `strict` and a placeholder is not known. */
static bool fill(const struct view *view, const char *text, bool strict, char *to, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    char name[NAME_SIZE], scratch[VALUE_SIZE];

    to[0] = '\0';
    while (*text) {
        size_t n = strspn(text + 1, letters);
        if (text[0] == '{' && n > 0 && text[1 + n] == '}') {
            (void)text_set(name, sizeof(name), "%.*s", (int)n, text + 1);
            const char *value = strict ? value_of(view, name, scratch)
                                       : value_for_shell(view, name, scratch);
            if (strict && !value[0])
                return false;
            (void)text_add(to, size, "%s", value);
            text += n + 2;
        } else {
            n = 1 + strcspn(text + 1, "{");
            (void)text_add(to, size, "%.*s", (int)n, text);
            text += n;
        }
    }
    return true;
}

void title_fill(const struct view *view, char to[TITLE_SIZE])
{
    for (int i = 0; i < MAX_TITLES && view->cause->here[i].text; i++) {
        const struct title *title = &view->cause->here[i];
        if ((!title->when || title->when(view)) && fill(view, title->text, true, to, TITLE_SIZE))
            return;
    }
    (void)text_set(to, TITLE_SIZE, "%s", view->cause->title);
}

static void add_command(const struct view *view, const struct remedy_entry *entry,
                        struct finding *finding)
{
    int32_t i = finding->n_commands;

    if (i >= MAX_COMMANDS)
        return;
    (void)text_set(finding->notes[i], NOTE_SIZE, "%s", entry->about);
    (void)fill(view, entry->text, false, finding->commands[i], COMMAND_SIZE);
    finding->n_commands++;
}

static bool is_one_of(enum remedy_each each, const struct view *view, enum service service)
{
    if (service_rows[service].phased_out)
        return false; /* nobody is told to create an endpoint for it */
    return each == REMEDY_EACH_SERVICE ? (view->explains & check_service_bits(service)) != 0
                                       : service <= SERVICE_SSMMESSAGES;
}

static void add_commands(struct view view, const struct remedy_entry *entry,
                         struct finding *finding)
{
    if (entry->each == REMEDY_ONCE) {
        add_command(&view, entry, finding);
        return;
    }
    for (enum service i = 0; i < N_SERVICES; i++) {
        if (!is_one_of(entry->each, &view, i))
            continue;
        view.service = i;
        add_command(&view, entry, finding);
    }
}

/* The words of a page or of an ending go to `words`, its commands to the finding. */
static void add_entries(const struct view *view, const char *code, char *words, size_t size,
                        struct finding *finding)
{
    char text[REMEDY_SIZE];
    int32_t n = 0;

    for (size_t i = 0; i < n_remedy_entries; i++) {
        const struct remedy_entry *entry = &remedy_entries[i];
        if (strcmp(entry->code, code) != 0 || !conditions_hold(view, entry->when))
            continue;
        switch (entry->kind) {
        case REMEDY_FIX:
            (void)fill(view, entry->text, false, text, sizeof(text));
            (void)text_add(words, size, "%s%s", words[0] ? " " : "", text);
            break;
        case REMEDY_COMMAND:
            add_commands(*view, entry, finding);
            break;
        case REMEDY_THEN:
            n = finding->n_commands;
            add_entries(view, entry->text, finding->afterwards, sizeof(finding->afterwards),
                        finding);
            finding->n_afterwards = finding->n_commands - n;
            break;
        case REMEDY_TELL_APART:
            break;
        }
    }
}

void remedy_fill(const struct view *view, struct finding *finding)
{
    add_entries(view, view->cause->code, finding->remedy, sizeof(finding->remedy), finding);
}

static bool tell_apart(const struct view *view, const char *page, const char *from, char *to,
                       size_t size)
{
    for (size_t i = 0; i < n_remedy_entries; i++) {
        const struct remedy_entry *entry = &remedy_entries[i];
        if (entry->kind != REMEDY_TELL_APART || strcmp(entry->code, page) != 0 ||
            strcmp(entry->about, from) != 0 || !conditions_hold(view, entry->when))
            continue;
        (void)fill(view, entry->text, false, to, size);
        return true;
    }
    return false;
}

bool remedy_tell_apart(const struct view *view, const char *code, char *to, size_t size)
{
    to[0] = '\0';
    return tell_apart(view, view->cause->code, code, to, size) ||
           tell_apart(view, code, "", to, size);
}
