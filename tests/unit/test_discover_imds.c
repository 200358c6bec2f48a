/* SPDX-License-Identifier: Apache-2.0
 *
 * What IMDS answers, with each value cut off at every byte: by an exchange that failed, and by one
 * that looks whole because it announced no length. Linked with --wrap=imds_get.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "discover/instance.h"

#define MACS "meta-data/network/interfaces/macs/0e:49:61:0f:c3:11/"
#define CREDENTIALS "meta-data/iam/security-credentials/"

static struct value {
    const char *path, *body;
} values[] = {
    {"dynamic/instance-identity/document",
     "{\"instanceId\": \"i-0123456789abcdef0\", \"region\": \"cn-northwest-1\","
     " \"availabilityZone\": \"cn-northwest-1a\", \"accountId\": \"123456789012\","
     " \"instanceType\": \"t4g.nano\", \"imageId\": \"ami-1\", \"privateIp\": \"172.31.16.9\"}"},
    {"meta-data/placement/region", "cn-northwest-1"},
    {"meta-data/mac", "0e:49:61:0f:c3:11"},
    {MACS "vpc-id", "vpc-0a1b2c3d4e5f67890"},
    {MACS "subnet-id", "subnet-0b1c2d3e4f5a67891"},
    {MACS "vpc-ipv4-cidr-blocks", "172.31.0.0/16\n198.51.100.0/24"},
    {MACS "vpc-ipv6-cidr-blocks", "2001:db8:1::/56"},
    {MACS "subnet-ipv4-cidr-block", "172.31.16.0/20"},
    {MACS "subnet-ipv6-cidr-blocks", "2001:db8:1:1::/64"},
    {MACS "security-group-ids", "sg-0c1d2e3f4a5b67892\nsg-0c1d2e3f4a5b67893"},
    {"meta-data/iam/info", "{\"Code\": \"Success\", \"InstanceProfileArn\": \"arn:aws:iam::1:x\"}"},
    {CREDENTIALS, "a-role"},
    {CREDENTIALS "a-role",
     "{\"Code\": \"Success\", \"AccessKeyId\": \"AKID\", \"SecretAccessKey\": \"secret\","
     " \"Token\": \"token\", \"Expiration\": \"2999-01-01T00:00:00Z\"}"},
    {"meta-data/instance-id", "i-0123456789abcdef0"},
};
enum { N_VALUES = COUNT_OF(values) };

enum { VALUE_DOCUMENT = 0, VALUE_LIST = 11, VALUE_CREDENTIALS = 12 };

static size_t cut;           /* the value that is cut off */
static size_t kept;          /* so many bytes of it come */
static enum failure failure; /* of that exchange */

static struct facts facts;
static struct credentials credentials;

/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier): the linker wants this name */
void __wrap_imds_get(struct imds *imds, const char *path, imds_done *done, void *arg);

void __wrap_imds_get(struct imds *imds, const char *path, imds_done *done, void *arg)
{
    char body[512] = "";
    struct imds_answer answer = {.status = 404, .took_ms = 1, .body = body};
    (void)imds;

    for (size_t i = 0; i < N_VALUES; i++) {
        if (strcmp(values[i].path, path) != 0)
            continue;
        answer.status = 200;
        (void)text_set(body, sizeof(body), "%.*s", i == cut ? (int)kept : 500, values[i].body);
        if (i == cut && failure != FAILURE_NONE) { /* as imds.c hands it on */
            answer.status = 0;
            answer.failure = failure;
            body[0] = '\0';
        }
    }
    answer.body_bytes = strlen(body);
    done(arg, &answer);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void ask(void)
{
    const struct instance_events events = {.identified = nothing, .placed = nothing};

    memset(&facts, 0, sizeof(facts));
    facts.network.usable_ipv6 = true;
    credentials_clear(&credentials);
    instance_reader_free(instance_read(NULL, "", &facts, &events));
    role_reader_free(role_read(NULL, "/nonexistent", &facts, &credentials, false, nothing, NULL));
}

static bool whole_or_nothing(const char *value, const char *whole)
{
    return !value[0] || strcmp(value, whole) == 0;
}

/* Cut to 8 digits, an id has the form of an old one: it is only for people to read. */
static bool id_or_nothing(const char *value, const char *whole)
{
    const char *dash = strrchr(value, '-');
    return whole_or_nothing(value, whole) ||
           (dash && strlen(dash + 1) == 8 && text_starts(whole, value));
}

static bool among(const char *value, const char *const *whole, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(value, whole[i]) == 0)
            return true;
    return false;
}

/* What the cut left is what IMDS has, or nothing. */
static bool all_is_true(void)
{
    static const char *const vpc[] = {"172.31.0.0/16", "198.51.100.0/24", "2001:db8:1::/56"};
    static const char *const subnet[] = {"172.31.16.0/20", "2001:db8:1:1::/64"};
    static const char *const groups[] = {"sg-0c1d2e3f4a5b67892", "sg-0c1d2e3f4a5b67893"};
    const struct instance_facts *instance = &facts.instance;
    bool good = whole_or_nothing(instance->id, "i-0123456789abcdef0") &&
                whole_or_nothing(instance->region, "cn-northwest-1") &&
                whole_or_nothing(instance->private_ipv4, "172.31.16.9") &&
                id_or_nothing(instance->vpc, "vpc-0a1b2c3d4e5f67890") &&
                id_or_nothing(instance->subnet, "subnet-0b1c2d3e4f5a67891");

    for (int i = 0; i < MAX_CIDRS; i++) {
        const char *block = instance->vpc_cidrs[i], *own = instance->subnet_cidrs[i];
        good = good && (i < instance->n_vpc_cidrs ? among(block, vpc, 3) : !block[0]) &&
               (i < instance->n_subnet_cidrs ? among(own, subnet, 2) : !own[0]);
    }
    for (int i = 0; i < instance->n_security_groups; i++)
        good = good && (id_or_nothing(instance->security_groups[i], groups[0]) ||
                        id_or_nothing(instance->security_groups[i], groups[1]));
    return good && instance->network_known == (instance->n_vpc_cidrs > 0);
}

