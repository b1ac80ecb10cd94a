/* SPDX-License-Identifier: Apache-2.0 */
/* Formats of points in time; reading the clock is rt_wall()'s affair. All times are nanoseconds since 1970, UTC. */
#ifndef LIB_DATA_TIME_H
#define LIB_DATA_TIME_H

#include <stdint.h>

#include "lib/data/error.h"

#define TIME_US INT64_C(1000)
#define TIME_MS INT64_C(1000000)
#define TIME_S INT64_C(1000000000)
#define TIME_MIN (60 * TIME_S)

#define TIME_TEXT_SIZE 40

/* RFC 3339 in UTC with `digits` (0, 3, 6 or 9) digits of a second: "2026-11-20T14:48:55Z". Returns `buf`. */
const char *time_format(int64_t wall, int digits, char buf[TIME_TEXT_SIZE]);
/* Parses RFC 3339, any offset, any number of digits. */
struct error *time_parse(const char *text, int64_t *ret) MUST_CHECK;
/* Go's duration syntax: "1h30m", "5s", "250ms"; and its printing, "1m30s". */
struct error *time_parse_duration(const char *text, int64_t *ret) MUST_CHECK;
const char *time_format_duration(int64_t duration, char buf[TIME_TEXT_SIZE]);

#endif
