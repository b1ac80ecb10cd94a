// SPDX-License-Identifier: Apache-2.0
// The task service: there, and empty, because every operation ends within its request.
#include "bmc-emu/redfish/handlers.h"

#define SERVICE RF_ROOT "/TaskService"

void rf_get_task_service(struct rf_request *request)
{
    char time[TIME_TEXT_SIZE];

    rf_begin(request, "TaskService.v1_2_0.TaskService", SERVICE, "TaskService", "Task Service", 1);
    rf_status(request, true);
    jsonw_bool(&request->json, "ServiceEnabled", true);
    jsonw_str(&request->json, "DateTime",
              time_format(rt_wall(request->context->env->rt) + request->service->clock_offset, 0, time));
    rf_link(request, "Tasks", SERVICE "/Tasks");
    rf_end(request);
}

void rf_get_tasks(struct rf_request *request)
{
    rf_begin_collection(request, "TaskCollection", SERVICE "/Tasks", "Tasks");
    rf_end_collection(request, 0);
}
