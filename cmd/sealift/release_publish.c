#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority.h"
#include "command.h"
#include "crypto_openssl.h"
#include "publishing.h"
#include "staging.h"

struct release_publish {
	const struct site *site;
	const struct ui *ui;
	struct staging *staging;
	struct publishing publishing;
	struct authority authority;
	struct envelope_reason reason;
	struct span envelope;   /* the signed role that lists the release */
	struct targets targets; /* it, decoded */
};

static int release_publish_load_role(struct release_publish *r, struct error *e)
{
	char path[FILE_PATH_MAX];
	size_t n = 0;
	struct signed_json envelope;
	uint8_t *bytes = workspace_take(&r->publishing.ws, STAGING_ROLE_BYTES_MAX);
	if (bytes == NULL || staging_file(r->staging, "role.json", path, e) != 0)
		return -1;
	int got = file_read(path, bytes, STAGING_ROLE_BYTES_MAX, &n, e);
	if (got > 0)
		return error_set(e, "%s/%s is not signed; 'sealift release sign %s/%s' does that",
				 r->staging->name.product, r->staging->name.version, r->staging->name.product,
				 r->staging->name.version);
	if (got < 0)
		return -1;
	r->envelope = (struct span){ bytes, n };
	if (signed_decode(r->envelope, &r->publishing.ws, &crypto_openssl, &envelope) != FAULT_NONE ||
	    targets_decode(envelope.body, &r->publishing.ws, &crypto_openssl, &r->targets) != FAULT_NONE)
		return error_set(e, "%s is malformed; sign the release again", path);
	return 0;
}

/* Releases that were published after this one was signed must not vanish from the role. */
static int release_publish_check_base(struct release_publish *r, const char *role, struct error *e)
{
	struct targets published = { 0 };
	if (repository_targets(&r->publishing.repository, role, &published, e) < 0)
		return -1;
	for (uint32_t i = 0; i < published.count; i++)
		if (targets_find(&r->targets, published.entries[i].path) == NULL)
			return error_set(e, "%.*s was published after this release was signed; sign this release again",
					 (int)published.entries[i].path.n, (const char *)published.entries[i].path.at);
	return 0;
}

static int release_publish_objects(struct release_publish *r, struct error *e)
{
	static const struct {
		const char *file;
		bool is_return;
		enum { MANIFEST, TABLE, PAYLOAD } what;
	} objects[] = { { "payload", false, PAYLOAD },
			{ "table", false, TABLE },
			{ "manifest.suit", false, MANIFEST },
			{ "return.suit", true, MANIFEST } };
	for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
		char path[METADATA_PATH_MAX], file[FILE_PATH_MAX];
		struct release release;
		if (objects[i].is_return && !r->staging->packed.has_return)
			continue;
		staging_target_path(&r->staging->name, objects[i].is_return, path);
		const struct target *target = targets_find(&r->targets, span_of_text(path));
		if (target == NULL || release_decode(target, &release) != FAULT_NONE)
			return error_set(e, "the signed role does not list %s; sign the release again", path);
		const struct object *object = objects[i].what == MANIFEST ? &release.manifest
					      : objects[i].what == TABLE  ? &release.table
									  : &release.payload;
		if (staging_file(r->staging, objects[i].file, file, e) != 0 ||
		    tree_put_object(&r->publishing.tree, &crypto_openssl, file, &object->sha256, e) != 0)
			return -1;
		ui_progress(r->ui, "objects", i + 1, sizeof objects / sizeof *objects);
	}
	return 0;
}

