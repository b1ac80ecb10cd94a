/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text, as Go and JavaScript write them: the shortest digits that read back as the same number. */
#include "lib/data/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void strbuf_add_int(struct strbuf *out, int64_t value)
{
    char digits[24];
    char *at = digits + sizeof(digits);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0)
        *--at = '-';
    strbuf_add(out, at, (size_t)(digits + sizeof(digits) - at));
}

/* Lays out digits d.ddd × 10^exponent as ECMAScript and Go do. */
static void print_digits(struct strbuf *out, const char *digits, int count, int exponent)
{
    if (exponent < -6 || exponent >= 21) {
        strbuf_addc(out, digits[0]);
        if (count > 1) {
            strbuf_addc(out, '.');
            strbuf_add(out, digits + 1, (size_t)count - 1);
        }
        strbuf_addf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        if (exponent < 0 && exponent > -10) { /* Go writes e-7, but e+21 */
            out->data[out->len - 2] = out->data[out->len - 1];
            out->data[--out->len] = '\0';
        }
        return;
    }
    if (exponent < 0) {
        strbuf_adds(out, "0.");
        for (int i = -1; i > exponent; i--)
            strbuf_addc(out, '0');
        strbuf_add(out, digits, (size_t)count);
        return;
    }
    for (int i = 0; i < count || i <= exponent; i++) {
        if (i == exponent + 1)
            strbuf_addc(out, '.');
        strbuf_addc(out, i < count ? digits[i] : '0');
    }
}

void strbuf_add_double(struct strbuf *out, double value)
{
    char text[40];
    if (!isfinite(value)) {
        strbuf_adds(out, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    if (value >= -0x1p53 && value <= 0x1p53 && floor(value) == value) {
        strbuf_add_int(out, (int64_t)value);
        return;
    }
    /* Up to 15 digits always survive; numbers below the normal range have fewer. */
    for (int precision = fabs(value) < 0x1p-1022 ? 0 : 14; precision <= 16; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, fabs(value));
        if (strtod(text, NULL) == fabs(value))
            break;
    }
    char digits[20];
    int count = 0;
    const char *at = text;
    for (; *at != 'e'; at++)
        if (*at != '.')
            digits[count++] = *at;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    if (value < 0)
        strbuf_addc(out, '-');
    print_digits(out, digits, count, (int)strtol(at + 1, NULL, 10));
}
