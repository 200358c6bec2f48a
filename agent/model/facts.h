/* SPDX-License-Identifier: Apache-2.0
 *
 * One snapshot of everything observed in one round: enough to diagnose again, elsewhere, later.
 * Fixed sizes, no pointers, no secrets: a struct facts can be copied, compared and kept as bytes.
 * All-zero is the valid snapshot in which nothing was tried.
 *
 * Its JSON form (`facts` in a report) is read and written by facts_json.h.
 */
#ifndef MODEL_FACTS_H
#define MODEL_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/limits.h"
#include "model/checks.h"
#include "model/failure.h"
#include "model/names.h"
#include "model/plan.h"
#include "model/wire.h"

/* A question whose answer may be missing. */
enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

/* An answer that takes longer is slow: a private endpoint's takes milliseconds, and a lost packet is sent
 * again within one second. */
enum { SLOW_ANSWER_MS = 2000 };

/* Why the round ended before everything was answered. */
enum stopped_by { STOPPED_BY_NOTHING, STOPPED_BY_DEADLINE, STOPPED_BY_SIGNAL };

/* --- the machine, from files and the kernel --- */

struct machine_facts {
    enum answer is_ec2;         /* by DMI and hypervisor alone, without the network */
    char vendor[NAME_SIZE];     /* /sys/class/dmi/id/sys_vendor */
    char asset_tag[NAME_SIZE];  /* board_asset_tag: the instance id on Nitro */
    char evidence[DETAIL_SIZE]; /* which of them decided */
    enum answer time_sync;      /* a time service is enabled, or runs */
    struct step trouble;        /* FAILURE_INTERNAL: this program's own, file_take_trouble() */
};

struct interface_facts {
    char name[NAME_SIZE];
    bool up;         /* IFF_UP and IFF_RUNNING; loopback is not listed */
    enum answer own; /* it is the instance's: IMDS lists its MAC. NO without IMDS's word: it is no
                      * Ethernet at all */
    int32_t n_addresses;
    char addresses[MAX_CIDRS][ADDRESS_SIZE]; /* with prefix length: "10.0.1.10/24" */
};

struct network_facts {
    int32_t n_interfaces;
    struct interface_facts interfaces[MAX_INTERFACES];
    bool usable_ipv4; /* a global address on an interface that is up */
    bool usable_ipv6;
    bool default_route_ipv4;
    bool default_route_ipv6;
    int32_t n_routes; /* second opinions on what was silent, or failed at once */
    struct route routes[MAX_ROUTES];
    bool delivery_read;  /* second opinion on silence: the kernel's counters were read */
    int64_t undelivered; /* IPv4 packets of this round that came in and got to no protocol */
};

/* What the agent's resolver asks, in which order: Go's net package, conf.go, by the line `hosts:` of
 * nsswitch.conf(5). */
enum lookup_order { LOOKUP_FILES_DNS, LOOKUP_DNS_FILES, LOOKUP_FILES, LOOKUP_DNS };

/* The agent's own limits: Go's net package asks three servers, each for 5 s, twice (dnsconfig_unix.go), always
 * with EDNS0; one request to IMDS may take a second (measured with 3.3.1142.0). */
enum {
    AGENT_NAMESERVERS = 3,
    AGENT_DNS_MS = 5000,
    AGENT_DNS_TRIES = 2,
    AGENT_IMDS_MS = 1000,
    AGENT_IMDS_TRIES = 3
};

/* resolv.conf as Go's net package reads it (dnsconfig_unix.go). */
struct resolver_facts {
    struct step
        read; /* of resolv.conf: FAILURE_ABSENT, or FAILURE_INTERNAL: it could not be read */
    enum lookup_order order;
    bool stub;          /* it names only the 127.0.0.53 stub; upstreams are asked too */
    int32_t timeout_ms; /* `options timeout:`, for one answer; 0: AGENT_DNS_MS */
    int32_t attempts;   /* `options attempts:`, at each server; 0: AGENT_DNS_TRIES */
    int32_t ndots;      /* `options ndots:` */
    bool by_tcp;        /* `options use-vc` */
    char file[PATH_SIZE];
    int32_t n_configured;
    char configured[MAX_RESOLVERS][ADDRESS_SIZE];
    int32_t n_upstream; /* of /run/systemd/resolve/resolv.conf, behind the stub */
    char upstream[MAX_RESOLVERS][ADDRESS_SIZE];
    /* domains of the last `search` or `domain` line, spaces between them */
    char search[HOST_SIZE * 4];
};

