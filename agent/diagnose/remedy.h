#ifndef DIAGNOSE_REMEDY_H
#define DIAGNOSE_REMEDY_H
#include "model/report.h"
void remedy_fill(const struct facts *facts, struct finding *finding);
bool remedy_tell_apart(const struct facts *facts, const struct finding *finding, const char *code,
                       char *to, size_t size);
#endif
