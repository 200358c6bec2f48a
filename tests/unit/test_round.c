/* SPDX-License-Identifier: Apache-2.0
 *
 * One round on a real loop, where discover and observe are played: who is told what and when, what ends a
 * round, what is freed at its end and in which order, and what is asked again alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "discover/discover.h"
#include "discover/machine.h"
#include "observe/observe.h"
#include "run/run.h"

enum { MAX_TOLD = 512, NEVER_MS = 3600000 };

/* What discover does, a letter each: p(lanned) b(elieved) m(istaken) P(laced) r(ole); c: credentials are there;
 * t: the program is in trouble; s: a signal comes; n: the network changes; w: something is waited for. */
static const char *script, *script_of_rest;
static char told[MAX_TOLD];
static struct loop *loop_of_round;
static discover_tell *tell_round;
static void *round_told;
static struct credentials *credentials_of_round;
static struct observe_request requested;
static struct observe_again requested_again;
static struct timer *waiting;
static struct facts facts, earlier;
static struct options options;
static struct run run;
static int signals[2], changes[2], n_ticks, enough_ticks;
static int64_t undelivered;
static bool change_ends_it;
static int n_doubted;
static const char *proxy, *folders; /* of the agent, as its files say */
static struct {
    enum looking looking;
    char begun_after[MAX_TOLD], ended_after[MAX_TOLD], folders[PATH_SIZE];
    uint16_t ports[MAX_CONFINED_PORTS];
    bool refuses;
} given_up;

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
void __wrap_loop_free(struct loop *loop);
void __real_loop_free(struct loop *loop);
struct discover *__wrap_discover_start(struct loop *loop, const struct discover_request *request,
                                       struct facts *known, struct credentials *credentials,
                                       discover_tell *to, void *arg);
bool __wrap_discover_rest(struct discover *discover);
void __wrap_discover_free(struct discover *discover);
struct observe *__wrap_observe_start(struct loop *loop, const struct observe_request *request,
                                     struct facts *known);
void __wrap_observe_placed(struct observe *observe);
void __wrap_observe_role(struct observe *observe, const struct credentials *credentials);
void __wrap_observe_take_back(struct observe *observe);
void __wrap_observe_free(struct observe *observe);
void __wrap_trust_use_bundle(struct trust *trust, const char *file, const char *folder,
                             const char *sdk_bundle);
int64_t __wrap_delivery_read(const char *root);
void __wrap_delivery_compare(const char *root, int64_t before, struct facts *known);
void __wrap_resolvers_doubt(struct facts *known);
void __wrap_confine_begin(enum looking how);
void __wrap_confine_looking(const struct options *of, const char *in,
                            const uint16_t ports[MAX_CONFINED_PORTS]);
bool __wrap_confine_take_refusal(void);

static void tell(const char *what)
{
    (void)text_add(told, sizeof(told), "%s%s", told[0] ? " " : "", what);
}

void __wrap_loop_free(struct loop *loop)
{
    tell("loop_free");
    __real_loop_free(loop);
}

static void waited(void *arg)
{
    (void)arg;
    waiting = NULL;
}

/* A letter a turn of the loop. */
static void play(void *arg)
{
    const char letter = *script;

    (void)arg;
    if (!letter)
        return;
    script++;
    if (letter == 'c') {
        (void)text_set(credentials_of_round->access_key_id, 8, "key");
        (void)text_set(credentials_of_round->secret_access_key, 8, "secret");
    }
    if (letter == 't')
        (void)file_note_trouble("/proc/x", EIO);
    if (letter == 's')
        assert_int_equal(write(signals[1], "s", 1), 1);
    if (letter == 'n')
        assert_int_equal(write(changes[1], "n", 1), 1);
    if (letter == 'w')
        waiting = loop_after(loop_of_round, NEVER_MS, waited, NULL);
    static const char events[] = {[DISCOVERED_PLAN] = 'p',
                                  [DISCOVERED_REGION] = 'b',
                                  [DISCOVERED_MISTAKE] = 'm',
                                  [DISCOVERED_PLACE] = 'P',
                                  [DISCOVERED_ROLE] = 'r'};
    for (size_t i = 0; i < COUNT_OF(events); i++)
        if (events[i] == letter)
            tell_round(round_told, (enum discovered)i);
    (void)loop_after(loop_of_round, 0, play, NULL);
}

