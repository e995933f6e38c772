/*
 * The verbs: one table for dispatch, help and the man page.
 */
#include "cli_internal.h"

#include <stddef.h>

const struct cli_verb cli_verbs[] = {
	{"init", "init DIR", "make a workspace: configuration, folders, database",
	 "  muster init /srv/muster        a workspace; commands run inside it use its muster.yaml\n"
	 "\nMakes muster.yaml, in/ out/ work/ done/ held/ rejected/ partners/ and the database. What is there is kept.\n",
	 NULL, cli_init},
	{"load", "load groups|plans|members|brokers FILE.csv...", "reference data and existing members from CSV",
	 "  muster load groups groups.csv\n  muster load members members.csv\n"
	 "\nA bad line is reported with line and column and not loaded; the rest is. One transaction a file; loading the\n"
	 "same file again changes nothing. Load groups and plans before members.\n",
	 "groups plans members brokers", cli_load},
	{"validate", "validate [--ack DIR] [--ndjson] [--html PAGE] FILE|FOLDER|-...", "check files, change nothing",
	 "  muster validate a.834\n  muster validate --ndjson a.834 > findings.ndjson\n  muster validate --ack acks/ a.834\n"
	 "  muster validate --html report.html in/acme/\n  zcat a.834.gz | muster validate -\n"
	 "\nOne report over all files, fit to be sent to the partner: totals, then each fault once with its segment quoted,\n"
	 "what was expected, and where else it stands; --html writes the same as a page. --ndjson gives every finding and\n"
	 "the verdict on each transaction set, a line each.\n"
	 "Acknowledgments written with --ack are trials: their control numbers come from no sequence; do not send them.\n"
	 "Where the sender's profile asks for an 824, it is written too, as far as the files alone tell.\n"
	 "Exit status 1 when there are findings of severity error.\n",
	 NULL, cli_validate},
	{"preview", "preview [--html PAGE] [-o CHANGESET] FILE...", "what process would do, without doing it",
	 "  muster preview night.834\n  muster preview --html night.html -o night.changeset night.834\n"
	 "\nThe figures first, then family by family: + added, ~ changed, - ended, ? waits for a representative; with record,\n"
	 "rule and confidence, and what differs, field by field. -v also tells who stays as he is (=). What an audit file\n"
	 "would only report is marked !. --html writes the same as a page; -o writes all of it, a line of JSON a family (as\n"
	 "--ndjson does), bound to the file's hash and the state of the database. Nothing is kept.\n",
	 NULL, cli_preview},
	{"process", "process FILE... --out DIR", "the whole line for named files",
	 "  muster process night.834 --out out/\n  muster process --as-of 2026-02-01 --detailed-exitcode night.834 --out out/\n"
	 "\nValidates, matches, decides, applies, and writes acknowledgments, applied.csv, exceptions.csv and .xml,\n"
	 "summary.json and report.html. The same file again is a duplicate and changes nothing.\n",
	 NULL, cli_process},
	{"run", "run", "one batch over the drop folders: what cron calls",
	 "  muster run\n  30 1 * * *  cd /srv/muster && muster run -q\n"
	 "\nGoes on with what was interrupted, carries out decisions of representatives, then takes every file that has\n"
	 "arrived in in/<partner>/. Outputs go to out/<partner>/, originals to done/, held/ or rejected/.\n"
	 "A second run at the same time leaves with 75.\n",
	 NULL, cli_run_batch},
	{"reprocess", "reprocess FILE --out DIR | reprocess --item ID...", "corrected files or resolved items again",
	 "  muster reprocess night-corrected.834 --out out/\n  muster reprocess --item F00000003-1-17\n"
	 "\nOnly what was not applied yet has an effect.\n",
	 NULL, cli_reprocess},
	{"undo", "undo --file ID | --set ID | --member-change ID", "take applied changes back",
	 "  muster undo --file F00000012 --dry-run\n  muster undo --file F00000012\n  muster undo --set F00000012-1 --yes\n"
	 "  muster undo --member-change F00000012-1-17\n  muster undo --file F00000012 --redo\n"
	 "\nEach change gets a compensating entry; nothing is deleted. A coverage that the change added is voided; a member\n"
	 "new by it stays on file without coverage. Refused (65), with the change to blame, where later changes depend on it.\n"
	 "The ids stand in members history. --redo applies again what was taken back, and so does undo of an undo's own id.\n"
	 "Decided items open again; other records are applied again by reprocess. Asks first; --yes where nobody can be asked.\n",
	 NULL, cli_undo},
	{"queue", "queue list|show|next|resolve|assign|note|export|import|ageing|sample|verdict ...",
	 "the exceptions: what representatives work on",
	 "  muster queue list\n  muster queue show F00000003-1-17\n"
	 "  muster queue resolve F00000003-1-17 match:M000000123 --note \"called the sponsor\"\n"
	 "  muster queue ageing\n  muster queue export --out mine.csv\n  muster queue import mine.csv\n"
	 "\nDecisions: match:<member_id> (this member is meant), not:<member_id> (this candidate is not; the record runs again\n"
	 "without him), new (a person not on file), reject, skip; of a held\n"
	 "set release (it runs past its guard, once two operators have said so; withdraw takes the first one's word back),\n"
	 "of an omission release (the coverage ends). A decision is carried out at once.\n"
	 "sample --file F00000012 lists about one in 200 of a file's automatic decisions, for a person to look over;\n"
	 "verdict RECORD match:<member_id> (or not:<member_id>, new) says of one of them what is right. It is kept to learn from\n"
	 "(match train --labels); what was applied stands until undo takes it back.\n"
	 "ageing tells by category how much of their time the waiting items have used; run says which are overdue.\n"
	 "list takes --status, --category, --group, --file, --owner, --limit. export writes CSV, or XML when\n"
	 "the name ends in .xml; import takes either form back, and refuses rows that have changed since\n"
	 "or whose names are not their item's.\n",
	 "list show next resolve assign note export import ageing sample verdict", cli_queue},
	{"members", "members find|show|history ...", "look at members",
	 "  muster members find SMITH\n  muster members show M000000123\n  muster members show M000000123 --on 2026-03-01\n"
	 "  muster members history M000000123\n  muster members show M000000123 --known-at 2026-01-31\n"
	 "\n--on (or --as-of): what held on that day; --known-at: what muster knew then, also by history; both may be given.\n"
	 "find takes a member number, a subscriber number, an SSN, or a last name and the beginning of a first name.\n"
	 "SSNs are masked unless --unmasked is given.\n",
	 "find show history", cli_members},
	{"groups", "groups list|show|roster|regions|terminate|reinstate|separate|link ...",
	 "look at groups; order about contracts",
	 "  muster groups list\n  muster groups show G100\n  muster groups roster G100 --on 2026-03-01\n"
	 "  muster groups terminate G100 --on 2026-03-31 --dry-run\n  muster groups reinstate G100\n"
	 "  muster groups regions\n  muster groups separate G100 --region SCAL --to G101 --on 2026-04-01\n"
	 "  muster groups link G100 G101\n"
	 "\nroster lists the subscribers with their covered dependents on a day.\n"
	 "terminate ends the contract and all its coverage with that day. reinstate takes that back, within 60 days, as if\n"
	 "the coverage had never ended. separate gives the families of a region a contract of their own from that day on,\n"
	 "without a gap; regions lists the groups with 13 or more subscribers outside the headquarters' region. link ties\n"
	 "two contracts together. Each order is one transaction, stands in the members' history, and writes\n"
	 "order-<file id>.notices.csv to --out, else to the configuration's out/. --dry-run shows it and does nothing; the\n"
	 "same order again changes nothing and writes its notices again.\n",
	 "list show roster regions terminate reinstate separate link", cli_groups},
	{"partners", "partners | partners reset NAME --note WHY", "who sends, what came last, and what is late",
	 "  muster partners\n  muster partners --json\n"
	 "  muster partners reset acme --note 'new system, numbers begin at 1 (mail of 2 March)'\n"
	 "\nA line for each partner, or for each file that his profile expects (expect): the last one that came, by when the\n"
	 "last one had to come, whether it is late, and when the next is due. Times are shown in UTC. run says who is late, too.\n"
	 "reset: the partner's control numbers begin anew. What files used that came before does not count against later ones, and\n"
	 "stays in the ledger: the same content under the same numbers is a duplicate as before. Wants a reason and an\n"
	 "administrator. A partner who uses his numbers again every so many days has number_window in his profile instead.\n",
	 "| reset", cli_partners},
	{"report", "report [--run ID] [--out DIR] | report list",
	 "what a run did: its files, counts, outputs and their hashes",
	 "  muster report                        the last run that filed something\n  muster report --run R00000003 --json\n"
	 "  muster report --csv                  a line for each output: the manifest\n"
	 "  muster report --run R00000003 --out again/    its outputs made once more, each held to the manifest\n"
	 "  muster report list\n"
	 "\nThe report is made of what was kept when each file was filed: it says the same whenever it is made, and names no time\n"
	 "of its making. --out puts each file's outputs into a folder of its own, from the database and the kept originals; exit\n"
	 "status 65 where one is not what the manifest says. What a later run has written anew (a set was released) stands under\n"
	 "that run.\n",
	 "| list", cli_report},
	{"match", "match link|train|explain|evaluate|dedupe|shadow|promote ...",
	 "the matcher by itself, over CSV files",
	 "  muster match link --left new.csv --right members.csv --out pairs.csv\n"
	 "  muster match link --left new.csv --right members.csv --out pairs.csv --truth truth.csv\n"
	 "  muster match evaluate --pairs pairs.csv --truth truth.csv --plot reliability.svg\n"
	 "  muster match explain --left new.csv:17 --right members.csv:M5\n"
	 "  muster match train --left new.csv --right members.csv --truth truth.csv --out model.yaml\n"
	 "  muster match train --labels --out site.yaml\n"
	 "  muster match shadow --model site.yaml --nights 30\n"
	 "  muster match promote site.yaml\n"
	 "  muster match dedupe members.csv --out pairs.csv\n"
	 "  muster match dedupe\n"
	 "\nFiles have the columns of load members and an id; others may be left out, blank means not known.\n"
	 "link writes left_id, right_id, probability, decision (auto, review) and the reason where a person must look.\n"
	 "A record without a pair is nobody in the right file. Pairs of a file with itself have no direction: evaluate sees\n"
	 "that by the ids, or by --left and --right. train with --truth learns from it, without it from the files\n"
	 "alone; use what it writes with --model. train --labels learns from what representatives decided, on top of the\n"
	 "model in use. shadow matches the kept records of the last nights by another model and shows every decision that\n"
	 "would be another one, with its evidence; it changes nothing. A model is put to work by naming its file in\n"
	 "muster.yaml (match_model); where operators are listed an administrator promotes it first (promote). dedupe\n"
	 "without a file reports who may stand in the database twice.\n",
	 "link train explain evaluate dedupe shadow promote", cli_match},
	{"guide", "guide list | guide show 834 [2000|2000/INS|2000/INS03]",
	 "the implementation guides muster checks against",
	 "  muster guide list\n  muster guide show 834\n  muster guide show 834 2000/INS\n", "list show", cli_guide},
	{"convert", "convert --to json|xml|edi FILE|- [-o OUT]", "an X12 file as a tree with names, and back",
	 "  muster convert --to json a.834\n  muster convert --to xml --unmasked a.834 -o a.xml\n"
	 "  muster convert --to edi a.xml -o a.834\n"
	 "  zcat a.834.gz | muster convert --to json --unmasked - | jq . | muster convert --to edi -\n"
	 "\njson and xml show interchanges, groups, sets, loops, segments and elements with the names and code meanings of\n"
	 "their guide; edi takes either form back and gives the file as it was, byte for byte. SSNs are masked unless\n"
	 "--unmasked is given; what was masked cannot be converted back.\n",
	 NULL, cli_convert},
	{"user", "user list|add|change|remove ...", "who works on the queue and on members, and what each may do",
	 "  muster user list\n  muster user add ada --role administrator --name \"Ada Example\"\n"
	 "  muster user add rosa --role representative --login rrivera\n  muster user change rosa --role lead\n"
	 "  muster user remove rosa\n"
	 "\nRoles: representative (decides on items), lead (also releases held sets, takes changes back, processes and loads\n"
	 "files, orders about contracts), administrator (all else, and keeps this list), auditor (only looks),\n"
	 "service (processes and loads files, makes backups). While nobody is listed, everybody may do everything. The first one listed is\n"
	 "an administrator. An id belongs to one login name, its own or --login; --operator chooses among several. Who is not\n"
	 "listed may look and start the night's run. A removed id is not given again.\n",
	 "list add change remove", cli_user},
	{"audit", "audit verify [FILE] | audit head | audit restart --note WHY", "is the audit trail what it was?",
	 "  muster audit verify                    each row against the one before, and against the anchors kept outside\n"
	 "  muster audit verify /mnt/other/anchors the same against anchors kept elsewhere\n"
	 "  muster audit head                      a line that tells of the trail as it is now, to be kept elsewhere\n"
	 "  muster audit restart --note 'backup of 2 March put back'\n"
	 "\nEvery command that adds to the trail leaves an anchor: number and hash of the last row, in a file beside the database,\n"
	 "or where muster.yaml says (anchors), sealed with a key (anchor_key), and in the machine's log (anchor_log). The chain\n"
	 "alone shows a row that was changed, taken out, put in or exchanged; the anchors show that the end was cut off, or all\n"
	 "of it written anew. Exit status 70 where something is found. restart, by an administrator: from here on this trail is\n"
	 "the right one, as after a backup was put back.\n",
	 "verify head restart", cli_audit},
	{"backup", "backup make FILE|FOLDER | backup verify FILE",
	 "a copy of the database, made while others work; and whether it is sound",
	 "  muster backup make /backup/muster.db\n  muster backup make /backup/        muster-20260302T060000Z.db there\n"
	 "  15 5 * * *  cd /srv/muster && muster backup make /backup/\n  muster backup verify /backup/muster.db\n"
	 "\nThe copy is one moment of the database, checked page by page; its digest stands beside it in FILE.sha256. Nothing\n"
	 "is written over. It holds everybody unmasked: keep it where the database would be kept. verify reads digest, pages\n"
	 "and records again. The manual's section BACKUP AND RESTORE tells how one goes back to it.\n",
	 "make verify", cli_backup},
	{"retention", "retention show|purge|hold|lift ...", "what is removed once it was kept long enough; legal holds",
	 "  muster retention show\n  muster retention purge --dry-run\n  muster retention purge --yes\n"
	 "  muster retention hold group:G1001 --note \"letter of 2026-03-02\"\n  muster retention lift group:G1001\n"
	 "\nmuster.yaml says after how many days originals and outputs may go (retention: {originals_days: 800,\n"
	 "decided_days: 2200, outputs_days: 400}); by default all is kept. Never removed is what an item that waits, a held\n"
	 "set, a decision not carried out, an undo or a legal hold needs. A hold is on a file (F00000012), partner:NAME,\n"
	 "group:ID or member:ID. The database keeps what it knows of a file, and one row of the audit trail for each thing\n"
	 "removed.\n",
	 "show purge hold lift", cli_retention},
	{"doctor", "doctor", "check versions, folders, database settings; say what to mend", "  muster doctor\n", NULL,
	 cli_doctor},
	{"help", "help [VERB]", "what a verb does, examples first", "  muster help queue\n", NULL, cli_help},
	{NULL, NULL, NULL, NULL, NULL, NULL},
};
