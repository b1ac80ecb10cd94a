/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BMC addresses (spec.bmc.address): their many spellings, the Ironic driver that each scheme stands for, and the
 * driver_info that tells Ironic how to reach the BMC. Source: bmo.md 3.1 and 3.2, ironic.md A4.
 */
#ifndef OPERATOR_IRONIC_BMC_ADDRESS_H
#define OPERATOR_IRONIC_BMC_ADDRESS_H

#include <stdbool.h>

#include "lib/data/json.h"

/* What a scheme stands for. NULL strings: the field is left to Ironic's default. */
struct bmc_driver {
    const char *scheme;
    const char *driver, *bios, *boot, *firmware, *management, *power, *raid, *vendor; /* Ironic interfaces */
    const char *inspect;                                                              /* out-of-band; NULL: none */
    bool redfish;                    /* else IPMI; Redfish schemes also come with "+http" and "+https" */
    bool needs_mac;                  /* a boot MAC address is mandatory */
    bool needs_provisioning_network; /* network boot */
    bool takes_iso;                  /* a deploy ramdisk as ISO image */
    bool secure_boot;
    bool always_system_id; /* driver_info carries redfish_system_id even when it is empty (BMO-301) */
};

struct bmc_address {
    const struct bmc_driver *driver;
    char *type;      /* the whole scheme, "redfish+http"; for messages */
    char *transport; /* "http", "https"; "ipmi" otherwise */
    char *host;      /* host[:port] as written, IPv6 in brackets */
    char *hostname;  /* without port and brackets */
    char *port;      /* NULL when not given */
    char *path;      /* percent-decoded; "" when not given */
    char *privilege; /* ?privilegelevel=; NULL when not given */
    bool skip_verify;
};

/*
 * Parses as Go's net/url does, with upstream's fallbacks (BMO-286…289). `skip_verify` is
 * spec.bmc.disableCertificateVerification. ERROR_INVALID: "missing BMC address", "failed to parse BMC address
 * information: …", "BMC address hostname/IP : [x] is invalid", "Unknown BMC type 'x' for address y".
 */
struct error *bmc_address_parse(const char *text, bool skip_verify, struct bmc_address **ret) MUST_CHECK;
void bmc_address_free(struct bmc_address *address);
DEFINE_CLEANUP(struct bmc_address, bmc_address_free);

/* A new driver_info object (BMO-293, BMO-301, BMO-302). */
struct json *bmc_driver_info(const struct bmc_address *address, const char *user, const char *password);

/* True when the BMC's host is an IPv6 literal (for IRONIC_EXTERNAL_URL_V6, BMO-469; names are not resolved). */
bool bmc_address_is_ipv6(const struct bmc_address *address);

#endif
