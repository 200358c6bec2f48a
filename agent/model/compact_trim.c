/* SPDX-License-Identifier: Apache-2.0
 *
 * What no cause and no remedy looks at goes first; then words that are only quoted; then names that
 * only make a remedy more exact; and the ends of long lists last.
 */
#include <string.h>

#include "base/text.h"
#include "model/compact.h"

enum { DETAIL_MOST = 60, WORDS_MOST = 120, BODY_MOST = 80, SOON_S = 30 * 86400, RIGHT_MS = 10000 };

static void cut(char *text, size_t most)
{
    if (strlen(text) > most)
        text[most] = '\0';
}

/* 3060 becomes 3000: every limit that a cause compares with has one digit and zeros, and none is
 * below 100 ms. */
static int32_t round_down(int32_t ms, int level)
{
    int32_t unit = 1;

    if (level >= COMPACT_WORDS_LEFT_OUT && ms > 0 && ms < 100)
        return 1;
    while (ms / unit >= 10)
        unit *= 10;
    return ms / unit * unit;
}

static void trim_step(struct step *step, int level)
{
    step->took_ms = round_down(step->took_ms, level);
    step->os_error = 0;
    cut(step->detail,
        step->outcome == OUTCOME_FAILED && level < COMPACT_WORDS_LEFT_OUT ? DETAIL_MOST : 0);
}

/* --- the machine --- */

static void trim_machine(struct facts *facts, int level)
{
    struct machine_facts *machine = &facts->machine;
    struct network_facts *network = &facts->network;

    if (machine->is_ec2 == ANSWER_YES)
        machine->evidence[0] = '\0';
    if (facts->instance.id[0])
        machine->asset_tag[0] = '\0';
    /* Of what is perhaps no instance they are all that EC2 can be asked for. */
    bool addresses = level < COMPACT_MORE_LEFT_OUT || machine->is_ec2 == ANSWER_NO;
    for (int32_t i = 0; i < network->n_interfaces; i++) {
        struct interface_facts *interface = &network->interfaces[i];
        int32_t n = 0;
        for (int32_t j = 0; j < interface->n_addresses && addresses; j++)
            if (!text_starts(interface->addresses[j], "fe80:"))
                memmove(interface->addresses[n++], interface->addresses[j], ADDRESS_SIZE);
        interface->n_addresses = n;
    }
}

static void trim_metadata(struct facts *facts, int level)
{
    struct imds_facts *imds = &facts->imds;
    struct instance_facts *instance = &facts->instance;

    trim_step(&imds->connect, level);
    trim_step(&imds->token, level);
    trim_step(&imds->identity, level);
    if (imds->identity.outcome == OUTCOME_OK)
        imds->n_requests = 0;
    cut(imds->body_start, level < COMPACT_WORDS_LEFT_OUT ? BODY_MOST : 0);
    if (level < COMPACT_MORE_LEFT_OUT)
        return;
    instance->image[0] = '\0';
    instance->type[0] = '\0';
    instance->availability_zone[0] = '\0';
    if (instance->n_security_groups > 1)
        instance->n_security_groups = 1; /* the one that remedies name */
}

static void trim_role(struct role_facts *role, int level)
{
    trim_step(&role->attached, level);
    trim_step(&role->credentials, level);
    cut(role->info_message, level < COMPACT_WORDS_LEFT_OUT ? WORDS_MOST : 0);
    cut(role->message, level < COMPACT_WORDS_LEFT_OUT ? WORDS_MOST : 0);
}

static void trim_agent(struct agent_facts *agent, int level)
{
    trim_step(&agent->config, level);
    cut(agent->no_proxy, WORDS_MOST);
    if (level < COMPACT_MORE_LEFT_OUT)
        return;
    agent->version_file[0] = '\0';
    agent->proxy_file[0] = '\0';
}

/* Readings that all agree with the clock say no more than the one in the middle. */
static void trim_clock(struct facts *facts)
{
    struct clock_facts *clock = &facts->clock;
    int32_t middle = 0;

    for (int32_t i = 0; i < clock->n_samples; i++) {
        int32_t below = 0;
        for (int32_t j = 0; j < clock->n_samples; j++)
            below += clock->samples[j].offset_ms < clock->samples[i].offset_ms ||
                     (j < i && clock->samples[j].offset_ms == clock->samples[i].offset_ms);
        if (below == clock->n_samples / 2)
            middle = i;
        if (clock->samples[i].offset_ms > RIGHT_MS || clock->samples[i].offset_ms < -RIGHT_MS ||
            clock->samples[i].error_ms > RIGHT_MS)
            return;
    }
    if (clock->n_samples > 1) {
        clock->samples[0] = clock->samples[middle];
        clock->n_samples = 1;
    }
}

/* --- one service --- */

