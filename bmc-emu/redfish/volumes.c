// SPDX-License-Identifier: Apache-2.0
// RAID volumes: made, initialized and deleted as tasks (EMU-055, 056, 175).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/redfish/handlers.h"

#define CONTROLLER "1"
#define VOLUMES_MAX 64
#define DRIVES_MAX 64
#define WORK_TIME (2 * RT_S)
#define INITIALIZE "Volume.Initialize"

struct rf_raid {
    const char *name;
    const char *volume_type; /* what older clients call it */
    int drives;              /* at least */
    int parity, mirrors;     /* drives whose space is lost; copies of each block */
};

static const struct rf_raid raids[] = {
    {"RAID0", "NonRedundant", 1, 0, 1},      {"RAID1", "Mirrored", 2, 0, 2},
    {"RAID5", "StripedWithParity", 3, 1, 1}, {"RAID6", "StripedWithParity", 4, 2, 1},
    {"RAID10", "SpannedMirrors", 4, 0, 2},
};

void rf_write_raid_types(struct jsonw *json, const char *name)
{
    jsonw_array(json, name);
    for (size_t i = 0; i < ARRAY_SIZE(raids); i++)
        jsonw_str(json, NULL, raids[i].name);
    jsonw_end(json);
}

static bool is_controller(struct rf_request *request)
{
    if (str_equal(request->params[0], CONTROLLER))
        return true;
    rf_not_found(request);
    return false;
}

/* "…/Volumes", or a volume of it, into `buf`. */
static const char *volume_path(const struct rf_request *request, const char *id, char *buf, size_t cap)
{
    snprintf(buf, cap, "%s/Storage/" CONTROLLER "/Volumes%s%s", request->system, id ? "/" : "", str_or(id, ""));
    return buf;
}

static struct rf_volume *volume_by_id(struct rf_board *board, const char *id)
{
    if (board)
        VEC_FOREACH (volume, &board->volumes)
            if (str_equal(volume->id, id))
                return volume;
    return NULL;
}

/* The volume that the path names; NULL when it has answered. */
static struct rf_volume *find_volume(struct rf_request *request)
{
    if (!is_controller(request))
        return NULL;
    struct rf_volume *volume = volume_by_id(rf_board_peek(request->service, request->machine), request->params[1]);
    if (!volume)
        rf_not_found(request);
    return volume;
}

void rf_write_drive_volumes(struct rf_request *request, size_t disk)
{
    const struct rf_board *board = rf_board_peek(request->service, request->machine);
    char path[RF_PATH_MAX * 2];

    jsonw_array(&request->json, "Volumes");
    if (board)
        VEC_FOREACH (volume, &board->volumes)
            if (disk < DRIVES_MAX && volume->drives >> disk & 1)
                rf_member(request, "%s", volume_path(request, volume->id, path, sizeof(path)));
    jsonw_end(&request->json);
}

void rf_get_volumes(struct rf_request *request)
{
    const struct rf_board *board = rf_board_peek(request->service, request->machine);
    char path[RF_PATH_MAX * 2], member[RF_PATH_MAX * 2];

    if (!is_controller(request))
        return;
    rf_begin_collection(request, "VolumeCollection", volume_path(request, NULL, path, sizeof(path)), "Volumes");
    if (board)
        VEC_FOREACH (volume, &board->volumes)
            rf_member(request, "%s", volume_path(request, volume->id, member, sizeof(member)));
    jsonw_end(&request->json);
    rf_write_apply_times(&request->json);
    jsonw_int(&request->json, "Members@odata.count", board ? (int64_t)board->volumes.len : 0);
    rf_end(request);
}

void rf_get_volume(struct rf_request *request)
{
    const struct rf_volume *volume = find_volume(request);
    const struct machine_profile *profile = request->snapshot.profile;
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (!volume)
        return;
    volume_path(request, volume->id, path, sizeof(path));
    rf_begin(request, "Volume.v1_9_0.Volume", path, volume->id, volume->name, volume->version);
    jsonw_str(json, "RAIDType", volume->raid->name);
    jsonw_str(json, "VolumeType", volume->raid->volume_type);
    jsonw_int(json, "CapacityBytes", volume->capacity);
    jsonw_int(json, "BlockSizeBytes", 512);
    jsonw_bool(json, "Encrypted", false);
    rf_status(request, true);
    jsonw_object(json, "Links");
    jsonw_array(json, "Drives");
    for (size_t i = 0; i < profile->disks.len && i < DRIVES_MAX; i++)
        if (volume->drives >> i & 1)
            rf_member(request, "%s/Storage/" CONTROLLER "/Drives/%s", request->system, profile->disks.items[i].name);
    jsonw_end(json);
    jsonw_end(json);
    rf_write_apply_times(json);
    jsonw_object(json, "Actions");
    jsonw_object(json, "#" INITIALIZE);
    jsonw_printf(json, "target", "%s/Actions/" INITIALIZE, path);
    jsonw_raw(json, "InitializeType@Redfish.AllowableValues", "[\"Fast\",\"Slow\"]");
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}

