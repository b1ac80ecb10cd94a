/* SPDX-License-Identifier: Apache-2.0 */
/* Checks passwords; bcrypt is slow on purpose, so a password that was right once is remembered by its digest. */
#include "operator/conductor/api/auth.h"

#include <crypt.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/digest.h"
#include "lib/data/str.h"
#include "lib/rt/file.h"
#include "operator/conductor/internal.h"

#define HTPASSWD_MAX (1024 * 1024)
#define USERS_MAX 1000

struct account {
    char *user, *hash, *password; /* hash: bcrypt; or a password in clear */
    char *known_good;             /* digest of a password that matched the hash */
};

struct auth {
    VEC(struct account) accounts;
};

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    VEC_FOREACH (account, &auth->accounts) {
        free(account->user);
        mem_free_secret(account->hash);
        mem_free_secret(account->password);
        mem_free_secret(account->known_good);
    }
    VEC_RELEASE(&auth->accounts);
    free(auth);
}

static struct error *read_line(struct auth *auth, const char *path, int number, const char *line)
{
    const char *colon = strchr(line, ':');
    if (!*line || *line == '#')
        return NULL;
    if (!colon || colon == line || !str_has_prefix(colon + 1, "$2"))
        return error_new(ERROR_INVALID, "%s:%d: must be \"user:hash\" with a bcrypt hash, as htpasswd -B makes it",
                         path, number);
    if (auth->accounts.len >= USERS_MAX)
        return error_new(ERROR_INVALID, "%s:%d: more than %d users", path, number, USERS_MAX);
    struct account account = {.user = mem_strndup(line, (size_t)(colon - line)), .hash = str_trim(colon + 1)};
    VEC_PUSH(&auth->accounts, account);
    return NULL;
}

static struct error *read_htpasswd(struct auth *auth, struct rt *rt, const char *path)
{
    CLEANUP_SECRET char *text = NULL;
    TRY_WRAP(rt_file_read(rt, path, HTPASSWD_MAX, &text, NULL), "the htpasswd file");
    CLEANUP(str_list_free) char **lines = str_split(text, '\n');
    for (int i = 0; lines[i]; i++) {
        CLEANUP_FREE char *line = str_trim(lines[i]);
        TRY(read_line(auth, path, i + 1, line));
    }
    if (!auth->accounts.len)
        return error_new(ERROR_INVALID, "the htpasswd file %s has no user", path);
    return NULL;
}

struct error *auth_new(struct conductor *conductor, struct auth **ret)
{
    const struct conductor_options *options = &conductor->options;
    if (!options->user && !options->htpasswd)
        return NULL;
    if (options->user && str_is_empty(options->password))
        return error_new(ERROR_INVALID, "the API's user \"%s\" has no password", options->user);
    struct auth *auth = mem_alloc(sizeof(*auth));
    if (options->user) {
        struct account account = {.user = mem_strdup(options->user), .password = mem_strdup(options->password)};
        VEC_PUSH(&auth->accounts, account);
    }
    struct error *err = options->htpasswd ? read_htpasswd(auth, conductor->rt, options->htpasswd) : NULL;
    if (err) {
        auth_free(auth);
        return err;
    }
    *ret = auth;
    return NULL;
}

struct crypt_job {
    const char *password, *hash;
    bool matches;
};

static void crypt_password(void *arg)
{
    struct crypt_job *job = arg;
    struct crypt_data *data = mem_alloc(sizeof(*data));
    const char *made = crypt_r(job->password, job->hash, data);
    job->matches = made && str_equal_secret(made, job->hash);
    mem_wipe(data, sizeof(*data));
    free(data);
}

static bool account_accepts(struct conductor *conductor, struct account *account, const char *password)
{
    if (account->password)
        return str_equal_secret(account->password, password);
    CLEANUP_SECRET char *digest = digest_hex("sha256", password, strlen(password));
    if (account->known_good && str_equal_secret(account->known_good, digest))
        return true;
    struct crypt_job job = {.password = password, .hash = account->hash};
    rt_offload(conductor->rt, crypt_password, &job);
    if (job.matches) {
        mem_free_secret(account->known_good);
        account->known_good = TAKE_PTR(digest);
    }
    return job.matches;
}

bool auth_check(struct conductor *conductor, struct http_exchange *exchange)
{
    if (!conductor->auth)
        return true;
    const char *user, *password;
    if (!http_basic_auth(exchange, &user, &password))
        return false;
    VEC_FOREACH (account, &conductor->auth->accounts)
        if (str_equal(account->user, user))
            return account_accepts(conductor, account, password);
    return false;
}
