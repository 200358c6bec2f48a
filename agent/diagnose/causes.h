/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of causes, in causal order: a row can only be explained away by a row above it. A row
 * carries its parameters; diagnose.c works from them. `list findings` prints the table.
 */
#ifndef DIAGNOSE_CAUSES_H
#define DIAGNOSE_CAUSES_H

#include <stddef.h>

#include "diagnose/checks.h"
#include "diagnose/reach.h"
#include "model/report.h"

/* What the functions of a row look at. */
struct view {
    const struct facts *facts;
    const struct check_result *checks; /* N_CHECKS */
    const struct cause *cause;
    enum service
        service;    /* that is asked about; of a row about the whole machine the first explained */
    enum rung rung; /* in `where` */
    check_set symptoms; /* failed or warned, and not claimed by a row above */
    check_set explains; /* what this row explains of them; empty in `where`, and for a note */
    enum confidence confidence; /* for titles, which say it: {maybe} */
};

typedef bool view_holds(const struct view *view);
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
    WAY_FAULT, /* of the agent's checks, which keep all their faults: each row takes its own */
    N_WAYS
};

/* The last place of a list stays empty (tests/unit/test_diagnose_rows.c). */
enum { MAX_REASONS = 12, MAX_PARTS = 5, MAX_TITLES = 6, MAX_QUOTES = 6, MAX_LISTED = 7 };

/* The checks first to end - 1, where they failed for one of the reasons (none named: for any). Checks
 * of a service's ladder are named by those of the first service, and stand for those of each. */
struct part {
    enum check first;
    int end;
    uint8_t because[MAX_REASONS]; /* enum failure */
};

/* A function that judges; or one fact, which needs none: an enum's value, a text that is there, or not. */
struct test {
    view_holds *holds;
    uint32_t fact; /* its place in struct facts, and 1; 0 without a function: the test holds */
    int32_t is;
};
enum { NOT_EMPTY = -1, EMPTY = -2 };
#define FACT(member, value)                                       \
    {                                                             \
        .fact = offsetof(struct facts, member) + 1, .is = (value) \
    }
bool test_holds(const struct test *test, const struct view *view);

/* A title that names this instance's particulars: it is taken where `when` holds, and every {placeholder}
 * is known. */
struct title {
    const char *text;
    struct test when;
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
    view_holds *where; /* of these, only the checks where it holds: (view->service, view->rung), and
                        * N_RUNGS for what is no service's */

    view_holds *when;                        /* over all: judges, and words nothing */
    view_quotes *evidence[MAX_QUOTES];       /* quote, and judge nothing */
    const char *unless_excluded[MAX_LISTED]; /* the alternatives, codes (excluded.c) */

    /* How sure it is, once no alternative is left: certain, where this holds (NULL: always). Otherwise
     * likely, where the next holds (NULL: always), or else only possible. */
    view_holds *certain_if, *likely_if;
};

extern const struct cause causes[];
extern const size_t n_causes;

/* --- finding.c: what the functions of rows share. They ask a view for symptoms, and quote observations, each
 * kind worded the same way by every cause; what does not fit is cut, never overrun --- */

bool view_has(const struct view *view, enum check check);
bool view_has_reason(const struct view *view, enum check check, enum failure reason);

/* The row names the reason for this check. */
bool view_is_reason(const struct view *view, enum check check, enum failure reason);

/* The faults of the agent's checks that the row explains; returns how many. */
int view_faults(const struct view *view, struct faults *faults);

/* One service after the other that the row explains this rung of; N_RUNGS: any rung.
 *   for (struct each it = {0}; view_each(view, rung, &it);) */
struct each {
    enum service service;
    int next;
};
bool view_each(const struct view *view, enum rung rung, struct each *it);

/* The service's first address, of those that count, whose TLS failed for a reason of the row; NULL:
 * none. */
const struct address_facts *view_bad_tls(const struct view *view, enum service service);

