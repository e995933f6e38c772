-- Schema 21: a partner begins his control numbers anew. What files up to after_file_no have used does not count against
-- later ones; their rows stay as they are.

CREATE TABLE number_resets(
	reset_no INTEGER PRIMARY KEY,
	partner TEXT NOT NULL,
	after_file_no INTEGER NOT NULL,
	at_ms INTEGER NOT NULL,
	operator_id TEXT NOT NULL,
	reason TEXT NOT NULL
) STRICT;
CREATE INDEX number_resets_by_partner ON number_resets(partner, after_file_no);
