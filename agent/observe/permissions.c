/* SPDX-License-Identifier: Apache-2.0
 *
 * The signed requests of one service are shared out over its open connections. Each connection carries
 * one request at a time and takes the next as soon as it is free.
 */
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "model/permissions.h"
#include "model/plan.h"
#include "net/http.h"
#include "observe/climb.h"

enum { UUID_SIZE = 40, BODY_SIZE = 512, PATH_BYTES = 256 };

/* A version 4 UUID, RFC 9562 section 5.4. */
static void make_uuid(char to[UUID_SIZE])
{
    uint8_t bytes[16] = {0};

    (void)!getrandom(bytes, sizeof(bytes),
                     GRND_NONBLOCK); /* zeros name nothing that exists either */
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    to[0] = '\0';
    for (int i = 0; i < 16; i++)
        (void)text_add(to, UUID_SIZE, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                       bytes[i]);
}

/* What stands for one placeholder, or NULL when it is none (a brace of the JSON). */
static const char *value_of(const char *at, const struct facts *facts, char uuid[UUID_SIZE],
                            size_t *n)
{
    static const struct {
        const char *name;
        enum { INSTANCE, VERSION, UUID } value;
    } rows[] = {{"{instance}", INSTANCE}, {"{version}", VERSION}, {"{uuid}", UUID}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!text_starts(at, rows[i].name))
            continue;
        *n = strlen(rows[i].name);
        if (rows[i].value == INSTANCE)
            return facts->instance.id[0] ? facts->instance.id : "i-00000000000000000";
        if (rows[i].value == VERSION)
            return facts->agent.version[0] ? facts->agent.version : "3.3.0.0";
        make_uuid(uuid);
        return uuid;
    }
    return NULL;
}

bool permission_fill(const char *pattern, const struct facts *facts, char *to, size_t size)
{
    bool whole = true;

    to[0] = '\0';
    while (*pattern && whole) {
        char uuid[UUID_SIZE];
        size_t n = strcspn(pattern, "{");
        const char *value = n == 0 ? value_of(pattern, facts, uuid, &n) : NULL;

        if (!value && n == 0)
            n = 1;
        whole = value ? text_add(to, size, "%s", value)
                      : text_add(to, size, "%.*s", (int)n, pattern);
        pattern += n;
    }
    return whole;
}

/* --- the requests of one service --- */

static void keep_why(struct action_facts *action, const struct permission_row *row,
                     const struct facts *facts)
{
    const char *why = permission_why_not(row, facts);

    (void)text_set(action->why_not, sizeof(action->why_not), "%s", why ? why : "not reached");
}

static void forget(const struct climb *climb, struct action_facts *action)
{
    char name[NAME_SIZE];

    memcpy(name, action->action, sizeof(name));
    *action = (struct action_facts){.permission = PERMISSION_NOT_PROBED};
    memcpy(action->action, name, sizeof(name));
    keep_why(action, permission_find(name), climb->observe->facts);
}

void actions_plan(struct climb *climb)
{
    struct endpoint_facts *facts = climb->facts;

    for (size_t i = 0; i < n_permissions; i++) {
        const struct permission_row *row = &permissions[i];

        if (row->service != climb->service || facts->n_actions == MAX_ACTIONS)
            continue;
        struct action_facts *action = &facts->actions[facts->n_actions++];
        (void)text_set(action->action, sizeof(action->action), "%s", row->action);
        keep_why(action, row, climb->observe->facts);
    }
}

/* Credentials that are new are not known everywhere at once: what condemns every request is asked once more, in
 * a first round. A later one is that itself. An error of the server may be one of several servers'; who
 * throttles is not asked more. What is no answer of AWS is asked for once more, as the agent does. */
static bool is_to_be_repeated(struct climb *climb, int action)
{
    enum failure failure = climb->facts->actions[action].failure;
    uint32_t bit = 1u << action;
    bool strange = failure == FAILURE_NOT_AWS;
    bool condemns = failure == FAILURE_CREDENTIALS_REJECTED || failure == FAILURE_SIGNATURE;
    bool repeat = (strange || (condemns && !climb->observe->patient)) && !(climb->repeated & bit);

    if (failure != FAILURE_THROTTLED && climb->facts->actions[action].status >= 500)
        return ++climb->n_repeated < MAX_ASKED;

    climb->repeated |= repeat ? bit : 0;
    climb->strange |= repeat && strange ? bit : 0;
    return repeat;
}

void actions_take(struct lane *lane, const struct http_reply *reply)
{
    int index = lane->action;
    struct action_facts *action = &lane->climb->facts->actions[index];
    const struct permission_row *row = permission_find(action->action);

    lane->action = -1;
    action->took_ms = reply->step.took_ms;
    action->why_not[0] = '\0';
    if (reply->step.outcome == OUTCOME_OK) {
        service_answer_judge(&reply->head, reply->body, reply->body_bytes, row->allowed, action);
        if (is_to_be_repeated(lane->climb, index))
            forget(lane->climb, action);
        else if ((lane->climb->strange & 1u << index) && action->failure != FAILURE_NOT_AWS)
            lane->facts->cut = FAILURE_NOT_AWS;
        credentials_hide(lane->climb->observe->credentials, action->code);
        credentials_hide(lane->climb->observe->credentials, action->message);
        if (action->status == 200 && strcmp(action->action, "ssm:GetDocument") == 0)
            observe_preferences(lane->climb->observe, reply->body);
        return;
    }
    action->permission = PERMISSION_UNCLEAR;
    action->failure = reply->tls.outcome == OUTCOME_FAILED ? reply->tls.failure
                                                           : reply->step.failure;
}

static void answered(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;

    actions_take(lane, reply);
    if (reply->step.outcome != OUTCOME_OK)
        lane->open = reply->step.failure == FAILURE_TOO_LARGE;
    actions_pump(lane->climb);
}

