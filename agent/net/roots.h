/* SPDX-License-Identifier: Apache-2.0
 *
 * Amazon's public roots (https://www.amazontrust.com/repository/), taken from the distribution's
 * ca-certificates package when the program is built (build/gen/roots.c).
 */
#ifndef NET_ROOTS_H
#define NET_ROOTS_H

extern const char amazon_roots_pem[];

#endif
