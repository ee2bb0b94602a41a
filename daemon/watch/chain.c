/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chains: what a path runs through
 *
 * The walk keeps the place reached so far as a path without links ("" is the root) and what is still to be
 * walked as text. A link's target goes in front of the rest. One readlink() a step tells all: a link,
 * something else, nothing, or that what was passed last is no directory.
 */
#include "daemon/watch/chain.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

typedef struct Walk {
        const Mounts *mounts;
        Chain *chain;
        GString *place;
        char *rest;
        unsigned links;
} Walk;

static void step_free(void *data)
{
        Step *step = data;

        g_free(step->directory);
        g_free(step->name);
        g_free(step);
}

static Step *walk_last(const Walk *walk)
{
        GPtrArray *steps = walk->chain->steps;

        return steps->len > 0 ? steps->pdata[steps->len - 1] : NULL;
}

static void walk_add(Walk *walk, const char *name, StepKind kind)
{
        Step *step = g_new0(Step, 1);

        step->directory = g_strdup(walk->place->len > 0 ? walk->place->str : "/");
        step->name = g_strdup(name);
        step->kind = kind;
        g_ptr_array_add(walk->chain->steps, step);
}

/*
 * Somebody may still use a directory that was removed, which keeps the kernel from telling those who watch
 * it. So where the next name is missing, the directory is also looked after by its name in its own parent.
 */
static void walk_mark_holder(const Walk *walk)
{
        Step *last = walk_last(walk);

        if (last && last->kind == STEP_PASSED)
                last->kind = STEP_HOLDER;
}

/* Cuts the next name off the rest; NULL when there is none. "." and empty names are nothing to walk. */
static char *walk_next(Walk *walk)
{
        for (;;) {
                const char *start = walk->rest + strspn(walk->rest, "/");
                const char *end = strchrnul(start, '/');
                g_autofree char *name = NULL;
                char *rest;

                if (start == end)
                        return NULL;

                name = g_strndup(start, (size_t) (end - start));
                rest = g_strdup(end);
                g_free(walk->rest);
                walk->rest = rest;

                if (!g_str_equal(name, "."))
                        return g_steal_pointer(&name);
        }
}

static bool walk_is_at_end(const Walk *walk)
{
        for (const char *c = walk->rest; *c != '\0'; c++)
                if (*c != '/' && !(*c == '.' && (c[1] == '/' || c[1] == '\0') && c[-1] == '/'))
                        return false;

        return true;
}

static void walk_go_up(Walk *walk)
{
        const char *slash = strrchr(walk->place->str, '/');

        g_string_truncate(walk->place, slash ? (size_t) (slash - walk->place->str) : 0);
}

/* True if the walk may touch the place that it has come to. */
static bool walk_is_local(Walk *walk)
{
        const Mount *mount = mounts_find(walk->mounts, walk->place->len > 0 ? walk->place->str : "/");

        if (!mount || !mount->remote)
                return true;

        walk->chain->remote = g_strdup(mount->target);
        return false;
}

static bool walk_follow(Walk *walk, const char *name, const char *target)
{
        g_autofree char *rest = g_strconcat(target, "/", walk->rest, NULL);

        walk_add(walk, name, STEP_LINK);
        if (++walk->links > CHAIN_MAX_LINKS)
                return false;

        if (target[0] == '/')
                g_string_truncate(walk->place, 0);

        g_free(walk->rest);
        walk->rest = g_steal_pointer(&rest);
        return true;
}

/* What readlink() failed with tells what is there. place is still the directory. False: the walk ends here.
 */
static bool walk_take(Walk *walk, const char *name, int error)
{
        bool at_end = walk_is_at_end(walk);
        Step *last = walk_last(walk);

        switch (error) {
        case EINVAL:
                walk_add(walk, name, at_end ? STEP_END : STEP_PASSED);
                return true;
        case ENOTDIR:
                if (last && last->kind == STEP_PASSED)
                        last->kind = STEP_ABSENT;
                return false;
        case EACCES:
                walk_mark_holder(walk);
                walk_add(walk, name, STEP_CLOSED);
                return false;
        default:
                walk_mark_holder(walk);
                walk_add(walk, name, at_end ? STEP_END : STEP_ABSENT);
                return false;
        }
}

/* Walks one name on. False: the walk cannot go on. */
static bool walk_step(Walk *walk, const char *name)
{
        char target[PATH_MAX + 1];
        size_t length = walk->place->len;
        ssize_t n;
        int error;

        if (g_str_equal(name, "..")) {
                walk_go_up(walk);
                return true;
        }

        g_string_append_c(walk->place, '/');
        g_string_append(walk->place, name);

        if (!walk_is_local(walk)) {
                g_string_truncate(walk->place, length);
                walk_add(walk, name, STEP_REMOTE);
                return false;
        }

        n = readlink(walk->place->str, target, sizeof(target) - 1);
        error = errno;

        if (n >= 0) {
                target[n] = '\0';
                g_string_truncate(walk->place, length);
                return walk_follow(walk, name, target);
        }

        g_string_truncate(walk->place, length);
        if (!walk_take(walk, name, error))
                return false;

        g_string_append_c(walk->place, '/');
        g_string_append(walk->place, name);
        return true;
}

static void walk_end(Walk *walk)
{
        Chain *chain = walk->chain;
        g_autofree char *parent = NULL;

        chain->exists = true;
        chain->end = g_strdup(walk->place->len > 0 ? walk->place->str : "/");
        parent = g_path_get_dirname(chain->end);
        chain->covered = mounts_find(walk->mounts, chain->end) != mounts_find(walk->mounts, parent);
}

Chain *chain_resolve(const char *path, const Mounts *mounts)
{
        g_autoptr(GString) place = g_string_new(NULL);
        Chain *chain = g_new0(Chain, 1);
        Walk walk = { .mounts = mounts, .chain = chain, .place = place, .rest = g_strdup(path) };
        bool ended = walk_is_local(&walk);

        chain->steps = g_ptr_array_new_with_free_func(step_free);

        while (ended) {
                g_autofree char *name = walk_next(&walk);

                if (!name)
                        break;
                ended = walk_step(&walk, name);
        }

        if (ended)
                walk_end(&walk);

        g_free(walk.rest);
        return chain;
}

Chain *chain_free(Chain *chain)
{
        if (!chain)
                return NULL;

        g_ptr_array_unref(chain->steps);
        g_free(chain->end);
        g_free(chain->remote);
        g_free(chain);
        return NULL;
}

bool chain_equal(const Chain *a, const Chain *b)
{
        if (a->steps->len != b->steps->len || a->exists != b->exists || a->covered != b->covered ||
            g_strcmp0(a->end, b->end) != 0 || g_strcmp0(a->remote, b->remote) != 0)
                return false;

        for (unsigned i = 0; i < a->steps->len; i++) {
                const Step *x = a->steps->pdata[i], *y = b->steps->pdata[i];

                if (x->kind != y->kind || !g_str_equal(x->directory, y->directory) ||
                    !g_str_equal(x->name, y->name))
                        return false;
        }

        return true;
}
