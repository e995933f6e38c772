/*
 * audit: the trail that nothing can change unseen.
 *
 * Row n holds SHA-256 over the hash of row n - 1 and its own content, each part led by its length so that no two
 * contents read the same. Triggers refuse UPDATE and DELETE; whoever goes round them breaks the chain.
 */
#include <string.h>

#include "store_internal.h"

#define AUDIT_COLUMNS "audit_no, at_ms, actor, kind, subject, text, payload, chain"

static void add_number(struct hash_state *state, uint64_t number)
{
	uint8_t bytes[8];
	int i;

	for (i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	hash_update(state, bytes, sizeof(bytes));
}

static void add_text(struct hash_state *state, struct slice text)
{
	add_number(state, text.len);
	hash_update(state, text.data, text.len);
}

static void chain_of(const struct store_audit *audit, const struct hash *before, struct hash *ret_chain)
{
	struct hash_state state;

	hash_init(&state);
	hash_update(&state, before->bytes, HASH_BYTES);
	add_number(&state, audit->audit_no);
	add_number(&state, (uint64_t)audit->at_ms);
	add_text(&state, audit->actor);
	add_text(&state, audit->kind);
	add_text(&state, audit->subject);
	add_text(&state, audit->text);
	hash_update(&state, audit->payload.bytes, HASH_BYTES);
	hash_final(&state, ret_chain);
}

int store_audit_head(struct store *store, uint64_t *ret_audit_no, struct hash *ret_chain)
{
	struct query query;

	*ret_audit_no = 0;
	memset(ret_chain, 0, sizeof(*ret_chain));
	query_open(&query, store, "SELECT audit_no, chain FROM audit ORDER BY audit_no DESC LIMIT 1");
	if (query_row(&query)) {
		*ret_audit_no = read_u64(&query);
		read_hash(&query, ret_chain);
	}
	return query_close(&query);
}

void store_set_operator(struct store *store, struct slice operator_id)
{
	slice_to_cstr(operator_id, store->operator_id, sizeof(store->operator_id));
}

int store_audit_append(struct store *store, struct store_audit *audit)
{
	struct query query;
	struct hash before;
	uint64_t last_no;
	int error = store_audit_head(store, &last_no, &before);

	if (error != 0)
		return error;
	audit->audit_no = last_no + 1;
	audit->at_ms = env_clock_ms(store->env);
	if (slice_is_empty(audit->actor))
		audit->actor = slice_from(store->operator_id);
	chain_of(audit, &before, &audit->chain);
	query_open(&query, store, "INSERT INTO audit(" AUDIT_COLUMNS ") VALUES(?,?,?,?,?,?,?,?)");
	query_u64(&query, audit->audit_no);
	query_i64(&query, audit->at_ms);
	query_text(&query, audit->actor);
	query_text(&query, audit->kind);
	query_text(&query, audit->subject);
	query_text(&query, audit->text);
	query_hash(&query, &audit->payload);
	query_hash(&query, &audit->chain);
	store->audited = true;
	return query_run(&query);
}

bool store_has_audited(const struct store *store)
{
	return store->audited;
}

int store_audit_each(struct store *store, uint64_t from, store_audit_fn fn, void *context)
{
	struct query query;
	struct store_audit audit;

	query_open(&query, store, "SELECT " AUDIT_COLUMNS " FROM audit WHERE audit_no >= ? ORDER BY audit_no");
	query_u64(&query, from);
	while (query_row(&query)) {
		struct arena_mark mark = arena_mark(&store->scratch);

		audit.audit_no = read_u64(&query);
		audit.at_ms = read_i64(&query);
		audit.actor = read_text(&query, &store->scratch);
		audit.kind = read_text(&query, &store->scratch);
		audit.subject = read_text(&query, &store->scratch);
		audit.text = read_text(&query, &store->scratch);
		read_hash(&query, &audit.payload);
		read_hash(&query, &audit.chain);
		if (query.error == 0)
			query.error = fn(context, &audit);
		arena_rewind(&store->scratch, mark);
	}
	return query_close(&query);
}

struct chain_walk {
	uint64_t count;
	struct hash head;
	uint64_t bad_no;
};

static int check_link(void *context, const struct store_audit *audit)
{
	struct chain_walk *walk = context;
	struct hash chain;

	chain_of(audit, &walk->head, &chain);
	if (audit->audit_no != walk->count + 1 || memcmp(chain.bytes, audit->chain.bytes, HASH_BYTES) != 0) {
		walk->bad_no = audit->audit_no;
		return STORE_E_DAMAGED;
	}
	walk->count++;
	walk->head = chain;
	return 0;
}

int store_audit_verify(struct store *store, uint64_t *ret_count, struct hash *ret_head, uint64_t *ret_bad_no)
{
	struct chain_walk walk = {0};
	int error = store_audit_each(store, 0, check_link, &walk);

	*ret_count = walk.count;
	*ret_head = walk.head;
	*ret_bad_no = walk.bad_no;
	return error;
}
