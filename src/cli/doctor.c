/*
 * doctor: versions, settings, folders; says what to mend. Promises section 5.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <sys/stat.h>

#include "ageing.h"
#include "audit.h"
#include "backup.h"
#include "match_site.h"
#include "muster/match_model.h"
#include "muster/profile.h"
#include "muster/store.h"
#include "operators.h"

struct doctor {
	struct cli *cli;
	uint32_t ill;
};

static void doctor_line(struct doctor *doctor, bool fit, const char *what, const char *is, const char *mend)
{
	doctor->ill += !fit;
	buffer_printf(&doctor->cli->out, "%-5s %-26s %s\n", fit ? "ok" : "MEND", what, is);
	if (!fit && mend != NULL)
		buffer_printf(&doctor->cli->out, "      %-26s %s\n", "", mend);
}

static int doctor_setting(void *context, const char *name, const char *value, bool fit)
{
	doctor_line(context, fit, name, value,
		    "muster sets this itself at every start: the database file is damaged or shared");
	return 0;
}

static void doctor_sqlite(struct doctor *doctor)
{
	bool hazard;
	const char *version = store_sqlite_version(&hazard);

	doctor_line(doctor, true, "SQLite", version, NULL);
	if (hazard)
		doctor_line(doctor, true, "  WAL-reset hazard",
			    "in range; muster checkpoints only under its own lock, as it must", NULL);
}

static void doctor_folder(struct doctor *doctor, const char *what, const char *path)
{
	struct env_stat stat;
	int r = env_stat(doctor->cli->env, path, &stat);

	if (r < 0 || !S_ISDIR(stat.mode))
		doctor_line(doctor, false, what, path, "there is no such folder; muster init DIR makes a workspace");
	else if ((stat.mode & S_IWOTH) != 0)
		doctor_line(doctor, false, what, path, "everybody may write there: chmod o-w");
	else
		doctor_line(doctor, true, what, path, NULL);
}

static void doctor_folders(struct doctor *doctor)
{
	const struct config *config = doctor->cli->config;

	doctor_line(doctor, true, "configuration", config->path[0] != '\0' ? config->path : "none: the defaults serve",
		    NULL);
	if (config->path[0] == '\0')
		return;
	doctor_folder(doctor, "in", config->in);
	doctor_folder(doctor, "out", config->out);
	doctor_folder(doctor, "work", config->work);
	doctor_folder(doctor, "done", config->done);
	doctor_folder(doctor, "held", config->held);
	doctor_folder(doctor, "rejected", config->rejected);
	doctor_folder(doctor, "partners", config->partners);
}

static int doctor_checks(struct doctor *doctor)
{
	struct buffer text;
	int r;

	buffer_init(&text, doctor->cli->env);
	r = store_check(doctor->cli->store, false, &text);
	if (r >= 0)
		doctor_line(doctor, r == 0, "database pages", r == 0 ? "sound" : text.data,
			    "restore the last backup; nothing is written to a damaged database");
	buffer_clear(&text);
	if (r == 0)
		r = store_verify(doctor->cli->store, &text);
	if (r >= 0)
		doctor_line(doctor, r == 0, "records, ledger, audit", r == 0 ? "agree" : text.data,
			    "keep the database as it is and report this");
	buffer_fini(&text);
	return r < 0 ? r : 0;
}

/* By which weights the next file is matched. What is wrong with them was said already, line by line. */
static int doctor_model(struct doctor *doctor)
{
	const char *path = doctor->cli->config->match_model;
	const struct match_model *model;
	char id[MATCH_MODEL_ID_BYTES];
	int r = cli_match_model(doctor->cli, path, &model);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		doctor_line(doctor, false, "match_model", path,
			    "no file is matched until muster.yaml names a model that can be read, or none");
	else if (match_model_id(&doctor->cli->arena, model, id) == NULL)
		return -ENOMEM;
	else
		doctor_line(doctor, true, "match_model", id, NULL);
	return 0;
}

