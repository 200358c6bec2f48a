/* SPDX-License-Identifier: Apache-2.0
 *
 * Who hears what and when while a machine is discovered: plans by a hint and without, a metadata service that
 * says nothing, what is asked at the end, and one check again. IMDS and its readers are played.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "discover/agent.h"
#include "discover/discover.h"
#include "discover/instance.h"
#include "net/route.h"

enum { MAX_TOLD = 1024 };

static char told[MAX_TOLD];
static struct facts facts;
static struct credentials credentials;
static const char *hinted; /* a region, or NULL */
static bool has_rest;
static int n_doubted; /* routes */
static struct imds_open opened_with;
static struct instance_events instance_events;
static void (*role_known)(void *arg);
static void *role_arg;
static imds_done *asked;
static void *asked_arg;
static struct loop *loop;
static struct discover *discover;

static void tell(const char *what)
{
    (void)text_add(told, sizeof(told), "%s%s", told[0] ? " " : "", what);
}

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
struct imds *__wrap_imds_open(struct loop *its_loop, const struct imds_open *open);
void __wrap_imds_get(struct imds *imds, const char *path, imds_done *done, void *arg);
void __wrap_imds_connect_ahead(struct imds *imds, int n);
const char *__wrap_imds_local_address(const struct imds *imds);
void __wrap_imds_free(struct imds *imds);
struct instance_reader *__wrap_instance_read(struct imds *imds, const char *mac,
                                             struct facts *known,
                                             const struct instance_events *events);
bool __wrap_instance_read_rest(struct instance_reader *reader);
void __wrap_instance_reader_free(struct instance_reader *reader);
struct role_reader *__wrap_role_read(struct imds *imds, const char *root, struct facts *known,
                                     struct credentials *secrets, bool again,
                                     void (*done)(void *arg), void *arg);
void __wrap_role_read_rest(struct role_reader *reader);
void __wrap_role_reader_free(struct role_reader *reader);
bool __wrap_hint_region(const char *root, const struct facts *known, char *region);
void __wrap_routes_doubt(struct route *routes, int32_t *n, int32_t max, const char *address,
                         uint16_t port, const struct step *step);
void __wrap_network_read(struct network_facts *network);
void __wrap_machine_read(const char *root, struct machine_facts *machine);

struct imds *__wrap_imds_open(struct loop *its_loop, const struct imds_open *open)
{
    assert_ptr_equal(its_loop, loop);
    opened_with = *open;
    tell(open->endpoint.address);
    return (struct imds *)(uintptr_t)told;
}

void __wrap_imds_get(struct imds *imds, const char *path, imds_done *done, void *arg)
{
    assert_ptr_equal(imds, told);
    tell(path);
    asked = done;
    asked_arg = arg;
}

void __wrap_imds_connect_ahead(struct imds *imds, int n)
{
    (void)imds;
    tell(n == 1 ? "ahead" : "?");
}

const char *__wrap_imds_local_address(const struct imds *imds)
{
    (void)imds;
    return "10.0.1.5";
}

void __wrap_imds_free(struct imds *imds)
{
    tell(imds ? "imds_free" : "no imds");
}

struct instance_reader *__wrap_instance_read(struct imds *imds, const char *mac,
                                             struct facts *known,
                                             const struct instance_events *events)
{
    (void)imds;
    assert_string_equal(mac, ""); /* no interface here has that address */
    assert_ptr_equal(known, &facts);
    instance_events = *events;
    tell("instance");
    return (struct instance_reader *)(uintptr_t)told;
}

bool __wrap_instance_read_rest(struct instance_reader *reader)
{
    (void)reader;
    tell("rest");
    return has_rest;
}

void __wrap_instance_reader_free(struct instance_reader *reader)
{
    tell(reader ? "instance_free" : "no instance");
}

struct role_reader *__wrap_role_read(struct imds *imds, const char *root, struct facts *known,
                                     struct credentials *secrets, bool again,
                                     void (*done)(void *arg), void *arg)
{
    (void)imds;
    (void)root;
    (void)known;
    assert_ptr_equal(secrets, &credentials);
    role_known = done;
    role_arg = arg;
    tell(again ? "credentials: role_read" : "role_read");
    return (struct role_reader *)(uintptr_t)told;
}

void __wrap_role_read_rest(struct role_reader *reader)
{
    (void)reader;
    tell("role_rest");
}

void __wrap_role_reader_free(struct role_reader *reader)
{
    tell(reader ? "role_free" : "no role");
}

bool __wrap_hint_region(const char *root, const struct facts *known, char *region)
{
    (void)root;
    assert_ptr_equal(known, &facts);
    if (hinted)
        (void)text_set(region, REGION_SIZE, "%s", hinted);
    return hinted;
}

