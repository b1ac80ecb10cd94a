/* SPDX-License-Identifier: Apache-2.0 */
/* The life of calls and results. */
#include <stdlib.h>

#include "sim/kube-api/kapi.h"

void kapi_user_release(struct kapi_user *user)
{
    free(user->name);
    free(user->uid);
    str_list_free(user->groups);
    *user = (struct kapi_user){0};
}

void kapi_call_release(struct kapi_call *call)
{
    kapi_user_release(&call->user);
    kapi_resource_unref(call->resource);
    free(call->ns);
    free(call->name);
    free(call->subresource);
    free(call->field_manager);
    kapi_texts_release(&call->warnings);
    kapi_texts_release(&call->duplicates);
    kapi_causes_release(&call->causes);
}

struct kapi_call kapi_call_internal(struct kapi *api, struct kapi_resource *resource, const char *ns, const char *name)
{
    struct kapi_call call = {.api = api,
                             .storage = kapi_store_storage(api->store),
                             .method = "",
                             .resource = kapi_resource_ref(resource),
                             .version = kapi_storage_version(resource),
                             .ns = str_is_empty(ns) ? NULL : mem_strdup(ns),
                             .name = mem_strdup(name),
                             .field_manager = mem_strdup("kube-apiserver")};

    call.user.name = mem_strdup("system:apiserver");
    call.user.groups = str_split("system:masters", ',');
    return call;
}

void kapi_result_release(struct kapi_result *result)
{
    kapi_object_unref(result->object);
    json_free(result->json);
    *result = (struct kapi_result){0};
}
