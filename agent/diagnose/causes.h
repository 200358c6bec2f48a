/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of causes, in causal order: a row can only be explained away by a row above it. A row
 * carries its parameters; claims.c works from them. `list findings` prints the table.
 */
#ifndef DIAGNOSE_CAUSES_H
#define DIAGNOSE_CAUSES_H

#include <stddef.h>

#include "model/report.h"

/* What the functions of a row look at. */
struct view {
    const struct facts *facts;
    const struct check_result *checks; /* N_CHECKS */
    const struct cause *cause;
    enum service service; /* the one that is asked about: in `where`, and in rows EACH_SERVICE */
    enum rung rung;       /* in `where` */
    check_set symptoms;   /* failed or warned, and not claimed by a row above */
    check_set explains;   /* what this row explains of them; empty in `where`, and for a note */
};

typedef bool view_holds(const struct view *view);
typedef enum confidence view_confidence(const struct view *view);
typedef void view_quotes(const struct view *view, struct finding *finding);

/* Whether a row is asked once, or once for each planned service, with a finding each. */
enum scope { MACHINE, EACH_SERVICE };

/* One check may fail in two ways at once: one address is silent and the next one refuses; one action
 * is denied by this policy and another one by that. Then each way has its own cause. A cause takes
 * the check whole unless it says otherwise. */
enum way {
    WAY_WHOLE,
    WAY_ROUTE, /* of connect */
    WAY_REFUSAL,
    WAY_LINK,
    WAY_SILENCE,
    WAY_FAMILY,
    WAY_NO_POLICY, /* of authorize */
    WAY_EXPLICIT_DENY,
    WAY_ENDPOINT_POLICY,
    WAY_BOUNDARY,
    WAY_ORGANIZATION,
    WAY_REGISTRATION, /* of agent.config */
    WAY_CONFIGURATION,
    WAY_BUNDLE,
    N_WAYS
};

enum { MAX_REASONS = 12, MAX_PARTS = 4, MAX_TITLES = 3, MAX_LISTED = 5 };

/* The checks first to end - 1, where they failed for one of the reasons (none named: for any). Checks
 * of a service's ladder are named by those of the first service, and stand for those of each. */
struct part {
    enum check first;
    int end;
    uint8_t because[MAX_REASONS]; /* enum failure */
};

/* A title that names this instance's particulars: it is taken where `when` holds, if there is one, and
 * every {placeholder} (titles.c) is known. */
struct title {
    const char *text;
    view_holds *when;
};

struct cause {
    const char *code;
    const char *title;             /* in general, and where none of the next ones fits */
    struct title here[MAX_TITLES]; /* the first that fits */
    bool is_note;                  /* fails nothing: it is said where it has something to quote */
    enum scope of;
    enum way way;

    /* What it explains: the parts, or connect where an address ended so (bits of enum ending), or
     * authorize where an action is denied so (bits of enum denied_by). */
    struct part explains[MAX_PARTS];
    uint32_t ended;
    uint32_t denied_by;
    view_holds *where; /* of these, only the checks (view->service, view->rung) where it holds */

    view_holds *when; /* over all: judges, and words nothing */
    view_quotes *evidence; /* quotes, and judges nothing */
    view_confidence *confidence; /* NULL: certain. While anything below is not excluded: not certain */
    const char *unless_excluded[MAX_LISTED]; /* the alternatives, codes (excluded.c) */
};

extern const struct cause causes[];
extern const size_t n_causes;

#endif
