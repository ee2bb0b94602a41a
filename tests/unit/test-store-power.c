/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the store in a process that is killed, and on a machine that loses power
 *
 * What survives the first is all that was told; what survives the second may be less, but is whole, and no
 * number comes back.
 */
#include "tests/support/faulty-disk.h"
#include "tests/support/store-scene.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Adds versions that say their number, and tells each of them, until it is killed. */
static void add_until_killed(const char *directory, int fd)
{
        Store *store = store_scene_open(directory);
        g_autoptr(Version) active = NULL;
        uint64_t next = 1;

        assert_no_failure(store_load_active(store, "app", &active));
        if (active)
                next = active->number + 1;
        for (;; next++) {
                g_autofree char *content = g_strdup_printf("number: %" G_GUINT64_FORMAT "\n", next);
                uint64_t number = add_content(store, "app", content);

                if (write(fd, &number, sizeof(number)) != sizeof(number))
                        _exit(1);
                tidy_up(store, "app", 5);
        }
}

static uint64_t read_numbers(int fd, unsigned count)
{
        uint64_t number = 0, next;

        /* The last ones may come after the kill. */
        while (count-- > 0 && read(fd, &next, sizeof(next)) == sizeof(next)) {
                g_assert_cmpuint(next, >, number);
                number = next;
        }
        return number;
}

/* What was told is there, at most one more, no gap, each with its bytes. Gives the newest number. */
static uint64_t assert_survived(const char *directory, uint64_t told)
{
        g_autoptr(Store) store = store_scene_open(directory);
        g_autoptr(GPtrArray) versions = NULL;
        const Version *newest;

        assert_no_failure(store_list_versions(store, "app", &versions));
        g_assert_cmpuint(versions->len, >, 0);
        g_assert_cmpuint(versions->len, <=, 7);
        newest = g_ptr_array_index(versions, 0);
        g_assert_cmpuint(newest->number, >=, told);
        g_assert_cmpuint(newest->number, <=, told + 1);
        for (unsigned i = 0; i < versions->len; i++) {
                const Version *version = g_ptr_array_index(versions, i);
                g_autofree char *content =
                                g_strdup_printf("number: %" G_GUINT64_FORMAT "\n", version->number);

                g_assert_cmpuint(version->number, ==, newest->number - i);
                g_assert_cmpint(version->state, ==, i == 0 ? VERSION_ACTIVE : VERSION_SUPERSEDED);
                assert_layers(store, "app", version->number, content);
        }
        return newest->number;
}

static void test_killed(StoreScene *scene, const void *data)
{
        uint64_t newest = 0;

        for (unsigned round = 0; round < 20; round++) {
                int pipe_fds[2], status;
                uint64_t told, rest;
                pid_t pid;

                g_assert_cmpint(pipe(pipe_fds), ==, 0);
                pid = fork();
                g_assert_cmpint(pid, >=, 0);
                if (pid == 0)
                        add_until_killed(scene->directory, pipe_fds[1]);

                (void) close(pipe_fds[1]);
                told = read_numbers(pipe_fds[0], (unsigned) g_test_rand_int_range(1, 100));
                g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
                rest = read_numbers(pipe_fds[0], UINT_MAX);
                told = MAX(told, rest);
                g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
                g_assert_true(WIFSIGNALED(status));
                g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
                (void) close(pipe_fds[0]);

                g_assert_cmpuint(told, >, newest);
                newest = assert_survived(scene->directory, told);
        }
}

/* What power cuts may not take back: numbers that were given. */
typedef struct World {
        const StoreScene *scene;
        char *directory;
        Store *store;
        uint8_t boot;
        uint64_t given[2];
} World;

static const char *const world_configs[] = { "app", "other" };

static void world_lose_power(World *world)
{
        g_autofree char *target = g_build_filename(world->scene->root, "power-XXXXXX", NULL);

        g_assert_nonnull(g_mkdtemp(target));
        disk_cut_power(world->directory, target);
        world->store = store_close(world->store);
        g_free(world->directory);
        world->directory = g_steal_pointer(&target);

        disk_begin_memory(world->directory);
        world->store = store_scene_open_in_boot(world->directory, ++world->boot);
}

static void world_check(World *world, size_t index)
{
        const char *config = world_configs[index];
        g_autoptr(GPtrArray) versions = NULL;
        uint64_t number;

        assert_no_failure(store_list_versions(world->store, config, &versions));
        for (unsigned i = 0; i < versions->len; i++) {
                const Version *version = g_ptr_array_index(versions, i);
                g_autofree char *content = g_strdup_printf("%s: %" G_GUINT64_FORMAT "\n", config,
                                                           version->from_version);

                g_assert_cmpuint(version->number, <=, world->given[index]);
                assert_layers(world->store, config, version->number, content);
        }
        number = 0;
        if (versions->len > 0)
                number = ((Version *) g_ptr_array_index(versions, 0))->number;
        g_assert_cmpuint(number, <=, world->given[index]);
}

static void world_add(World *world, size_t index)
{
        static uint64_t count;
        g_autofree char *content =
                        g_strdup_printf("%s: %" G_GUINT64_FORMAT "\n", world_configs[index], ++count);
        g_autoptr(Version) version = version_of(content, NULL);

        version->from_version = count;
        assert_no_failure(
                        store_add_version(world->store, world_configs[index], version, VERSION_SUPERSEDED));
        g_assert_cmpuint(version->number, >, world->given[index]);
        world->given[index] = version->number;
}

