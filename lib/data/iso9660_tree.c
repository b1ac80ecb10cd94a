/* SPDX-License-Identifier: Apache-2.0 */
/* Files and folders of an ISO 9660 image that is being written. */
#include "lib/data/iso9660_tree.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/mem.h"
#include "lib/data/str.h"

/* -- building the tree -- */

static void entry_free(struct entry *entry)
{
    if (!entry)
        return;
    VEC_FOREACH (child, &entry->children)
        entry_free(*child);
    VEC_RELEASE(&entry->children);
    free(entry->name);
    free(entry->data);
    free(entry);
}

struct iso9660 *iso9660_new(const char *volume_id, const char *publisher, int64_t wall)
{
    struct iso9660 *iso = mem_alloc(sizeof(*iso));
    iso->volume_id = mem_strndup(volume_id, strnlen(volume_id, 32));
    iso->publisher = mem_strdup(publisher ? publisher : "");
    iso->wall = wall;
    iso->root = mem_alloc(sizeof(*iso->root));
    iso->root->directory = true;
    iso->root->name = mem_strdup("");
    iso->root->parent = iso->root;
    return iso;
}

void iso9660_free(struct iso9660 *iso)
{
    if (!iso)
        return;
    entry_free(iso->root);
    VEC_RELEASE(&iso->files);
    free(iso->volume_id);
    free(iso->publisher);
    free(iso->header);
    free(iso);
}

static struct entry *entry_find(const struct entry *directory, const char *name)
{
    VEC_FOREACH (child, &directory->children)
        if (str_equal((*child)->name, name))
            return *child;
    return NULL;
}

static struct entry *entry_add(struct entry *directory, const char *name, bool is_directory)
{
    struct entry *entry = mem_alloc(sizeof(*entry));
    entry->name = mem_strdup(name);
    entry->directory = is_directory;
    entry->parent = directory;
    entry->outside = -1;
    VEC_PUSH(&directory->children, entry);
    return entry;
}

static struct error *component_check(const char *path, const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > ISO9660_NAME_MAX || str_equal(name, ".") || str_equal(name, ".."))
        return error_new(ERROR_INVALID, "path \"%s\": each component must have 1 to %d characters", path,
                         ISO9660_NAME_MAX);
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f)
            return error_new(ERROR_INVALID, "path \"%s\": only printable ASCII characters are possible", path);
    return NULL;
}

static struct error *file_new(struct iso9660 *iso, const char *path, uint64_t size, struct entry **ret)
{
    if (iso->header)
        return error_new(ERROR_INTERNAL, "the image is laid out already; \"%s\" came too late", path);
    if (size >= UINT32_MAX)
        return error_new(ERROR_INVALID, "file \"%s\": 4 GiB or more do not fit into an ISO 9660 file", path);
    CLEANUP(str_list_free) char **parts = str_split(*path == '/' ? path + 1 : path, '/');
    for (size_t i = 0; parts[i]; i++) {
        TRY(component_check(path, parts[i]));
        if (i >= ISO9660_DEPTH_MAX)
            return error_new(ERROR_INVALID, "path \"%s\" is deeper than %d", path, ISO9660_DEPTH_MAX);
    }
    struct entry *directory = iso->root;
    for (size_t i = 0; parts[i]; i++) {
        struct entry *found = entry_find(directory, parts[i]);
        if (!parts[i + 1]) {
            if (found)
                return error_new(ERROR_INVALID, "path \"%s\" is there twice", path);
            *ret = entry_add(directory, parts[i], false);
            (*ret)->size = size;
            VEC_PUSH(&iso->files, *ret);
            return NULL;
        }
        if (found && !found->directory)
            return error_new(ERROR_INVALID, "path \"%s\": %s is a file", path, parts[i]);
        directory = found ? found : entry_add(directory, parts[i], true);
    }
    return error_new(ERROR_INVALID, "path \"%s\" is empty", path);
}

struct error *iso9660_add(struct iso9660 *iso, const char *path, const void *data, size_t len)
{
    struct entry *file = NULL;
    TRY(file_new(iso, path, len, &file));
    file->data = mem_alloc(len + 1);
    memcpy(file->data, data ? data : "", data ? len : 0);
    return NULL;
}

struct error *iso9660_add_outside(struct iso9660 *iso, const char *path, uint64_t size, int outside)
{
    struct entry *file = NULL;
    TRY(file_new(iso, path, size, &file));
    file->outside = outside;
    return NULL;
}

/* -- names of the plain tree -- */

static void plain_copy(char *out, size_t *len, size_t max, const char *from, size_t count)
{
    for (size_t i = 0; i < count && *len < max; i++)
        out[(*len)++] = isalnum((unsigned char)from[i]) ? (char)toupper((unsigned char)from[i]) : '_';
}

/* Level 2 identifier; `attempt` above 0 makes another one, for names that fall together. */
static void plain_name(struct entry *entry, int attempt)
{
    const char *dot = entry->directory ? NULL : strrchr(entry->name, '.');
    size_t base_len = dot ? (size_t)(dot - entry->name) : strlen(entry->name);
    char number[12] = "";
    if (attempt)
        snprintf(number, sizeof(number), "%d", attempt);
    size_t extension_len = dot ? strnlen(dot + 1, 8) : 0;
    size_t room = PLAIN_NAME_MAX - extension_len - strlen(number);
    size_t len = 0;
    plain_copy(entry->plain, &len, room, entry->name, base_len);
    plain_copy(entry->plain, &len, PLAIN_NAME_MAX, number, strlen(number));
    if (!entry->directory) {
        entry->plain[len++] = '.';
        if (dot)
            plain_copy(entry->plain, &len, PLAIN_NAME_MAX + 1, dot + 1, extension_len);
        entry->plain[len++] = ';';
        entry->plain[len++] = '1';
    }
    entry->plain[len] = '\0';
}

static bool plain_taken(const struct entry *directory, const struct entry *entry)
{
    for (size_t i = 0; directory->children.items[i] != entry; i++)
        if (str_equal(directory->children.items[i]->plain, entry->plain))
            return true;
    return false;
}

void iso9660_plain_names(struct entry *directory)
{
    VEC_FOREACH (child, &directory->children) {
        int attempt = 0;
        do
            plain_name(*child, attempt);
        while (plain_taken(directory, *child) && ++attempt < 1000000);
        if ((*child)->directory)
            iso9660_plain_names(*child);
    }
}
