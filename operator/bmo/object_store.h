/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads of one resource through its informer's cache, without falling behind ourselves: after a write the server's
 * answer counts until the cache has caught up with it. So no pass acts upon a state that this program has already left,
 * however late the cache is.
 */
#ifndef OPERATOR_BMO_OBJECT_STORE_H
#define OPERATOR_BMO_OBJECT_STORE_H

#include "operator/kube/client.h"
#include "operator/kube/informer.h"

struct object_store;

struct object_store *object_store_new(struct kube_client *client, const struct kube_resource *resource,
                                      struct informer *informer);
void object_store_free(struct object_store *store);
DEFINE_CLEANUP(struct object_store, object_store_free);
struct informer *object_store_informer(struct object_store *store);

/*
 * The newest that we know; *ret is NULL when it does not exist. With `ask` a miss in the cache is checked with the
 * server.
 */
struct error *object_store_get(struct object_store *store, const char *ns, const char *name, bool ask,
                               struct kube_object **ret) MUST_CHECK;
/* True when an event's object is what we wrote, or older: nothing in it is new to us. */
bool object_store_is_echo(const struct object_store *store, const struct json *object);
/*
 * Writes what differs between `original` and `changed`: metadata and spec, or (`status_only`) the status subresource,
 * on condition that nobody else wrote meanwhile. *ret is the newest object, NULL when it is gone with its last
 * finalizer. Metadata and spec are not sent when they do not differ.
 */
struct error *object_store_write(struct object_store *store, struct kube_object *original, const struct json *changed,
                                 bool status_only, struct kube_object **ret) MUST_CHECK;
struct error *object_store_create(struct object_store *store, const struct json *object, struct kube_object **ret)
    MUST_CHECK;
struct error *object_store_delete(struct object_store *store, const char *ns, const char *name) MUST_CHECK;

#endif