static void all_of_it_is_read(void **state)
{
    const struct instance_facts *instance = &facts.instance;
    (void)state;

    cut = N_VALUES;
    ask();
    assert_true(all_is_true());
    assert_string_equal(instance->id, "i-0123456789abcdef0");
    assert_string_equal(instance->private_ipv4, "172.31.16.9");
    assert_int_equal(instance->n_vpc_cidrs, 3);
    assert_int_equal(instance->n_subnet_cidrs, 2);
    assert_int_equal(instance->n_security_groups, 2);
    assert_string_equal(instance->type, "t4g.nano");
    assert_string_equal(instance->image, "ami-1");
    assert_string_equal(instance->region, "cn-northwest-1");
    assert_string_equal(instance->availability_zone, "cn-northwest-1a");
    assert_string_equal(instance->account, "123456789012");
    assert_string_equal(instance->partition, "aws-cn");
    assert_string_equal(instance->subnet, "subnet-0b1c2d3e4f5a67891");
    assert_string_equal(instance->vpc, "vpc-0a1b2c3d4e5f67890");
    assert_true(credentials_usable(&credentials));
}

static void cut_at_every_byte(enum failure how)
{
    failure = how;
    for (cut = 0; cut < N_VALUES; cut++)
        for (kept = 0; kept < strlen(values[cut].body); kept++) {
            ask();
            if (!all_is_true())
                fail_msg("%s cut off after %zu bytes is believed", values[cut].path, kept);
            if (cut == VALUE_DOCUMENT)
                assert_int_equal(facts.imds.identity.failure,
                                 how == FAILURE_NONE ? FAILURE_MALFORMED : how);
            bool role_known = cut != VALUE_LIST && cut != VALUE_CREDENTIALS;
            if (strcmp(values[cut].path, "meta-data/iam/info") != 0)
                assert_int_equal(credentials_usable(&credentials), role_known);
            if (cut == VALUE_LIST && (kept == 0 || how != FAILURE_NONE))
                assert_int_equal(facts.role.attached.failure,
                                 how == FAILURE_NONE ? FAILURE_MALFORMED : how);
        }
}

static void an_answer_that_was_cut_is_none(void **state)
{
    (void)state;
    cut_at_every_byte(FAILURE_TRUNCATED);
}

static void a_cut_that_nothing_tells_is_told_by_the_form(void **state)
{
    (void)state;
    cut_at_every_byte(FAILURE_NONE);
}

/* aws-sdk-go, EC2InstanceIdentityDocument: as the agent's decoder takes it. */
static void a_member_of_another_type_is_no_document(void **state)
{
    static const struct {
        const char *member;
        bool good;
    } rows[] = {
        {"\"version\": \"2017-09-30\"", true},
        {"\"version\": 2017", false},
        {"\"billingProducts\": [\"bp-1\"]", true},
        {"\"billingProducts\": \"bp-1\"", false},
        {"\"devpayProductCodes\": 1, \"billingProducts\": []", false},
        {"\"pendingTime\": \"2026-11-23T12:00:00Z\"", true},
        {"\"pendingTime\": \"soon\"", false},
        {"\"pendingTime\": 5", false},
        {"\"availabilityZone\": 5", false},
        {"\"privateIp\": 5", false},
        {"\"instanceType\": 5", false},
        {"\"accountId\": 5", false},
        {"\"imageId\": 5", false},
        {"\"kernelId\": 5", false},
        {"\"ramdiskId\": 5", false},
        {"\"architecture\": 5", false},
        {"\"architecture\": null, \"kernelId\": null, \"billingProducts\": null", true},
        {"\"devpayProductCodes\": 5", false},
        {"\"marketplaceProductCodes\": 5", false},
    };
    const char *before = values[VALUE_DOCUMENT].body;
    char text[256];
    (void)state;

    cut = N_VALUES;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)text_set(text, sizeof(text),
                       "{\"region\": \"eu-west-1\", \"instanceId\": \"i-0123456789abcdef0\", %s}",
                       rows[i].member);
        values[VALUE_DOCUMENT].body = text;
        ask();
        if ((facts.imds.identity.outcome == OUTCOME_OK) != rows[i].good)
            fail_msg("%s", rows[i].member);
    }
    values[VALUE_DOCUMENT].body = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_of_another_type_is_no_document),
        cmocka_unit_test(all_of_it_is_read),
        cmocka_unit_test(an_answer_that_was_cut_is_none),
        cmocka_unit_test(a_cut_that_nothing_tells_is_told_by_the_form),
    };

    return cmocka_run_group_tests_name("discover: values of IMDS, cut off", tests, NULL, NULL);
}
