/* SPDX-License-Identifier: Apache-2.0
 *
 * Text to socket address and back, without any name service.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <ifaddrs.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { DNS_PORT = 53 }; /* RFC 1035 section 4.2 */

/* "10.0.1.21", "fd00::1", "fe80::1%eth0": false when it is none of these. */
bool address_parse(const char *text, uint16_t port, struct sockaddr_storage *to, socklen_t *length);

/* The same, or with a port of its own: "10.0.0.2:5353", "[fd00::1]:5353". */
bool address_parse_with_port(const char *text, uint16_t default_port, struct sockaddr_storage *to,
                             socklen_t *length);

/* Without the port; an empty string when it is no address of the Internet. */
void address_format(const struct sockaddr_storage *from, char *to, size_t size);

/* getifaddrs(3), for freeifaddrs(3). NULL where the kernel cannot be asked, which is noted as trouble. */
struct ifaddrs *address_list(void);

/* The name of an interface, or NULL, likewise. */
const char *address_interface(unsigned int number, char name[static IF_NAMESIZE]);

#endif
