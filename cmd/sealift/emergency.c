#include "emergency.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "authority.h"
#include "command.h"
#include "crypto_openssl.h"
#include "hex.h"
#include "holders.h"
#include "key_id.h"
#include "number.h"
#include "statement_check.h"

struct emergency_command {
	const struct site *site;
	struct ui *ui;
	const char *product, *why;
	struct holders holders;
	bool unknown; /* keys that the site does not have may be revoked */
	enum emergency_action action;
	char **words; /* what follows the options */
	int word_count;
	struct emergency statement;
	struct publishing publishing;
};

/* --- the statement --- */

static int emergency_epoch(struct emergency_command *c, struct error *e)
{
	static const struct number epochs = { "the epoch", "epochs", 1, COUNTER_EPOCH_MAX };
	return number_parse_u32(&epochs, c->words[0], &c->statement.epoch, e);
}

/* What can be said of the words without the site. */
static int emergency_words(struct emergency_command *c, struct error *e)
{
	struct emergency *s = &c->statement;
	s->does[c->action] = true;
	if (c->action == EMERGENCY_RAISE_EPOCH)
		return emergency_epoch(c, e);
	if (c->action == EMERGENCY_AUTHORISE_RECOVERY &&
	    hex_decode(span_of_text(c->words[0]), s->recovery.bytes, DIGEST_BYTES) != FAULT_NONE)
		return error_set(e, "'%.80s' is not the SHA-256 of an image: 64 lower-case digits", c->words[0]);
	return 0;
}

static int emergency_keys(struct emergency_command *c, struct error *e)
{
	struct key_ids ids = { 0, EMERGENCY_REVOKE_MAX, c->statement.revoke };
	for (int i = 0; c->action == EMERGENCY_REVOKE && i < c->word_count; i++)
		if (key_id_find(c->site, &c->publishing, c->words[i], c->unknown, &ids, e) != 0)
			return -1;
	c->statement.revoke_count = ids.count;
	return 0;
}

static void emergency_name(const struct emergency_command *c, uint64_t sequence, char *out, size_t capacity)
{
	snprintf(out, capacity, "emergency/%s/%" PRIu64 ".json", c->product, sequence);
}

/* The first number that is not published: a gap would stop every device at it. */
static int emergency_number(struct emergency_command *c, struct error *e)
{
	int found = 0;
	uint64_t bytes;
	char name[METADATA_PATH_MAX];
	while (found == 0) {
		emergency_name(c, ++c->statement.sequence, name, sizeof name);
		found = tree_size(&c->publishing.tree, name, &bytes, e);
	}
	return found < 0 ? -1 : 0;
}

static int emergency_sign(struct emergency_command *c, struct writer *out, struct error *e)
{
	struct writer body = publishing_buffer(&c->publishing, EMERGENCY_BYTES_MAX);
	struct authority offline;
	struct envelope_reason reason = { authority_who(), c->why };
	emergency_encode(&body, &c->statement);
	if (writer_end(&body) != FAULT_NONE)
		return error_set(e, "the statement cannot be written: %s", fault_text(body.fault));
	int failed = authority_open_tokens(c->site, AUTHORITY_OFFLINE, &offline, e) != 0;
	struct envelope_keys keys = { &offline.signer, c->holders.names, HOLDERS_SIGNERS, SIGN_EMERGENCY };
	failed = failed || envelope_sign(&crypto_openssl, &keys, reason, writer_span(&body), out, e) != 0;
	authority_close(&offline);
	return failed ? -1 : 0;
}

/* Nothing online is needed to say it: the file is all. The log, if it can be reached, remembers it. */
static void emergency_log(struct emergency_command *c, struct span envelope, const char *name)
{
	struct error e = { 0 };
	uint8_t salt[32];
	uint64_t index;
	struct authority online = { 0 };
	struct envelope_reason reason = { authority_who(), c->why };
	struct digest detail = sha256_of(&crypto_openssl, envelope);
	if (publishing_record(c->site, &c->publishing, &detail, "emergency", span_of_text(name), reason, salt, &index,
			      &e) != 0 ||
	    authority_open_signd(c->site, "online", "publisher", &online, &e) != 0 ||
	    ledger_commit(&c->publishing.ledger, &online.signer, reason, &e) != 0)
		ui_say(c->ui, "published, but not yet in the log: %s", e.text);
	authority_close(&online);
}