void __wrap_routes_doubt(struct route *routes, int32_t *n, int32_t max, const char *address,
                         uint16_t port, const struct step *step)
{
    (void)routes;
    (void)n;
    assert_int_equal(max, MAX_ROUTES);
    assert_string_equal(address, facts.imds.address);
    assert_int_equal(port, 80);
    assert_ptr_equal(step, &facts.imds.connect);
    n_doubted++;
}

void __wrap_network_read(struct network_facts *network)
{
    (void)network;
}

void __wrap_machine_read(const char *root, struct machine_facts *machine)
{
    (void)root;
    (void)machine;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static void heard(void *arg, enum discovered what)
{
    static const char *const words[] = {[DISCOVERED_PLAN] = "planned:",
                                        [DISCOVERED_REGION] = "believed",
                                        [DISCOVERED_MISTAKE] = "mistaken",
                                        [DISCOVERED_PLACE] = "placed",
                                        [DISCOVERED_ROLE] = "role"};

    assert_ptr_equal(arg, &facts);
    tell(words[what]);
    if (what != DISCOVERED_PLAN)
        return;
    assert_true(facts.plan.services[SERVICE_SSM].host[0]);
    tell(facts.plan.region);
}

static const struct discover_request nowhere = {.root = "/nonexistent"};

static int start(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof(facts));
    memset(&credentials, 0, sizeof(credentials));
    facts.network.usable_ipv4 = true;
    facts.plan.services[SERVICE_SSM].need = NEED_REQUIRED;
    hinted = NULL;
    has_rest = false;
    told[0] = '\0';
    loop = loop_new();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    loop_free(loop);
    discover_free(discover);
    discover = NULL;
    return 0;
}

static void said(const char *what)
{
    if (strcmp(told, what) != 0)
        fail_msg("\"%s\" and not \"%s\"", told, what);
    told[0] = '\0';
}

static void begun(const char *what)
{
    discover = discover_start(loop, &nowhere, &facts, &credentials, heard, &facts);
    said(""); /* no event comes before it has returned */
    assert_int_equal(loop_run(loop, INT64_MAX), LOOP_IDLE);
    said(what);
}

static void token_has_come(void)
{
    facts.imds.token.outcome = OUTCOME_OK;
    opened_with.opened(opened_with.arg);
}

static void the_region_is_named(const char *region)
{
    (void)text_set(facts.instance.region, REGION_SIZE, "%s", region);
    instance_events.identified(instance_events.arg);
}

static void imds_names_the_region(void **state)
{
    (void)state;
    begun("169.254.169.254");
    assert_int_equal(opened_with.endpoint.port, 80);
    assert_int_equal(opened_with.n_first, INSTANCE_REQUESTS + 1);
    assert_false(opened_with.again);
    n_doubted = 0;
    facts.network.n_interfaces = facts.network.interfaces[0].n_addresses = 1;
    (void)text_set(facts.network.interfaces[0].addresses[0], ADDRESS_SIZE, "10.0.1.5/24");
    token_has_come();
    assert_int_equal(n_doubted, 1);
    assert_string_equal(facts.instance.subnet_cidrs[0], "10.0.1.0/24"); /* by the netmask */
    said("role_read instance ahead");
    role_known(role_arg);
    role_known(role_arg);
    said("role"); /* once */
    the_region_is_named("eu-west-1");
    said("planned: eu-west-1 believed");
    instance_events.identified(instance_events.arg);
    said("");
    instance_events.placed(instance_events.arg);
    instance_events.placed(instance_events.arg);
    said("placed");
    discover_free(discover);
    discover = NULL;
    said("role_free instance_free imds_free");
}

static void a_hint_is_confirmed(void **state)
{
    (void)state;
    hinted = "eu-west-1";
    begun("169.254.169.254 planned: eu-west-1");
    assert_string_equal(facts.instance.region, "");
    token_has_come();
    said("role_read instance ahead");
    the_region_is_named("eu-west-1");
    said("believed");
}

static void a_hint_that_is_wrong_is_taken_back(void **state)
{
    (void)state;
    hinted = "eu-west-1";
    begun("169.254.169.254 planned: eu-west-1");
    token_has_come();
    told[0] = '\0';
    the_region_is_named("eu-west-2");
    said("mistaken planned: eu-west-2 believed");
    instance_events.identified(instance_events.arg); /* the hint is forgotten */
    said("");
}

static void where_imds_names_no_region_there_is_no_plan(void **state)
{
    (void)state;
    hinted = "eu-west-1";
    begun("169.254.169.254 planned: eu-west-1");
    facts.imds.token.outcome = OUTCOME_FAILED;
    opened_with.opened(opened_with.arg);
    said("mistaken placed role");
    assert_string_equal(facts.plan.region, "");
    assert_int_equal(facts.imds.identity.outcome, OUTCOME_SKIPPED);
    assert_int_equal(facts.role.attached.outcome, OUTCOME_SKIPPED);
    assert_int_equal(facts.role.credentials.failure, FAILURE_BELOW);
    assert_false(discover_rest(discover));
}

