/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server on sockets: what its two files share. Private to lib/net. */
#ifndef LIB_NET_MHD_H
#define LIB_NET_MHD_H

#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "lib/net/certificate.h"
#include "lib/net/sockets.h"

struct mhd_server {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    int listen_fd;
    struct net_prefix prefix;
    struct rt_watch *listen_watch, *epoll_watch;
    struct rt_timer *timer;        /* of MHD's own timeouts */
    struct rt_timer *accept_timer; /* ends a pause after descriptors ran out */
    gnutls_datum_t ticket_key;
    struct mhd_connection *handshaking; /* TLS connections before their first request */
    bool dirty;
    struct mhd_server *next_dirty;
};

/* A connection: its addresses and its certificate are looked up once. */
struct mhd_connection {
    struct mhd_server *server;
    int fd;
    char peer_address[UDP_ADDRESS_SIZE], local_address[UDP_ADDRESS_SIZE];
    int peer_port, local_port;
    bool subject_read;
    struct certificate_subject subject;
    /*
     * A TLS handshake. libmicrohttpd 0.9.75 in epoll mode asks to be run without pause while it waits for the peer's part of a handshake,
     * so we suspend the connection meanwhile and watch its descriptor ourselves.
     */
    struct MHD_Connection *connection;
    struct mhd_connection *next, **link; /* in server->handshaking; link NULL: not in it */
    bool suspended;
    struct rt_watch *watch;
    struct rt_timer *timer;
};

struct mhd_exchange {
    struct http_exchange *exchange;
    struct mhd_server *server;
    struct MHD_Connection *connection; /* NULL once MHD has done with the request */
    struct mhd_connection *place;
    bool begun;     /* headers were read */
    bool suspended; /* MHD waits for us */
    bool queued;    /* the reply is MHD's */
    bool refuse_now;
    size_t dropped;         /* bytes of a body that nobody wants */
    struct rt_watch *watch; /* tells when the peer leaves */
};

void mhd_server_dirty(struct mhd_server *server);

/* A first request has come. */
void mhd_handshake_end(struct mhd_connection *place);

/* MHD's callbacks for requests (mhd_exchange.c). */
void *mhd_on_target(void *arg, const char *target, struct MHD_Connection *connection);
enum MHD_Result mhd_on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *upload_data, size_t *upload_data_size, void **con_cls);
void mhd_on_completed(void *arg, struct MHD_Connection *connection, void **con_cls,
                      enum MHD_RequestTerminationCode code);
/* Gives an exchange back to MHD when it was waiting for us. */
void mhd_exchange_resume(struct mhd_exchange *mhd);

#endif
