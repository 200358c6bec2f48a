/* SPDX-License-Identifier: Apache-2.0
 *
 * When the options name a region, names are looked up before IMDS has answered.
 */
#include "discover/discover.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/instance.h"
#include "discover/machine.h"
#include "discover/unit.h"
#include "net/route.h"

struct discover {
    struct loop *loop;
    struct discover_request request;
    struct facts *facts;
    struct credentials *credentials;
    discover_tell *tell;
    void *arg;
    struct agent_overrides overrides;
    struct imds *imds;
    struct instance_reader *instance;
    struct role_reader *role;
    bool planned, placed, role_known;
    struct plan wishes;     /* of the options, before a hint completed them */
    char hint[REGION_SIZE]; /* planned with; empty: with none, or it is confirmed */
};

static void plan_if_possible(struct discover *discover)
{
    if (discover->planned || !plan_complete(discover->facts, &discover->overrides))
        return;
    discover->planned = true;
    discover->tell(discover->arg, DISCOVERED_PLAN);
    discover->tell(discover->arg, DISCOVERED_REGION);
}

/* As if IMDS had named it, which confirms it or not. */
static void plan_by_hint(struct discover *discover)
{
    struct facts *facts = discover->facts;

    if (discover->planned || facts->machine.is_ec2 == ANSWER_NO ||
        !hint_region(discover->request.root, facts, discover->hint))
        return;
    discover->wishes = facts->plan;
    (void)text_set(facts->instance.region, REGION_SIZE, "%s", discover->hint);
    discover->planned = plan_complete(facts, &discover->overrides);
    facts->instance.region[0] = '\0';
    discover->tell(discover->arg, DISCOVERED_PLAN);
}

/* IMDS has named the region, or will not. */
static void identified(void *arg)
{
    struct discover *discover = arg;
    struct facts *facts = discover->facts;
    bool hinted = discover->hint[0];
    bool right = hinted && strcmp(discover->hint, facts->instance.region) == 0;

    discover->hint[0] = '\0';
    if (right) {
        discover->tell(discover->arg, DISCOVERED_REGION);
    } else if (hinted) {
        discover->planned = false;
        discover->tell(discover->arg, DISCOVERED_MISTAKE);
        facts->plan = discover->wishes;
    }
    plan_if_possible(discover);
}

static void placed(void *arg)
{
    struct discover *discover = arg;

    if (discover->placed)
        return;
    discover->placed = true;
    discover->tell(discover->arg, DISCOVERED_PLACE);
}

static void role_known(void *arg)
{
    struct discover *discover = arg;

    if (discover->role_known)
        return;
    discover->role_known = true;
    discover->tell(discover->arg, DISCOVERED_ROLE);
}

static void without_imds(struct discover *discover)
{
    struct facts *facts = discover->facts;

    step_skip(&facts->imds.identity, FAILURE_BELOW);
    step_skip(&facts->role.attached, FAILURE_BELOW);
    step_skip(&facts->role.credentials, FAILURE_BELOW);
    identified(discover);
    placed(discover);
    role_known(discover);
}

/* --- one check again: a step is touched where the answer is another one than before --- */

static void document_again(void *arg, const struct imds_answer *answer)
{
    struct discover *discover = arg;
    struct imds_facts *imds = &discover->facts->imds;
    char start[DETAIL_SIZE];

    text_excerpt(start, sizeof(start), answer->body, answer->body_bytes);
    if (answer->failure != FAILURE_NONE)
        step_fail(&imds->identity, answer->failure, answer->took_ms);
    else if (answer->status != imds->identity_status ||
             (answer->status == 200 && strcmp(start, imds->body_start) != 0))
        step_ok(&imds->identity, answer->took_ms);
    role_known(discover);
}

static void role_again(void *arg, const struct imds_answer *answer)
{
    struct discover *discover = arg;
    struct role_facts *role = &discover->facts->role;

    if (answer->failure != FAILURE_NONE)
        step_fail(&role->attached, answer->failure, answer->took_ms);
    else if (answer->status != role->list_status ||
             (answer->status == 200 && answer->body_bytes > 0))
        step_ok(&role->attached, answer->took_ms);
    role_known(discover);
}

static bool needs_token_alone(enum check check)
{
    return check <= CHECK_IMDS_TOKEN || check == CHECK_CLOCK_SKEW;
}

static void opened_again(struct discover *discover)
{
    enum check check = discover->request.check;

    if (discover->facts->imds.token.outcome != OUTCOME_OK || needs_token_alone(check))
        role_known(discover);
    else if (check == CHECK_IMDS_IDENTITY)
        imds_get(discover->imds,
                 discover->facts->imds.identity.detail[0] ? IMDS_ID_PATH
                                                          : "dynamic/instance-identity/document",
                 document_again, discover);
    else if (check == CHECK_ROLE_ATTACHED)
        imds_get(discover->imds, "meta-data/iam/security-credentials/", role_again, discover);
    else
        discover->role = role_read(discover->imds, discover->request.root, discover->facts,
                                   discover->credentials, true, role_known, discover);
}

/* --- all --- */

