/*
 * histories: made-up years of an invented plan: who is on file at the beginning, and the files of its nights.
 *
 * All comes from one seed. The maker knows what the database says by then (struct made_world.known), so that its dates
 * and plans often are those on file, or just beside them; what muster does with a record it does not know.
 */
#ifndef MUSTER_TESTS_HISTORIES_H
#define MUSTER_TESTS_HISTORIES_H

#include "muster/arena.h"
#include "muster/buffer.h"
#include "muster/member.h"
#include "muster/money.h"

#define MADE_FAMILIES 6u  /* the last two are not on file at the beginning */
#define MADE_ON_FILE 4u
#define MADE_RELATIVES 4u /* subscriber, spouse, children */
#define MADE_NIGHTS 5u

struct made_person {
	uint32_t family;
	bool is_there, is_subscriber;
	const char *relationship;
	char member_id[8];     /* empty: not on file at the beginning */
	char subscriber_id[8];
	char last_name[16], former_last_name[16]; /* the former one while it has not been sent */
	const char *first_name;
	char ssn[12];
	char birth[12];        /* CCYYMMDD */
	char sex;
};

/* A file: records by family, to be put together in any order; or a remittance, whose lines stay as they are. */
struct made_file {
	date_day today;
	uint32_t control;
	bool full, payment;
	struct slice lines;   /* of a remittance */
	cents paid, in_lines; /* BPR02, and what its lines come to: mostly the same */
	const char *group_id;
	struct slice records[MADE_FAMILIES][MADE_RELATIVES]; /* empty: none */
	uint32_t record_count;
};

struct made_world {
	uint64_t random_state;
	struct arena *arena;
	struct env *env;
	struct made_person people[MADE_FAMILIES][MADE_RELATIVES];
	const struct member *const *known; /* who is on file now, with his spans */
	uint32_t known_count;
};

/* 0 .. count - 1 */
uint32_t made_pick(struct made_world *world, uint32_t count);
void made_begin(struct made_world *world, uint64_t seed);
/* Spans of somebody on file at the beginning; the caller's array of two. Their number. */
uint32_t made_first_spans(struct made_world *world, const struct made_person *person, struct coverage_span spans[2]);
void made_night(struct made_world *world, uint32_t night, struct made_file *ret_file);
/* The bytes. `order` NULL: as made; else a seed by which families, and records in them, are put in another order. */
void made_bytes(const struct made_file *file, const uint64_t *order, struct buffer *out);

#endif
