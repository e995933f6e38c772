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

#include "muster/env.h"
#include "muster/hash.h"
#include "muster/io.h"

struct world {
	struct env env;
	char folder[256];
	char path[8][512]; /* the last eight paths asked for */
	unsigned paths;
};

static struct world world;

__attribute__((unused)) static int world_setup(void **state)
{
	const char *parent = getenv("TMPDIR");

	(void)state;
	if (hash_setup() != 0)
		return -1;
	env_real_init(&world.env);
	snprintf(world.folder, sizeof(world.folder), "%s/muster-test-XXXXXX", parent != NULL ? parent : "/tmp");
	return mkdtemp(world.folder) != NULL ? 0 : -1;
}

static void world_remove(const char *path)
{
	char **names, inner[1024];
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
	return 0;
}

/* A path in the folder; good until the eighth next call. */
__attribute__((unused)) static const char *world_path(const char *name)
{
	char *path = world.path[world.paths++ % 8];

	snprintf(path, sizeof(world.path[0]), "%s/%s", world.folder, name);
	return path;
}

/* A file with this content; its path. */
__attribute__((unused)) static const char *world_file(const char *name, struct slice content)
{
	const char *path = world_path(name);

	assert_int_equal(io_publish(&world.env, path, content), 0);
	return path;
}

#endif