static int emergency_publish(struct emergency_command *c, char *name, size_t capacity, struct error *e)
{
	const struct site_product *product = site_product(c->site, c->product, e);
	if (product == NULL || publishing_open(c->site, &c->publishing, e) != 0 || emergency_keys(c, e) != 0 ||
	    emergency_number(c, e) != 0)
		return -1;
	c->statement.product = span_of_text(product->name);
	c->statement.why = span_of_text(c->why);
	struct writer out = publishing_buffer(&c->publishing, EMERGENCY_BYTES_MAX);
	emergency_name(c, c->statement.sequence, name, capacity);
	if (emergency_sign(c, &out, e) != 0 ||
	    statement_check(c->site, &c->publishing, product, c->statement.sequence, writer_span(&out), e) != 0 ||
	    tree_put_new(&c->publishing.tree, name, writer_span(&out), e) != 0)
		return -1;
	emergency_log(c, writer_span(&out), name);
	return 0;
}

/* --- the commands --- */

static int emergency_options(struct emergency_command *c, int argc, char **argv)
{
	static const struct option options[] = { { "product", required_argument, NULL, 'p' },
						 { "why", required_argument, NULL, 'w' },
						 { "holders", required_argument, NULL, 'h' },
						 { "unknown", no_argument, NULL, 'u' },
						 { NULL, 0, NULL, 0 } };
	int option;
	while ((option = option_next(c->ui, argc, argv, options)) != -1) {
		if (option == '?')
			return UI_USAGE;
		if (option == 'h' && holders_parse(c->ui, &c->holders, "emergency", optarg) != UI_OK)
			return UI_USAGE;
		if (option == 'u' && c->action != EMERGENCY_REVOKE)
			return ui_usage(c->ui, "--unknown is for emergency revoke alone");
		if (option == 'u')
			c->unknown = true;
		if (option == 'p')
			c->product = optarg;
		if (option == 'w' && option_why(c->ui, optarg, &c->why) != UI_OK)
			return UI_USAGE;
	}
	c->words = argv + optind;
	c->word_count = argc - optind;
	if (c->product == NULL)
		return ui_usage(c->ui, "give --product NAME: a statement is for the devices of one product");
	if (c->why == NULL || strlen(c->why) > EMERGENCY_WHY_MAX)
		return ui_usage(c->ui, "give --why TEXT, at most %d characters: devices and the log keep it",
				EMERGENCY_WHY_MAX);
	return UI_OK;
}

static void emergency_report(const struct emergency_command *c, const char *name)
{
	const struct emergency *s = &c->statement;
	if (!c->ui->json) {
		printf("%s signed by %d of %d and published; devices hear it with their next poll\n", name,
		       HOLDERS_SIGNERS, SITE_EMERGENCY_KEYS);
		key_id_print(c->ui, s->revoke, s->revoke_count);
		return;
	}
	fputs(c->action == EMERGENCY_REVOKE ? "{\"revoked\":" : "{", stdout);
	if (c->action == EMERGENCY_REVOKE) {
		key_id_print(c->ui, s->revoke, s->revoke_count);
		putchar(',');
	}
	printf("\"sequence\":%" PRIu64 ",\"statement\":\"%s\"}\n", s->sequence, name);
}