static struct discover *begin(struct loop *loop, struct credentials *credentials, discover_tell *to,
                              void *arg)
{
    loop_of_round = loop;
    credentials_of_round = credentials;
    tell_round = to;
    round_told = arg;
    (void)loop_after(loop, 0, play, NULL);
    return (struct discover *)(uintptr_t)told;
}

struct discover *__wrap_discover_start(struct loop *loop, const struct discover_request *request,
                                       struct facts *known, struct credentials *credentials,
                                       discover_tell *to, void *arg)
{
    assert_ptr_equal(known, &facts);
    assert_string_equal(request->root, "/root");
    assert_ptr_equal(request->endpoint, run.endpoint.address[0] ? &run.endpoint : NULL);
    (void)text_set(known->agent.https_proxy, sizeof(known->agent.https_proxy), "%s", proxy);
    (void)text_set(known->agent.ssl_cert_dir, sizeof(known->agent.ssl_cert_dir), "%s", folders);
    tell(request->again ? "discover_again:" : "discover");
    if (request->again)
        tell(check_name(request->check));
    return begin(loop, credentials, to, arg);
}

bool __wrap_discover_rest(struct discover *discover)
{
    bool rest = script_of_rest;

    tell(discover ? "rest" : "none");
    script = rest ? script_of_rest : "";
    script_of_rest = NULL;
    if (rest)
        (void)loop_after(loop_of_round, 0, play, NULL);
    return rest;
}

void __wrap_discover_free(struct discover *discover)
{
    tell(discover ? "discover_free" : "no discover");
}

struct observe *__wrap_observe_start(struct loop *loop, const struct observe_request *request,
                                     struct facts *known)
{
    assert_ptr_equal(known, &facts);
    assert_string_equal(request->root, "/root");
    assert_true(request->deadline_ms == run.deadline_ms);
    loop_of_round = loop;
    requested = *request;
    if (request->again)
        requested_again = *request->again;
    tell("observe");
    return (struct observe *)(uintptr_t)told;
}

void __wrap_observe_placed(struct observe *observe)
{
    assert_ptr_equal(observe, told);
    tell("placed");
}

void __wrap_observe_role(struct observe *observe, const struct credentials *credentials)
{
    assert_ptr_equal(observe, told);
    tell(credentials ? "role" : "no role");
}

void __wrap_observe_take_back(struct observe *observe)
{
    assert_ptr_equal(observe, told);
    tell("take_back");
}

void __wrap_observe_free(struct observe *observe)
{
    tell(observe ? "observe_free" : "no observe");
}

void __wrap_trust_use_bundle(struct trust *trust, const char *file, const char *folder,
                             const char *sdk_bundle)
{
    (void)trust;
    assert_string_equal(file, facts.agent.ssl_cert_file);
    assert_string_equal(folder, facts.agent.ssl_cert_dir);
    assert_string_equal(sdk_bundle, facts.agent.sdk_bundle);
}

int64_t __wrap_delivery_read(const char *root)
{
    assert_string_equal(root, "/root");
    return 41;
}

void __wrap_delivery_compare(const char *root, int64_t before, struct facts *known)
{
    assert_string_equal(root, "/root");
    (void)known;
    undelivered = before;
}

void __wrap_resolvers_doubt(struct facts *known)
{
    assert_ptr_equal(known, &facts);
    n_doubted++;
}

void __wrap_confine_begin(enum looking how)
{
    given_up.looking = how;
    (void)text_set(given_up.begun_after, MAX_TOLD, "%s", told);
}

void __wrap_confine_looking(const struct options *of, const char *in,
                            const uint16_t ports[MAX_CONFINED_PORTS])
{
    assert_ptr_equal(of, &options);
    (void)text_set(given_up.folders, sizeof(given_up.folders), "%s", in);
    (void)text_set(given_up.ended_after, MAX_TOLD, "%s", told);
    memcpy(given_up.ports, ports, sizeof(given_up.ports));
}

bool __wrap_confine_take_refusal(void)
{
    return given_up.refuses;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */

static int start(void **state)
{
    (void)state;
    memset(&facts, 0, sizeof(facts));
    (void)text_set(options.root, sizeof(options.root), "/root");
    options.plan.permissions = PERMISSIONS_DEEP;
    run = (struct run){.options = &options, .deadline_ms = INT64_MAX, .facts = &facts};
    told[0] = '\0';
    script = "";
    script_of_rest = NULL;
    waiting = NULL;
    n_ticks = n_doubted = 0;
    proxy = folders = "";
    given_up.refuses = false;
    if (pipe(signals) != 0 || pipe(changes) != 0)
        return -1;
    run.signal_fd = signals[0];
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        (void)close(signals[i]);
        (void)close(changes[i]);
    }
    return 0;
}

