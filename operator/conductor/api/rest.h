/* SPDX-License-Identifier: Apache-2.0 */
/* The REST API's frame: routes, versions, authentication, bodies and errors in Ironic's forms (B1). Handlers are in the files beside. */
#ifndef OPERATOR_CONDUCTOR_API_REST_H
#define OPERATOR_CONDUCTOR_API_REST_H

#include "lib/data/json.h"
#include "lib/net/http_server.h"
#include "operator/conductor/internal.h"

#define REST_ARGS_MAX 2
#define REST_BODY_MAX (1024 * 1024)                 /* IRO-201 */
#define REST_BODY_PROVISION_MAX (64 * 1024 * 1024)  /* PUT states/provision */
#define REST_BODY_INSPECTION_MAX (16 * 1024 * 1024) /* POST continue_inspection */

/* A request. */
struct rest {
    struct conductor *conductor;
    struct http_exchange *exchange;
    int version;               /* microversion 1.N */
    char *args[REST_ARGS_MAX]; /* what the percent signs of the route stand for, decoded */
};

enum rest_flags { REST_PUBLIC = 1 }; /* without authentication (IRO-005) */

struct rest_route {
    const char *method, *path; /* "/v1/nodes/%/states"; a percent sign is one segment */
    struct error *(*handle)(struct rest *rest);
    unsigned flags;
    int since;       /* microversion */
    size_t body_max; /* 0: REST_BODY_MAX */
};
/* One table per file, each ends with {0}. */
extern const struct rest_route rest_root_routes[], rest_node_routes[], rest_state_routes[], rest_port_routes[],
    rest_ramdisk_routes[], rest_media_routes[];

/* The server's handler; `arg` is the conductor. */
void rest_handle(struct http_exchange *exchange, void *arg);

/* -- for handlers; an error that they return becomes the answer by its kind -- */
/* The body as JSON; ERROR_INVALID. */
struct error *rest_body(const struct rest *rest, struct json **ret) MUST_CHECK;
/* The node of the first argument, held; ERROR_NOT_FOUND. */
struct error *rest_node(const struct rest *rest, struct node **ret) MUST_CHECK;
void rest_reply(struct rest *rest, int status, const struct json *body);        /* NULL: none */
void rest_reply_text(struct rest *rest, int status, const struct strbuf *body); /* JSON text */
const char *rest_query(const struct rest *rest, const char *name);
/* "http://host:port/v1" as the client called us; free with free(). */
char *rest_base(const struct rest *rest);
/* [{"href": BASE/path, "rel": "self"}, {… "bookmark"}] */
struct json *rest_links(const struct rest *rest, const char *collection, const char *id);
/* One page of a listing: its limit, and the id after which it begins. ERROR_INVALID. */
struct error *rest_page(const struct rest *rest, size_t *ret_limit, const char **ret_marker) MUST_CHECK;

void rest_write_links(const struct rest *rest, struct jsonw *json, const char *collection, const char *id);

/* ERROR_INVALID names a field of the comma list that nodes do not have; NULL is fine. */
struct error *rest_check_fields(const char *fields) MUST_CHECK;
/* The node as the API shows it; `fields` a comma list, NULL: all. */
void rest_write_node(const struct rest *rest, const struct node *node, const char *fields, struct jsonw *json);
void rest_reply_node(struct rest *rest, int status, const struct node *node, const char *fields);

#endif
