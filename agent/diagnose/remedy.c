/* SPDX-License-Identifier: Apache-2.0
 *
 * From the entries of a page to the remedy of a finding.
 */
#include "diagnose/remedy.h"

#include <string.h>

#include "base/text.h"

/* "snap !ipv6" */
static bool applies(const struct remedy_view *view, const char *when)
{
    char name[NAME_SIZE];

    while (*when) {
        bool wanted = *when != '!';
        when += !wanted;
        size_t n = strcspn(when, " ");
        (void)text_set(name, sizeof(name), "%.*s", (int)n, when);
        if (remedy_holds(view, name) != wanted)
            return false;
        when += n + (when[n] == ' ');
    }
    return true;
}

static void fill(const struct remedy_view *view, const char *text, char *to, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    char name[NAME_SIZE];

    to[0] = '\0';
    while (*text) {
        size_t n = strspn(text + 1, letters);
        if (text[0] == '{' && n > 0 && text[1 + n] == '}') {
            (void)text_set(name, sizeof(name), "%.*s", (int)n, text + 1);
            remedy_add_value(view, name, to, size);
            text += n + 2;
        } else {
            n = 1 + strcspn(text + 1, "{");
            (void)text_add(to, size, "%.*s", (int)n, text);
            text += n;
        }
    }
}

static void add_command(const struct remedy_view *view, const struct remedy_entry *entry,
                        struct finding *finding)
{
    int32_t i = finding->n_commands;

    if (i >= MAX_COMMANDS)
        return;
    (void)text_set(finding->notes[i], NOTE_SIZE, "%s", entry->about);
    fill(view, entry->text, finding->commands[i], COMMAND_SIZE);
    finding->n_commands++;
}

static bool is_one_of(enum remedy_each each, const struct remedy_view *view, enum service service)
{
    if (each == EACH_SERVICE)
        return view->finding->explains & check_service_bits(service);
    return service == SERVICE_SSM || service == SERVICE_SSMMESSAGES ||
           (service == SERVICE_EC2MESSAGES &&
            view->facts->plan.services[service].need == NEED_REQUIRED);
}

static void add_commands(struct remedy_view view, const struct remedy_entry *entry,
                         struct finding *finding)
{
    if (entry->each == EACH_NOTHING) {
        add_command(&view, entry, finding);
        return;
    }
    for (int i = 0; i < N_SERVICES; i++) {
        if (!is_one_of(entry->each, &view, (enum service)i))
            continue;
        view.service = (enum service)i;
        add_command(&view, entry, finding);
    }
}

/* The words of a page or of an ending go to `words`, its commands to the finding. */
static void add_entries(const struct remedy_view *view, const char *code, char *words, size_t size,
                        struct finding *finding)
{
    char text[REMEDY_SIZE];
    int32_t n = 0;

    for (size_t i = 0; i < n_remedy_entries; i++) {
        const struct remedy_entry *entry = &remedy_entries[i];
        if (strcmp(entry->code, code) != 0 || !applies(view, entry->when))
            continue;
        switch (entry->kind) {
        case REMEDY_FIX:
            fill(view, entry->text, text, sizeof(text));
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

void remedy_fill(const struct facts *facts, struct finding *finding)
{
    const struct remedy_view view = {
        .facts = facts, .finding = finding, .service = remedy_service(finding)};

    add_entries(&view, finding->code, finding->remedy, sizeof(finding->remedy), finding);
}

static bool tell_apart(const struct remedy_view *view, const char *page, const char *from, char *to,
                       size_t size)
{
    for (size_t i = 0; i < n_remedy_entries; i++) {
        const struct remedy_entry *entry = &remedy_entries[i];
        if (entry->kind != REMEDY_TELL_APART || strcmp(entry->code, page) != 0 ||
            strcmp(entry->about, from) != 0 || !applies(view, entry->when))
            continue;
        fill(view, entry->text, to, size);
        return true;
    }
    return false;
}

bool remedy_tell_apart(const struct facts *facts, const struct finding *finding, const char *code,
                       char *to, size_t size)
{
    const struct remedy_view view = {
        .facts = facts, .finding = finding, .service = remedy_service(finding)};

    to[0] = '\0';
    return tell_apart(&view, finding->code, code, to, size) ||
           tell_apart(&view, code, "", to, size);
}

enum service remedy_service(const struct finding *finding)
{
    for (int i = 0; i < N_SERVICES; i++)
        if (finding->target == target_of_service((enum service)i) ||
            (finding->explains & check_service_bits((enum service)i)))
            return (enum service)i;
    return SERVICE_SSM;
}

void remedy_services(const struct finding *finding, char *to, size_t size)
{
    to[0] = '\0';
    for (int i = 0; i < N_SERVICES; i++)
        if (finding->explains & check_service_bits((enum service)i))
            (void)text_add(to, size, "%s%s", to[0] ? ", " : "", service_name((enum service)i));
}