/* -- create -- */

struct creation {
    const struct rf_raid *raid;
    const char *name;
    int64_t capacity;
    uint64_t drives;
};

/* What the task works on; the volume's name is its own. */
struct volume_job {
    struct rf_volume volume;
    char folder[RF_PATH_MAX * 2]; /* path of the volumes */
    bool on_reset, remove;
};

static void job_free(void *arg)
{
    struct volume_job *job = arg;

    free(job->volume.name);
    free(job);
}

static bool take_raid(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct creation *creation = arg;
    bool old = str_equal(name, "VolumeType");
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(raids); i++) {
        if (!str_equal(text, old ? raids[i].volume_type : raids[i].name))
            continue;
        /* The older property says less. */
        if (!old || !creation->raid)
            creation->raid = &raids[i];
        return true;
    }
    rf_fail(request, RF_PROPERTY_NOT_IN_LIST, text, name, NULL);
    return false;
}

static bool take_name(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    return rf_need_string(request, name, value, &((struct creation *)arg)->name);
}

static bool take_capacity(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    return rf_need_int(request, name, value, 1, INT64_C(1) << 53, &((struct creation *)arg)->capacity);
}

static bool take_no_encryption(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    bool encrypted;

    if (!rf_need_bool(request, name, value, &encrypted))
        return false;
    if (encrypted)
        rf_fail(request, RF_PROPERTY_NOT_IN_LIST, "true", name, NULL);
    return !encrypted;
}

static int drive_of_path(const struct rf_request *request, const char *path)
{
    char drive[RF_PATH_MAX * 2];

    for (size_t i = 0; i < request->snapshot.profile->disks.len && i < DRIVES_MAX; i++) {
        snprintf(drive, sizeof(drive), "%s/Storage/" CONTROLLER "/Drives/%s", request->system,
                 request->snapshot.profile->disks.items[i].name);
        if (str_equal(drive, path))
            return (int)i;
    }
    return -1;
}

static bool take_drives(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct creation *creation = arg;

    if (!json_is(value, JSON_ARRAY)) {
        rf_fail(request, RF_PROPERTY_TYPE_ERROR, json_type_name(json_type(value)), name, NULL);
        return false;
    }
    JSON_FOREACH (item, value) {
        const struct json *link = json_member(item, "@odata.id");
        const char *path = link ? json_str_or(link, "", "") : "";
        int drive = drive_of_path(request, path);
        if (drive < 0) {
            rf_fail(request, RF_PROPERTY_NOT_IN_LIST, path, name, NULL);
            return false;
        }
        creation->drives |= UINT64_C(1) << drive;
    }
    return true;
}

/* How large the volume can be: by its smallest drive, less parity and copies. */
static int64_t largest(const struct rf_request *request, const struct creation *creation, int count)
{
    int64_t smallest = INT64_MAX;

    for (size_t i = 0; i < request->snapshot.profile->disks.len && i < DRIVES_MAX; i++) {
        int64_t size = request->snapshot.profile->disks.items[i].size;
        if ((creation->drives >> i & 1) && size < smallest)
            smallest = size;
    }
    return smallest * (count - creation->raid->parity) / creation->raid->mirrors;
}

/* Without drives, the first free ones that the level needs. */
static void choose_drives(const struct rf_request *request, struct creation *creation, uint64_t used)
{
    int left = creation->raid->drives;

    for (size_t i = 0; left > 0 && i < request->snapshot.profile->disks.len && i < DRIVES_MAX; i++) {
        if (used >> i & 1)
            continue;
        creation->drives |= UINT64_C(1) << i;
        left--;
    }
}

/* Completes the creation from what is there; false when it has answered why it cannot be. */
static bool check_creation(struct rf_request *request, struct creation *creation)
{
    const struct rf_board *board = rf_board(request->service, request->machine);
    uint64_t used = 0;

    if (!creation->raid) {
        rf_fail(request, RF_PROPERTY_MISSING, "RAIDType", NULL, NULL);
        return false;
    }
    if (board->volumes.len >= VOLUMES_MAX) {
        rf_fail(request, RF_CREATE_LIMIT_REACHED, NULL, NULL, NULL);
        return false;
    }
    VEC_FOREACH (volume, &board->volumes)
        used |= volume->drives;
    if (!creation->drives)
        choose_drives(request, creation, used);
    int count = __builtin_popcountll(creation->drives);
    if (count < creation->raid->drives || count % creation->raid->mirrors) {
        rf_fail(request, RF_PROPERTY_CONFLICT, "RAIDType", "Drives", NULL);
        return false;
    }
    if (creation->drives & used) {
        rf_fail(request, RF_RESOURCE_IN_USE, NULL, NULL, NULL);
        return false;
    }
    int64_t most = largest(request, creation, count);
    if (creation->capacity > most) {
        char shown[24];
        snprintf(shown, sizeof(shown), "%lld", (long long)creation->capacity);
        rf_fail(request, RF_PROPERTY_OUT_OF_RANGE, shown, "CapacityBytes", NULL);
        return false;
    }
    creation->capacity = creation->capacity ? creation->capacity : most;
    return true;
}