static void elsewhere_a_hint_is_not_looked_for(void **state)
{
    (void)state;
    hinted = "eu-west-1";
    facts.machine.is_ec2 = ANSWER_NO;
    begun("169.254.169.254");
}

static void options_name_the_region(void **state)
{
    (void)state;
    hinted = "eu-west-1";
    facts.plan.region_source = SOURCE_OPTION;
    (void)text_set(facts.plan.region, REGION_SIZE, "us-gov-west-1");
    begun("169.254.169.254 planned: us-gov-west-1 believed");
    token_has_come();
    told[0] = '\0';
    the_region_is_named("eu-west-2");
    said("");
}

static void imds_has_an_address_of_each_family(void **state)
{
    static const struct imds_endpoint own = {"127.0.0.2", 8080};
    const struct discover_request request = {.root = "/nonexistent", .endpoint = &own};
    (void)state;
    facts.network.usable_ipv4 = false;
    facts.network.usable_ipv6 = true;
    begun(IMDS_IPV6);
    assert_int_equal(opened_with.endpoint.port, 80);
    assert_int_equal(opened_with.n_first, INSTANCE_REQUESTS + 3);
    discover_free(discover);
    told[0] = '\0';
    facts.network.usable_ipv4 = true;
    facts.plan.permissions = PERMISSIONS_OFF;
    begun(IMDS_IPV4);
    assert_int_equal(opened_with.n_first, INSTANCE_REQUESTS + 2);
    discover_free(discover);
    told[0] = '\0';
    facts.network.usable_ipv4 = facts.network.usable_ipv6 = false;
    discover = discover_start(loop, &request, &facts, &credentials, heard, &facts);
    (void)loop_run(loop, INT64_MAX);
    said("127.0.0.2");
    assert_int_equal(opened_with.endpoint.port, 8080);
}

static void no_role_is_asked_for_where_none_is_wanted(void **state)
{
    (void)state;
    facts.plan.permissions = PERMISSIONS_OFF;
    begun("169.254.169.254");
    token_has_come();
    said("role instance");
    assert_int_equal(facts.role.attached.failure, FAILURE_NOT_WANTED);
    assert_int_equal(facts.role.credentials.failure, FAILURE_NOT_WANTED);
    facts.role.attached.outcome = OUTCOME_FAILED;
    assert_false(discover_rest(discover));
    said("rest");
}

/* Only where a finding may quote it. */
static void what_is_asked_at_the_end(void **state)
{
    struct action_facts *action = &facts.endpoints[SERVICE_SSM].actions[1];
    (void)state;
    assert_false(discover_rest(NULL));
    begun("169.254.169.254");
    assert_false(discover_rest(discover));
    token_has_come();
    told[0] = '\0';
    assert_false(discover_rest(discover));
    said("rest");
    has_rest = true;
    assert_true(discover_rest(discover));
    has_rest = false;
    facts.role.attached.outcome = OUTCOME_FAILED;
    told[0] = '\0';
    assert_true(discover_rest(discover));
    said("role_rest rest");
    facts.role.attached.outcome = OUTCOME_OK;
    facts.role.credentials.outcome = OUTCOME_FAILED;
    assert_true(discover_rest(discover));
    facts.role.credentials.outcome = OUTCOME_OK;
    facts.endpoints[SERVICE_SSM].n_actions = 2;
    assert_false(discover_rest(discover));
    action->permission = PERMISSION_DENIED;
    assert_true(discover_rest(discover));
    facts.endpoints[SERVICE_SSM].n_actions = 1;
    assert_false(discover_rest(discover));
}

/* --- one check again --- */

static void again(enum check check, int n_first)
{
    loop_free(loop);
    discover_free(discover);
    loop = loop_new();
    hinted = "eu-west-1";
    told[0] = '\0';
    const struct discover_request request = {"/nonexistent", NULL, true, check};
    discover = discover_start(loop, &request, &facts, &credentials, heard, &facts);
    (void)loop_run(loop, INT64_MAX);
    said("169.254.169.254");
    assert_true(opened_with.again);
    assert_int_equal(opened_with.n_first, n_first);
}

static void only_a_token_is_asked_for(void **state)
{
    static const enum check checks[] = {CHECK_IMDS_CONNECT, CHECK_IMDS_TOKEN, CHECK_CLOCK_SKEW};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        facts.clock.wall_unix_ms = 1;
        again(checks[i], 0);
        token_has_come();
        said("role");
        assert_false(discover_rest(discover));
        assert_int_equal(facts.clock.wall_unix_ms > 1, checks[i] == CHECK_CLOCK_SKEW);
    }
    again(CHECK_IMDS_IDENTITY, 1);
    facts.imds.token.outcome = OUTCOME_FAILED;
    opened_with.opened(opened_with.arg);
    said("role");
}

