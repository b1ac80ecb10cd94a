/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 points in time and Go durations, as text. The calendar is the proleptic Gregorian one. */
#include "lib/data/time.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SECONDS_PER_DAY 86400

/* Days since 1970-01-01; years are counted from March, so that the leap day is the last of its year. */
static int64_t days_from_date(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static int days_in_month(int64_t year, int month)
{
    if (month == 2)
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

const char *time_format(int64_t wall, int digits, char buf[TIME_TEXT_SIZE])
{
    int64_t seconds = wall / TIME_S, nanoseconds = wall % TIME_S;
    if (nanoseconds < 0) {
        nanoseconds += TIME_S;
        seconds--;
    }
    int64_t days = seconds / SECONDS_PER_DAY, rest = seconds % SECONDS_PER_DAY;
    if (rest < 0) {
        rest += SECONDS_PER_DAY;
        days--;
    }
    int64_t year;
    int month, day;
    date_from_days(days, &year, &month, &day);
    int len = snprintf(buf, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, month, day, (int)(rest / 3600),
                       (int)(rest / 60 % 60), (int)(rest % 60));
    if (digits > 0) {
        char fraction[24];
        snprintf(fraction, sizeof(fraction), "%09lld", (long long)nanoseconds);
        len += snprintf(buf + len, TIME_TEXT_SIZE - (size_t)len, ".%.*s", digits > 9 ? 9 : digits, fraction);
    }
    snprintf(buf + len, TIME_TEXT_SIZE - (size_t)len, "Z");
    return buf;
}

/* Reads exactly `count` digits. */
static bool read_digits(const char **text, int count, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (**text - '0');
    }
    *ret = value;
    return true;
}

static bool read_char(const char **text, const char *allowed)
{
    if (**text == '\0' || !strchr(allowed, **text))
        return false;
    (*text)++;
    return true;
}

/* The fraction of a second in nanoseconds; further digits are cut off. */
static bool read_fraction(const char **text, int64_t *ret)
{
    int64_t value = 0, unit = TIME_S / 10;
    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
        value += (**text - '0') * unit;
    *ret = value;
    return true;
}

static bool read_offset(const char **text, int *ret_seconds)
{
    if (read_char(text, "Zz")) {
        *ret_seconds = 0;
        return true;
    }
    int sign = **text == '-' ? -1 : 1, hours, minutes;
    if (!read_char(text, "+-") || !read_digits(text, 2, &hours) || !read_char(text, ":") ||
        !read_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

struct error *time_parse(const char *text, int64_t *ret)
{
    const char *at = text;
    int year, month, day, hour, minute, second, offset;
    int64_t nanoseconds = 0;
    bool good = read_digits(&at, 4, &year) && read_char(&at, "-") && read_digits(&at, 2, &month) &&
                read_char(&at, "-") && read_digits(&at, 2, &day) && read_char(&at, "Tt ") &&
                read_digits(&at, 2, &hour) && read_char(&at, ":") && read_digits(&at, 2, &minute) &&
                read_char(&at, ":") && read_digits(&at, 2, &second) &&
                (*at != '.' || (at++, read_fraction(&at, &nanoseconds))) && read_offset(&at, &offset) && *at == '\0';
    if (!good)
        return error_new(ERROR_INVALID, "\"%s\" is not a time of the form 2026-11-20T14:48:55Z", text);
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 ||
        second > 60)
        return error_new(ERROR_INVALID, "\"%s\" is a time that does not exist", text);
    int64_t seconds = days_from_date(year, month, day) * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset;
    int64_t wall;
    if (__builtin_mul_overflow(seconds, TIME_S, &wall) || __builtin_add_overflow(wall, nanoseconds, &wall))
        return error_new(ERROR_INVALID, "\"%s\" is out of range (1678 to 2261)", text);
    *ret = wall;
    return NULL;
}

static const struct unit {
    const char *name;
    int64_t length;
} units[] = {
    {"ns", 1},       {"us", TIME_US}, {"\u00b5s", TIME_US}, {"\u03bcs", TIME_US},
    {"ms", TIME_MS}, {"s", TIME_S},   {"m", TIME_MIN},      {"h", 60 * TIME_MIN},
};

static const struct unit *read_unit(const char **text)
{
    size_t len = strcspn(*text, ".0123456789");
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strlen(units[i].name) == len && memcmp(units[i].name, *text, len) == 0) {
            *text += len;
            return &units[i];
        }
    }
    return NULL;
}