static void drop_volume(struct rf_board *board, const char *id)
{
    struct rf_volume *volume = volume_by_id(board, id);

    if (!volume)
        return;
    free(volume->name);
    VEC_REMOVE(&board->volumes, (size_t)(volume - board->volumes.items));
}

static struct error *run_job(struct rf_task *task, void *arg)
{
    struct rt *rt = task->service->context->env->rt;
    struct rf_board *board = rf_board(task->service, task->machine);
    struct volume_job *job = arg;

    if (job->on_reset) {
        rf_task_progress(task, RF_TASK_PENDING, 0);
        TRY(rf_task_wait_reset(task));
    }
    for (int percent = 10; percent < 100; percent += 45) {
        rf_task_progress(task, RF_TASK_RUNNING, percent);
        TRY(rt_sleep(rt, WORK_TIME / 2));
    }
    if (job->remove) {
        if (!volume_by_id(board, job->volume.id))
            return error_new(ERROR_NOT_FOUND, "volume %s is gone", job->volume.id);
        drop_volume(board, job->volume.id);
    } else if (job->volume.raid) {
        /* Another task may have been faster. */
        VEC_FOREACH (other, &board->volumes)
            if (other->drives & job->volume.drives)
                return error_new(ERROR_CONFLICT, "drives of the new volume are in use by volume %s", other->id);
        VEC_PUSH(&board->volumes, job->volume);
        job->volume.name = NULL;
        task->created = mem_printf("%s/%s", job->folder, job->volume.id);
    }
    board->version++;
    return NULL;
}

static void start_job(struct rf_request *request, const char *name, const struct volume_job *job)
{
    struct volume_job *copy = mem_alloc(sizeof(*copy));

    *copy = *job;
    volume_path(request, NULL, copy->folder, sizeof(copy->folder));
    rf_task_start(request, &(struct rf_task_options){.name = name, .run = run_job, .arg = copy, .release = job_free});
}

void rf_post_volume(struct rf_request *request)
{
    static const struct rf_property properties[] = {
        {"RAIDType", take_raid},       {"VolumeType", take_raid},        {"Name", take_name},
        {"DisplayName", take_name},    {"CapacityBytes", take_capacity}, {"Encrypted", take_no_encryption},
        {"Links/Drives", take_drives}, {"Drives", take_drives},          {0},
    };
    struct creation creation = {0};
    struct volume_job job = {0};

    if (!is_controller(request) || !rf_take_apply_time(request, &job.on_reset) ||
        !rf_take_properties(request, properties, NULL, &creation) || !check_creation(request, &creation))
        return;
    struct rf_board *board = rf_board(request->service, request->machine);
    snprintf(job.volume.id, sizeof(job.volume.id), "%llu", (unsigned long long)++board->volume_serial);
    job.volume.name = creation.name ? mem_strdup(creation.name) : mem_printf("Volume %s", job.volume.id);
    job.volume.raid = creation.raid;
    job.volume.capacity = creation.capacity;
    job.volume.drives = creation.drives;
    job.volume.version = 1;
    start_job(request, "Create volume", &job);
}

void rf_delete_volume(struct rf_request *request)
{
    const struct rf_volume *volume = find_volume(request);
    struct volume_job job = {.remove = true};

    if (!volume || !rf_if_match(request, volume->version) || !rf_take_apply_time(request, &job.on_reset))
        return;
    memcpy(job.volume.id, volume->id, sizeof(job.volume.id));
    start_job(request, "Delete volume", &job);
}

void rf_post_volume_initialize(struct rf_request *request)
{
    struct {
        const char *type, *method;
    } given = {"Fast", NULL};
    const struct rf_parameter parameters[] = {
        {"InitializeType", RF_PARAMETER_STRING},
        {"InitializeMethod", RF_PARAMETER_STRING, .offset = sizeof(const char *)},
        {0},
    };
    struct volume_job job = {0};

    if (!find_volume(request) || !rf_take_apply_time(request, &job.on_reset) ||
        !rf_take_parameters(request, INITIALIZE, parameters, &given))
        return;
    if (!str_equal(given.type, "Fast") && !str_equal(given.type, "Slow")) {
        rf_fail(request, RF_ACTION_PARAMETER_NOT_IN_LIST, given.type, "InitializeType", INITIALIZE);
        return;
    }
    start_job(request, "Initialize volume", &job);
}
