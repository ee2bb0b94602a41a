/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Marks: inodes that are watched, each once, for many users
 *
 * inotify knows an inode only by a path. Masks grow by IN_MASK_ADD, which cannot harm whatever the path
 * leads to. They shrink only in marks_trim(), which replaces the mask and checks that it was that of the
 * inode that was meant.
 */
#include "daemon/watch/marks.h"

#include <errno.h>
#include <sys/inotify.h>

#define MARK_MASK_SELF (IN_MOVE_SELF | IN_DELETE_SELF)
#define MARK_MASK_ARRIVAL (IN_CREATE | IN_MOVED_TO)
#define MARK_MASK_ENTRY (MARK_MASK_ARRIVAL | IN_DELETE | IN_MOVED_FROM)

/* Names that were removed while open send no events: their writers write for nobody. */
static const uint32_t use_masks[N_USE_KINDS] = {
        [USE_SELF] = MARK_MASK_SELF,
        [USE_ENTRY] = MARK_MASK_ENTRY,
        [USE_ARRIVAL] = MARK_MASK_ARRIVAL,
        [USE_HOLDER] = IN_DELETE,
        [USE_CLOSED] = MARK_MASK_ARRIVAL | IN_ATTRIB,
        [USE_FILE] = MARK_MASK_ENTRY | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_EXCL_UNLINK,
        [USE_ENTRIES] = MARK_MASK_ENTRY | IN_CLOSE_WRITE | IN_EXCL_UNLINK,
        [USE_CONTENT] = IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | MARK_MASK_SELF,
};

struct Mark {
        Marks *marks;
        int wd; /* -1: lost */
        uint32_t mask;
        unsigned n_uses[N_USE_KINDS];
        char *path;
        Use *uses;
};

struct Marks {
        int fd;
        bool wide;         /* some mask holds more than is needed */
        GHashTable *marks; /* of Mark, by wd */
        GHashTable *names; /* the first Use of each mark and name */
};

static unsigned use_hash(const void *data)
{
        const Use *use = data;

        return g_str_hash(use->name) ^ g_direct_hash(use->mark);
}

static gboolean use_equal(const void *a, const void *b)
{
        const Use *x = a, *y = b;

        return x->mark == y->mark && g_str_equal(x->name, y->name);
}

static uint32_t mark_needs(const Mark *mark)
{
        uint32_t mask = 0;

        for (unsigned kind = 0; kind < N_USE_KINDS; kind++)
                if (mark->n_uses[kind] > 0)
                        mask |= use_masks[kind];

        return mask;
}

static bool mark_is_used(const Mark *mark)
{
        for (unsigned kind = 0; kind < N_USE_KINDS; kind++)
                if (mark->n_uses[kind] > 0)
                        return true;

        return false;
}

static Mark *mark_free(Mark *mark)
{
        g_free(mark->path);
        g_free(mark);
        return NULL;
}

/* What the path must lead to. */
static uint32_t kind_flags(UseKind kind)
{
        return IN_DONT_FOLLOW | (kind == USE_CONTENT ? 0 : IN_ONLYDIR);
}

Marks *marks_new(int fd)
{
        Marks *marks = g_new0(Marks, 1);

        marks->fd = fd;
        marks->marks = g_hash_table_new(NULL, NULL);
        marks->names = g_hash_table_new(use_hash, use_equal);
        return marks;
}

Marks *marks_free(Marks *marks)
{
        if (!marks)
                return NULL;

        g_assert(g_hash_table_size(marks->names) == 0);
        g_hash_table_unref(marks->names);
        g_hash_table_unref(marks->marks);
        g_free(marks);
        return NULL;
}

/* Uses without a name are in their mark's own list, the others in that of their name. */
static void use_link(Use *use)
{
        Use *first = use->name ? g_hash_table_lookup(use->mark->marks->names, use) : use->mark->uses;

        if (first) {
                /* Behind the first: the hash table goes on pointing at that one. */
                use->previous = first;
                use->next = first->next;
                first->next = use;
                if (use->next)
                        use->next->previous = use;
        } else if (use->name) {
                g_hash_table_add(use->mark->marks->names, use);
        } else {
                use->mark->uses = use;
        }
}

static void use_unlink(Use *use)
{
        GHashTable *names = use->mark->marks->names;

        if (use->next)
                use->next->previous = use->previous;

        if (use->previous)
                use->previous->next = use->next;
        else if (!use->name)
                use->mark->uses = use->next;
        else if (use->next)
                g_hash_table_replace(names, use->next, use->next);
        else
                g_hash_table_remove(names, use);
}