/* The connection's socket, how long its first answer may take, and who takes it. */
struct first {
    int *fd;
    int32_t timeout_ms;
    http_done *done;
    void (*silent)(void *lane, enum silence silence);
};

static bool send(struct lane *lane, const struct permission_row *row, const struct first *first)
{
    struct climb *climb = lane->climb;
    const struct facts *facts = climb->observe->facts;
    char body[BODY_SIZE], path[PATH_BYTES], target[NAME_SIZE * 2];
    const char *headers[3] = {row->target ? "Content-Type: application/x-amz-json-1.1"
                                          : "Content-Type: application/json",
                              NULL, NULL};
    struct signature signature = {.credentials = climb->observe->credentials,
                                  .region = facts->plan.signing_region,
                                  .service = service_name(climb->service)};

    if (!permission_fill(row->body, facts, body, sizeof(body)) ||
        !permission_fill(row->path, facts, path, sizeof(path)))
        return false;
    if (row->target) {
        (void)text_set(target, sizeof(target), "X-Amz-Target: %s", row->target);
        headers[1] = target;
    }
    struct http_request request = climb_request(climb, lane->facts->address,
                                                first ? *first->fd : -1);
    request.method = "POST";
    request.path = path;
    request.headers = headers;
    request.body = body;
    request.body_bytes = strlen(body);
    request.signature = &signature;
    request.withhold = first;
    request.max_body_bytes = 256 * 1024;
    request.owner = lane;
    if (!first || lane->extra)
        request.tls_timeout_ms = TLS_EXTRA_TIMEOUT_MS;
    if (first) {
        request.silent = first->silent;
        request.timeout_ms = first->timeout_ms;
    }
    if (first)
        *first->fd = -1;
    return http_start(climb->observe->loop, &request, first ? first->done : answered, lane);
}

bool actions_may_sign(const struct plan *plan, enum service service,
                      const struct address_facts *address, bool withheld)
{
    const struct service_plan *to = &plan->services[service];
    bool own_host = to->host_source == SOURCE_AGENT_CONFIG ||
                    partition_has_host(partition_of_region(plan->region), to->host);

    bool known = withheld || address->steps[RUNG_TLS].outcome == OUTCOME_OK;

    return own_host && known && address->place != PLACE_UNKNOWN && !address->second_opinion &&
           !tls_session_is_intercepted(&address->session);
}

static bool is_under_way(const struct climb *climb, int action)
{
    for (int i = 0; i < climb->facts->n_addresses; i++)
        if (climb->lanes[i].action == action)
            return true;
    for (int i = 0; i < climb->n_extras; i++)
        if (climb->extras[i].action == action)
            return true;
    return false;
}

/* To be sent, not tried, and under way nowhere. Only now it is known whether the agent is connected. */
static bool is_left(const struct climb *climb, int i)
{
    struct action_facts *action = &climb->facts->actions[i];
    const struct permission_row *row = permission_find(action->action);

    if (action->permission != PERMISSION_NOT_PROBED || action->failure != FAILURE_NONE || !row ||
        is_under_way(climb, i))
        return false;
    keep_why(action, row, climb->observe->facts);
    return !permission_why_not(row, climb->observe->facts);
}

int actions_left(const struct climb *climb)
{
    int n = 0;

    for (int i = 0; i < climb->facts->n_actions; i++)
        n += is_left(climb, i);
    return n;
}

void actions_forget_unclear(struct climb *climb, const struct address_facts *address)
{
    for (int i = 0; i < climb->facts->n_actions; i++) {
        struct action_facts *action = &climb->facts->actions[i];

        if (action->permission == PERMISSION_UNCLEAR &&
            strcmp(action->address, address->address) == 0)
            forget(climb, action);
    }
}

/* Where every answer takes seconds, one for each connection must do. */
static bool is_enough(const struct lane *lane)
{
    return lane->n_sent > 0 && lane->facts->steps[RUNG_HTTP].took_ms >= SLOW_ANSWER_MS;
}

/* False: there is nothing to send, or this connection may not carry it. */
static bool send_next(struct lane *lane, const struct first *first)
{
    struct climb *climb = lane->climb;
    const struct observe *observe = climb->observe;
    int next = 0;

    while (next < climb->facts->n_actions && !is_left(climb, next))
        next++;
    if (next == climb->facts->n_actions || !observe->credentials || !observe->placed ||
        !actions_may_sign(&observe->facts->plan, climb->service, lane->facts, first))
        return false;
    struct action_facts *action = &climb->facts->actions[next];
    if (!send(lane, permission_find(action->action), first)) {
        action->permission = PERMISSION_UNCLEAR;
        action->failure = text_only(observe->facts->plan.signing_region, "-")
                              ? FAILURE_INTERNAL
                              : FAILURE_SIGNATURE; /* of no Region there is a signature */
        return false;
    }
    (void)text_set(action->address, sizeof(action->address), "%s", lane->facts->address);
    lane->action = next;
    lane->n_sent++;
    return true;
}

bool actions_send_first(struct lane *lane, int *fd, int32_t timeout_ms, http_done *done,
                        void (*silent)(void *lane, enum silence silence))
{
    const struct first first = {fd, timeout_ms, done, silent};

    return send_next(lane, &first);
}

static void pump_lane(struct lane *lane)
{
    if (lane->open && lane->action < 0 && !is_enough(lane))
        (void)send_next(lane, NULL);
}

void actions_pump(struct climb *climb)
{
    for (int i = 0; i < climb->facts->n_addresses; i++)
        pump_lane(&climb->lanes[i]);
    for (int i = 0; i < climb->n_extras; i++)
        pump_lane(&climb->extras[i]);
}
