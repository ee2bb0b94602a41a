/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File walk: the way to a file, one name at a time, and who could lead it elsewhere
 *
 * A path is a promise of whoever owns the links on it: they may point at something else the next moment. So
 * is it of whoever owns a directory on it: what lies there, also what is not his, he can give another name.
 * So root, which can open everything, asks before it reads or writes behind a link of somebody else whether
 * they could have gone there themselves, and in somebody else's directory, of a file that is not theirs,
 * whether they could read it. The descriptors stay with what was asked about, however its path is changed
 * afterwards.
 *
 * Links are followed by their text alone, those of /proc/PID too, and nothing at the end is opened: neither
 * a FIFO nor a device can hang or happen. May block where a file system does.
 *
 * Limits: what can be had through a supplementary group of a link's owner only counts as what he may not; of
 * a directory's owner, the directory's group is taken for one of his. Who may write to a directory by its
 * group or an access list is not asked about.
 */
#pragma once

#include "daemon/model/failure.h"

#include <stdbool.h>
#include <sys/stat.h>

#define FILE_WALK_MAX_LEADERS 4U

/* Somebody, neither root nor ourselves, who could lead the way elsewhere. */
typedef struct FileWalkLeader {
        uid_t uid;
        gid_t gid;     /* of a directory of his */
        bool has_link; /* and not only directories */
} FileWalkLeader;

typedef struct FileWalk {
        int directory; /* which the last name stands in, behind all links; O_PATH */
        char *name;    /* that last name */
        int file;      /* what it is, O_PATH; -1 where there is nothing of that name */
        struct stat status;
        FileWalkLeader leaders[FILE_WALK_MAX_LEADERS];
        unsigned n_leaders;
} FileWalk;

typedef enum FileWalkPurpose {
        FILE_WALK_READ,
        FILE_WALK_WRITE, /* also where nothing is there yet */
} FileWalkPurpose;

/*
 * Negative errno: of a directory on the way, -ELOOP for too many links, -EMLINK for too many leaders.
 * What was found is to be cleared by file_walk_clear(), which also takes what is all zero but the
 * descriptors, of -1. That is what there is after an error, but for the leaders met until then.
 */
int file_walk(const char *path, FileWalk *ret);
void file_walk_clear(FileWalk *walk);

/*
 * Whether all who have a hand in the way could go it and do this at its end. Of a walk that failed since
 * something is not there, whether they could see that. For anybody but root that is no question. Else
 * -EPERM, with the user in *ret_uid.
 */
int file_walk_check(const FileWalk *walk, const char *path, FileWalkPurpose purpose, uid_t *ret_uid);

/* Opens the regular file that was found, for reading; negative errno. */
int file_walk_open(const FileWalk *walk);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FileWalk, file_walk_clear)
