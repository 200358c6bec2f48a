/* SPDX-License-Identifier: Apache-2.0
 *
 * net/tunnel.c: any line, of any length, as a proxy may send it.
 */
#include "net/tunnel.h"

#include "__fc_builtin.h"

static char line[40];

int main(void)
{
    for (int i = 0; i < 39; i++)
        line[i] = (char)Frama_C_interval(-128, 127);
    return tunnel_read_status(line);
}
