/* SPDX-License-Identifier: Apache-2.0
 *
 * The remedy of a finding is data: the front matter of its page (docs/findings/CODE.md), of which
 * packaging/scripts/gen-pages makes the table below. Here its placeholders are filled in with what is
 * known of this instance.
 */
#ifndef DIAGNOSE_REMEDY_H
#define DIAGNOSE_REMEDY_H

#include "model/report.h"

enum remedy_kind { REMEDY_FIX, REMEDY_COMMAND, REMEDY_THEN, REMEDY_TELL_APART };

enum remedy_each {
    EACH_NOTHING,
    EACH_SERVICE,        /* that the finding explains something of */
    EACH_NEEDED_SERVICE, /* ssm and ssmmessages; ec2messages where it is required */
};

struct remedy_entry {
    const char *code; /* whose page; or "then restart": how remedies end */
    enum remedy_kind kind;
    enum remedy_each each; /* a command is written once for each */
    const char *when;      /* conditions, all of which must hold: "snap !ipv6" */
    const char *about;     /* a command's note; the only finding that a REMEDY_TELL_APART is for */
    const char *text;      /* with placeholders; of REMEDY_THEN the ending's code */
};
extern const struct remedy_entry remedy_entries[];
extern const size_t n_remedy_entries;

/* Fills in remedy, commands and what comes afterwards of a finding that is otherwise complete. */
void remedy_fill(const struct facts *facts, struct finding *finding);

/* The command that tells the finding from its alternative `code`: of the finding's own page, else of
 * the alternative's. False, and an empty command, where no page has one. */
bool remedy_tell_apart(const struct facts *facts, const struct finding *finding, const char *code,
                       char *to, size_t size);

/* The service that a finding is about; the first of those that it explains when it is about the
 * whole instance. */
enum service remedy_service(const struct finding *finding);

/* "ssm, ssmmessages": the services whose checks the finding explains. */
void remedy_services(const struct finding *finding, char *to, size_t size);

/* --- remedy_values.c: what a page may name --- */

struct remedy_view {
    const struct facts *facts;
    const struct finding *finding;
    enum service service; /* of the command that is being written */
    size_t argument;      /* of the table's row that is being asked */
    char scratch[COMMAND_SIZE];
};

/* A condition of `when`, without its "!". */
bool remedy_holds(const struct remedy_view *view, const char *condition);

/* Adds the value of the placeholder to the text: commands are pasted into shells, and facts may come
 * from a file, so a value that holds more than plain identifier characters is not used. In its place,
 * and where the value is not known, stands a placeholder for people ("<vpc-id>"), never a guess. */
void remedy_add_value(const struct remedy_view *view, const char *name, char *to, size_t size);

#endif
