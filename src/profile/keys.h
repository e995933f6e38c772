/*
 * keys: a YAML mapping into a struct, by a table.
 *
 * One row a key: what its value looks like and where it goes. Every fault (unknown key, wrong value, key that muster
 * cannot honour yet) is reported at its place; reading goes on, so that all come in one go.
 */
#ifndef MUSTER_PROFILE_KEYS_H
#define MUSTER_PROFILE_KEYS_H

#include "muster/arena.h"
#include "muster/buffer.h"
#include "muster/yaml.h"

enum key_kind {
	KEY_BOOL,        /* bool */
	KEY_BOOL_NOT,    /* bool: true in the file is false in the struct */
	KEY_INTEGER,     /* int32_t, min..max */
	KEY_TEXT,        /* struct slice of min..max visible ASCII characters */
	KEY_BYTES,       /* uint64_t, "10 GiB", at most max */
	KEY_CHOICE,      /* an enum */
	KEY_CHOICE_BOOL, /* bool: the choice's value is 0 or 1 */
	KEY_TABLE,       /* a mapping of its own: `keys`, with offsets from the same struct */
	KEY_OWN,         /* `read` does it */
	KEY_NODE,        /* const struct yaml_node *: read when all keys are known */
	KEY_LATER        /* known in the field, not supported yet: refused */
};

struct key_choice {
	const char *text; /* NULL ends the list */
	int value;
};

/* Whose text is read, and where complaints go. */
struct key_reader {
	struct arena *arena;
	struct buffer *errors;
	const char *name; /* of the file, for messages */
	struct slice text;
	uint32_t faults;
};

struct key {
	const char *name; /* NULL ends the table */
	enum key_kind kind;
	size_t offset;
	int64_t min, max;
	const struct key_choice *choices;
	const struct key *keys;
	/* 0 or -ENOMEM; faults go through key_fault. */
	int (*read)(struct key_reader *reader, const struct yaml_node *node, void *target);
};

/* Parse reader->text and fill `target` by the table. 0, also with faults (see reader->faults), or -ENOMEM. */
int keys_parse(struct key_reader *reader, const struct key *keys, void *target);
/* Fill `target` from a mapping. The same result. */
int keys_read(struct key_reader *reader, const struct key *keys, const struct yaml_node *mapping, void *target);
/* Complain at the value of `node`. */
void key_fault(struct key_reader *reader, const struct yaml_node *node, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* Complain at its key. */
void key_fault_at_key(struct key_reader *reader, const struct yaml_node *node, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The values of a choice list, as "a, b or c". 0 or -ENOMEM (data NULL). */
struct slice key_choices_text(struct arena *arena, const struct key_choice *choices);

#endif