/* --- IMDS --- */

/* The agent comes up while a request to IMDS takes less than AGENT_IMDS_MS; from so long on it takes much
 * longer (measured: 8 s at 600 ms). */
enum { IMDS_SLOW_MS = 500 };

#define IMDS_SERVER "EC2ws" /* the Server header of EC2's own (measured) */

struct imds_facts {
    char address[ADDRESS_SIZE]; /* the one that was asked */
    struct step connect;
    struct step token;    /* PUT /latest/api/token */
    struct step identity; /* the identity document */
    int32_t token_status; /* HTTP status, 0 when none came */
    int32_t identity_status;
    char server[NAME_SIZE];       /* Server header; the real one says EC2ws */
    char body_start[DETAIL_SIZE]; /* of an answer that is not IMDS's, escaped: text_excerpt() */
    enum answer
        get_answers;    /* beside a token that is silent, or 403: is a GET answered otherwise? */
    int32_t n_requests; /* sent in this round, for the numbers */
    int32_t
        fastest_ms; /* the least that an answered request took, connecting and all; 0: none was */
    /* Of what the agent cannot do without, each by the fastest of up to AGENT_IMDS_TRIES, the slowest from IMDS_SLOW_MS on. */
    int32_t slowest_ms;
    char slowest[NAME_SIZE]; /* its path below /latest/ */
};

struct instance_facts {
    char id[NAME_SIZE];
    char region[REGION_SIZE];
    char availability_zone[NAME_SIZE];
    char partition[NAME_SIZE]; /* services/partition */
    char account[NAME_SIZE];
    char image[NAME_SIZE];
    char type[NAME_SIZE];
    char vpc[NAME_SIZE];
    char subnet[NAME_SIZE];
    int32_t n_vpc_cidrs; /* IPv4 and IPv6 */
    char vpc_cidrs[MAX_CIDRS][ADDRESS_SIZE];
    int32_t n_subnet_cidrs; /* the IPv4 one first */
    char subnet_cidrs[MAX_CIDRS][ADDRESS_SIZE];
    int32_t n_security_groups;
    char security_groups[MAX_GROUPS][NAME_SIZE];
    char private_ipv4[ADDRESS_SIZE];
    char public_ipv4[ADDRESS_SIZE]; /* empty when it has none */
    bool network_known;             /* the interface's VPC and subnet were answered */
};

/* --- the role --- */

enum credentials_from {
    CREDENTIALS_NONE,
    CREDENTIALS_INSTANCE_PROFILE,
    CREDENTIALS_DEFAULT_HOST_MANAGEMENT,
};

struct role_facts {
    struct step attached;    /* iam/info and iam/security-credentials/ */
    struct step credentials; /* the credentials document */
    int32_t info_status;     /* HTTP status of iam/info */
    char info_code[NAME_SIZE];
    char info_message[WORDS_SIZE];
    char profile_arn[ARN_SIZE];
    int32_t list_status; /* HTTP status of iam/security-credentials/ */
    char role[HOST_SIZE];
    int32_t credentials_status; /* HTTP status of the credentials document */
    char code[NAME_SIZE];       /* its Code */
    char message[WORDS_SIZE];
    int64_t expires_unix_s; /* Expiration, 0 when not known */
    enum credentials_from from;
    enum answer identity_role; /* identity-credentials/ec2 answers: DHMC could work */
    enum answer dhmc;          /* the agent's own files say that DHMC gave it credentials */
};

/* --- one service --- */

/* Where an address lies, by the VPC's CIDRs first (they may be public ranges). */
enum place {
    PLACE_UNKNOWN,
    PLACE_OWN_SUBNET,
    PLACE_IN_VPC,
    PLACE_PRIVATE_ELSEWHERE, /* RFC 1918, RFC 6598, RFC 2544, RFC 4193, outside the VPC */
    PLACE_PUBLIC,
    PLACE_LOCAL, /* never an endpoint: loopback, link-local, broadcast, multicast, reserved */
    N_PLACES
};

