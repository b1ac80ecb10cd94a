// SPDX-License-Identifier: Apache-2.0
// Sensors and their readings, which follow the machine's state (§35). One table serves the records, the readings and the event log.
#include "bmc-emu/ipmi/bmc.h"

#define TYPE_TEMPERATURE 0x01
#define TYPE_FAN 0x04
#define TYPE_POWER 0x0b
#define TYPE_BUTTON 0x14
#define TYPE_BOOT_START 0x1d
#define TYPE_BOOT_ERROR 0x1e
#define TYPE_OS_BOOT 0x1f
#define TYPE_ACPI 0x22
#define TYPE_WATCHDOG 0x23
#define ENTITY_PROCESSOR 0x03
#define ENTITY_BOARD 0x07
#define ENTITY_SUPPLY 0x0a
#define ENTITY_FAN 0x1d
#define ENTITY_AIR_INLET 0x37
#define UNIT_CELSIUS 0x01
#define UNIT_WATTS 0x06
#define UNIT_RPM 0x12
#define READING_THRESHOLD 0x01
#define READING_DISCRETE 0x6f
#define STATUS_ON 0xc0 /* events, scanning */
#define STATUS_UNAVAILABLE 0x20
#define ACPI_ON 0  /* S0 */
#define ACPI_OFF 5 /* soft off */

const struct ipmi_sensor ipmi_sensors[] = {
    {IPMI_SENSOR_INLET, TYPE_TEMPERATURE, ENTITY_AIR_INLET, 1, .name = "Inlet Temp", .unit = UNIT_CELSIUS, .m = 1,
     .high = 47, .high_warning = 42},
    {IPMI_SENSOR_CPU, TYPE_TEMPERATURE, ENTITY_PROCESSOR, 1, .name = "CPU Temp", .unit = UNIT_CELSIUS, .m = 1,
     .high = 95, .high_warning = 90},
    {IPMI_SENSOR_FAN0, TYPE_FAN, ENTITY_FAN, 1, .name = "Fan 0", .unit = UNIT_RPM, .m = 40, .low = 1000,
     .needs_power = true},
    {IPMI_SENSOR_FAN1, TYPE_FAN, ENTITY_FAN, 2, .name = "Fan 1", .unit = UNIT_RPM, .m = 40, .low = 1000,
     .needs_power = true},
    {IPMI_SENSOR_WATTS, TYPE_POWER, ENTITY_SUPPLY, 1, .name = "Power", .unit = UNIT_WATTS, .m = 4, .high = 800},
    {IPMI_SENSOR_ACPI, TYPE_ACPI, ENTITY_BOARD, 1, .discrete = true, .name = "ACPI State",
     .states = 1 << ACPI_ON | 1 << ACPI_OFF},
    {IPMI_SENSOR_WATCHDOG, TYPE_WATCHDOG, ENTITY_BOARD, 1, .discrete = true, .name = "Watchdog", .states = 0x0f},
    {IPMI_SENSOR_BOOT_START, TYPE_BOOT_START, ENTITY_BOARD, 1, .event_only = true, .name = "System Restart"},
    {IPMI_SENSOR_BOOT_ERROR, TYPE_BOOT_ERROR, ENTITY_BOARD, 1, .event_only = true, .name = "Boot Error"},
    {IPMI_SENSOR_OS_BOOT, TYPE_OS_BOOT, ENTITY_BOARD, 1, .event_only = true, .name = "OS Boot"},
    {IPMI_SENSOR_BUTTON, TYPE_BUTTON, ENTITY_BOARD, 1, .event_only = true, .name = "Power Button"},
};
const size_t ipmi_sensor_count = ARRAY_SIZE(ipmi_sensors);

/* NULL for one that there is not, or that cannot be read. */
static const struct ipmi_sensor *readable(const struct ipmi_call *call)
{
    uint8_t number = call->data[0];

    if (number < 1 || number > ipmi_sensor_count || ipmi_sensors[number - 1].event_only)
        return NULL;
    return &ipmi_sensors[number - 1];
}

static int value_of(const struct ipmi_sensor *sensor, const struct machine_sensors *sensors)
{
    switch (sensor->number) {
    case IPMI_SENSOR_INLET:
        return sensors->inlet_celsius;
    case IPMI_SENSOR_CPU:
        return sensors->cpu_celsius;
    case IPMI_SENSOR_WATTS:
        return sensors->watts;
    default:
        return sensors->fan_rpm;
    }
}

/* The raw byte of a value, within what a byte holds. */
static uint8_t raw(const struct ipmi_sensor *sensor, int value)
{
    int rounded = (value + (int)sensor->m / 2) / (int)sensor->m;

    return (uint8_t)(rounded < 0 ? 0 : rounded > 255 ? 255 : rounded);
}

