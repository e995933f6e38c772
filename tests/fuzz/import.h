/*
 * import: a queue with one waiting item, for files of decisions. Whatever they do to it is rolled back.
 */
#ifndef MUSTER_TESTS_FUZZ_IMPORT_H
#define MUSTER_TESTS_FUZZ_IMPORT_H

#include <unistd.h>

#include "fuzz.h"
#include "muster/queue.h"

static struct store *import_store;
static char import_folder[64] = "/tmp/muster-fuzz-XXXXXX";

static void import_remove(void)
{
	static const char *const names[] = {"db", "db-wal", "db-shm", "db.lock"};
	char path[128];
	size_t i;

	store_close(import_store);
	for (i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s/%s", import_folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(import_folder);
}

static void import_open(void)
{
	struct store_file file = {.name = SLICE_LITERAL("a.834"), .kind = STORE_KIND_834, .as_of = DATE_NONE};
	struct store_exception item = {.file_no = 1, .category = CATEGORY_FILE_HOLD, .incoming = SLICE_LITERAL("{}")};
	char path[128];

	FUZZ_CLAIM(mkdtemp(import_folder) != NULL);
	snprintf(path, sizeof(path), "%s/db", import_folder);
	FUZZ_CLAIM(store_open(fuzz_env(), path, STORE_CREATE, &import_store) == 0);
	FUZZ_CLAIM(atexit(import_remove) == 0);
	FUZZ_CLAIM(store_begin(import_store, STORE_WRITE) == 0);
	FUZZ_CLAIM(store_file_add(import_store, &file) == 0);
	FUZZ_CLAIM(store_exception_add(import_store, &item) == 0);
	FUZZ_CLAIM(store_commit(import_store) == 0);
}

/* Claims: the numbers add up; every refused row has its message; a file that is refused decides nothing. */
static void import_try(struct slice content)
{
	struct queue_import_result result = {0};
	struct buffer messages;
	size_t i, lines = 0;
	int r;

	if (import_store == NULL)
		import_open();
	buffer_init(&messages, fuzz_env());
	FUZZ_CLAIM(store_begin(import_store, STORE_WRITE) == 0);
	r = queue_import(import_store, fuzz_env(), "fuzz", content, SLICE_LITERAL("fuzzer"), QUEUE_RELEASE_BY_TWO, &messages, &result);
	store_rollback(import_store);
	FUZZ_CLAIM(r == 0 || r == QUEUE_E_FILE);
	for (i = 0; i < messages.len; i++)
		lines += messages.data[i] == '\n';
	FUZZ_CLAIM(result.rows == result.decided + result.blank + result.refused);
	FUZZ_CLAIM(r == 0 ? lines >= result.refused : lines >= 1 && result.rows == 0);
	FUZZ_CLAIM(result.decided <= 1);
	buffer_fini(&messages);
}

#endif