struct address_facts {
    char address[ADDRESS_SIZE];
    enum place place;
    bool from_hosts_file;
    bool second_opinion;        /* dialled although the rung below failed, to tell causes apart */
    struct step steps[N_RUNGS]; /* connect, tls and http, the unsigned request */
    struct tls_session session;
    struct http_head head;
    char body_start[DETAIL_SIZE];
    uint16_t port;            /* the source port of the connect() that steps tell of */
    uint16_t silent_port;     /* second opinion: the source port, of the other half of the ephemeral
                                 * ones, from which connect() was silent; 0: none */
    enum answer refused_here; /* this machine itself sent the refusal, or the ICMP error */
    char offender
        [ADDRESS_SIZE]; /* who sent the ICMP error; of no refusal, where refused_here is not known: no hop was left */
    bool next_hop_silent; /* the neighbour table says so; the kernel tells a connect() that comes
                                  * when others have asked before, at once */
    enum answer small_segments; /* second opinion: the handshake is answered with a small segment
                                 * size; one of full size was silent twice */
    enum failure cut;           /* how another try ended: refused; its handshake reset or closed;
                                 * its answer an error, or truncated */
};

enum permission {
    PERMISSION_NOT_PROBED,
    PERMISSION_ALLOWED,
    PERMISSION_DENIED,
    PERMISSION_UNCLEAR
};

/* Which policy the service says denies, with its name in reports and words for a person. FINDINGS tells a cause
 * for each. */
/* clang-format off */
#define DENIALS(ROW) \
    ROW(UNSAID, "unsaid", "denied, not said by what") /* no reason given */ \
    ROW(NO_IDENTITY_POLICY, "no-identity-policy", "denied: no policy allows it") /* "because no identity-based policy allows" */ \
    ROW(IDENTITY_POLICY, "identity-policy", "denied by a policy of the role") /* "explicit deny in an identity-based policy" */ \
    ROW(ENDPOINT_POLICY, "endpoint-policy", "denied by the endpoint's policy") \
    ROW(BOUNDARY, "boundary", "denied by a permissions boundary") \
    ROW(SESSION_POLICY, "session-policy", "denied by a session policy") \
    ROW(SERVICE_CONTROL_POLICY, "service-control-policy", "denied by a service control policy") \
    ROW(RESOURCE_CONTROL_POLICY, "resource-control-policy", "denied by a resource control policy") \
    ROW(RESOURCE_POLICY, "resource-policy", "denied by a resource's policy") \
    ROW(TRUST_POLICY, "trust-policy", "denied by a trust policy")

enum denied_by {
#define ROW(id, ...) DENIED_BY_##id,
    DENIALS(ROW)
#undef ROW
    N_DENIED_BY
};
/* clang-format on */

struct action_facts {
    char action[NAME_SIZE]; /* "ssm:ListAssociations" */
    enum permission permission;
    bool explicit_deny;
    enum denied_by denied_by;
    enum failure failure;       /* why denied or unclear */
    char why_not[DETAIL_SIZE];  /* why it was not probed */
    char address[ADDRESS_SIZE]; /* the endpoint interface that answered */
    int32_t status;             /* HTTP status, 0 when none came */
    char code[NAME_SIZE];       /* the service's error code */
    char message[WORDS_SIZE];   /* the service's words */
    int32_t took_ms;
};

struct endpoint_facts {
    int32_t
        n_searched; /* names of the search list that the agent asks for before the host, in vain */
    int32_t n_answers;
    struct dns_answer answers[MAX_ANSWERS];
    int32_t n_addresses; /* what the agent would try, then second opinions */
    struct address_facts addresses[MAX_ADDRESSES];
    int32_t n_actions;
    struct action_facts actions[MAX_ACTIONS];
    bool for_sessions;    /* the session preferences use the service, which nobody asked for */
    struct step proxy;    /* second opinion: CONNECT through the proxy that the agent would use */
    int32_t proxy_status; /* HTTP status of its answer, 0 when none came */
};

/* --- the clock --- */

