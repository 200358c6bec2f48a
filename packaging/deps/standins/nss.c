/* SPDX-License-Identifier: Apache-2.0
 *
 * Stand-ins for the glibc calls that load name service modules at run time: they find nothing.
 * Code in libsystemd (user names) and c-ares (service names) refers to them, none of it reached
 * from this program. The real ones would pull glibc's NSS, which loads shared objects, into a
 * binary that is called static. tests/static/run shows that none of it is left.
 */
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stddef.h>

struct passwd *getpwnam(const char *name)
{
    (void)name;
    return NULL;
}

struct passwd *getpwuid(uid_t uid)
{
    (void)uid;
    return NULL;
}

int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t n_bytes,
               struct passwd **result)
{
    (void)name, (void)entry, (void)buffer, (void)n_bytes;
    *result = NULL;
    return ENOENT;
}

int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t n_bytes,
               struct passwd **result)
{
    (void)uid, (void)entry, (void)buffer, (void)n_bytes;
    *result = NULL;
    return ENOENT;
}

struct group *getgrnam(const char *name)
{
    (void)name;
    return NULL;
}

struct group *getgrgid(gid_t gid)
{
    (void)gid;
    return NULL;
}

int getgrnam_r(const char *name, struct group *entry, char *buffer, size_t n_bytes,
               struct group **result)
{
    (void)name, (void)entry, (void)buffer, (void)n_bytes;
    *result = NULL;
    return ENOENT;
}

int getgrgid_r(gid_t gid, struct group *entry, char *buffer, size_t n_bytes, struct group **result)
{
    (void)gid, (void)entry, (void)buffer, (void)n_bytes;
    *result = NULL;
    return ENOENT;
}

struct servent *getservbyname(const char *name, const char *protocol)
{
    (void)name, (void)protocol;
    return NULL;
}

struct servent *getservbyport(int port, const char *protocol)
{
    (void)port, (void)protocol;
    return NULL;
}

int getservbyname_r(const char *name, const char *protocol, struct servent *entry, char *buffer,
                    size_t n_bytes, struct servent **result)
{
    (void)name, (void)protocol, (void)entry, (void)buffer, (void)n_bytes;
    *result = NULL;
    return ENOENT;
}

int getservbyport_r(int port, const char *protocol, struct servent *entry, char *buffer,
                    size_t n_bytes, struct servent **result)
{
    (void)port, (void)protocol, (void)entry, (void)buffer, (void)n_bytes;
    *result = NULL;
    return ENOENT;
}

int getnameinfo(const struct sockaddr *restrict address, socklen_t address_bytes,
                char *restrict host, socklen_t host_bytes, char *restrict service,
                socklen_t service_bytes, int flags)
{
    (void)address, (void)address_bytes, (void)host, (void)host_bytes, (void)service,
        (void)service_bytes, (void)flags;
    return EAI_FAIL;
}
