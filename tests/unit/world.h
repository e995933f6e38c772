/*
 * world: what unit tests share: a real env, an empty folder that goes away again, and files in it.
 *
 * Include after cmocka.h. One struct world a test program, made by world_setup, removed by world_teardown.
 */
#ifndef MUSTER_TESTS_WORLD_H
#define MUSTER_TESTS_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "muster/arena.h"
#include "muster/env.h"
#include "muster/hash.h"
#include "muster/io.h"

struct world {
	struct env env;
	struct arena paths;
	char folder[256];
};

static struct world world;

__attribute__((unused)) static int world_setup(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	if (hash_setup() != 0)
		return -1;
	env_real_init(&world.env);
	arena_init(&world.paths, &world.env, 0, 0);
	snprintf(world.folder, sizeof(world.folder), "%s/muster-test-XXXXXX", parent != NULL ? parent : "/tmp");
	return mkdtemp(world.folder) != NULL ? 0 : -1;
}

static void world_remove(const char *path)
{
	char **names, inner[4096];
	size_t count, i;

	if (env_list(&world.env, path, &names, &count) == 0) {
		for (i = 0; i < count; i++) {
			snprintf(inner, sizeof(inner), "%s/%s", path, names[i]);
			world_remove(inner);
		}
		env_free(&world.env, names);
		(void)rmdir(path);
	}
	(void)unlink(path);
}

__attribute__((unused)) static int world_teardown(void **state)
{
	(void)state;
	world_remove(world.folder);
	arena_fini(&world.paths);
	return 0;
}

/* A path in the folder; good until the end of the program. */
__attribute__((unused)) static const char *world_path(const char *name)
{
	return arena_printf(&world.paths, "%s/%s", world.folder, name).data;
}

/* What a plan's files became: a new database beside the originals of another one would count on from their numbers. */
__attribute__((unused)) static void world_forget_files(void)
{
	static const char *const folders[] = {"work", "done", "held", "rejected", "out"};
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		world_remove(world_path(folders[i]));
}

/* A file with this content; its path. */
__attribute__((unused)) static const char *world_file(const char *name, struct slice content)
{
	const char *path = world_path(name);

	assert_int_equal(io_publish(&world.env, path, content), 0);
	return path;
}

#endif