static void trim_answer(struct dns_answer *answer, int level)
{
    trim_step(&answer->step, level);
    answer->ttl_s = 0;
    answer->cname[0] = '\0';
}

/* A certificate that verified says nothing more than its issuer, unless it ends soon. */
static void trim_session(struct tls_session *session, bool verified, int64_t now_unix_s, int level)
{
    if (verified)
        session->subject[0] = '\0';
    if (verified || level >= COMPACT_MORE_LEFT_OUT)
        session->names[0] = '\0';
    if (verified && session->not_after_unix_s - now_unix_s > SOON_S) {
        session->not_before_unix_s = 0;
        session->not_after_unix_s = 0;
    }
    cut(session->names, WORDS_MOST);
    cut(session->verify, level < COMPACT_WORDS_LEFT_OUT ? WORDS_MOST : 0);
}

static void trim_head(struct address_facts *at, int level)
{
    struct http_head *head = &at->head;

    if (at->steps[RUNG_HTTP].outcome == OUTCOME_OK) {
        head->server[0] = '\0';
        head->via[0] = '\0';
        at->body_start[0] = '\0';
    }
    head->content_type[0] = '\0';
    head->request_id[0] = '\0';
    head->error_type[0] = '\0';
    head->has_date = false;
    head->clock_offset_ms = 0;
    cut(at->body_start, level < COMPACT_WORDS_LEFT_OUT ? BODY_MOST : 0);
}

/* What a denial says of its reason stands at its end, behind who and what. */
static void keep_the_reason(char *message)
{
    static const char *const marks[] = {"with an explicit deny", "because no ",
                                        "due to an explicit"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *at = strstr(message, marks[i]);
        if (at) {
            memmove(message, at, strlen(at) + 1);
            return;
        }
    }
}

/* The words of a denial are quoted once; others of its kind are named. */
static bool is_repeated(const struct endpoint_facts *endpoint, int32_t at)
{
    const struct action_facts *action = &endpoint->actions[at];

    for (int32_t i = 0; i < at; i++) {
        const struct action_facts *before = &endpoint->actions[i];
        if (before->permission == action->permission && before->denied_by == action->denied_by &&
            before->failure == action->failure)
            return true;
    }
    return false;
}

static void trim_action(struct action_facts *action, bool repeated, int level)
{
    if (repeated)
        action->message[0] = '\0';
    action->took_ms = round_down(action->took_ms, level);
    action->why_not[0] = '\0';
    keep_the_reason(action->message);
    cut(action->message, level < COMPACT_WORDS_LEFT_OUT ? WORDS_MOST : 0);
    if (action->permission == PERMISSION_DENIED || action->permission == PERMISSION_UNCLEAR)
        return;
    action->address[0] = '\0';
    action->status = 0;
    action->code[0] = '\0';
    action->message[0] = '\0';
    action->took_ms = 0;
}

static void trim_endpoint(struct facts *facts, struct endpoint_facts *endpoint, int level)
{
    for (int32_t i = 0; i < endpoint->n_answers; i++)
        trim_answer(&endpoint->answers[i], level);
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        struct address_facts *at = &endpoint->addresses[i];
        trim_step(&at->steps[RUNG_CONNECT], level);
        trim_step(&at->steps[RUNG_TLS], level);
        trim_step(&at->steps[RUNG_HTTP], level);
        trim_session(&at->session, at->steps[RUNG_TLS].outcome == OUTCOME_OK,
                     facts->started_unix_ms / 1000, level);
        trim_head(at, level);
    }
    for (int32_t i = 0; i < endpoint->n_actions; i++)
        trim_action(&endpoint->actions[i], is_repeated(endpoint, i), level);
}

/* --- lists --- */

static void cut_list(int32_t *n, int32_t most)
{
    if (*n > most)
        *n = most;
}

static void cut_lists(struct facts *facts)
{
    cut_list(&facts->network.n_interfaces, 2);
    cut_list(&facts->instance.n_vpc_cidrs, 4);
    cut_list(&facts->instance.n_subnet_cidrs, 2);
    cut_list(&facts->clock.n_samples, 3);
    for (int i = 0; i < N_SERVICES; i++) {
        struct endpoint_facts *endpoint = &facts->endpoints[i];
        cut_list(&endpoint->n_answers, 4);
        cut_list(&endpoint->n_addresses, 3);
        for (int32_t j = 0; j < endpoint->n_answers; j++)
            cut_list(&endpoint->answers[j].n_addresses, 3);
    }
}

void compact_trim(struct facts *facts, int level)
{
    trim_machine(facts, level);
    trim_metadata(facts, level);
    trim_role(&facts->role, level);
    trim_agent(&facts->agent, level);
    for (int i = 0; i < N_SERVICES; i++)
        trim_endpoint(facts, &facts->endpoints[i], level);
    trim_clock(facts);
    if (level >= COMPACT_LISTS_CUT)
        cut_lists(facts);
}
