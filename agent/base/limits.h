/* SPDX-License-Identifier: Apache-2.0
 *
 * The hard sizes of every string and list that is kept. Sizes of strings count the terminating zero.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* How many entries an array has. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum {
    ADDRESS_SIZE = 64, /* an IPv4 or IPv6 address in text, with a port and a zone */
    HOST_SIZE = 256,   /* a DNS name, RFC 1035 section 2.3.4 */
    REGION_SIZE = 64,  /* an AWS region code */
    NAME_SIZE = 64,    /* an identifier: instance id, error code, action, unit */
    ARN_SIZE = 256,    /* an ARN of an instance profile */
    DETAIL_SIZE = 200, /* one line of detail about one step */
    WORDS_SIZE = 512,  /* what a service said, escaped and cut */
    PATH_SIZE = 256,   /* a file's path */
    NO_PROXY_SIZE = 1024,
    LINE_OF_LOG_SIZE = 400,

    MAX_ADDRESSES = 16, /* addresses of one name; an endpoint has one for each zone and family */
    MAX_RESOLVERS = 6,  /* nameservers of one resolv.conf */
    MAX_ANSWERS = 24,   /* answers kept for one name: resolvers x families, with second opinions */
    MAX_CIDRS = 16,     /* CIDR blocks of one VPC and family */
    MAX_GROUPS = 16,    /* security groups of one interface */
    MAX_INTERFACES = 8, /* local network interfaces that are looked at */
    MAX_ROUTES = 16,    /* routes looked up for addresses that are silent or fail at once */
    MAX_ACTIONS = 25,   /* IAM actions proven for one service */
    MAX_SAMPLES = 8,    /* clock readings: one of IMDS, one a service */
    MAX_VARIABLES = 14, /* variables that end the agent which are looked at */
};

#endif
