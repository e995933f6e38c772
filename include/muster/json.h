/*
 * json: writing JSON, one value after the other.
 *
 * A writer over a buffer that puts the commas. Text is escaped; bytes that are not UTF-8 are written as U+FFFD.
 * Keys are our own literals. Numbers are integers; decimals are passed as text by the caller (money, confidence).
 */
#ifndef MUSTER_JSON_H
#define MUSTER_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/arena.h"
#include "muster/buffer.h"

struct json {
	struct buffer *out;
	bool need_comma;
	int indent; /* -1: one line */
	int depth;
};

void json_init(struct json *json, struct buffer *out, bool pretty);
/* `key` NULL inside arrays and at the top. */
void json_object_begin(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_text(struct json *json, const char *key, struct slice value);
/* Empty text becomes null. */
void json_text_or_null(struct json *json, const char *key, struct slice value);
void json_u64(struct json *json, const char *key, uint64_t value);
void json_i64(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);
/* A number already in JSON's form. */
void json_raw(struct json *json, const char *key, struct slice number);
/* The escaped text with its quotes, by itself. */
void json_escape(struct buffer *out, struct slice value);

/*
 * Reading back what this writer wrote (columns of the database). Values are found by walking the text; nothing is
 * built. A value is a slice of that text: a text with its quotes, an object with its braces. Text that is not JSON
 * holds nothing, and never leads outside of its slice.
 */

/* The value of a key of an object. False when there is no such key. */
bool json_find(struct slice object, const char *key, struct slice *ret_value);
/* The next value of an array. *at is 0 before the first; false behind the last. */
bool json_next(struct slice array, size_t *at, struct slice *ret_value);
/* A text without quotes and escapes, in `arena`; null as empty; another value as it stands. data NULL = no memory. */
struct slice json_decode(struct arena *arena, struct slice value);

#endif