static void imds_opened(void *arg)
{
    struct discover *discover = arg;
    struct facts *facts = discover->facts;
    const struct instance_events events = {discover, identified, placed};
    char mac[NAME_SIZE];

    routes_doubt(facts->network.routes, &facts->network.n_routes, MAX_ROUTES, facts->imds.address,
                 80, &facts->imds.connect);
    if (discover->request.again) {
        opened_again(discover);
        return;
    }
    if (facts->imds.token.outcome != OUTCOME_OK) {
        without_imds(discover);
        return;
    }
    if (facts->plan.permissions == PERMISSIONS_OFF) {
        step_skip(&facts->role.attached, FAILURE_NOT_WANTED);
        step_skip(&facts->role.credentials, FAILURE_NOT_WANTED);
        role_known(discover);
    } else {
        discover->role = role_read(discover->imds, discover->request.root, facts,
                                   discover->credentials, false, role_known, discover);
    }
    network_mac_of(imds_local_address(discover->imds), mac);
    network_block_of(imds_local_address(discover->imds), facts);
    discover->instance = instance_read(discover->imds, mac, facts, &events);
    if (discover->role)
        imds_connect_ahead(discover->imds, 1);
}

static bool is_denied_anything(const struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        for (int j = 0; j < facts->endpoints[i].n_actions; j++)
            if (facts->endpoints[i].actions[j].permission == PERMISSION_DENIED)
                return true;
    return false;
}

bool discover_rest(struct discover *discover)
{
    if (!discover || discover->request.again)
        return false;
    const struct facts *facts = discover->facts;
    bool of_role = discover->role &&
                   (facts->role.attached.outcome == OUTCOME_FAILED ||
                    facts->role.credentials.outcome == OUTCOME_FAILED || is_denied_anything(facts));

    if (of_role)
        role_read_rest(discover->role);
    return (discover->instance && instance_read_rest(discover->instance)) || of_role;
}

/* Requests that go out with the token. */
static int n_first(const struct facts *facts)
{
    return INSTANCE_REQUESTS + (facts->network.usable_ipv6 ? 2 : 0) +
           (facts->plan.permissions != PERMISSIONS_OFF ? 1 : 0);
}

/* Runs on the loop's first turn, so that no event comes before discover_start() has returned. */
static void begin(void *arg)
{
    struct discover *discover = arg;
    struct imds_open open = {.endpoint = {IMDS_IPV4, 80},
                             .facts = &discover->facts->imds,
                             .clock = &discover->facts->clock,
                             .again = discover->request.again,
                             .n_first = discover->request.again
                                            ? !needs_token_alone(discover->request.check)
                                            : n_first(discover->facts),
                             .opened = imds_opened,
                             .arg = discover};

    if (discover->request.endpoint)
        open.endpoint = *discover->request.endpoint;
    else if (!discover->facts->network.usable_ipv4 && discover->facts->network.usable_ipv6)
        open.endpoint = (struct imds_endpoint){IMDS_IPV6, 80};

    discover->imds = imds_open(discover->loop, &open);
    if (discover->facts->plan.region_source == SOURCE_OPTION)
        plan_if_possible(discover);
    else if (!discover->request.again)
        plan_by_hint(discover);
}

void discover_machine(const char *root, struct facts *facts, struct agent_overrides *overrides,
                      struct proxy_login *login)
{
    unit_keep_places(root);
    machine_read(root, &facts->machine);
    time_sync_read(root, &facts->machine);
    network_read(&facts->network);
    resolvers_read(root, &facts->resolvers);
    agent_read(root, &facts->agent, login);
    agent_read_config(root, &facts->agent, overrides);
    agent_read_state(root, facts->machine.asset_tag, &facts->agent);
    unit_keep_places(NULL);
}

void discover_login(const char *root, const struct facts *facts, struct proxy_login *login)
{
    struct agent_facts *agent = calloc(1, sizeof(*agent));
    LOCAL_BUFFER settings = {.max_bytes = FILE_MAX_BYTES};

    unit_read(root, facts->agent.unit, &settings);
    environment_read(root, &settings, agent, login);
    free(agent);
}

struct discover *discover_start(struct loop *loop, const struct discover_request *request,
                                struct facts *facts, struct credentials *credentials,
                                discover_tell *tell, void *arg)
{
    struct discover *discover = calloc(1, sizeof(*discover));

    *discover = (struct discover){.loop = loop,
                                  .request = *request,
                                  .facts = facts,
                                  .credentials = credentials,
                                  .tell = tell,
                                  .arg = arg,
                                  .planned = request->again};
    (void)loop_after(loop, 0, begin, discover);
    if (!request->again) {
        discover_machine(request->root, facts, &discover->overrides, request->login);
        plan_needs(facts);
    } else if (request->check == CHECK_CLOCK_SKEW) {
        facts->clock = (struct clock_facts){.wall_unix_ms = clock_wall_unix_ms()};
    }
    return discover;
}

void discover_free(struct discover *discover)
{
    if (!discover)
        return;
    role_reader_free(discover->role);
    instance_reader_free(discover->instance);
    imds_free(discover->imds);
    free(discover);
}
