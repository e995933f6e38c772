/*
 * memory: SQLite's small blocks, kept for the next use.
 *
 * A statement takes and gives back a block for each cursor and each text that it reads: some sixty a record. Debian's
 * SQLite has no store of its own for them (OMIT_LOOKASIDE), and the system's allocator takes its time. Blocks are the
 * system's; those that are given back wait in lists by their size, one set of lists a thread.
 */
#include <stddef.h>

#include "store_internal.h"

#define STEP_BYTES 32
/* Longer ones are seldom, and go back at once. */
#define STEPS_MAX 40
/* A list holds no more than one statement of many columns gives back. */
#define SPARE_MAX 64

struct spare {
	struct spare *next;
};
struct spare_list {
	struct spare *first;
	int count;
};

static sqlite3_mem_methods system_memory;
static _Thread_local struct spare_list spares[STEPS_MAX + 1];

static int memory_roundup(int bytes)
{
	return bytes <= STEPS_MAX * STEP_BYTES ? (bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES
					       : system_memory.xRoundup(bytes);
}

static void *memory_get(int bytes)
{
	struct spare_list *list;
	struct spare *block;

	if (bytes > STEPS_MAX * STEP_BYTES)
		return system_memory.xMalloc(bytes);
	bytes = memory_roundup(bytes);
	list = &spares[bytes / STEP_BYTES];
	block = list->first;
	if (block == NULL)
		return system_memory.xMalloc(bytes);
	list->first = block->next;
	list->count--;
	return block;
}

/* A block may be somewhat longer than was asked for: it serves for what surely fits. */
static void memory_put(void *data)
{
	struct spare *block = data;
	int steps = system_memory.xSize(data) / STEP_BYTES;

	if (steps == 0 || steps > STEPS_MAX || spares[steps].count == SPARE_MAX) {
		system_memory.xFree(data);
		return;
	}
	block->next = spares[steps].first;
	spares[steps].first = block;
	spares[steps].count++;
}

void store_keep_memory(void)
{
	sqlite3_mem_methods methods;

	/* A second time SQLite, if it is not in use yet, would give us our own. */
	if (system_memory.xMalloc != NULL || sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory) != SQLITE_OK)
		return;
	methods = system_memory;
	methods.xMalloc = memory_get;
	methods.xFree = memory_put;
	methods.xRoundup = memory_roundup;
	(void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}