/* Evidence; the same line a second time, of another service, says nothing more. */
void finding_evidence(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_quote_answer(struct finding *finding, const char *host,
                          const struct dns_answer *answer);
void finding_quote_address(struct finding *finding, enum service service,
                           const struct address_facts *address, enum rung rung);
void finding_quote_action(struct finding *finding, const struct action_facts *action);

/* One line of evidence; nothing when the kernel was not asked. */
void finding_quote_route(struct finding *finding, const struct facts *facts, const char *address);

/* --- the functions that rows name, by subject: `when_x` and `where_x` judge and word nothing, `quote_x`
 * quotes and judges nothing --- */

/* metadata.c: the machine, its metadata service, its role */
view_holds when_not_ec2, when_no_address, when_network_is_down, when_imds_is_blocked_here,
    when_imds_is_certainly_blocked_here, when_imds_itself_answers, when_all_is_forbidden,
    when_get_is_forbidden, when_get_may_be_answered, when_another_server_answers,
    when_only_the_role_is_wrong, when_profile_is_deleted, when_credentials_are_past,
    when_credentials_are_taken;
view_quotes quote_machine, quote_interfaces, quote_imds, quote_imds_server, quote_forbidden,
    quote_obstacle, quote_token, quote_imds_load, quote_imds_silence, quote_profile,
    quote_identity_role, quote_credentials, quote_expiry;

/* nameservers.c: who is asked, and answers */
view_holds where_nobody_answers, when_silent_for_this_name, when_names_are_held_back,
    when_answer_is_malformed, when_answers_differ, where_amazon_does_not_answer,
    when_amazon_serves_no_name, when_amazon_answers, when_server_is_here, when_server_is_unrouted,
    where_question_stays_here, when_question_was_not_sent, when_stub_refuses,
    when_questions_are_forbidden, when_answers_are_dropped, where_edns_is_not_served,
    when_answers_are_too_late, when_aaaa_is_not_answered, when_dead_servers_come_first,
    when_search_list_leads;
view_quotes quote_no_resolver, quote_lookup, quote_stub, quote_servers_not_read, quote_lookup_order,
    quote_behind_stub, quote_dropped_answers, quote_without_edns, quote_late_answers,
    quote_searched;

/* resolve.c: what they say of a name */
view_holds where_amazon_is_overruled, when_an_alias_shows_it, when_name_leads_here,
    where_vpc_is_bypassed, where_private_name_is_public, where_strange_addresses_are_used,
    when_name_is_pinned, when_every_private_name_is_public, when_has_gateway, when_name_is_fips,
    when_name_leads_to_no_endpoint, when_no_public_address_answers, when_no_address_is_public,
    when_nobody_knows_the_name;
view_quotes quote_false_answers, quote_families, quote_each_name, quote_bypass, quote_pin,
    quote_private_one, quote_source_of_name;

/* connect.c */
view_holds where_connections_vary, where_refused_on_the_way, where_not_blocked,
    where_other_interface_is_silent, where_route_leads_astray, when_this_machine_has_the_address,
    when_the_sender_is_known, when_hops_run_out, when_subnets_are_kept_apart,
    when_some_ports_are_silent, where_own_subnet_alone_is_silent, when_own_subnet_alone_is_silent,
    when_every_service_is_silent, when_whole_service_is_silent,
    when_others_of_the_service_are_not_silent, when_one_is_silent;
view_quotes quote_stopped, quote_ports, quote_ways, quote_no_route, quote_refused_here,
    quote_refusals, quote_silent_next_hop, quote_unsent, quote_undelivered, quote_nothing_lost,
    quote_silent, quote_what_is_near, quote_how_many_are_silent, quote_one_that_connects,
    quote_what_connects, quote_neighbour, quote_both_families;

/* tls.c: the handshake and the clock */
view_holds where_only_full_packets_are_lost, where_another_try_passes,
    where_certificate_is_made_on_the_way, when_interception_is_plain, where_clock_is_to_blame,
    when_no_handshake_is_answered, when_no_tls_is_spoken, when_clock_is_wrong, clock_is_certain;
view_quotes quote_tls, quote_cut, quote_interception, quote_other_name, quote_own_clock,
    quote_clocks, quote_skewed, quote_validity, quote_no_time_sync;

/* service.c: the service's answer */
view_holds when_nothing_is_allowed, when_others_take_them, when_no_service_takes_the_credentials,
    when_another_policy_denies, when_every_denial_is_alike, when_ssm_denies_nothing,
    when_region_is_right, when_configuration_fits, when_only_the_agent_has_a_proxy,
    when_the_agents_proxy_refuses, when_the_agents_proxy_says_so, when_the_proxy_is_shown_a_login,
    when_the_websocket_shows_no_login, when_the_service_says_so, when_the_service_throttles,
    when_answers_come_too_late;
view_quotes quote_denials, quote_tools, quote_how_many_are_denied, quote_actions, quote_http,
    quote_slow_answers, quote_agents_proxy;

/* agent.c: the agent's installation; and what nobody explains */
view_holds when_unit_is_missing, when_agent_knows_imdsv2, when_configuration_is_wrong,
    when_unit_is_doubted, when_unit_is_known, when_agent_stays_down, when_agent_does_not_run;
view_quotes quote_summary, quote_checks, quote_package, quote_faults, quote_registration,
    quote_environment, quote_no_proxy, quote_bundle, quote_last_error;

/* notes.c: what fails nothing */
view_holds when_service_is_not_in_region, when_host_management_gives_credentials, when_vpc_is_known,
    when_ec2messages_may_be_missing, when_one_server_is_silent, when_only_ipv6_is_usable;
view_quotes quote_region, quote_host_management, quote_addresses_outside, quote_public_address,
    quote_certificates_that_end, quote_ec2messages, quote_session_endpoints, quote_silent_server,
    quote_addresses;

/* --- what excluded.c and the placeholders share with them --- */

/* What was seen excludes the code: it is no alternative to what the view's row says. */
bool excluded(const struct view *view, const char *code);

/* "a prohibit route": what on this machine keeps it from IMDS. */
const char *imds_obstacle(const struct facts *facts);

/* Any name at all resolves, and not by /etc/hosts. */
bool resolve_any(const struct view *view);

/* Failing at once is not the resolver's silence: something on this machine rejects. */
bool resolve_failed_here(const struct dns_answer *answer);

/* The server that does not ask the VPC's resolver, "" when there is none. */
const char *resolve_forwarder(const struct view *view);

/* Another service that every name of leads into the VPC; N_SERVICES: none. */
enum service resolve_private_one(const struct view *view);

/* All services that got as far as connect, without those that a row above explains.
 * `but_blocked`: without services that are silent even in the own subnet, where no network ACL
 * stands between. */
struct overall {
    int n;            /* services */
    int n_silent;     /* every address timed out */
    int n_partly;     /* some timed out, some connect */
    bool any_ok;      /* of any planned service */
    struct reach sum; /* over the n services */
};
struct overall connect_overall(const struct view *view, bool but_blocked);

/* At some service that is explained: small segments got the handshake through; only the system's
 * bundle vouches for the certificate. */
bool tls_answers_small_segments(const struct view *view);
bool tls_is_intercepted(const struct view *view);
bool tls_fails_at_all_addresses(const struct view *view);

/* The answer of a service that finds the time of a request wrong, or NULL. */
const struct action_facts *tls_said_skewed(const struct facts *facts);

/* The first action that is denied as the row says, and how many there are. */
const char *service_denied_action(const struct view *view, int *n);

/* An address of the service whose certificate ends within 14 days, and in how long; NULL: none. */
const struct address_facts *notes_ends_soon(const struct facts *facts, int service,
                                            int64_t *left_s);

/* The one server of resolv.conf that is silent to every name, while another one answers; or NULL. */
const struct dns_answer *notes_silent_server(const struct facts *facts);

/* The session preferences use the service, and this rung of it is not passed. */
bool notes_sessions_lack(const struct view *view, enum service service, enum rung rung);

#endif