void ipmi_sensor_thresholds(const struct ipmi_sensor *sensor, uint8_t *ret_mask, uint8_t ret[6])
{
    const int values[6] = {0, sensor->low, 0, sensor->high_warning, sensor->high, 0};

    *ret_mask = 0;
    for (int i = 0; i < 6; i++) {
        ret[i] = raw(sensor, values[i]);
        if (values[i])
            *ret_mask |= (uint8_t)(1 << i);
    }
}

/* Which thresholds a reading is beyond, as bits. */
static uint8_t beyond(const struct ipmi_sensor *sensor, uint8_t reading)
{
    uint8_t mask, thresholds[6], bits = 0;

    ipmi_sensor_thresholds(sensor, &mask, thresholds);
    for (int i = 0; i < 6; i++)
        if (mask & 1 << i && (i < 3 ? reading <= thresholds[i] : reading >= thresholds[i]))
            bits |= (uint8_t)(1 << i);
    return bits;
}

static unsigned discrete_state(const struct ipmi_call *call, const struct ipmi_sensor *sensor, bool power)
{
    if (sensor->number == IPMI_SENSOR_ACPI)
        return 1u << (power ? ACPI_ON : ACPI_OFF);
    const struct ipmi_watchdog *watchdog = &call->bmc->watchdog;
    return watchdog->expired ? 1u << (watchdog->action & 3) : 0;
}

uint8_t ipmi_get_sensor_reading(struct ipmi_call *call)
{
    const struct ipmi_sensor *sensor = readable(call);
    struct bmc_snapshot snapshot;

    if (!sensor)
        return IPMI_CC_NOT_PRESENT;
    uint8_t code = ipmi_snapshot(call, &snapshot);
    if (code)
        return code;
    bool power = snapshot.power == MACHINE_ON || snapshot.power == MACHINE_POWERING_OFF;
    if (sensor->discrete) {
        unsigned states = discrete_state(call, sensor, power);
        ipmi_reply8(call, 0);
        ipmi_reply8(call, STATUS_ON);
        ipmi_reply8(call, states & 0xff);
        ipmi_reply8(call, 0x80 | states >> 8);
        return IPMI_OK;
    }
    bool unavailable = sensor->needs_power && !power;
    uint8_t reading = unavailable ? 0 : raw(sensor, value_of(sensor, &snapshot.sensors));
    ipmi_reply8(call, reading);
    ipmi_reply8(call, STATUS_ON | (unavailable ? STATUS_UNAVAILABLE : 0));
    ipmi_reply8(call, 0xc0 | (unavailable ? 0 : beyond(sensor, reading)));
    return IPMI_OK;
}

uint8_t ipmi_get_sensor_thresholds(struct ipmi_call *call)
{
    const struct ipmi_sensor *sensor = readable(call);
    uint8_t mask, thresholds[6];

    if (!sensor)
        return IPMI_CC_NOT_PRESENT;
    if (sensor->discrete)
        return IPMI_CC_FIELD;
    ipmi_sensor_thresholds(sensor, &mask, thresholds);
    ipmi_reply8(call, mask);
    ipmi_reply(call, thresholds, sizeof(thresholds));
    return IPMI_OK;
}

uint8_t ipmi_get_sensor_hysteresis(struct ipmi_call *call)
{
    const struct ipmi_sensor *sensor = readable(call);

    if (!sensor)
        return IPMI_CC_NOT_PRESENT;
    if (sensor->discrete)
        return IPMI_CC_FIELD;
    ipmi_reply16(call, 0);
    return IPMI_OK;
}

uint8_t ipmi_get_sensor_events(struct ipmi_call *call)
{
    const struct ipmi_sensor *sensor = readable(call);

    if (!sensor)
        return IPMI_CC_NOT_PRESENT;
    ipmi_reply8(call, STATUS_ON);
    ipmi_reply16(call, sensor->states); /* those that are asserted go to the log */
    ipmi_reply16(call, 0);
    return IPMI_OK;
}

uint8_t ipmi_get_sensor_event_status(struct ipmi_call *call)
{
    struct ipmi_call reading = *call;
    uint8_t code = ipmi_get_sensor_reading(&reading);

    if (code)
        return code;
    ipmi_reply8(call, reading.reply[1]);
    ipmi_reply8(call, reading.reply[2] & 0x3f);
    ipmi_reply8(call, 0);
    ipmi_reply16(call, 0);
    return IPMI_OK;
}

uint8_t ipmi_get_sensor_type(struct ipmi_call *call)
{
    const struct ipmi_sensor *sensor = readable(call);

    if (!sensor)
        return IPMI_CC_NOT_PRESENT;
    ipmi_reply8(call, sensor->type);
    ipmi_reply8(call, sensor->discrete ? READING_DISCRETE : READING_THRESHOLD);
    return IPMI_OK;
}
