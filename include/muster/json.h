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

#endif
