/*
 * load: the plan's own records from CSV files into the database.
 *
 * Each call loads one file in one database transaction: lines without a fault are upserted, each bad line is reported
 * with its line and column and left out. Loading a file again changes nothing.
 *
 * Columns   as CONTRACT section 3; in any order, a column that is not named there refuses the whole file. Columns that
 *           the header leaves out keep what is stored. In members a blank value says nothing (what is stored stays)
 *           but for ends_on, where it means "open"; in the other files a blank value means "none".
 * Members   several lines of one member are several coverages; a line whose group, plan and begins_on are those of a
 *           stored coverage sets its end, tier and cobra mark. What two lines say of one person must agree. A
 *           dependent's subscriber may stand anywhere in the file, or in the database.
 * Order     no open transaction when called. Ends with a checkpoint where nobody else is writing.
 * Errors    <0 our machine: nothing of the file was loaded. LOAD_E_HEADER: nothing either.
 * Source    CONTRACT section 3; codes: 834-005010X220A1 D1, D3, D4; placeholders: matching section 4.
 */
#ifndef MUSTER_LOAD_H
#define MUSTER_LOAD_H

#include "muster/store.h"

enum load_result {
	LOAD_E_HEADER = 1 /* no header line, an unknown or doubled column, a required one missing; reported */
};

struct load_fault {
	const char *name;      /* of the file, as given */
	uint32_t line, column; /* 1-based; column in bytes */
	bool warning;          /* the line was loaded nevertheless */
	const char *message;   /* without values of SSNs; bytes of the file are shown escaped */
};
typedef void (*load_fault_fn)(void *context, const struct load_fault *fault);

/* Lines by what became of them: lines = added + changed + unchanged + refused. */
struct load_counts {
	uint64_t lines;
	uint64_t added;     /* a new row; members: a new person or a new coverage */
	uint64_t changed;
	uint64_t unchanged;
	uint64_t refused;
};

/* `name` is for reports and the audit trail; `csv` the whole content, borrowed. 0, LOAD_E_HEADER, or <0. */
int load_groups(struct store *store, const char *name, struct slice csv, load_fault_fn fault, void *context,
                struct load_counts *ret_counts);
int load_plans(struct store *store, const char *name, struct slice csv, load_fault_fn fault, void *context,
               struct load_counts *ret_counts);
int load_brokers(struct store *store, const char *name, struct slice csv, load_fault_fn fault, void *context,
                 struct load_counts *ret_counts);
int load_members(struct store *store, const char *name, struct slice csv, load_fault_fn fault, void *context,
                 struct load_counts *ret_counts);

#endif
