/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the Common Expression Language that CRDs of the field use (reference kube-api annex E): literals, lists, field selection,
 * indexing, has(), == != < <= > >= in, && || !, + - * / %, ternary, size(), matches(), startsWith(), endsWith(), contains(), the macros
 * all, exists, exists_one, filter, map, and the variables self and oldSelf.
 */
#ifndef SIM_KUBE_API_CEL_H
#define SIM_KUBE_API_CEL_H

#include "lib/data/json.h"

struct kapi_cel;

/* ERROR_INVALID in the manner of the real compiler: "ERROR: <input>:1:5: …". */
struct error *kapi_cel_compile(const char *text, struct kapi_cel **ret) MUST_CHECK;
void kapi_cel_free(struct kapi_cel *cel);
bool kapi_cel_uses_old_self(const struct kapi_cel *cel);
/* Evaluates; `old_self` may be NULL. ERROR_INVALID: no such key, wrong types, too much work. The caller owns *ret. */
struct error *kapi_cel_eval(const struct kapi_cel *cel, const struct json *self, const struct json *old_self,
                            struct json **ret) MUST_CHECK;

#endif