struct clock_sample {
    char source[NAME_SIZE]; /* "imds", "ssm": whose Date header */
    char address[ADDRESS_SIZE];
    int64_t offset_ms; /* theirs minus ours: > 0 means that this machine is behind */
    int32_t error_ms;  /* half the round trip, plus 1 s of a Date header's grain */
};

struct clock_facts {
    int64_t wall_unix_ms; /* this machine's, at the start of the round */
    int32_t n_samples;
    struct clock_sample samples[MAX_SAMPLES];
};

/* --- the SSM agent --- */

/* Versions. github.com/aws/amazon-ssm-agent: commit 5d523db2, and the release notes of 3.3.3270.0, 3.2.582.0, 3.3.40.0, 3.3.808.0 (Go 1.21.12). */
extern const char first_agent_with_imdsv2[];
extern const char first_agent_with_dualstack[]; /* endpoints under api.aws */
extern const char first_agent_with_dhmc[];
extern const char first_agent_without_ec2messages[]; /* Run Command goes over ssmmessages */
extern const char first_agent_with_netedns0[];       /* of GODEBUG: go.dev/doc/godebug */

enum agent_package {
    AGENT_PACKAGE_UNKNOWN,
    AGENT_PACKAGE_DEB,
    AGENT_PACKAGE_RPM,
    AGENT_PACKAGE_SNAP
};
enum unit_state { UNIT_UNKNOWN, UNIT_ENABLED, UNIT_DISABLED, UNIT_MASKED, UNIT_ABSENT };

/* What a variable of the agent's environment makes of AWS's SDK. */
enum harm {
    HARM_NONE,
    HARM_IMDS_OFF,
    HARM_IMDS_ELSEWHERE, /* it names another place, or says nothing that the SDK knows */
    HARM_IMDS_BY_IPV6,   /* harmful where there is no IPv6 */
    HARM_NO_CERTIFICATE, /* it names a file that holds none */
    HARM_UNREADABLE,     /* the SDK does not know the word, and fails */
};

struct variable_facts {
    char name[NAME_SIZE];
    char value[HOST_SIZE];
    char file[PATH_SIZE]; /* that sets it */
    enum harm harm;
};

struct agent_facts {
    enum answer installed;
    enum agent_package package;
    char version[NAME_SIZE];      /* "3.3.1142.0", empty when not known */
    char version_file[PATH_SIZE]; /* where it was read */
    char missing[DETAIL_SIZE];    /* all its programs that are not there, */
    char unfit[DETAIL_SIZE];      /* and that cannot be run: "ssm-session-worker is cut short" */
    bool worker_missing;          /* among them is one without which it does not come up */
    bool worker_unfit;
    char foreign[PATH_SIZE];      /* a program of its that is another architecture's */
    char unfinished[DETAIL_SIZE]; /* an installation that broke off: what says so */
    char label[NAME_SIZE]; /* SELinux' type of its program, where systemd may not start such */
    bool twice;            /* the snap, and a package beside it */
    char unit[NAME_SIZE];  /* the systemd unit's name */
    enum unit_state unit_state;

    char config_file[PATH_SIZE];         /* empty: none, the agent runs on defaults */
    struct step config;                  /* read as Go reads it; skipped: cannot be read by us */
    char config_region[REGION_SIZE];     /* Agent.Region */
    char config_mgs_region[REGION_SIZE]; /* Mgs.Region */
    char ssm_endpoint[HOST_SIZE];        /* Ssm.Endpoint, as it is written */
    char mgs_endpoint[HOST_SIZE];
    char identity_order[NAME_SIZE];  /* Identity.ConsumptionOrder, what the agent knows of it */
    char custom_region[REGION_SIZE]; /* of Identity.CustomIdentities, where it comes before EC2's */
    bool container_mode;

