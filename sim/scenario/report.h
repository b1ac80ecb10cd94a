/* SPDX-License-Identifier: Apache-2.0 */
/* Machine-readable outcomes of a run: JSON, and JUnit's XML for CI systems. */
#ifndef SIM_SCENARIO_REPORT_H
#define SIM_SCENARIO_REPORT_H

#include "sim/scenario/runner.h"

/* `failure` is what runner_run() returned, NULL for success. The caller owns the result. */
struct json *report_json(struct runner *runner, const struct error *failure);
/* One test suite of the scenario, one test case a step. Appended to `out`. */
void report_junit(struct runner *runner, const struct error *failure, struct strbuf *out);
/* Whether rt_file_write() could write there, asked before there is anything to write; NULL is fine. */
struct error *report_check(const char *path) MUST_CHECK;

#endif