static int emergency_run(struct ui *ui, const char *site_path, int argc, char **argv, enum emergency_action action)
{
	static struct site site;
	static struct emergency_command c;
	struct error e = { 0 };
	char name[METADATA_PATH_MAX];
	c = (struct emergency_command){ .site = &site, .ui = ui, .action = action };
	holders_default(&c.holders, "emergency");
	int least = action == EMERGENCY_ACTIVATE_STANDBY ? 0 : 1;
	int most = action == EMERGENCY_REVOKE ? EMERGENCY_REVOKE_MAX : least;
	if (emergency_options(&c, argc, argv) != UI_OK)
		return UI_USAGE;
	if (c.word_count < least || c.word_count > most)
		return ui_usage(ui, "%s",
				action == EMERGENCY_REVOKE        ? "name the keys to be revoked"
				: action == EMERGENCY_RAISE_EPOCH ? "give the new epoch"
				: least == 1                      ? "give the SHA-256 of the recovery image"
								  : "this command takes no arguments");
	if (emergency_words(&c, &e) != 0)
		return ui_usage(ui, "%s", e.text);
	int failed = site_load(&site, site_path, &e) != 0 || emergency_publish(&c, name, sizeof name, &e) != 0;
	publishing_close(&c.publishing);
	if (failed)
		return ui_fail(ui, &e);
	emergency_report(&c, name);
	return UI_OK;
}

static int emergency_run_revoke(struct ui *ui, const char *site_path, int argc, char **argv)
{
	return emergency_run(ui, site_path, argc, argv, EMERGENCY_REVOKE);
}

static int emergency_run_raise(struct ui *ui, const char *site_path, int argc, char **argv)
{
	return emergency_run(ui, site_path, argc, argv, EMERGENCY_RAISE_EPOCH);
}

static int emergency_run_standby(struct ui *ui, const char *site_path, int argc, char **argv)
{
	return emergency_run(ui, site_path, argc, argv, EMERGENCY_ACTIVATE_STANDBY);
}

static int emergency_run_recovery(struct ui *ui, const char *site_path, int argc, char **argv)
{
	return emergency_run(ui, site_path, argc, argv, EMERGENCY_AUTHORISE_RECOVERY);
}

#define EMERGENCY_OPTIONS                                                 \
	"  --product NAME   whose devices are spoken to\n"                \
	"  --why TEXT       what happened; devices and the log keep it\n" \
	"  --holders A,B    which two of the three sign (default 1,2)\n\n"

const struct command command_emergency_revoke = {
	"emergency revoke", "--product NAME --why TEXT [--holders A,B] [--unknown] KEY...",
	"revoke keys while every role may be lost",
	"Two of the three emergency key holders sign; devices verify them by the keys pinned in them, before they ask\n"
	"for anything else. A revoked key counts nowhere any more, for good. Root keys are out of reach; a boot key "
	"and\n"
	"two emergency keys always stay.\n\n"
	"  KEY              p/<product>, plans/<product>, directive, log, boot, boot-next, emergency/N, or the "
	"SHA-256\n"
	"                   of its SubjectPublicKeyInfo\n"
	"  --unknown        take a SHA-256 that is of no key of the site\n" EMERGENCY_OPTIONS
	"Example: sealift emergency revoke --product edge-gateway --why 'INC-7: HSM stolen' p/edge-gateway\n",
	emergency_run_revoke
};

const struct command command_emergency_raise = {
	"emergency raise-epoch", "--product NAME --why TEXT [--holders A,B] EPOCH",
	"install no image of an older security epoch any more",
	"Each device takes the step once its running and its recovery image have the epoch; until then it waits. An\n"
	"epoch rises by one at a time.\n\n" EMERGENCY_OPTIONS
	"Example: sealift emergency raise-epoch --product edge-gateway --why 'CVE-2026-0001' 2\n",
	emergency_run_raise
};

const struct command command_emergency_standby = {
	"emergency activate-standby", "--product NAME --why TEXT [--holders A,B]",
	"install only what the next boot key has signed",
	"The boot key that was current verifies only what is installed already.\n\n" EMERGENCY_OPTIONS
	"Example: sealift emergency activate-standby --product edge-gateway --why 'INC-7'\n",
	emergency_run_standby
};

const struct command command_emergency_recovery = {
	"emergency recovery", "--product NAME --why TEXT [--holders A,B] SHA256",
	"authorise one recovery image by its digest",
	"The image still needs its boot manifest, signed by a boot key or two emergency keys.\n\n" EMERGENCY_OPTIONS
	"Example: sealift emergency recovery --product edge-gateway --why 'INC-7' \\\n"
	"           $(sha256sum recovery.img | cut -c1-64)\n",
	emergency_run_recovery
};
