/*
 * What is kept and shown of an incoming record that waits: one row a field, in the order of the exceptions files.
 *
 * X(name, kind)
 *   name   the column, and the key in the JSON that apply keeps with the exception
 *   kind   TEXT  free text of the partner: guarded in CSV
 *          ID    an id or code: shown as it is
 *          SSN   masked
 *          DATE  YYYY-MM-DD
 *          MONEY 1234.56
 *
 * Wherever the record's own SSN stands in one of the others, it is masked there too; and so is whatever may be an SSN
 * (text_add_masked), but in zip, payer_id and trace, which are no person's. New rows go to the end.
 *
 * Source    CONTRACT section 5 (exceptions.csv); reference/security section 1 (minimum necessary).
 */
X(maintenance,          ID)
X(maintenance_reason,   ID)
X(relationship,         ID)
X(subscriber_id,        ID)
X(member_id_sent,       ID)
X(group_sent,           ID)
X(plan_sent,            ID)
X(insurance_line,       ID)
X(coverage_maintenance, ID)
X(tier,                 ID)
X(begins_on,            DATE)
X(ends_on,              DATE)
X(last_name,            TEXT)
X(first_name,           TEXT)
X(middle_name,          TEXT)
X(suffix,               TEXT)
X(ssn,                  SSN)
X(birth_on,             DATE)
X(sex,                  ID)
X(address1,             TEXT)
X(address2,             TEXT)
X(city,                 TEXT)
X(state,                ID)
X(zip,                  ID)
X(phone,                TEXT)
X(email,                TEXT)
X(reference_qualifier,  ID)
X(reference,            ID)
X(payer_id,             ID)
X(trace,                ID)
X(amount,               MONEY)
X(billed,               MONEY)
X(period_begin,         DATE)
X(period_end,           DATE)