/* One number with its unit, such as "1.5h", added to *total; false when it is malformed or overflows. */
static bool read_duration_part(const char **text, int64_t *total)
{
    int64_t whole = 0, fraction = 0, scale = 1;
    bool any = false;
    for (; **text >= '0' && **text <= '9'; (*text)++, any = true)
        if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, **text - '0', &whole))
            return false;
    if (**text == '.')
        for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, any = true)
            if (scale < 1000 * TIME_S) { /* more digits than nanoseconds need */
                fraction = fraction * 10 + (**text - '0');
                scale *= 10;
            }
    const struct unit *unit = any ? read_unit(text) : NULL;
    if (!unit)
        return false;
    int64_t part;
    if (__builtin_mul_overflow(whole, unit->length, &part))
        return false;
    part += (int64_t)((double)fraction * ((double)unit->length / (double)scale) + 1e-6);
    return part >= 0 && !__builtin_add_overflow(*total, part, total);
}

struct error *time_parse_duration(const char *text, int64_t *ret)
{
    const char *at = text;
    bool negative = *at == '-';
    int64_t total = 0;
    if (*at == '-' || *at == '+')
        at++;
    bool good = *at != '\0';
    if (strcmp(at, "0") == 0)
        at++;
    while (good && *at)
        good = read_duration_part(&at, &total);
    if (!good)
        return error_new(ERROR_INVALID, "\"%s\" is not a duration such as 1h30m, 5s or 250ms", text);
    *ret = negative ? -total : total;
    return NULL;
}

/* `value` in units of `unit`, with the digits of a fraction that are not zero at the end. */
static int format_fraction(char *buf, size_t size, uint64_t value, uint64_t unit)
{
    uint64_t fraction = value % unit;
    int len = snprintf(buf, size, "%llu", (unsigned long long)(value / unit));
    if (fraction == 0)
        return len;
    int digits = 0;
    for (uint64_t scale = unit; scale > 1; scale /= 10)
        digits++;
    for (; fraction % 10 == 0; fraction /= 10)
        digits--;
    return len + snprintf(buf + len, size - (size_t)len, ".%0*llu", digits, (unsigned long long)fraction);
}

const char *time_format_duration(int64_t duration, char buf[TIME_TEXT_SIZE])
{
    uint64_t left = duration < 0 ? 0 - (uint64_t)duration : (uint64_t)duration;
    const uint64_t second = (uint64_t)TIME_S;
    size_t size = TIME_TEXT_SIZE;
    int len = snprintf(buf, size, "%s", duration < 0 ? "-" : "");
    if (left == 0) {
        snprintf(buf, size, "0s");
    } else if (left < second) {
        const struct unit *unit = left < (uint64_t)TIME_US   ? &units[0]
                                  : left < (uint64_t)TIME_MS ? &units[2]
                                                             : &units[4];
        len += format_fraction(buf + len, size - (size_t)len, left, (uint64_t)unit->length);
        snprintf(buf + len, size - (size_t)len, "%s", unit->name);
    } else {
        uint64_t minutes = left / (60 * second);
        if (minutes >= 60)
            len += snprintf(buf + len, size - (size_t)len, "%lluh", (unsigned long long)(minutes / 60));
        if (minutes > 0)
            len += snprintf(buf + len, size - (size_t)len, "%llum", (unsigned long long)(minutes % 60));
        len += format_fraction(buf + len, size - (size_t)len, left % (60 * second), second);
        snprintf(buf + len, size - (size_t)len, "s");
    }
    return buf;
}