static void plays(const char *what, const char *and_so)
{
    script = what;
    told[0] = '\0';
    assert_true(round_run(&run, NULL, NULL));
    assert_string_equal(told, and_so);
}

#define FREED "loop_free observe_free discover_free"

static void each_hears_what_it_needs(void **state)
{
    const int64_t before_ms = clock_monotonic_ms();
    (void)state;
    plays("pbcrP", "discover observe role placed rest " FREED);
    assert_false(requested.patient);
    assert_null(requested.again);
    assert_int_equal(facts.stopped_by, STOPPED_BY_NOTHING);
    assert_true(undelivered == 41);
    assert_in_range(facts.duration_ms, 1, clock_monotonic_ms() - before_ms + 2);
    assert_int_equal(facts.plan.permissions, PERMISSIONS_DEEP);
    run.n_rounds = 1;
    (void)text_set(run.endpoint.address, sizeof(run.endpoint.address), "127.0.0.1");
    plays("pb", "discover observe rest " FREED);
    assert_true(requested.patient);
}

/* What was known before there is a plan is told with it, and the role only of a region that is believed. */
static void early_news_are_kept(void **state)
{
    (void)state;
    plays("Pcrpb", "discover observe placed role rest " FREED);
    plays("crpbP", "discover observe role placed rest " FREED);
    plays("pcrb", "discover observe role rest " FREED);
    plays("pbr", "discover observe no role rest " FREED);
    plays("pcr", "discover observe rest " FREED);
    plays("Pr", "discover rest loop_free no observe discover_free");
}

static void a_plan_of_another_region_is_taken_back(void **state)
{
    (void)state;
    plays("pPcrmpb", "discover observe placed take_back observe placed role rest " FREED);
    plays("pPm", "discover observe placed take_back rest loop_free no observe discover_free");
}

static void no_credential_outlives_a_round(void **state)
{
    static const struct credentials none;
    (void)state;
    plays("pbcrs", "discover observe role " FREED);
    assert_memory_equal(credentials_of_round, &none, sizeof(none));
}

static void what_ends_a_round(void **state)
{
    (void)state;
    plays("pbws", "discover observe " FREED);
    assert_int_equal(facts.stopped_by, STOPPED_BY_SIGNAL);
    run.deadline_ms = clock_monotonic_ms() + 1;
    assert_int_equal(read(signals[0], told, 1), 1);
    plays("w", "discover loop_free no observe discover_free");
    assert_int_equal(facts.stopped_by, STOPPED_BY_DEADLINE);
}

static void the_rest_is_asked_before_the_end(void **state)
{
    (void)state;
    script_of_rest = "P";
    plays("pb", "discover observe rest placed " FREED);
    script_of_rest = "ws";
    plays("pb", "discover observe rest " FREED);
    assert_int_equal(facts.stopped_by, STOPPED_BY_SIGNAL);
}

static void trouble_of_the_program_is_a_fact(void **state)
{
    (void)state;
    plays("pbt", "discover observe rest " FREED);
    assert_int_equal(facts.machine.trouble.failure, FAILURE_INTERNAL);
    assert_non_null(strstr(facts.machine.trouble.detail, "/proc/x"));
    plays("pb", "discover observe rest " FREED);
    assert_int_equal(facts.machine.trouble.failure, FAILURE_NONE);
    (void)text_set(run.trouble, sizeof(run.trouble), "its unit may send nothing");
    plays("pb", "discover observe rest " FREED);
    assert_int_equal(facts.machine.trouble.failure, FAILURE_INTERNAL);
    assert_non_null(strstr(facts.machine.trouble.detail, "may send nothing: Operation not"));
}

