/* SPDX-License-Identifier: Apache-2.0
 *
 * The remedy of a finding is data: the front matter of its page (docs/findings/CODE.md), of which
 * packaging/scripts/gen-pages makes the entries below. Here its placeholders, and those of titles, are
 * filled in with what is known of this instance.
 */
#ifndef DIAGNOSE_REMEDY_H
#define DIAGNOSE_REMEDY_H

#include "diagnose/causes.h"

enum remedy_kind {
    REMEDY_FIX,
    REMEDY_OUTSIDE, /* a command, from anywhere */
    REMEDY_INSIDE,  /* a command for a shell of the instance */
    REMEDY_THEN,
    REMEDY_TELL_APART,
    REMEDY_LOOK_UP /* the command that prints the value of a placeholder, which `about` names */
};

enum remedy_each {
    REMEDY_ONCE,
    REMEDY_EACH_SERVICE, /* that the finding explains something of */
    REMEDY_EACH_NEEDED,  /* ssm and ssmmessages */
};

struct remedy_entry {
    const char *code; /* whose page; or "then restart": how remedies end */
    enum remedy_kind kind;
    enum remedy_each each; /* commands in a row are written once for each, together */
    const char *when;      /* conditions, all of which must hold: "snap !ipv6" */
    const char *about;     /* a command's note; the only finding that a REMEDY_TELL_APART is for */
    const char *text;      /* with placeholders; of REMEDY_THEN the ending's code */
};
extern const size_t n_remedy_entries;
struct remedy_entry remedy_entry(size_t i);

/* The words of a view's row: its view is of what it explains, and view->service the service that it is
 * about, or the first of those. */

/* The first title that fits. */
void title_fill(const struct view *view, char to[TITLE_SIZE]);

/* Remedy, commands and what comes afterwards. A command that needs what is not known has a variable of the
 * shell in its place, "$VPC_ID", and the commands begin with what sets it: by a look-up, or to be filled
 * in. */
void remedy_fill(const struct view *view, struct finding *finding);

/* The command that tells the row from its alternative `code`: of the row's own page, else of the
 * alternative's. False, and an empty command, where no page has one. */
bool remedy_tell_apart(const struct view *view, const char *code, char *to, size_t size);

/* --- values.c, phrases.c: what a page, or the title of a row, may name: {placeholders} and conditions. The view
 * is of what the finding explains; its `service` is the one that the words are about --- */

enum { VALUE_SIZE = COMMAND_SIZE };

/* The value of a placeholder as it is, empty where it is not known; it lasts as long as `scratch`. */
const char *value_of(const struct view *view, const char *name, char scratch[VALUE_SIZE]);

/* What a command may have of it: commands are pasted into shells, and facts may come from a file, so a
 * value that holds more than plain identifier characters is not used. In its place, and where the value
 * is not known, stands a placeholder for people ("<vpc-id>"), never a guess. */
const char *value_for_shell(const struct view *view, const char *name, char scratch[VALUE_SIZE]);

/* Between values.c and phrases.c: one question for a value. */
struct asked {
    const struct view *view;
    const struct facts *facts;
    size_t argument; /* of the table's row */
    char *scratch;   /* empty, VALUE_SIZE */
};
/* What is known, or an empty text. */
typedef const char *value_get(const struct asked *of);

const char *phrase_of(struct asked *asked, const char *name);

/* The family that alone is in trouble as the row says; false: none is. */
bool value_lone_family(const struct view *view, enum family *family);

/* The family that is blocked; of other findings the one that fails alone, or that is there alone. */
enum family value_family(const struct view *view);

/* "snap !ipv6", all of which must hold. */
bool conditions_hold(const struct view *view, const char *conditions);

#endif
