/* SPDX-License-Identifier: Apache-2.0
 *
 * Text to socket address and back, without any name service.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* "10.0.1.21", "fd00::1": false when it is neither. */
bool address_parse(const char *text, uint16_t port, struct sockaddr_storage *to, socklen_t *length);
void address_format(const struct sockaddr_storage *from, char *to, size_t size);

#endif
