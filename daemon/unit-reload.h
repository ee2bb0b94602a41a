/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unit reloads: services that systemd tells of new versions
 *
 * A drop-in may name a unit for its config. The unit is an instance that votes, and what becomes of the job
 * that systemd is asked for after each new version is its report. A version that comes while a job is under
 * way waits for the end of that; of several the last counts. Configs that name the same unit share its jobs,
 * since it reads the files of all: a job that is done has applied what is active of each of them.
 *
 * A unit reads the files by itself. So it is told nothing, and that is the report, while the files of any of
 * its configs are known to hold something else than the active version; it is told once they do not. A save
 * between the job and the unit's own look at the file is beyond what can be kept from it.
 *
 * Where there is no new version (the daemon has just been started, the drop-in names the unit for the first
 * time), nothing is asked for. The unit counts as current then if it is not running, or if its main process
 * was started after the active version was made: it has read that version's files. Otherwise nobody knows,
 * and it is pending until the next version, until it is asked once more, or until it is restarted.
 */
#pragma once

#include "daemon/instance.h"

#include <systemd/sd-bus.h>

typedef struct UnitReloads UnitReloads;

/* All must outlive it; event is the one that the bus is attached to, or is going to be. */
UnitReloads *unit_reloads_new(sd_bus *bus, sd_event *event, Scope scope, Instances *instances);
UnitReloads *unit_reloads_free(UnitReloads *reloads);

/* Makes what the config's drop-in says now true. */
void unit_reloads_update(UnitReloads *reloads, Config *config);
/* The config goes, and the instance with it. */
void unit_reloads_remove_config(UnitReloads *reloads, Config *config);
/* The config has a new version, which everybody else was told of. */
void unit_reloads_add_version(UnitReloads *reloads, Config *config, uint64_t version);
/* Asks once more for what the unit has not applied. */
void unit_reloads_retry(UnitReloads *reloads, Config *config);
/* Its files may hold the active version again. */
void unit_reloads_look_again(UnitReloads *reloads, Config *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(UnitReloads, unit_reloads_free)
