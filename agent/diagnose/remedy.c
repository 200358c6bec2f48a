/* SPDX-License-Identifier: Apache-2.0
 *
 * From a row's title, and from the entries of a page, to the words of a finding.
 */
#include "diagnose/remedy.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

/* What stands for a placeholder that is not known: nothing, which ends the filling; its name, for people;
 * in a command a variable of the shell, which the finding's commands set at their beginning. */
enum unknown { UNKNOWN_ENDS, UNKNOWN_IS_NAMED, UNKNOWN_IS_A_VARIABLE };

struct filling {
    const struct view *view;
    enum unknown unknown;
    struct finding *finding; /* whose commands */
    bool inside;
    int32_t n_to_fill_in, n_variables, n_appended;
};

static bool fill(struct filling *filling, const char *text, char *to, size_t size);

static void insert_command(struct finding *finding, int32_t at, const char *command,
                           const char *note, bool inside)
{
    if (finding->n_commands >= MAX_COMMANDS)
        return;
    for (int32_t i = finding->n_commands++; i > at; i--) {
        memcpy(finding->commands[i], finding->commands[i - 1], COMMAND_SIZE);
        memcpy(finding->notes[i], finding->notes[i - 1], NOTE_SIZE);
        finding->inside[i] = finding->inside[i - 1];
    }
    (void)text_set(finding->commands[at], COMMAND_SIZE, "%s", command);
    (void)text_set(finding->notes[at], NOTE_SIZE, "%s", note);
    finding->inside[at] = inside;
}

static bool is_set(const struct filling *filling, const char *variable)
{
    const size_t n = strlen(variable);

    for (int32_t i = 0; i < filling->n_variables; i++)
        if (filling->finding->inside[i] == filling->inside &&
            strncmp(filling->finding->commands[i], variable, n) == 0 &&
            filling->finding->commands[i][n] == '=')
            return true;
    return false;
}

/* NULL: only a person knows it. */
static const char *look_up_of(const char *name)
{
    for (size_t i = 0; i < n_remedy_entries; i++) {
        const struct remedy_entry entry = remedy_entry(i);
        if (entry.kind == REMEDY_LOOK_UP && strcmp(entry.about, name) == 0)
            return entry.text;
    }
    return NULL;
}

/* By a look-up, which only the AWS CLI can do, or to be filled in: then it stands further above. */
static void set_variable(struct filling *filling, const char *name, const char *variable)
{
    const char *look_up = filling->inside ? NULL : look_up_of(name);
    char value[COMMAND_SIZE] = "", command[COMMAND_SIZE];

    if (is_set(filling, variable))
        return;
    if (look_up) {
        (void)fill(filling, look_up, value, sizeof(value));
        (void)text_set(command, sizeof(command), "%s=$(%s)", variable, value);
        insert_command(filling->finding, filling->n_variables, command, "", filling->inside);
    } else {
        (void)text_set(command, sizeof(command), "%s=''", variable);
        insert_command(filling->finding, filling->n_to_fill_in++, command, "fill this in",
                       filling->inside);
    }
    filling->n_variables++;
}

/* "<vpc-id>" as VPC_ID; what differs from service to service ends in the service's name. */
static void name_variable(const struct filling *filling, const char *name, const char *unknown,
                          char to[NAME_SIZE])
{
    const bool of_service = strcmp(name, "endpoint_service") == 0;

    (void)text_set(to, NAME_SIZE, "%.*s%s%s", (int)strcspn(unknown + 1, ">"), unknown + 1,
                   of_service ? "-" : "", of_service ? service_name(filling->view->service) : "");
    for (; *to; to++)
        *to = *to == '-' ? '_' : (char)toupper((unsigned char)*to);
}

/* `quotes`: in which the text is at this place, or none. */
static bool add_value(struct filling *filling, const char *name, char quotes, char *to, size_t size)
{
    char scratch[VALUE_SIZE], variable[NAME_SIZE];
    const char *value = filling->unknown == UNKNOWN_ENDS
                            ? value_of(filling->view, name, scratch)
                            : value_for_shell(filling->view, name, scratch);

    if (filling->unknown == UNKNOWN_IS_A_VARIABLE && value[0] == '<') {
        name_variable(filling, name, value, variable);
        set_variable(filling, name, variable);
        (void)text_add(to, size,
                       quotes == '"' ? "$%s"
                       : quotes      ? "'\"$%s\"'"
                                     : "\"$%s\"",
                       variable);
        return true;
    }
    (void)text_add(to, size, "%s", value);
    return value[0] || filling->unknown != UNKNOWN_ENDS || strcmp(name, "maybe") == 0;
}

/* False where nothing stands for a placeholder that is not known. */
static bool fill(struct filling *filling, const char *text, char *to, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    char name[NAME_SIZE];
    char quotes = '\0';

    to[0] = '\0';
    while (*text) {
        size_t n = strspn(text + 1, letters);
        if (text[0] == '{' && n > 0 && text[1 + n] == '}') {
            (void)text_set(name, sizeof(name), "%.*s", (int)n, text + 1);
            if (!add_value(filling, name, quotes, to, size))
                return false;
            text += n + 2;
        } else {
            n = 1 + strcspn(text + 1, "{\"'");
            if (quotes ? text[0] == quotes : text[0] == '"' || text[0] == '\'')
                quotes = quotes ? '\0' : text[0];
            (void)text_add(to, size, "%.*s", (int)n, text);
            text += n;
        }
    }
    return true;
}

