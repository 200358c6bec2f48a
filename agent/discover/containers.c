/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs of container runtimes, where distributions and AWS's own images (ECS, EKS) put them.
 */
#include "base/file.h"
#include "base/text.h"
#include "discover/machine.h"

static const char *const signs[] = {
    "/usr/bin/containerd",
    "/usr/local/bin/containerd",
    "/usr/bin/dockerd",
    "/usr/bin/podman",
    "/usr/bin/crio",
    "/usr/local/bin/crio",
    "/usr/bin/kubelet",
    "/usr/local/bin/k3s",
    "/snap/bin/docker",
    "/etc/ecs",
    "/etc/eks",
};

void containers_read(const char *root, struct machine_facts *machine)
{
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        if (!file_exists(root, signs[i]))
            continue;
        (void)text_set(machine->containers, sizeof(machine->containers), "%s", signs[i]);
        return;
    }
}