static void world_step(World *world)
{
        size_t index = (size_t) g_test_rand_int_range(0, 2);

        switch (g_test_rand_int_range(0, 40)) {
        case 0:
                assert_no_failure(store_forget(world->store, world_configs[index]));
                break;
        case 1:
                world->store = store_close(world->store);
                world->store = store_scene_open_in_boot(world->directory, world->boot);
                break;
        case 2:
                world_lose_power(world);
                world_check(world, 0);
                world_check(world, 1);
                break;
        case 3 ... 12:
                tidy_up(world->store, world_configs[index], 4);
                break;
        default:
                world_add(world, index);
        }
}

static void test_power_cuts(StoreScene *scene, const void *data)
{
        World world = { .scene = scene, .directory = g_strdup(scene->directory), .boot = 1 };

        disk_begin_memory(world.directory);
        world.store = store_scene_open_in_boot(world.directory, world.boot);
        for (unsigned i = 0; i < 3000; i++)
                world_step(&world);
        g_assert_cmpuint(world.boot, >, 10);
        g_assert_cmpuint(world.given[0], >, 100);
        world.store = store_close(world.store);
        g_free(world.directory);
        disk_end_memory();
}

/* A version that was told of with a sync is there whatever happens. */
static void test_synced(StoreScene *scene, const void *data)
{
        World world = { .scene = scene, .directory = g_strdup(scene->directory), .boot = 1 };
        Intent intent;

        disk_begin_memory(world.directory);
        world.store = store_scene_open_in_boot(world.directory, world.boot);
        for (unsigned i = 0; i < 20; i++) {
                g_autoptr(GPtrArray) registrations = NULL;

                world_add(&world, 0);
                assert_no_failure(store_save_intent(
                                world.store, "app",
                                &(Intent){ .number = world.given[0], .origin = ORIGIN_ROLLBACK }));
                assert_no_failure(store_scene_register(world.store, "new"));
                world_lose_power(&world);
                assert_no_failure(store_load_intent(world.store, "app", &intent));
                g_assert_cmpuint(intent.number, ==, world.given[0]);
                world_check(&world, 0);
                assert_no_failure(store_list_registrations(world.store, &registrations));
                g_assert_cmpuint(registrations->len, ==, 1);

                assert_no_failure(store_save_intent(world.store, "app", NULL));
                assert_no_failure(store_remove_registration(world.store, "new"));
                world_lose_power(&world);
                assert_no_failure(store_load_intent(world.store, "app", &intent));
                g_assert_cmpuint(intent.number, ==, 0);
        }
        world.store = store_close(world.store);
        g_free(world.directory);
        disk_end_memory();
}

/* What is about to be written over in its file is nowhere else. */
static void test_rejected(StoreScene *scene, const void *data)
{
        World world = { .scene = scene, .directory = g_strdup(scene->directory), .boot = 1 };

        disk_begin_memory(world.directory);
        world.store = store_scene_open_in_boot(world.directory, world.boot);
        for (unsigned i = 0; i < 20; i++) {
                g_autofree char *content = g_strdup_printf("bad: %u\n", i);
                g_autoptr(Version) version = version_of(content, NULL);

                world_add(&world, 0);
                version->state = VERSION_REJECTED;
                assert_no_failure(store_add_version(world.store, "app", version, VERSION_SUPERSEDED));
                world.given[0] = version->number;
                world_lose_power(&world);
                assert_layers(world.store, "app", version->number, content);
        }
        world.store = store_close(world.store);
        g_free(world.directory);
        disk_end_memory();
}

/* By the bytes of the version that is to go it is told whether somebody has saved since. */
static void test_replaced_on_trial(StoreScene *scene, const void *data)
{
        World world = { .scene = scene, .directory = g_strdup(scene->directory), .boot = 1 };

        disk_begin_memory(world.directory);
        world.store = store_scene_open_in_boot(world.directory, world.boot);
        for (unsigned i = 0; i < 20; i++) {
                g_autofree char *content = g_strdup_printf("again: %u\n", i);
                g_autoptr(Version) tried = version_of("tried: 1\n", NULL);
                g_autoptr(Version) again = version_of(content, NULL);
                Intent intent = { .origin = ORIGIN_TIMEOUT, .deadline = 1 };

                world_add(&world, 0);
                intent.number = world.given[0];
                assert_no_failure(store_add_version_on_trial(world.store, "app", tried, VERSION_SUPERSEDED,
                                                             &intent));
                world.given[0] = again->number = tried->number;
                assert_no_failure(store_replace_content(world.store, "app", again));
                world_lose_power(&world);
                assert_layers(world.store, "app", tried->number, content);
        }
        world.store = store_close(world.store);
        g_free(world.directory);
        disk_end_memory();
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        disk_install();
        store_scene_add("/store-power/killed", test_killed, NULL);
        store_scene_add("/store-power/power-cuts", test_power_cuts, NULL);
        store_scene_add("/store-power/synced", test_synced, NULL);
        store_scene_add("/store-power/rejected", test_rejected, NULL);
        store_scene_add("/store-power/replaced-on-trial", test_replaced_on_trial, NULL);
        return g_test_run();
}
