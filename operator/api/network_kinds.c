/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds about what surrounds a host: event subscriptions of its BMC, switches, networks (BMO-083 … BMO-085, BMO-098 … BMO-102). */
#include "operator/api/fields.h"
#include "operator/api/kinds.h"
#include "operator/api/metal3.h"

/* -- BMCEventSubscription -- */

const struct kube_resource metal3_bmc_event_subscriptions = {METAL3_GROUP, "v1alpha1", "bmceventsubscriptions",
                                                             "BMCEventSubscription", true};

static const struct api_field subscription_spec[] = {
    {"context", API_STRING, .help = "Text that the BMC sends with each event"},
    {"destination", API_STRING, .help = "URL to send events to"},
    {"hostName", API_STRING, .help = "The BareMetalHost, same namespace"},
    {"httpHeadersRef", API_OBJECT, .atomic = true, .fields = api_secret_reference,
     .help = "Secret with HTTP headers to send"},
    {0},
};

static const struct api_field subscription_status[] = {
    {"error", API_STRING, .help = "Why there is no subscription"},
    {"subscriptionID", API_STRING, .help = "ID on the BMC"},
    {0},
};

static const struct api_field subscription_fields[] = {
    {"spec", API_OBJECT, .fields = subscription_spec, .help = "What to subscribe to"},
    {"status", API_OBJECT, .fields = subscription_status, .help = "The subscription"},
    {0},
};

static const struct api_column subscription_columns[] = {{"Error", ".status.error"}, API_AGE_COLUMN, {0}};

const struct api_kind api_bmc_event_subscription = {
    .resource = &metal3_bmc_event_subscriptions,
    .singular = "bmceventsubscription",
    .short_names = "bes|bmcevent",
    .help = "A subscription to the events of a host's BMC",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = subscription_fields,
                  .columns = subscription_columns}},
};

/* -- BareMetalSwitch -- */

const struct kube_resource metal3_bare_metal_switches = {METAL3_GROUP, "v1alpha1", "baremetalswitches",
                                                         "BareMetalSwitch", true};

static const struct api_field switch_spec[] = {
    {"address", API_STRING, .required = true, .help = "Address of the switch's management"},
    {"credentials", API_OBJECT, .atomic = true, .fields = api_secret_reference, .help = "Secret with its credentials"},
    {"deviceType", API_STRING, .required = true, .help = "Type of switch, as the driver names it"},
    {"disableCertificateVerification", API_BOOL, .help = "Trust whatever certificate the switch shows"},
    {"driver", API_STRING, .values = "generic-switch", .fallback = "\"generic-switch\"", .help = "Driver to use"},
    {"macAddress", API_STRING, .required = true, .pattern = API_MAC_PATTERN,
     .help = "MAC address: what switchID names"},
    {"port", API_INT, .format = "int32", .minimum = "1", .maximum = "65535", .help = "Port of the switch's management"},
    {0},
};

static const struct api_field switch_status[] = {API_CONDITIONS, {0}};

static const struct api_field switch_fields[] = {
    {"spec", API_OBJECT, .fields = switch_spec, .help = "How to reach the switch"},
    {"status", API_OBJECT, .fields = switch_status, .help = "Whether that is right"},
    {0},
};

static const struct api_column switch_columns[] = {
    {"Driver", ".spec.driver"},
    {"Device Type", ".spec.deviceType"},
    {"Address", ".spec.address"},
    {"Valid", ".status.conditions[?(@.type==\"Valid\")].status"},
    {0},
};

const struct api_kind api_bare_metal_switch = {
    .resource = &metal3_bare_metal_switches,
    .singular = "baremetalswitch",
    .short_names = "bms",
    .help = "A network switch that hosts are plugged into",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = switch_fields, .columns = switch_columns}},
};

/* -- HostNetworkAttachment -- */

const struct kube_resource metal3_host_network_attachments = {METAL3_GROUP, "v1alpha1", "hostnetworkattachments",
                                                              "HostNetworkAttachment", true};

static const struct api_field attachment_spec[] = {
    {"allowedVLANs", API_STRING, API_LIST, .pattern = "^\\d+(-\\d+)?$", .help = "Tagged VLANs: numbers and ranges"},
    {"mode", API_STRING, .required = true, .values = "access|trunk|hybrid", .fallback = "\"access\"",
     .help = "How the switch port treats VLANs"},
    {"mtu", API_INT, .minimum = "68", .maximum = "9216", .help = "Largest packet"},
    {"nativeVLAN", API_INT, .required = true, .minimum = "1", .maximum = "4094", .help = "VLAN of untagged packets"},
    {0},
};

static const struct api_field attachment_fields[] = {
    {"spec", API_OBJECT, .fields = attachment_spec, .help = "How a port of the network is set up"},
    {0},
};

static const struct api_column attachment_columns[] = {
    {"Mode", ".spec.mode"},
    {"Native VLAN", ".spec.nativeVLAN", "integer"},
    API_AGE_COLUMN,
    {0},
};

const struct api_kind api_host_network_attachment = {
    .resource = &metal3_host_network_attachments,
    .singular = "hostnetworkattachment",
    .help = "A network that interfaces of hosts can be attached to",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = attachment_fields,
                  .columns = attachment_columns}},
};
