/* What families and remittances share: ledger rows, queue items, the hash for the audit row. */
#ifndef MUSTER_APPLY_ORIGIN_H
#define MUSTER_APPLY_ORIGIN_H

#include "muster/apply.h"

/* New ledger rows, or with origin->again the items' rows turned into their outcomes. */
int origin_put_ledger_rows(const struct apply_origin *origin, const struct store_ledger_row *rows, uint32_t count);
int origin_put_ledger(const struct apply_origin *origin, uint32_t member_pos, enum store_record_outcome outcome,
                      const struct hash *content_hash);
/*
 * Add `item` (its file, set, times are filled in here) with its candidates; with origin->again bring the item that
 * is there up to date and open it again.
 */
int origin_put_item(struct arena *arena, const struct apply_origin *origin, struct store_exception *item,
                    const struct match_candidate *candidates, uint32_t candidate_count);
void origin_hash_change(struct hash_content_state *payload, const struct store_change *change);

#endif
