/*
 * table: a CSV file as a table of known columns, its values checked and put into a struct.
 *
 * The columns of a file are described once, each with its kind and its place in the struct of a line. Everything
 * that can be wrong with a value by itself is found here; what is wrong with a line as a whole is its loader's.
 */
#ifndef MUSTER_LOAD_TABLE_H
#define MUSTER_LOAD_TABLE_H

#include "muster/csv.h"
#include "muster/load.h"

/* What a column holds, and the type of its field. */
enum column_kind {
	COLUMN_ID,       /* struct slice; printable, no guard */
	COLUMN_TEXT,     /* struct slice; printable, guard stripped */
	COLUMN_CODE,     /* struct slice; one of `words` */
	COLUMN_WORD,     /* unsigned: the index in `words` */
	COLUMN_SSN,      /* struct slice; nine digits, also with dashes; never shown; placeholders become empty */
	COLUMN_SEX,      /* char */
	COLUMN_DATE,     /* date_day */
	COLUMN_END_DATE, /* date_day; the dates that mean "no end" become DATE_NONE */
	COLUMN_MONEY,    /* cents, not negative */
	COLUMN_PERCENT,  /* int32_t, percent x 10,000 */
	COLUMN_NUMBER,   /* int within min..max */
	COLUMN_FLAG      /* bool; 0 or 1 */
};

struct table_column {
	const char *name;
	enum column_kind kind;
	bool required;
	size_t offset;            /* of its field in the line's struct */
	const char *const *words; /* NULL-terminated */
	int min, max;
};

#define TABLE_COLUMNS_MAX 32u

struct loader;
/*
 * Write a line that has no fault of its own, and count it. 0, <0, or LOAD_LINE_LATER: it may fit once the rest of the
 * file was read; then it comes again, at last with `last_chance`, when it must be refused.
 */
enum { LOAD_LINE_LATER = 1 };
typedef int (*load_line_fn)(struct loader *loader, void *line, bool last_chance);

struct table {
	const char *what;    /* "groups": for the audit trail */
	const struct table_column *columns;
	uint32_t column_count;
	const void *blank;   /* a line in which nothing is said */
	size_t line_bytes;
	load_line_fn put;
};

struct loader {
	struct store *store;
	const struct table *table;
	const char *name;
	struct slice csv;
	load_fault_fn fault;
	void *context;
	struct load_counts counts;
	struct csv_reader reader;
	int field_of[TABLE_COLUMNS_MAX]; /* by column: its field, -1 = not in the header */
	uint32_t field_count;            /* of the header */
	uint32_t given;                  /* bit by column: the line says something there */
	bool refused;                    /* the line in hand has a fault */
	struct arena arena;              /* for a line's length */
	char ssn[10];
	void *own;                       /* of the one who loads */
};

/* A fault of the line in hand, at this column of the table (-1: the line as a whole). */
void loader_refuse(struct loader *loader, int column, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The index of a column. The name must be one. */
int loader_column(const struct loader *loader, const char *name);
bool loader_is_given(const struct loader *loader, int column);
/* Fields of columns that the header does not have: as in `stored`. */
void loader_keep_absent(const struct loader *loader, void *line, const void *stored);
/* Count a line by what its put did. */
void loader_count(struct loader *loader, enum store_put put);

/* The field of one column: taken over, compared, and asked whether it is as in a blank line. */
void table_copy(const struct table_column *column, void *to, const void *from);
bool table_is_equal(const struct table_column *column, const void *a, const void *b);

/* Load a whole file. `line` is room for one line's struct. */
int load_run(struct loader *loader, void *line, struct load_counts *ret_counts);

#endif
