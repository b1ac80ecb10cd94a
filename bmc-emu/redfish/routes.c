// SPDX-License-Identifier: Apache-2.0
// Every resource and verb, one literal row each: method, path, handler, privilege. Rows of one path stand together.
#include "bmc-emu/redfish/handlers.h"

#define V1 RF_ROOT
#define SYSTEM V1 "/Systems/{machine}"
#define MANAGER V1 "/Managers/{machine}"
#define CHASSIS V1 "/Chassis/{machine}"
#define COMPONENTS RF_CONFIGURE_COMPONENTS

// clang-format off
const struct rf_route rf_routes[] = {
    {"GET", "/redfish", rf_get_versions, RF_PUBLIC},
    {"GET", V1, rf_get_root, RF_PUBLIC},
    {"GET", V1 "/odata", rf_get_odata, RF_PUBLIC},
    {"GET", V1 "/$metadata", rf_get_metadata, RF_PUBLIC},

    {"GET", SYSTEM, rf_get_system, RF_LOGIN},
    {"PATCH", SYSTEM, rf_patch_system, COMPONENTS},
    {"POST", SYSTEM "/Actions/ComputerSystem.Reset", rf_post_reset, COMPONENTS},
    {"GET", SYSTEM "/ResetActionInfo", rf_get_reset_info, RF_LOGIN},
    {"GET", V1 "/Systems", rf_get_systems, RF_LOGIN},
    {"GET", SYSTEM "/Processors", rf_get_processors, RF_LOGIN},
    {"GET", SYSTEM "/Processors/{}", rf_get_processor, RF_LOGIN},
    {"GET", SYSTEM "/Memory", rf_get_memory_list, RF_LOGIN},
    {"GET", SYSTEM "/Memory/{}", rf_get_memory, RF_LOGIN},
    {"GET", SYSTEM "/EthernetInterfaces", rf_get_ethernet_interfaces, RF_LOGIN},
    {"GET", SYSTEM "/EthernetInterfaces/{}", rf_get_ethernet_interface, RF_LOGIN},
    {"GET", SYSTEM "/SimpleStorage", rf_get_simple_storages, RF_LOGIN},
    {"GET", SYSTEM "/SimpleStorage/{}", rf_get_simple_storage, RF_LOGIN},
    {"GET", SYSTEM "/Storage", rf_get_storages, RF_LOGIN},
    {"GET", SYSTEM "/Storage/{}", rf_get_storage, RF_LOGIN},
    {"GET", SYSTEM "/Storage/{}/Drives/{}", rf_get_drive, RF_LOGIN},
    {"GET", SYSTEM "/Storage/{}/Controllers", rf_get_controllers, RF_LOGIN},
    {"GET", SYSTEM "/Storage/{}/Controllers/{}", rf_get_controller, RF_LOGIN},
    {"GET", SYSTEM "/Storage/{}/Volumes", rf_get_volumes, RF_LOGIN},
    {"POST", SYSTEM "/Storage/{}/Volumes", rf_post_volume, COMPONENTS},
    {"POST", SYSTEM "/Storage/{}/Volumes/Members", rf_post_volume, COMPONENTS},
    {"GET", SYSTEM "/Storage/{}/Volumes/{}", rf_get_volume, RF_LOGIN},
    {"DELETE", SYSTEM "/Storage/{}/Volumes/{}", rf_delete_volume, COMPONENTS},
    {"POST", SYSTEM "/Storage/{}/Volumes/{}/Actions/Volume.Initialize", rf_post_volume_initialize, COMPONENTS,
     .body_optional = true},
    {"GET", SYSTEM "/Bios", rf_get_bios, RF_LOGIN},
    {"GET", SYSTEM "/Bios/Settings", rf_get_bios_settings, RF_LOGIN},
    {"PATCH", SYSTEM "/Bios/Settings", rf_patch_bios_settings, COMPONENTS},
    {"POST", SYSTEM "/Bios/Actions/Bios.ResetBios", rf_post_bios_reset, COMPONENTS, .body_optional = true},
    {"GET", SYSTEM "/SecureBoot", rf_get_secure_boot, RF_LOGIN},
    {"PATCH", SYSTEM "/SecureBoot", rf_patch_secure_boot, COMPONENTS},
    {"GET", SYSTEM "/VirtualMedia", rf_get_system_media_list, RF_LOGIN},
    {"GET", SYSTEM "/VirtualMedia/{}", rf_get_system_media, RF_LOGIN},
    {"PATCH", SYSTEM "/VirtualMedia/{}", rf_patch_media, COMPONENTS},
    {"POST", SYSTEM "/VirtualMedia/{}/Actions/VirtualMedia.InsertMedia", rf_post_insert_media, COMPONENTS},
    {"POST", SYSTEM "/VirtualMedia/{}/Actions/VirtualMedia.EjectMedia", rf_post_eject_media, COMPONENTS,
     .body_optional = true},

    {"GET", V1 "/Managers", rf_get_managers, RF_LOGIN},
    {"GET", MANAGER, rf_get_manager, RF_LOGIN},
    {"PATCH", MANAGER, rf_patch_manager, RF_CONFIGURE_MANAGER},
    {"POST", MANAGER "/Actions/Manager.Reset", rf_post_manager_reset, RF_CONFIGURE_MANAGER, .body_optional = true},
    {"GET", MANAGER "/VirtualMedia", rf_get_manager_media_list, RF_LOGIN},
    {"GET", MANAGER "/VirtualMedia/{}", rf_get_manager_media, RF_LOGIN},
    {"PATCH", MANAGER "/VirtualMedia/{}", rf_patch_media, COMPONENTS},
    {"POST", MANAGER "/VirtualMedia/{}/Actions/VirtualMedia.InsertMedia", rf_post_insert_media, COMPONENTS},
    {"POST", MANAGER "/VirtualMedia/{}/Actions/VirtualMedia.EjectMedia", rf_post_eject_media, COMPONENTS,
     .body_optional = true},
    {"GET", MANAGER "/NetworkProtocol", rf_get_network_protocol, RF_LOGIN},
    {"GET", MANAGER "/EthernetInterfaces", rf_get_manager_interfaces, RF_LOGIN},
    {"GET", MANAGER "/EthernetInterfaces/{}", rf_get_manager_interface, RF_LOGIN},

    {"GET", V1 "/Chassis", rf_get_chassis_list, RF_LOGIN},
    {"GET", CHASSIS, rf_get_chassis, RF_LOGIN},
    {"PATCH", CHASSIS, rf_patch_chassis, COMPONENTS},
    {"GET", CHASSIS "/Thermal", rf_get_thermal, RF_LOGIN},
    {"GET", CHASSIS "/Power", rf_get_power, RF_LOGIN},

    {"GET", V1 "/SessionService", rf_get_session_service, RF_LOGIN},
    {"PATCH", V1 "/SessionService", rf_patch_session_service, RF_CONFIGURE_MANAGER},
    {"GET", V1 "/SessionService/Sessions", rf_get_sessions, RF_LOGIN},
    {"POST", V1 "/SessionService/Sessions", rf_post_session, RF_PUBLIC},
    {"POST", V1 "/SessionService/Sessions/Members", rf_post_session, RF_PUBLIC},
    {"GET", V1 "/SessionService/Sessions/{}", rf_get_session, RF_LOGIN},
    {"DELETE", V1 "/SessionService/Sessions/{}", rf_delete_session, RF_CONFIGURE_MANAGER, .self = true},

    {"GET", V1 "/AccountService", rf_get_account_service, RF_LOGIN},
    {"GET", V1 "/AccountService/Accounts", rf_get_accounts, RF_LOGIN},
    {"POST", V1 "/AccountService/Accounts", rf_post_account, RF_CONFIGURE_USERS},
    {"POST", V1 "/AccountService/Accounts/Members", rf_post_account, RF_CONFIGURE_USERS},
    {"GET", V1 "/AccountService/Accounts/{}", rf_get_account, RF_CONFIGURE_USERS, .self = true},
    {"PATCH", V1 "/AccountService/Accounts/{}", rf_patch_account, RF_CONFIGURE_USERS, .self = true},
    {"DELETE", V1 "/AccountService/Accounts/{}", rf_delete_account, RF_CONFIGURE_USERS},
    {"GET", V1 "/AccountService/Roles", rf_get_roles, RF_LOGIN},
    {"GET", V1 "/AccountService/Roles/{}", rf_get_role, RF_LOGIN},

    {"GET", V1 "/UpdateService", rf_get_update_service, RF_LOGIN},
    {"GET", V1 "/UpdateService/FirmwareInventory", rf_get_firmware_list, RF_LOGIN},
    {"GET", V1 "/UpdateService/FirmwareInventory/{}", rf_get_firmware, RF_LOGIN},
    {"POST", V1 "/UpdateService/Actions/UpdateService.SimpleUpdate", rf_post_simple_update, COMPONENTS},
    {"GET", V1 "/TaskService", rf_get_task_service, RF_LOGIN},
    {"GET", V1 "/TaskService/Tasks", rf_get_tasks, RF_LOGIN},
    {"GET", V1 "/TaskService/Tasks/{}", rf_get_task, RF_LOGIN},
    {"DELETE", V1 "/TaskService/Tasks/{}", rf_delete_task, RF_CONFIGURE_MANAGER},
    {"GET", V1 "/TaskService/TaskMonitors/{}", rf_get_task_monitor, RF_LOGIN},
    {"GET", V1 "/Registries", rf_get_registries, RF_LOGIN},
    {"GET", V1 "/Registries/{}", rf_get_registry, RF_LOGIN},
    {"GET", V1 "/Registries/{}/Registry", rf_get_registry_file, RF_LOGIN},
};
// clang-format on
const size_t rf_route_count = ARRAY_SIZE(rf_routes);