int marks_use(Marks *marks, const char *path, UseKind kind, const char *name, void *owner, Use *use)
{
        uint32_t mask = use_masks[kind];
        Mark *mark;
        int wd;

        wd = inotify_add_watch(marks->fd, path, mask | kind_flags(kind) | IN_MASK_ADD);
        if (wd < 0)
                return -errno;

        mark = marks_find(marks, wd);
        if (!mark) {
                mark = g_new0(Mark, 1);
                mark->marks = marks;
                mark->wd = wd;
                g_hash_table_insert(marks->marks, GINT_TO_POINTER(wd), mark);
        }

        mark->mask |= mask;
        mark->n_uses[kind]++;
        if (g_strcmp0(mark->path, path) != 0) {
                g_free(mark->path);
                mark->path = g_strdup(path);
        }

        *use = (Use){ .owner = owner, .mark = mark, .kind = kind };
        if (kind == USE_ENTRIES)
                use->name = g_strdup(""); /* no entry is called that */
        else if (kind != USE_SELF && kind != USE_CONTENT)
                use->name = g_strdup(name);

        use_link(use);
        return 0;
}

void use_release(Use *use)
{
        Mark *mark = use->mark;

        if (!mark)
                return;

        use_unlink(use);
        g_free(use->name);
        mark->n_uses[use->kind]--;
        *use = (Use){ 0 };

        if (mark_is_used(mark)) {
                if (mark->mask != mark_needs(mark))
                        mark->marks->wide = true;
                return;
        }

        if (mark->wd >= 0) {
                /* Fails only where the kernel was faster, and has told so. */
                (void) inotify_rm_watch(mark->marks->fd, mark->wd);
                mark_lose(mark);
        }
        mark_free(mark);
}

uint32_t use_mask(const Use *use)
{
        return use_masks[use->kind];
}

Mark *marks_find(const Marks *marks, int wd)
{
        return g_hash_table_lookup(marks->marks, GINT_TO_POINTER(wd));
}

Use *mark_uses(const Mark *mark)
{
        return mark->uses;
}

Use *mark_uses_of_name(const Mark *mark, const char *name)
{
        Use probe = { .mark = (Mark *) mark, .name = (char *) name };

        return g_hash_table_lookup(mark->marks->names, &probe);
}

Use *mark_uses_of_entries(const Mark *mark)
{
        return mark->n_uses[USE_ENTRIES] > 0 ? mark_uses_of_name(mark, "") : NULL;
}

const char *mark_path(const Mark *mark)
{
        return mark->path;
}

void mark_lose(Mark *mark)
{
        g_hash_table_remove(mark->marks->marks, GINT_TO_POINTER(mark->wd));
        mark->wd = -1;
}

void marks_foreach(const Marks *marks, void (*function)(Mark *mark, void *userdata), void *userdata)
{
        GHashTableIter iterator;
        void *mark;

        g_hash_table_iter_init(&iterator, marks->marks);
        while (g_hash_table_iter_next(&iterator, NULL, &mark))
                function(mark, userdata);
}

/* False: the path leads to another inode that is marked, too, and whose mask had to be set right again. */
static bool mark_trim(Mark *mark)
{
        uint32_t mask = mark_needs(mark);
        uint32_t flags = kind_flags(mark->n_uses[USE_CONTENT] > 0 ? USE_CONTENT : USE_SELF);
        Mark *other;
        int wd;

        if (mask == mark->mask)
                return true;

        wd = inotify_add_watch(mark->marks->fd, mark->path, mask | flags);
        if (wd == mark->wd)
                mark->mask = mask;
        if (wd < 0 || wd == mark->wd)
                return true; /* where it was not found, it is on the move: its events come */

        other = marks_find(mark->marks, wd);
        if (!other) {
                (void) inotify_rm_watch(mark->marks->fd, wd);
                return true;
        }

        (void) inotify_add_watch(mark->marks->fd, mark->path, other->mask | flags | IN_MASK_ADD);
        return false;
}

bool marks_trim(Marks *marks)
{
        GHashTableIter iterator;
        bool intact = true;
        void *mark;

        if (!marks->wide)
                return true;

        marks->wide = false;
        g_hash_table_iter_init(&iterator, marks->marks);
        while (g_hash_table_iter_next(&iterator, NULL, &mark))
                intact &= mark_trim(mark);

        return intact;
}