static int doctor_queue(struct doctor *doctor)
{
	struct buffer waits, rule;
	int r;

	buffer_init(&waits, doctor->cli->env);
	buffer_init(&rule, doctor->cli->env);
	r = ageing_summary(doctor->cli, &waits, &rule);
	if (r == 0)
		doctor_line(doctor, true, "queue", waits.data, NULL);
	if (r == 0)
		doctor_line(doctor, true, "items are due", rule.data, NULL);
	buffer_fini(&waits);
	buffer_fini(&rule);
	return r;
}

/* Who may what, and by how many operators a held set is released. */
static int doctor_operators(struct doctor *doctor)
{
	bool alone = doctor->cli->config->release_alone;
	struct buffer text, shared;
	int r;

	buffer_init(&text, doctor->cli->env);
	buffer_init(&shared, doctor->cli->env);
	r = operators_summary(doctor->cli, &text, &shared);
	if (r == 0 && text.len == 0)
		doctor_line(doctor, true, "operators",
			    "none listed: everybody who can open the database may do everything, under any name", NULL);
	else if (r == 0)
		doctor_line(doctor, true, "operators", text.data, NULL);
	if (r == 0 && shared.len > 0)
		doctor_line(doctor, true, "  one login for several", shared.data, NULL);
	if (r == 0)
		doctor_line(doctor, true, "release of held sets", alone ? "by one operator" : "by two operators", NULL);
	buffer_fini(&text);
	buffer_fini(&shared);
	return r;
}

/* Is the trail what it was? */
static int doctor_anchors(struct doctor *doctor)
{
	struct anchor_report report;
	struct buffer words;
	int r;

	buffer_init(&words, doctor->cli->env);
	r = audit_look(doctor->cli, NULL, &report, &words);
	if (r == 0)
		doctor_line(
			doctor, report.fault == ANCHOR_SOUND, "audit anchors", words.data,
			"keep everything as it is and find out who did it; after a backup was put back: muster audit restart");
	buffer_fini(&words);
	return r;
}

/* How old is what one could go back to? */
static int doctor_backup(struct doctor *doctor)
{
	struct cli *cli = doctor->cli;
	char is[CLOCK_TEXT_BYTES + 64], when[CLOCK_TEXT_BYTES];
	int64_t ms, days;
	int r = backup_last(cli, &ms);

	if (r < 0)
		return r;
	days = (env_clock_ms(cli->env) - ms) / CLOCK_DAY_MS;
	if (ms == 0)
		snprintf(is, sizeof(is), "none was made");
	else
		snprintf(is, sizeof(is), "%lld days ago, %s", (long long)days, clock_format_rfc3339(ms, when));
	doctor_line(doctor, cli->config->backup_days == 0 || (ms != 0 && days <= cli->config->backup_days),
		    "last backup", is, "muster backup make FOLDER, every night (backup_days)");
	return 0;
}

int cli_doctor(struct cli *cli)
{
	struct doctor doctor = {.cli = cli};
	int r = cli_open_store(cli);

	doctor_line(&doctor, true, "muster", MUSTER_VERSION, NULL);
	doctor_sqlite(&doctor);
	if (cli->config != NULL)
		doctor_folders(&doctor);
	if (r == 0)
		r = doctor_model(&doctor);
	if (r == 0)
		doctor_line(&doctor, true, "database", cli->config->database, NULL);
	if (r == 0)
		r = doctor_anchors(&doctor);
	if (r == 0)
		r = doctor_backup(&doctor);
	if (r == 0)
		r = doctor_operators(&doctor);
	if (r == 0)
		r = doctor_queue(&doctor);
	if (r == 0)
		r = store_settings_each(cli->store, doctor_setting, &doctor);
	if (r == 0)
		r = doctor_checks(&doctor);
	if (r < 0)
		return r;
	buffer_printf(&cli->out, doctor.ill == 0 ? "all is well\n" : "%u things to mend\n", doctor.ill);
	return doctor.ill == 0 ? 0 : 70;
}