/* A leaf for the release, and for its return release; then one checkpoint, then the proofs. */
static int release_publish_log(struct release_publish *r, struct error *e)
{
	struct digest details[2];
	uint8_t salts[2][32];
	uint64_t indices[2];
	uint32_t count = r->staging->packed.has_return ? 2 : 1;
	for (uint32_t i = 0; i < count; i++) {
		char path[METADATA_PATH_MAX];
		staging_target_path(&r->staging->name, i == 1, path);
		const struct target *target = targets_find(&r->targets, span_of_text(path));
		if (target == NULL || logged_detail(&crypto_openssl, target, &details[i]) != FAULT_NONE)
			return error_set(e, "the signed role does not list %s; sign the release again", path);
		if (publishing_record(r->site, &r->publishing, &details[i], "release", span_of_text(path), r->reason,
				      salts[i], &indices[i], e) != 0)
			return -1;
	}
	if (ledger_commit(&r->publishing.ledger, &r->authority.signer, r->reason, e) != 0)
		return -1;
	for (uint32_t i = 0; i < count; i++)
		if (ledger_publish_proof(&r->publishing.ledger, salts[i], &details[i], indices[i], e) != 0)
			return -1;
	return 0;
}

static bool release_publish_done(struct release_publish *r, const char *role, struct error *e)
{
	char path[METADATA_PATH_MAX];
	struct targets published = { 0 };
	staging_target_path(&r->staging->name, false, path);
	return repository_targets(&r->publishing.repository, role, &published, e) == 0 &&
	       targets_find(&published, span_of_text(path)) != NULL;
}

static int release_publish_all(struct release_publish *r, bool *already, struct error *e)
{
	char role[METADATA_ROLE_NAME_MAX];
	snprintf(role, sizeof role, "p/%s", r->staging->name.product);
	if (publishing_open(r->site, &r->publishing, e) != 0 || release_publish_load_role(r, e) != 0)
		return -1;
	*already = release_publish_done(r, role, e);
	if (*already)
		return 0;
	if (release_publish_check_base(r, role, e) != 0 ||
	    authority_open_signd(r->site, "online", "publisher", &r->authority, e) != 0 ||
	    release_publish_objects(r, e) != 0 || release_publish_log(r, e) != 0)
		return -1;
	ui_say(r->ui, "logged at size %llu", (unsigned long long)r->publishing.ledger.size);
	if (repository_stage(&r->publishing.repository, role, r->targets.version, r->envelope, e) != 0 ||
	    repository_commit(&r->publishing.repository, &r->authority.signer, r->reason, publishing_lifetimes, e) != 0)
		return -1;
	ui_say(r->ui, "snapshot %llu and timestamp %llu published",
	       (unsigned long long)r->publishing.repository.snapshot.version,
	       (unsigned long long)r->publishing.repository.timestamp.version);
	return 0;
}

static int release_publish_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct staging staging;
	static struct release_publish r;
	struct staging_name name;
	struct error e = { 0 };
	const char *why = "publish";
	bool already = false;
	if (staging_words(ui, argc, argv, &why, &name) != UI_OK)
		return UI_USAGE;
	r = (struct release_publish){
		.site = &site, .ui = ui, .staging = &staging, .reason = { authority_who(), why }
	};
	int failed = site_load(&site, site_path, &e) != 0 || staging_load(&site, &name, &staging, &e) != 0 ||
		     release_publish_all(&r, &already, &e) != 0;
	authority_close(&r.authority);
	publishing_close(&r.publishing);
	if (failed)
		return ui_fail(ui, &e);
	if (ui->json)
		printf("{\"already\":%s,\"release\":\"%s\"}\n", already ? "true" : "false", argv[optind]);
	else
		printf("%s %s\nnext: sealift rollout plan --release %s ...\n",
		       already ? "was published already:" : "published", argv[optind], argv[optind]);
	return UI_OK;
}

const struct command command_release_publish = {
	"release publish", "[--why TEXT] PRODUCT/VERSION", "log a signed release and put it into the repository",
	"Writes the release's objects, appends it to the transparency log, then has the online signd sign the log's\n"
	"checkpoint, a new snapshot and a new timestamp. The timestamp is written last: a device sees the old "
	"repository\n"
	"or the new one. After an interruption, run it again. No device installs it before a rollout plan says so.\n\n"
	"  --why TEXT   the reason, for the authority's journal\n\n"
	"Example: sealift release publish edge-gateway/1.2.0\n",
	release_publish_run
};