/* It gives the rest up when it has read this machine's files, and before it talks to anybody. */
static void a_round_gives_up_what_is_not_named(void **state)
{
    static const uint16_t plain[MAX_CONFINED_PORTS] = {53, 443, 80},
                          named[MAX_CONFINED_PORTS] = {53, 443, 8080, 3128};
    (void)state;

    run.looking = LOOKS_ON_AT_BOOT;
    plays("pb", "discover observe rest " FREED);
    assert_int_equal(given_up.looking, LOOKS_ON_AT_BOOT);
    assert_string_equal(given_up.begun_after, "");
    assert_string_equal(given_up.ended_after, "discover");
    assert_string_equal(given_up.folders, "");
    assert_memory_equal(given_up.ports, plain, sizeof(plain));
    assert_false(run.refused);
    assert_int_equal(n_doubted, 1);
    proxy = "http://10.0.0.5:3128";
    folders = "/a:/b";
    (void)text_set(run.endpoint.address, sizeof(run.endpoint.address), "127.0.0.1");
    run.endpoint.port = 8080;
    run.looking = LOOKS_ON;
    given_up.refuses = true;
    plays("pb", "discover observe rest " FREED);
    assert_int_equal(given_up.looking, LOOKS_ON);
    assert_string_equal(given_up.folders, "/a:/b");
    assert_memory_equal(given_up.ports, named, sizeof(named));
    assert_true(run.refused);
}

static void a_round_begins_with_nothing(void **state)
{
    (void)state;
    facts.started_unix_ms = 1;
    facts.stopped_by = STOPPED_BY_SIGNAL;
    facts.endpoints[SERVICE_SSM].n_addresses = 3;
    plays("", "discover rest loop_free no observe discover_free");
    assert_int_equal(facts.endpoints[SERVICE_SSM].n_addresses, 0);
    assert_int_equal(facts.stopped_by, STOPPED_BY_NOTHING);
    assert_true(facts.started_unix_ms > 1);
    assert_true(facts.clock.wall_unix_ms == facts.started_unix_ms);
}

/* --- who looks on --- */

static void end_waiting(void)
{
    loop_cancel(waiting);
    waiting = NULL;
}

static void tick(void *arg, const struct facts *known)
{
    assert_ptr_equal(arg, &run);
    assert_ptr_equal(known, &facts);
    if (++n_ticks == enough_ticks)
        end_waiting();
}

static bool changed(void *arg)
{
    char byte;
    assert_ptr_equal(arg, &run);
    assert_int_equal(read(changes[0], &byte, 1), 1);
    tell("changed");
    if (!change_ends_it)
        end_waiting();
    return change_ends_it;
}

static void looked_on(const struct round_watch *watch, const char *what, const char *and_so)
{
    script = what;
    told[0] = '\0';
    assert_true(round_run(&run, watch, NULL));
    assert_string_equal(told, and_so);
}

static void ticks_come_until_the_end(void **state)
{
    const struct round_watch watch = {
        .arg = &run, .tick_ms = 1, .tick = tick, .changed_fd = -1, .changed = changed};
    (void)state;
    enough_ticks = 3;
    looked_on(&watch, "pw", "discover observe rest " FREED);
    assert_true(n_ticks >= 3);
    n_ticks = 0;
    const struct round_watch none = {.arg = &run, .tick = tick, .changed_fd = -1};
    looked_on(&none, "pws", "discover observe " FREED);
    assert_int_equal(n_ticks, 0);
}

/* A tick is a second and more: the whole seconds count too. */
static void a_tick_may_be_long(void **state)
{
    const struct round_watch watch = {
        .arg = &run, .tick_ms = 3600 * 1000 + 1, .tick = tick, .changed_fd = -1};
    (void)state;
    run.deadline_ms = clock_monotonic_ms() + 30;
    enough_ticks = 1;
    looked_on(&watch, "pw", "discover observe " FREED);
    assert_int_equal(n_ticks, 0);
}

static void a_change_ends_it_when_that_is_wanted(void **state)
{
    const struct round_watch watch = {.arg = &run, .changed_fd = changes[0], .changed = changed};
    (void)state;
    change_ends_it = false;
    looked_on(&watch, "pwn", "discover observe changed rest " FREED);
    change_ends_it = true;
    looked_on(&watch, "pwn", "discover observe changed " FREED);
    assert_int_equal(facts.stopped_by, STOPPED_BY_NOTHING);
}

static int n_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 64; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void no_descriptor_stays(void **state)
{
    const struct round_watch watch = {.arg = &run, .tick_ms = 1, .tick = tick, .changed_fd = -1};
    (void)state;
    enough_ticks = 1;
    looked_on(&watch, "pw", "discover observe rest " FREED);
    int before = n_descriptors();
    n_ticks = 0;
    looked_on(&watch, "pw", "discover observe rest " FREED);
    assert_int_equal(n_descriptors(), before);
}

