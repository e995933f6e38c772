-- Schema 4: orders about contracts (BUSINESS B12-B14, B17, B18), and the notices that a run asks for (BUSINESS 4).

-- What was ordered, and the set under which its changes stand: an order has a row of files, a set and a ledger of its
-- own, as a received file has.
CREATE TABLE orders(
	tset_no INTEGER PRIMARY KEY REFERENCES tsets,
	kind TEXT NOT NULL CHECK(kind IN ('terminate', 'reinstate', 'separate', 'link')),
	group_id TEXT NOT NULL REFERENCES groups,
	other_group_id TEXT NOT NULL,
	region TEXT NOT NULL,
	on_day INTEGER,
	reroute_until INTEGER,
	answers INTEGER REFERENCES orders
) STRICT;
-- A contract's orders; its separations, whenever a record bears its number.
CREATE INDEX orders_by_group ON orders(group_id);

CREATE TABLE notices(
	tset_no INTEGER NOT NULL,
	member_pos INTEGER NOT NULL,
	notice_index INTEGER NOT NULL,
	kind TEXT NOT NULL,
	member_id TEXT NOT NULL,
	subscriber_id TEXT NOT NULL,
	group_id TEXT NOT NULL,
	plan_id TEXT NOT NULL,
	channel TEXT NOT NULL,
	address TEXT NOT NULL,
	reason TEXT NOT NULL,
	later INTEGER NOT NULL,
	PRIMARY KEY(tset_no, member_pos, notice_index)
) STRICT, WITHOUT ROWID;
