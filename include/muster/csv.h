/*
 * csv: RFC 4180, in and out.
 *
 * Reading keeps line and column of every field for errors; empty lines are no records. Writing guards free text of
 * partners against being taken for a formula: a leading = + - @ (also full-width, also after quotes or blanks), tab,
 * CR, LF or NUL gets a leading ' which reading of guarded columns strips; `'t Hooft` stays as it is.
 *
 * Source    CONTRACT section 5 (guard), reference/security section 5 (what exactly is stripped).
 */
#ifndef MUSTER_CSV_H
#define MUSTER_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "muster/buffer.h"
#include "muster/limits.h"

struct csv_field {
	struct slice text;    /* unquoted; borrowed until the next record */
	uint32_t line, column; /* where it starts, 1-based; column counts bytes */
};

struct csv_reader {
	struct slice input; /* the whole file, borrowed */
	size_t at;
	uint32_t line, column;
	struct buffer unquoted;
	struct csv_field fields[LIMIT_CSV_FIELDS];
	uint32_t field_count;
	uint32_t record_line;    /* where the current record starts */
	const char *error;       /* why csv_reader_next returned CSV_E_SYNTAX; static */
	uint32_t error_line, error_column;
};

enum { CSV_E_END = 1, CSV_E_SYNTAX = 2 };

/* A UTF-8 byte-order mark at the start is skipped. */
void csv_reader_init(struct csv_reader *reader, struct env *env, struct slice input);
void csv_reader_fini(struct csv_reader *reader);
/*
 * Next record into `fields`. 0, CSV_E_END, CSV_E_SYNTAX, -ENOMEM. After CSV_E_SYNTAX `error` and its position are set
 * and reading goes on at the line after that position; for a quoted field without end that is its opening quote, so
 * that a stray quote costs one line and not the rest of the file.
 */
int csv_reader_next(struct csv_reader *reader);

/* One value: quoted where RFC 4180 needs it. `first` true: no comma before. */
void csv_add(struct buffer *out, bool first, struct slice value);
/* The same with the formula guard: for names, addresses, values, reasons. */
void csv_add_guarded(struct buffer *out, bool first, struct slice value);
void csv_end_record(struct buffer *out);
/* Undo csv_add_guarded's mark. */
struct slice csv_unguard(struct slice value);

#endif
