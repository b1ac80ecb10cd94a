/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers that the route table names; each answers one verb on one kind of resource. */
#ifndef BMC_EMU_REDFISH_HANDLERS_H
#define BMC_EMU_REDFISH_HANDLERS_H

#include "bmc-emu/redfish/request.h"

/* root.c */
void rf_get_versions(struct rf_request *request);
void rf_get_root(struct rf_request *request);
void rf_get_odata(struct rf_request *request);
void rf_get_metadata(struct rf_request *request);
void rf_get_schemas(struct rf_request *request);
void rf_get_schema(struct rf_request *request);
/* registries.c */
void rf_get_registries(struct rf_request *request);
void rf_get_registry(struct rf_request *request);
void rf_get_registry_file(struct rf_request *request);
/* systems.c */
void rf_get_systems(struct rf_request *request);
void rf_get_system(struct rf_request *request);
void rf_patch_system(struct rf_request *request);
void rf_get_system_settings(struct rf_request *request);
void rf_patch_system_settings(struct rf_request *request);
void rf_post_reset(struct rf_request *request);
void rf_get_reset_info(struct rf_request *request);
/* hardware.c */
void rf_get_processors(struct rf_request *request);
void rf_get_processor(struct rf_request *request);
void rf_get_memory_list(struct rf_request *request);
void rf_get_memory(struct rf_request *request);
void rf_get_ethernet_interfaces(struct rf_request *request);
void rf_get_ethernet_interface(struct rf_request *request);
/* storage.c */
void rf_get_simple_storages(struct rf_request *request);
void rf_get_simple_storage(struct rf_request *request);
void rf_get_storages(struct rf_request *request);
void rf_get_storage(struct rf_request *request);
void rf_get_drive(struct rf_request *request);
void rf_get_controllers(struct rf_request *request);
void rf_get_controller(struct rf_request *request);
/* volumes.c */
void rf_get_volumes(struct rf_request *request);
void rf_post_volume(struct rf_request *request);
void rf_get_volume(struct rf_request *request);
void rf_delete_volume(struct rf_request *request);
void rf_post_volume_initialize(struct rf_request *request);
void rf_write_raid_types(struct jsonw *json, const char *name);
/* Links to the volumes that lie on the machine's disk. */
void rf_write_drive_volumes(struct rf_request *request, size_t disk);
/* bios.c */
void rf_get_bios(struct rf_request *request);
void rf_get_bios_settings(struct rf_request *request);
void rf_patch_bios_settings(struct rf_request *request);
void rf_post_bios_reset(struct rf_request *request);
void rf_write_bios_registry(struct rf_request *request, const struct json *attributes);
/* secure_boot.c */
void rf_get_secure_boot(struct rf_request *request);
void rf_patch_secure_boot(struct rf_request *request);
void rf_post_secure_boot_reset_keys(struct rf_request *request);
void rf_get_secure_boot_databases(struct rf_request *request);
void rf_get_secure_boot_database(struct rf_request *request);
void rf_post_secure_boot_database_reset_keys(struct rf_request *request);
/* logs.c; the same log under the system and under its manager */
void rf_get_system_logs(struct rf_request *request);
void rf_get_manager_logs(struct rf_request *request);
void rf_get_system_log(struct rf_request *request);
void rf_get_manager_log(struct rf_request *request);
void rf_get_system_log_entries(struct rf_request *request);
void rf_get_manager_log_entries(struct rf_request *request);
void rf_get_system_log_entry(struct rf_request *request);
void rf_get_manager_log_entry(struct rf_request *request);
void rf_post_clear_log(struct rf_request *request);
/* media.c; the same drives under the system and under its manager */
void rf_get_system_media_list(struct rf_request *request);
void rf_get_manager_media_list(struct rf_request *request);
void rf_get_system_media(struct rf_request *request);
void rf_get_manager_media(struct rf_request *request);
void rf_patch_media(struct rf_request *request);
void rf_post_insert_media(struct rf_request *request);
void rf_post_eject_media(struct rf_request *request);
/* managers.c */
void rf_get_managers(struct rf_request *request);
void rf_get_manager(struct rf_request *request);
void rf_patch_manager(struct rf_request *request);
void rf_post_manager_reset(struct rf_request *request);
void rf_get_network_protocol(struct rf_request *request);
void rf_get_manager_interfaces(struct rf_request *request);
void rf_get_manager_interface(struct rf_request *request);
/* chassis.c */
void rf_get_chassis_list(struct rf_request *request);
void rf_get_chassis(struct rf_request *request);
void rf_patch_chassis(struct rf_request *request);
void rf_get_thermal(struct rf_request *request);
void rf_get_power(struct rf_request *request);
/* A LED property that systems and chassis share; `arg` is an enum machine_led. */
bool rf_take_led(struct rf_request *request, const char *name, const struct json *value, void *arg);
const char *rf_led_name(enum machine_led led);
/* network.c */
void rf_get_network_adapters(struct rf_request *request);
void rf_get_network_adapter(struct rf_request *request);
void rf_get_network_ports(struct rf_request *request);
void rf_get_network_port(struct rf_request *request);
void rf_get_network_interfaces(struct rf_request *request);
void rf_get_network_interface(struct rf_request *request);
/* sessions.c */
void rf_get_session_service(struct rf_request *request);
void rf_patch_session_service(struct rf_request *request);
void rf_get_sessions(struct rf_request *request);
void rf_post_session(struct rf_request *request);
void rf_get_session(struct rf_request *request);
void rf_delete_session(struct rf_request *request);
/* accounts.c */
void rf_get_account_service(struct rf_request *request);
void rf_get_accounts(struct rf_request *request);
void rf_post_account(struct rf_request *request);
void rf_get_account(struct rf_request *request);
void rf_patch_account(struct rf_request *request);
void rf_delete_account(struct rf_request *request);
void rf_get_roles(struct rf_request *request);
void rf_get_role(struct rf_request *request);
/* update.c */
void rf_get_update_service(struct rf_request *request);
void rf_get_firmware_list(struct rf_request *request);
void rf_get_firmware(struct rf_request *request);
void rf_post_simple_update(struct rf_request *request);
/* event_service.c */
void rf_get_event_service(struct rf_request *request);
void rf_patch_event_service(struct rf_request *request);
void rf_get_subscriptions(struct rf_request *request);
void rf_post_subscription(struct rf_request *request);
void rf_get_subscription(struct rf_request *request);
void rf_delete_subscription(struct rf_request *request);
void rf_post_test_event(struct rf_request *request);
void rf_get_event_stream(struct rf_request *request);
/* tasks.c */
void rf_get_task_service(struct rf_request *request);
void rf_get_tasks(struct rf_request *request);
void rf_get_task(struct rf_request *request);
void rf_get_task_monitor(struct rf_request *request);
void rf_delete_task(struct rf_request *request);

#endif
