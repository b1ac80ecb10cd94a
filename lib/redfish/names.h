/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the Redfish protocol (DSP0266, and the schemas of DSP8010) that a client and a server share. */
#ifndef LIB_REDFISH_NAMES_H
#define LIB_REDFISH_NAMES_H

#define REDFISH_ROOT "/redfish/v1/"
#define REDFISH_SYSTEMS "/redfish/v1/Systems"
#define REDFISH_MANAGERS "/redfish/v1/Managers"
#define REDFISH_CHASSIS "/redfish/v1/Chassis"
#define REDFISH_SESSIONS "/redfish/v1/SessionService/Sessions"

#define REDFISH_HEADER_TOKEN "X-Auth-Token"

/* ComputerSystem.PowerState */
#define REDFISH_POWER_ON "On"
#define REDFISH_POWER_OFF "Off"
#define REDFISH_POWER_POWERING_ON "PoweringOn"
#define REDFISH_POWER_POWERING_OFF "PoweringOff"

/* ResetType of #ComputerSystem.Reset */
#define REDFISH_RESET_ACTION "#ComputerSystem.Reset"
#define REDFISH_RESET_ON "On"
#define REDFISH_RESET_FORCE_OFF "ForceOff"
#define REDFISH_RESET_GRACEFUL_SHUTDOWN "GracefulShutdown"
#define REDFISH_RESET_FORCE_RESTART "ForceRestart"
#define REDFISH_RESET_GRACEFUL_RESTART "GracefulRestart"
#define REDFISH_RESET_NMI "Nmi"

/* Boot of ComputerSystem */
#define REDFISH_BOOT_TARGET "BootSourceOverrideTarget"
#define REDFISH_BOOT_ENABLED "BootSourceOverrideEnabled"
#define REDFISH_BOOT_MODE "BootSourceOverrideMode"
#define REDFISH_BOOT_HDD "Hdd"
#define REDFISH_BOOT_CD "Cd"
#define REDFISH_BOOT_USB_CD "UsbCd"
#define REDFISH_BOOT_PXE "Pxe"
#define REDFISH_BOOT_NONE "None"
#define REDFISH_BOOT_ONCE "Once"
#define REDFISH_BOOT_CONTINUOUS "Continuous"
#define REDFISH_BOOT_DISABLED "Disabled"
#define REDFISH_BOOT_UEFI "UEFI"
#define REDFISH_BOOT_LEGACY "Legacy"

/* VirtualMedia */
#define REDFISH_INSERT_ACTION "#VirtualMedia.InsertMedia"
#define REDFISH_EJECT_ACTION "#VirtualMedia.EjectMedia"

#define REDFISH_EXTENDED_INFO "@Message.ExtendedInfo"

#endif