static void answer(enum failure failure, int32_t status, const char *body)
{
    const struct imds_answer answer = {failure, status, 7, body, strlen(body)};
    asked(asked_arg, &answer);
    said("role");
}

/* The step is touched where the answer is another one. */
static void the_document_alone(void **state)
{
    struct imds_facts *imds = &facts.imds;
    (void)state;
    again(CHECK_IMDS_IDENTITY, 1);
    token_has_come();
    said("dynamic/instance-identity/document");
    imds->identity_status = 404;
    step_fail(&imds->identity, FAILURE_NOT_FOUND, 1);
    (void)text_set(imds->body_start, sizeof(imds->body_start), "then");
    answer(FAILURE_NONE, 404, "now");
    assert_int_equal(imds->identity.failure, FAILURE_NOT_FOUND);
    again(CHECK_IMDS_IDENTITY, 1);
    token_has_come();
    told[0] = '\0';
    answer(FAILURE_TIMEOUT, 0, "");
    assert_int_equal(imds->identity.failure, FAILURE_TIMEOUT);
    assert_int_equal(imds->identity.took_ms, 7);
    (void)text_set(imds->identity.detail, DETAIL_SIZE,
                   "x"); /* of the path that the agent asks first */
    again(CHECK_IMDS_IDENTITY, 1);
    token_has_come();
    said(IMDS_ID_PATH);
    imds->identity.detail[0] = '\0';
    again(CHECK_IMDS_IDENTITY, 1);
    token_has_come();
    told[0] = '\0';
    answer(FAILURE_NONE, 200, "{}");
    assert_int_equal(imds->identity.outcome, OUTCOME_OK);
    imds->identity_status = 200;
    (void)text_set(imds->body_start, sizeof(imds->body_start), "<html>");
    for (int i = 0; i < 2; i++) {
        step_fail(&imds->identity, FAILURE_MALFORMED, 1);
        again(CHECK_IMDS_IDENTITY, 1);
        token_has_come();
        told[0] = '\0';
        answer(FAILURE_NONE, 200, i ? "{}" : "<html>");
        assert_int_equal(imds->identity.outcome, i ? OUTCOME_OK : OUTCOME_FAILED);
    }
}

static void the_role_alone(void **state)
{
    static const struct {
        enum failure failure;
        int32_t was, is;
        const char *body;
        enum outcome outcome;
    } rows[] = {
        {FAILURE_TIMEOUT, 404, 0, "", OUTCOME_FAILED},
        {FAILURE_NONE, 404, 404, "", OUTCOME_UNTRIED},
        {FAILURE_NONE, 404, 200, "r", OUTCOME_OK},
        {FAILURE_NONE, 200, 200, "", OUTCOME_UNTRIED},
        {FAILURE_NONE, 200, 200, "r", OUTCOME_OK},
        {FAILURE_NONE, 404, 503, "", OUTCOME_OK},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        again(CHECK_ROLE_ATTACHED, 1);
        token_has_come();
        said("meta-data/iam/security-credentials/");
        facts.role.attached = (struct step){0};
        facts.role.list_status = rows[i].was;
        answer(rows[i].failure, rows[i].is, rows[i].body);
        if (facts.role.attached.outcome != rows[i].outcome)
            fail_msg("row %zu", i);
    }
    again(CHECK_ROLE_CREDENTIALS, 1);
    token_has_come();
    said("credentials: role_read");
    role_known(role_arg);
    said("role");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(imds_names_the_region, start, stop),
        cmocka_unit_test_setup_teardown(a_hint_is_confirmed, start, stop),
        cmocka_unit_test_setup_teardown(a_hint_that_is_wrong_is_taken_back, start, stop),
        cmocka_unit_test_setup_teardown(where_imds_names_no_region_there_is_no_plan, start, stop),
        cmocka_unit_test_setup_teardown(elsewhere_a_hint_is_not_looked_for, start, stop),
        cmocka_unit_test_setup_teardown(options_name_the_region, start, stop),
        cmocka_unit_test_setup_teardown(imds_has_an_address_of_each_family, start, stop),
        cmocka_unit_test_setup_teardown(no_role_is_asked_for_where_none_is_wanted, start, stop),
        cmocka_unit_test_setup_teardown(what_is_asked_at_the_end, start, stop),
        cmocka_unit_test_setup_teardown(only_a_token_is_asked_for, start, stop),
        cmocka_unit_test_setup_teardown(the_document_alone, start, stop),
        cmocka_unit_test_setup_teardown(the_role_alone, start, stop),
    };
    return cmocka_run_group_tests_name("discover: the order of events", tests, NULL, NULL);
}
