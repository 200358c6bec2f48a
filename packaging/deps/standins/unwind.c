/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing here throws, is cancelled as a thread, or prints its own stack. glibc names the functions for that all the same, and the
 * compiler's library would bring them in (25 KB), to read tables that packaging/deps/unreached.ld leaves out.
 * Nor is there a language: messages are what they are in the source, as they always are without setlocale.
 */
#include <stdlib.h>

/* NOLINTBEGIN(cert-dcl37-c,bugprone-reserved-identifier): the linker wants these names */
void _Unwind_Resume(void *exception);
int _Unwind_ForcedUnwind(void *exception, void *stop, void *arg);
unsigned long _Unwind_GetCFA(void *context);
int __gcc_personality_v0(void);
void unreached(void);
int nothing_to_do(void);
char *__dcgettext(const char *domain, const char *message, int category);

void unreached(void)
{
    abort();
}

int nothing_to_do(void)
{
    return 1;
}

void _Unwind_Resume(void *exception)
{
    (void)exception;
    abort();
}

int _Unwind_ForcedUnwind(void *exception, void *stop, void *arg)
{
    (void)exception, (void)stop, (void)arg;
    abort();
}

unsigned long _Unwind_GetCFA(void *context)
{
    (void)context;
    abort();
}

int __gcc_personality_v0(void)
{
    abort();
}

char *__dcgettext(const char *domain, const char *message, int category)
{
    (void)domain, (void)category;
    return (char *)message;
}
/* NOLINTEND(cert-dcl37-c,bugprone-reserved-identifier) */