static void without_a_timer_there_is_no_round(void **state)
{
    const struct round_watch watch = {.arg = &run, .tick_ms = 1, .tick = tick, .changed_fd = -1};
    struct rlimit limit, none;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    bool ran = round_run(&run, &watch, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_false(ran);
    assert_string_equal(told, "loop_free no observe no discover");
}

/* --- one check again --- */

static void asks_again(enum check check, const char *action, const char *and_so)
{
    struct again again = {.check = check};

    (void)text_set(again.action.action, sizeof(again.action.action), "%s", action);
    facts = earlier;
    script = "cr";
    told[0] = '\0';
    assert_true(round_run(&run, NULL, &again));
    assert_string_equal(told, and_so);
    assert_int_equal(facts.endpoints[SERVICE_SSM].n_addresses, 3);
    assert_true(facts.started_unix_ms == 1);
}

static void only_what_a_check_stands_on_is_asked_again(void **state)
{
    (void)state;
    earlier.started_unix_ms = 1;
    earlier.endpoints[SERVICE_SSM].n_addresses = 3;
    script_of_rest = NULL;
    asks_again(CHECK_ROLE_ATTACHED, "",
               "discover_again: role.attached rest loop_free no observe discover_free");
    asks_again(check_of_service(SERVICE_SSM, RUNG_AUTHORIZE), "ssm:X",
               "observe placed discover_again: ssm.authorize role rest " FREED);
    assert_true(requested.patient);
    assert_non_null(requested_again.action);
    assert_int_equal(requested_again.target,
                     check_target(check_of_service(SERVICE_SSM, RUNG_AUTHORIZE)));
}

/* Neither needs IMDS: nothing is left to wait for. */
static void names_and_the_agent_need_no_metadata(void **state)
{
    struct again again = {.check = check_of_service(SERVICE_SSM, RUNG_CONNECT)};
    (void)state;
    requested_again = (struct observe_again){0};
    script = "";
    assert_true(round_run(&run, NULL, &again));
    assert_null(requested_again.action);
    assert_string_equal(told, "observe placed none loop_free observe_free no discover");
    told[0] = '\0';
    again.check = CHECK_AGENT_CONNECTED;
    assert_true(round_run(&run, NULL, &again));
    assert_string_equal(told, "none loop_free no observe no discover");
    for (int i = 0; i < 2; i++) {
        told[0] = '\0';
        again.check = CHECK_AGENT_CONFIG;
        again.was[0].reason = i == 0 ? FAILURE_PROXY : FAILURE_PROXY_LOGIN;
        assert_true(round_run(&run, NULL, &again));
        assert_string_equal(told, "observe placed none loop_free observe_free no discover");
        assert_int_equal(requested_again.target, TARGET_AGENT);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_hears_what_it_needs, start, stop),
        cmocka_unit_test_setup_teardown(early_news_are_kept, start, stop),
        cmocka_unit_test_setup_teardown(a_plan_of_another_region_is_taken_back, start, stop),
        cmocka_unit_test_setup_teardown(no_credential_outlives_a_round, start, stop),
        cmocka_unit_test_setup_teardown(what_ends_a_round, start, stop),
        cmocka_unit_test_setup_teardown(the_rest_is_asked_before_the_end, start, stop),
        cmocka_unit_test_setup_teardown(trouble_of_the_program_is_a_fact, start, stop),
        cmocka_unit_test_setup_teardown(a_round_gives_up_what_is_not_named, start, stop),
        cmocka_unit_test_setup_teardown(a_round_begins_with_nothing, start, stop),
        cmocka_unit_test_setup_teardown(ticks_come_until_the_end, start, stop),
        cmocka_unit_test_setup_teardown(a_tick_may_be_long, start, stop),
        cmocka_unit_test_setup_teardown(a_change_ends_it_when_that_is_wanted, start, stop),
        cmocka_unit_test_setup_teardown(no_descriptor_stays, start, stop),
        cmocka_unit_test_setup_teardown(without_a_timer_there_is_no_round, start, stop),
        cmocka_unit_test_setup_teardown(only_what_a_check_stands_on_is_asked_again, start, stop),
        cmocka_unit_test_setup_teardown(names_and_the_agent_need_no_metadata, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
