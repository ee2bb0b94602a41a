/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: what its parts share, and the seam for tests
 *
 * The store keeps nothing in memory about a config: each question is answered by the database, whose hottest
 * pages are cached.
 */
#pragma once

#include "daemon/store/database.h"
#include "daemon/store/store.h"

#include <systemd/sd-id128.h>

/* Numbers reserved at a time. */
#define STORE_NUMBERS_BLOCK 64

struct Store {
        Database *database;
        char *epoch;
        char *volatile_directory; /* NULL where the database is in its place */
        sd_id128_t boot;
        int checkpoint; /* what became of the last */
};

/* Where the numbers of a config stand. */
typedef struct Numbers {
        int64_t config;    /* id; 0: the name was never seen */
        uint64_t next;     /* to be given next */
        uint64_t reserved; /* the first that may not be given without reserving more */
} Numbers;

/* As store_open(), in a boot of one's choice. */
Failure *store_open_in_boot(const char *directory, sd_id128_t boot, Store **ret, char **ret_set_aside);

/* True for NULL, and for text that can go on the bus one day. What is not must not be recorded. */
bool store_text_is_valid(const char *text);

int numbers_load(Store *store, const char *config, Numbers *ret);
uint64_t numbers_left(const Numbers *numbers);
/*
 * Moves the end of what is reserved to a block beyond the next number, and makes the row of a name never
 * seen. For transactions of full durability.
 */
int numbers_reserve(Store *store, const char *config, Numbers *numbers);

/* The same for all configs that have versions, where less than half a block is left. */
int numbers_reserve_all(Store *store);
/* Gives back what this boot reserved and did not use, of all configs. Likewise. */
int numbers_give_back(Store *store);

/* The next number outlives the versions that tell it: to be called in the transaction that deletes any. */
int numbers_keep(Store *store, const Numbers *numbers);

/* In a transaction. *ret_found is false where there is no such version. */
int intent_save(Store *store, const char *config, const Intent *intent, bool *ret_found);
int intent_delete(Store *store, const char *config);

/* In a transaction: one more entry; those go that are too many. */
int audit_add(Store *store, const AuditEntry *entry);
int audit_prune(Store *store);

/* The layers alone; the version still says that it has them. */
int version_delete_layers(Store *store, int64_t config, uint64_t number);
/* SHA-256 of the version's bytes, in hex. */
int version_compute_digest(Store *store, const char *config, uint64_t number, char **ret);
int version_save_digest(Store *store, const char *config, uint64_t number, const char *digest);
