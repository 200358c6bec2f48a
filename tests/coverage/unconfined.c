/* SPDX-License-Identifier: Apache-2.0
 *
 * The counters of --coverage are written when the process ends, into the folder of the objects, and
 * LeakSanitizer then makes a process. A confined process may do neither. So the programs of these
 * flavours are linked with --wrap=confine.
 */
#include "run/commands.h"

/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier): the linker wants this name */
void __wrap_confine(const struct options *options, enum confinement confinement);

/* NOLINTNEXTLINE(cert-dcl37-c,bugprone-reserved-identifier) */
void __wrap_confine(const struct options *options, enum confinement confinement)
{
    (void)options;
    (void)confinement;
}