    char confined[DETAIL_SIZE];  /* by its unit so that it cannot come up: the file, and the line */
    char doubted[DETAIL_SIZE];   /* the same of a line whose effect cannot be told from here */
    char beside[PATH_SIZE];      /* "ExecStartPre=/x": of it no file tells whether it fails */
    char denied_file[PATH_SIZE]; /* that sets IPAddressDeny= of its unit, */
    char denied_networks[WORDS_SIZE];  /* what that lists, where its files alone do not judge it, */
    char allowed_networks[WORDS_SIZE]; /* and IPAddressAllow= */
    struct step environment;           /* systemd can make it: its files are there */
    char http_proxy[HOST_SIZE];        /* of the environment; user and password cut out */
    char https_proxy[HOST_SIZE];
    bool proxy_login;                 /* it carries a login, which no fact has, */
    bool proxy_user;                  /* a user without a password */
    char proxy_address[ADDRESS_SIZE]; /* where it was asked, empty: it was not */
    char no_proxy[NO_PROXY_SIZE];
    char proxy_file[PATH_SIZE];
    char ssl_cert_file[PATH_SIZE];
    char ssl_cert_dir[PATH_SIZE];
    bool no_edns;               /* GODEBUG has netedns0=0 */
    char sdk_bundle[PATH_SIZE]; /* AWS_CA_BUNDLE, where it has a certificate */
    int32_t n_variables;
    struct variable_facts variables[MAX_VARIABLES]; /* that do harm */

    char registered_as[NAME_SIZE]; /* "mi-...": a hybrid registration in the agent's state */
    char registration_file[PATH_SIZE];
    bool registered_whole;     /* with its key: the agent takes it */
    char ca_bundle[PATH_SIZE]; /* the first file or directory with a certificate, empty: none */

    struct step state;               /* its directory can be written: root's read-only, full */
    char state_directory[PATH_SIZE]; /* the directory, or the nearest one above that is there */
    bool noexec;
    enum answer inotify;           /* root can still make an instance and a watch */
    char inotify_limit[NAME_SIZE]; /* which limit is used up */
    enum answer running;         /* its unit has a control group: it was started and did not end */
    enum answer ended;           /* it ran in this boot, and runs no more */
    char unit_active[NAME_SIZE]; /* of one that ended, systemd's ActiveState; empty: not told */
    char unit_result[NAME_SIZE]; /* Result */
    int32_t n_restarts;
    int32_t exit_status;               /* or a signal */
    char last_error[LINE_OF_LOG_SIZE]; /* that the agent wrote in this boot, agent_log.h */
    enum answer connected; /* root holds a TCP connection to an address of ssmmessages */
    char connected_to[ADDRESS_SIZE];
};

extern const struct names answer_names;
extern const struct names stopped_by_names;
extern const struct names lookup_order_names;
extern const struct names credentials_from_names;
extern const struct names place_names;
extern const struct names permission_names;
extern const struct names denied_by_names;
const char *denial_words(enum denied_by by); /* "denied by a permissions boundary" */
extern const struct names agent_package_names;
extern const struct names unit_state_names;
extern const struct names harm_names;

struct facts {
    int64_t started_unix_ms;
    int32_t duration_ms;
    int32_t rounds;      /* this is the facts of the last of so many */
    int32_t deadline_ms; /* what was allowed, 0: no limit */
    enum stopped_by stopped_by;
    struct plan plan;
    struct machine_facts machine;
    struct network_facts network;
    struct resolver_facts resolvers;
    struct imds_facts imds;
    struct instance_facts instance;
    struct role_facts role;
    struct endpoint_facts endpoints[N_SERVICES];
    struct clock_facts clock;
    struct agent_facts agent;
};

/* How long the agent waits for one answer of a nameserver. */
int32_t facts_dns_patience_ms(const struct facts *facts);
int32_t facts_dns_attempts(const struct facts *facts);

/* Keeps the reading of a Date header, if there was one: of `source`, at this address, whose answer took so long. */
void clock_add(struct clock_facts *clock, const char *source, const char *address,
               const struct http_head *head, int32_t took_us);

/* It takes the hybrid registration for its own: that is whole, and comes first in the order of identities, as by default
 * (agent/identity of 3.3.1142.0). */
bool agent_takes_registration(const struct agent_facts *agent);

/* An address of the family can be used; where nothing is known of the machine, of IPv4, which every endpoint has. */
bool network_uses(const struct network_facts *network, enum family family);

/* Of a request to IMDS, as the agent meets it; below IMDS_SLOW_MS it is not slow. */
int32_t imds_delay_ms(const struct imds_facts *imds);

#endif
