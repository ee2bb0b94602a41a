/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Marks: inodes that are watched, each once, for many users
 *
 * A mark is one inode of one inotify instance (a "watch descriptor"). Whoever is interested in it holds a
 * use: in the inode as such, or in one name of a directory. The mask of a mark is what its uses need
 * together, so that a directory that is only passed through wakes nobody when files in it change. Uses of
 * names are found by a hash, so an event costs the same for one watched name in a directory as for
 * thousands.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum UseKind {
        USE_SELF,    /* the inode being moved or removed */
        USE_ENTRY,   /* a name that stands for a link or directory */
        USE_ARRIVAL, /* a name that is not there yet */
        USE_HOLDER,  /* a name that stands for a directory which may be removed while in use */
        USE_CLOSED,  /* a name that may not be looked up: a change of access rights may help */
        USE_FILE,    /* a name that stands for a file whose content matters */
        USE_ENTRIES, /* all names */
        USE_CONTENT, /* the inode's own content: for a file that is a mount of its own */
        N_USE_KINDS,
} UseKind;

typedef struct Mark Mark;
typedef struct Marks Marks;
typedef struct Use Use;

struct Use {
        void *owner;
        Mark *mark; /* NULL: not in use */
        char *name; /* NULL for the inode as such */
        UseKind kind;
        Use *previous, *next; /* uses of the same mark and name */
};

/* Works on an inotify instance that must outlive it. */
Marks *marks_new(int fd);
Marks *marks_free(Marks *marks);

/*
 * Fills in *use, which must stay where it is until it is released. The path's last name is not followed if
 * it is a link. name is what the kinds that are about one name mean. Negative errno where the inode cannot
 * be watched.
 */
int marks_use(Marks *marks, const char *path, UseKind kind, const char *name, void *owner, Use *use);
void use_release(Use *use);
/* The inotify events that a use is about. */
uint32_t use_mask(const Use *use);

/* NULL where there is none (any longer): an event for what was given up. */
Mark *marks_find(const Marks *marks, int wd);
/* Lists of uses to follow by next: of the inode as such, of one name, of all names. May be NULL. */
Use *mark_uses(const Mark *mark);
Use *mark_uses_of_name(const Mark *mark, const char *name);
Use *mark_uses_of_entries(const Mark *mark);
/* Where the inode was found when it was marked last. */
const char *mark_path(const Mark *mark);
/* The kernel has given the mark up: it is not found any more, its uses are of no avail. */
void mark_lose(Mark *mark);
/* Calls a function with each mark. */
void marks_foreach(const Marks *marks, void (*function)(Mark *mark, void *userdata), void *userdata);

/*
 * Takes back what masks hold beyond what is needed now. False: another inode was in a mark's place, and
 * events of it may have been lost; treat it as an overflow.
 */
bool marks_trim(Marks *marks);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Marks, marks_free)
