-- Schema 1: the whole of the line, from received files to changed members.
--
-- Days are numbers since 1970-01-01, NULL = none; *_ms are UTC milliseconds; money is in cents; *_e6 are millionths.
-- Empty text is '' where a text may be missing; NULL where the column takes part in a partial or unique index.
-- Rows of members, coverage_spans, match_keys, ledger and changes are written by the million: they are kept narrow,
-- and each index on them is there for one named question.

CREATE TABLE meta(
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sequences(
	name TEXT PRIMARY KEY,
	last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE operators(
	operator_id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	role TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Reference data -----------------------------------------------------------------------------------------------

CREATE TABLE groups(
	group_id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	region TEXT NOT NULL,
	status TEXT NOT NULL CHECK(status IN ('active', 'terminated')),
	effective_on INTEGER,
	terminates_on INTEGER,
	cobra_admin TEXT NOT NULL CHECK(cobra_admin IN ('self', 'tpa', 'plan')),
	renewal_month INTEGER NOT NULL CHECK(renewal_month BETWEEN 0 AND 12),
	billing_day INTEGER NOT NULL CHECK(billing_day BETWEEN 0 AND 28),
	paper_bill INTEGER NOT NULL,
	broker_id TEXT NOT NULL,
	sponsor_id TEXT NOT NULL,
	linked_group_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Whose payment is this (820)?
CREATE INDEX groups_by_sponsor ON groups(sponsor_id) WHERE sponsor_id <> '';

CREATE TABLE plans(
	plan_id TEXT PRIMARY KEY,
	insurance_line TEXT NOT NULL,
	name TEXT NOT NULL,
	region TEXT NOT NULL,
	effective_on INTEGER,
	terminates_on INTEGER,
	rate_emp INTEGER, rate_esp INTEGER, rate_ech INTEGER, rate_fam INTEGER, rate_ind INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE brokers(
	broker_id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	tax_id TEXT NOT NULL,
	commission_percent_e4 INTEGER,
	commission_pmpm INTEGER
) STRICT, WITHOUT ROWID;

-- Members ------------------------------------------------------------------------------------------------------

CREATE TABLE members(
	member_no INTEGER PRIMARY KEY,
	member_id TEXT NOT NULL UNIQUE CHECK(member_id <> ''),
	subscriber_id TEXT NOT NULL,
	relationship TEXT NOT NULL,
	last_name TEXT NOT NULL,
	first_name TEXT NOT NULL,
	middle_name TEXT NOT NULL,
	suffix TEXT NOT NULL,
	ssn TEXT NOT NULL,
	birth_on INTEGER,
	died_on INTEGER,
	sex TEXT NOT NULL,
	address1 TEXT NOT NULL,
	address2 TEXT NOT NULL,
	city TEXT NOT NULL,
	state TEXT NOT NULL,
	zip TEXT NOT NULL,
	phone TEXT NOT NULL,
	email TEXT NOT NULL,
	employee_id TEXT NOT NULL,
	medicare_id TEXT NOT NULL,
	confidential INTEGER NOT NULL,
	version INTEGER NOT NULL
) STRICT;
-- The household.
CREATE INDEX members_by_subscriber ON members(subscriber_id);

-- Clustered by member: his spans are read and written together. span_no counts from 1 within a member.
CREATE TABLE coverage_spans(
	member_no INTEGER NOT NULL REFERENCES members,
	span_no INTEGER NOT NULL,
	group_id TEXT NOT NULL REFERENCES groups,
	plan_id TEXT NOT NULL REFERENCES plans,
	insurance_line TEXT NOT NULL,
	tier TEXT NOT NULL,
	begins_on INTEGER NOT NULL,
	ends_on INTEGER,
	cobra INTEGER NOT NULL,
	voided INTEGER NOT NULL,
	PRIMARY KEY(member_no, span_no),
	CHECK(voided = 1 OR ends_on IS NULL OR begins_on <= ends_on)
) STRICT, WITHOUT ROWID;
-- The roster of a group, and its active count for the volume guards.
CREATE INDEX spans_by_group ON coverage_spans(group_id);

CREATE TABLE match_keys(
	key INTEGER NOT NULL,
	member_no INTEGER NOT NULL,
	PRIMARY KEY(key, member_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE identifiers(
	member_no INTEGER NOT NULL REFERENCES members,
	kind TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY(member_no, kind, value)
) STRICT, WITHOUT ROWID;

-- Names that a member bore before.
CREATE TABLE names(
	member_no INTEGER NOT NULL REFERENCES members,
	name_no INTEGER NOT NULL,
	last_name TEXT NOT NULL,
	first_name TEXT NOT NULL,
	middle_name TEXT NOT NULL,
	suffix TEXT NOT NULL,
	until_ms INTEGER NOT NULL,
	PRIMARY KEY(member_no, name_no)
) STRICT, WITHOUT ROWID;

-- Received files -----------------------------------------------------------------------------------------------

CREATE TABLE files(
	file_no INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	partner TEXT NOT NULL,
	out_dir TEXT NOT NULL,
	sha256 BLOB NOT NULL,
	bytes INTEGER NOT NULL,
	stage TEXT NOT NULL CHECK(stage IN ('claimed', 'validated', 'applied', 'acknowledged', 'filed')),
	outcome TEXT NOT NULL CHECK(outcome IN ('open', 'processed', 'held', 'rejected', 'duplicate')),
	kind TEXT NOT NULL CHECK(kind IN ('unknown', '834', '820', 'mixed')),
	reason TEXT NOT NULL,
	received_ms INTEGER NOT NULL,
	as_of INTEGER,
	duplicate_of INTEGER REFERENCES files,
	reprocess_of INTEGER REFERENCES files,
	ack_control_first INTEGER,
	ack_control_count INTEGER NOT NULL,
	members_read INTEGER NOT NULL, members_applied INTEGER NOT NULL, members_no_change INTEGER NOT NULL,
	members_exception INTEGER NOT NULL, members_rejected INTEGER NOT NULL, members_duplicate INTEGER NOT NULL,
	members_held INTEGER NOT NULL,
	money_read INTEGER NOT NULL, money_posted INTEGER NOT NULL, money_suspended INTEGER NOT NULL,
	money_rejected INTEGER NOT NULL, money_duplicate INTEGER NOT NULL, money_held INTEGER NOT NULL
) STRICT;
-- Was this file received before?
CREATE INDEX files_by_hash ON files(sha256);
-- Recovery.
CREATE INDEX files_unfinished ON files(file_no) WHERE stage <> 'filed';

CREATE TABLE interchanges(
	interchange_no INTEGER PRIMARY KEY,
	file_no INTEGER NOT NULL REFERENCES files,
	ordinal INTEGER NOT NULL,
	sender_qualifier TEXT NOT NULL,
	sender_id TEXT NOT NULL,
	receiver_qualifier TEXT NOT NULL,
	receiver_id TEXT NOT NULL,
	date TEXT NOT NULL,
	time TEXT NOT NULL,
	version TEXT NOT NULL,
	control_number TEXT NOT NULL,
	usage TEXT NOT NULL,
	"offset" INTEGER NOT NULL,
	end_offset INTEGER NOT NULL,
	complete INTEGER NOT NULL,
	rejected INTEGER NOT NULL,
	UNIQUE(file_no, ordinal)
) STRICT;

CREATE TABLE tsets(
	tset_no INTEGER PRIMARY KEY,
	file_no INTEGER NOT NULL REFERENCES files,
	interchange_no INTEGER NOT NULL REFERENCES interchanges,
	ordinal INTEGER NOT NULL,
	functional_id TEXT NOT NULL,
	sender_code TEXT NOT NULL,
	receiver_code TEXT NOT NULL,
	fgroup_date TEXT NOT NULL,
	fgroup_time TEXT NOT NULL,
	fgroup_control TEXT NOT NULL,
	set_id TEXT NOT NULL,
	control_number TEXT NOT NULL,
	guide_id TEXT NOT NULL,
	verdict TEXT NOT NULL,
	segments INTEGER NOT NULL,
	members INTEGER NOT NULL,
	errors INTEGER NOT NULL,
	warnings INTEGER NOT NULL,
	content_hash BLOB NOT NULL,
	ledger_key TEXT UNIQUE,
	duplicate_of INTEGER REFERENCES tsets,
	revision_of INTEGER REFERENCES tsets,
	outcome TEXT NOT NULL CHECK(outcome IN ('open', 'applied', 'rejected', 'duplicate', 'held', 'test')),
	reason TEXT NOT NULL,
	hold_category TEXT NOT NULL,
	header TEXT NOT NULL,
	resume_pos INTEGER NOT NULL,
	done INTEGER NOT NULL,
	members_read INTEGER NOT NULL, members_applied INTEGER NOT NULL, members_no_change INTEGER NOT NULL,
	members_exception INTEGER NOT NULL, members_rejected INTEGER NOT NULL, members_duplicate INTEGER NOT NULL,
	members_held INTEGER NOT NULL,
	money_read INTEGER NOT NULL, money_posted INTEGER NOT NULL, money_suspended INTEGER NOT NULL,
	money_rejected INTEGER NOT NULL, money_duplicate INTEGER NOT NULL, money_held INTEGER NOT NULL
) STRICT;
CREATE INDEX tsets_by_file ON tsets(file_no, ordinal);
-- The same content under another key (P22).
CREATE INDEX tsets_by_content ON tsets(content_hash);
CREATE INDEX tsets_by_root ON tsets(revision_of) WHERE revision_of IS NOT NULL;

CREATE TABLE lanes(
	sender_qualifier TEXT NOT NULL,
	sender_id TEXT NOT NULL,
	receiver_qualifier TEXT NOT NULL,
	receiver_id TEXT NOT NULL,
	sponsor_id TEXT NOT NULL,
	last_control INTEGER NOT NULL,
	last_applied TEXT NOT NULL,
	last_file_no INTEGER NOT NULL,
	PRIMARY KEY(sender_qualifier, sender_id, receiver_qualifier, receiver_id, sponsor_id)
) STRICT, WITHOUT ROWID;

-- What was done ------------------------------------------------------------------------------------------------

-- One row a record of an applied set; outcome as enum store_record_outcome.
CREATE TABLE ledger(
	tset_no INTEGER NOT NULL,
	member_pos INTEGER NOT NULL,
	outcome INTEGER NOT NULL,
	content_hash BLOB NOT NULL,
	PRIMARY KEY(tset_no, member_pos)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes(
	tset_no INTEGER NOT NULL,
	member_pos INTEGER NOT NULL,
	op_index INTEGER NOT NULL,
	action TEXT NOT NULL,
	member_no INTEGER,
	member_id TEXT NOT NULL,
	subscriber_id TEXT NOT NULL,
	group_id TEXT NOT NULL,
	plan_id TEXT NOT NULL,
	begins_on INTEGER,
	ends_on INTEGER,
	confidence_e6 INTEGER NOT NULL,
	match_rule TEXT NOT NULL,
	change TEXT NOT NULL,
	before TEXT NOT NULL,
	after TEXT NOT NULL,
	segment_pos INTEGER NOT NULL,
	"offset" INTEGER NOT NULL,
	operator_id TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	undone INTEGER NOT NULL,
	PRIMARY KEY(tset_no, member_pos, op_index)
) STRICT, WITHOUT ROWID;
-- A member's history.
CREATE INDEX changes_by_member ON changes(member_no) WHERE member_no IS NOT NULL;

CREATE TABLE exceptions(
	exception_no INTEGER PRIMARY KEY,
	item_id TEXT NOT NULL UNIQUE,
	file_no INTEGER NOT NULL REFERENCES files,
	tset_no INTEGER REFERENCES tsets,
	member_pos INTEGER NOT NULL,
	category TEXT NOT NULL,
	urgency INTEGER NOT NULL,
	confidence_e6 INTEGER NOT NULL,
	reason TEXT NOT NULL,
	created_ms INTEGER NOT NULL,
	due_ms INTEGER NOT NULL,
	status TEXT NOT NULL CHECK(status IN ('open', 'assigned', 'resolved', 'rejected', 'skipped', 'superseded')),
	version INTEGER NOT NULL,
	decision TEXT NOT NULL,
	note TEXT NOT NULL,
	operator_id TEXT NOT NULL,
	owner TEXT NOT NULL,
	lease_until_ms INTEGER NOT NULL,
	group_id TEXT NOT NULL,
	subscriber_id TEXT NOT NULL,
	segment_pos INTEGER NOT NULL,
	"offset" INTEGER NOT NULL,
	content_hash BLOB NOT NULL,
	incoming TEXT NOT NULL,
	raw TEXT NOT NULL
) STRICT;
CREATE INDEX exceptions_by_file ON exceptions(file_no, tset_no, member_pos);
-- The queue in its order.
CREATE INDEX exceptions_open ON exceptions(urgency, due_ms, exception_no) WHERE status IN ('open', 'assigned');

CREATE TABLE candidates(
	exception_no INTEGER NOT NULL REFERENCES exceptions,
	rank INTEGER NOT NULL,
	member_no INTEGER NOT NULL,
	member_id TEXT NOT NULL,
	score_e6 INTEGER NOT NULL,
	evidence TEXT NOT NULL,
	PRIMARY KEY(exception_no, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE decisions(
	exception_no INTEGER NOT NULL REFERENCES exceptions,
	version INTEGER NOT NULL,
	status TEXT NOT NULL,
	decision TEXT NOT NULL,
	note TEXT NOT NULL,
	operator_id TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	PRIMARY KEY(exception_no, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE not_same(
	content_hash BLOB NOT NULL,
	member_no INTEGER NOT NULL,
	operator_id TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	PRIMARY KEY(content_hash, member_no)
) STRICT, WITHOUT ROWID;

-- Money --------------------------------------------------------------------------------------------------------

CREATE TABLE remittances(
	tset_no INTEGER PRIMARY KEY REFERENCES tsets,
	payer_qualifier TEXT NOT NULL,
	payer_id TEXT NOT NULL,
	payer_name TEXT NOT NULL,
	payee_id TEXT NOT NULL,
	trace TEXT NOT NULL,
	method TEXT NOT NULL,
	handling TEXT NOT NULL,
	credit_debit TEXT NOT NULL,
	total INTEGER NOT NULL,
	settles_on INTEGER,
	period_begin INTEGER,
	period_end INTEGER,
	duplicate INTEGER NOT NULL
) STRICT;
-- Was this payment taken before?
CREATE INDEX remittances_by_trace ON remittances(trace);

CREATE TABLE remittance_lines(
	tset_no INTEGER NOT NULL REFERENCES remittances,
	line_pos INTEGER NOT NULL,
	status TEXT NOT NULL CHECK(status IN ('pending', 'posted', 'suspended', 'rejected')),
	group_id TEXT REFERENCES groups,
	member_no INTEGER REFERENCES members,
	reference_qualifier TEXT NOT NULL,
	reference TEXT NOT NULL,
	entity_id TEXT NOT NULL,
	amount INTEGER NOT NULL,
	paid INTEGER NOT NULL,
	adjusted INTEGER NOT NULL,
	billed INTEGER,
	period_begin INTEGER,
	period_end INTEGER,
	pending_until INTEGER,
	rule TEXT NOT NULL,
	reason TEXT NOT NULL,
	segment_pos INTEGER NOT NULL,
	"offset" INTEGER NOT NULL,
	PRIMARY KEY(tset_no, line_pos)
) STRICT, WITHOUT ROWID;
CREATE INDEX remittance_lines_by_group ON remittance_lines(group_id) WHERE group_id IS NOT NULL;
CREATE INDEX remittance_lines_by_member ON remittance_lines(member_no) WHERE member_no IS NOT NULL;

-- Audit --------------------------------------------------------------------------------------------------------

CREATE TABLE audit(
	audit_no INTEGER PRIMARY KEY,
	at_ms INTEGER NOT NULL,
	actor TEXT NOT NULL,
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	text TEXT NOT NULL,
	payload BLOB NOT NULL,
	chain BLOB NOT NULL
) STRICT;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
	SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE audit_no = NEW.audit_no)
BEGIN
	SELECT RAISE(ABORT, 'the audit trail is append-only');
END;