void title_fill(const struct view *view, char to[TITLE_SIZE])
{
    struct filling filling = {.view = view, .unknown = UNKNOWN_ENDS};

    for (int i = 0; view->cause->here[i].text; i++) {
        const struct title *title = &view->cause->here[i];
        if (test_holds(&title->when, view) && fill(&filling, title->text, to, TITLE_SIZE))
            return;
    }
    (void)text_set(to, TITLE_SIZE, "%s", view->cause->title);
}

static void append_command(struct filling *filling, const struct remedy_entry *entry)
{
    char command[COMMAND_SIZE];

    filling->unknown = UNKNOWN_IS_A_VARIABLE;
    filling->inside = entry->kind == REMEDY_INSIDE;
    (void)fill(filling, entry->text, command, sizeof(command));
    filling->n_appended += filling->finding->n_commands < MAX_COMMANDS;
    insert_command(filling->finding, filling->finding->n_commands, command, entry->about,
                   filling->inside);
}

static bool is_one_of(enum remedy_each each, const struct view *view, enum service service)
{
    if (service_rows[service].phased_out)
        return false; /* nobody is told to create an endpoint for it */
    return each == REMEDY_EACH_SERVICE ? (view->explains & check_service_bits(service)) != 0
                                       : service <= SERVICE_SSMMESSAGES;
}

static bool is_command(const struct remedy_entry *entry, const char *code)
{
    return (entry->kind == REMEDY_OUTSIDE || entry->kind == REMEDY_INSIDE) &&
           strcmp(entry->code, code) == 0;
}

/* Is the entry `i` one of the commands that are written once for each? */
static bool is_of(size_t i, const char *code, enum remedy_each each, struct remedy_entry *entry)
{
    if (i < n_remedy_entries)
        *entry = remedy_entry(i);
    return i < n_remedy_entries && is_command(entry, code) && entry->each == each;
}

/* The commands from `first` on that are written once for each service; returns how many these are. */
static size_t append_each(struct filling *filling, const char *code, size_t first)
{
    const enum remedy_each each = remedy_entry(first).each;
    const struct view *whole = filling->view;
    struct remedy_entry entry;
    size_t n = 1;

    while (is_of(first + n, code, each, &entry))
        n++;
    for (enum service service = 0; service < N_SERVICES; service++) {
        struct view view = *whole;
        if (!is_one_of(each, whole, service))
            continue;
        view.service = service;
        filling->view = &view;
        for (size_t i = 0; i < n; i++)
            if (is_of(first + i, code, each, &entry) && conditions_hold(whole, entry.when))
                append_command(filling, &entry);
        filling->view = whole;
    }
    return n;
}

static void add_words(struct filling *filling, const char *text, char *words, size_t size)
{
    char filled[REMEDY_SIZE];

    filling->unknown = UNKNOWN_IS_NAMED;
    (void)fill(filling, text, filled, sizeof(filled));
    text_list(words, size, " ", filled);
}

/* The words of a page or of an ending go to `words`, its commands to the finding. */
static void add_entries(struct filling *filling, const char *code, char *words, size_t size)
{
    struct finding *finding = filling->finding;
    int32_t n = 0;

    for (size_t i = 0; i < n_remedy_entries; i++) {
        const struct remedy_entry entry = remedy_entry(i);
        if (strcmp(entry.code, code) != 0)
            continue;
        if (is_command(&entry, code) && entry.each != REMEDY_ONCE) {
            i += append_each(filling, code, i) - 1;
            continue;
        }
        if (!conditions_hold(filling->view, entry.when))
            continue;
        switch (entry.kind) {
        case REMEDY_FIX:
            add_words(filling, entry.text, words, size);
            break;
        case REMEDY_OUTSIDE:
        case REMEDY_INSIDE:
            append_command(filling, &entry);
            break;
        case REMEDY_THEN:
            n = filling->n_appended;
            add_entries(filling, entry.text, finding->afterwards, sizeof(finding->afterwards));
            finding->n_afterwards = filling->n_appended - n;
            break;
        case REMEDY_TELL_APART:
        case REMEDY_LOOK_UP:
            break;
        }
    }
}

void remedy_fill(const struct view *view, struct finding *finding)
{
    struct filling filling = {.view = view, .finding = finding};

    add_entries(&filling, view->cause->code, finding->remedy, sizeof(finding->remedy));
}

/* One line, which sets its variables itself. */
static void fill_alone(const struct view *view, const char *text, char *to, size_t size)
{
    struct finding variables = {.n_commands = 0};
    struct filling filling = {
        .view = view, .unknown = UNKNOWN_IS_A_VARIABLE, .finding = &variables};
    char command[COMMAND_SIZE];

    filling.inside = !text_starts(text, "aws ");
    (void)fill(&filling, text, command, sizeof(command));
    for (int32_t i = 0; i < variables.n_commands; i++)
        (void)text_add(to, size, "%s; ", variables.commands[i]);
    (void)text_add(to, size, "%s", command);
}

static bool tell_apart(const struct view *view, const char *page, const char *from, char *to,
                       size_t size)
{
    for (size_t i = 0; i < n_remedy_entries; i++) {
        const struct remedy_entry entry = remedy_entry(i);
        if (entry.kind != REMEDY_TELL_APART || strcmp(entry.code, page) != 0 ||
            strcmp(entry.about, from) != 0 || !conditions_hold(view, entry.when))
            continue;
        fill_alone(view, entry.text, to, size);
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
