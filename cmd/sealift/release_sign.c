#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority.h"
#include "command.h"
#include "crypto_openssl.h"
#include "key_id.h"
#include "manifest.h"
#include "publishing.h"
#include "staging.h"
#include "statement_check.h"

struct release_sign {
	const struct site *site;
	const struct ui *ui;
	struct staging *staging;
	struct publishing publishing;
	struct authority authority;
	struct envelope_reason reason;
	int boot_key;               /* 0 current, 1 next */
	bool is_asked;              /* for that key: what was signed before is signed anew */
	struct object manifests[2]; /* of the release, of its return release */
};

static const char *const release_sign_keys[] = { "boot", "boot-next" };

/* Devices would refuse what this key signs. */
static int release_sign_allowed(struct release_sign *s, struct error *e)
{
	struct emergency_state state;
	const struct site_product *product = site_product(s->site, s->staging->name.product, e);
	if (product == NULL || statement_state(s->site, &s->publishing, product, &state, e) != 0)
		return -1;
	struct digest key = key_identity(&crypto_openssl, &s->site->boot_keys[s->boot_key]);
	if (key_id_has(state.revoked, state.revoked_count, &key))
		return error_set(e, "the boot key '%s' is revoked by an emergency statement; sign with --boot-key %s",
				 release_sign_keys[s->boot_key], s->boot_key == 0 ? "next" : "current");
	if (state.standby && s->boot_key == 0)
		return error_set(e, "an emergency statement has activated the standby key, and devices install nothing "
				    "new by 'boot'; sign with --boot-key next");
	return 0;
}

/* One boot manifest: signed once, kept, so that a repeated sign gives the same release. */
static int release_sign_manifest(struct release_sign *s, const char *body_file, const char *file, struct object *out,
				 struct error *e)
{
	uint8_t body[MANIFEST_BYTES_MAX], bytes[MANIFEST_BYTES_MAX + 1];
	char path[FILE_PATH_MAX];
	size_t n = 0;
	struct signature signature;
	if (staging_file(s->staging, file, path, e) != 0)
		return -1;
	int got = s->is_asked ? 1 : file_read(path, bytes, sizeof bytes, &n, e);
	if (got > 0) {
		char body_path[FILE_PATH_MAX];
		size_t body_n = 0;
		if (staging_file(s->staging, body_file, body_path, e) != 0)
			return -1;
		if (file_read(body_path, body, sizeof body, &body_n, e) != 0)
			return error_set(e, "%s is missing; pack the release again", body_path);
		struct span object = { body, body_n };
		struct sign_request request = { SIGN_MANIFEST, release_sign_keys[s->boot_key], object, s->reason.who,
						s->reason.why };
		if (s->authority.signer.sign(s->authority.signer.self, &request, &signature, e) != 0)
			return error_within(e, "the boot manifest");
		struct writer w = writer_over(bytes, MANIFEST_BYTES_MAX);
		struct manifest_signature by = { .raw = SPAN_OF(signature.raw) };
		manifest_encode(&w, &crypto_openssl, object, &by, 1);
		if (writer_end(&w) != FAULT_NONE)
			return error_set(e, "the boot manifest would be larger than %d bytes", MANIFEST_BYTES_MAX);
		n = w.used;
		got = file_write(path, writer_span(&w), 0644, e);
	}
	out->bytes = n;
	out->sha256 = sha256_of(&crypto_openssl, (struct span){ bytes, n });
	return got;
}

static int release_sign_role(struct release_sign *s, struct error *e)
{
	struct packed *packed = &s->staging->packed;
	struct publishing *p = &s->publishing;
	static char image_path[METADATA_PATH_MAX], return_path[METADATA_PATH_MAX];
	struct release releases[2];
	char role[METADATA_ROLE_NAME_MAX], path[FILE_PATH_MAX];
	const char *const names[] = { role };
	struct envelope_keys keys = { &s->authority.signer, names, 1 };
	uint64_t version;
	snprintf(role, sizeof role, "p/%s", s->staging->name.product);
	staging_target_path(&s->staging->name, false, image_path);
	staging_target_path(&s->staging->name, true, return_path);
	packed_release(packed, false, span_of_text(image_path), s->manifests[0],
		       packed->has_return ? span_of_text(return_path) : SPAN_NONE, &releases[0]);
	if (packed->has_return)
		packed_release(packed, true, span_of_text(return_path), s->manifests[1], SPAN_NONE, &releases[1]);
	struct writer body = publishing_buffer(p, STAGING_ROLE_BYTES_MAX);
	struct writer out = publishing_buffer(p, STAGING_ROLE_BYTES_MAX);
	if (repository_next_version(&p->repository, role, &version, e) != 0 ||
	    product_role_body(&p->repository, role, version, p->repository.now_unix + PRODUCT_ROLE_LIFETIME_S, releases,
			      packed->has_return ? 2 : 1, &body, e) != 0 ||
	    envelope_sign(&crypto_openssl, &keys, s->reason, writer_span(&body), &out, e) != 0)
		return error_within(e, "role %s", role);
	return staging_file(s->staging, "role.json", path, e) != 0 ? -1 : file_write(path, writer_span(&out), 0644, e);
}

static int release_sign_all(struct release_sign *s, struct error *e)
{
	if (publishing_open(s->site, &s->publishing, e) != 0 || release_sign_allowed(s, e) != 0 ||
	    authority_open_signd(s->site, "release", "publisher", &s->authority, e) != 0 ||
	    release_sign_manifest(s, "manifest.body", "manifest.suit", &s->manifests[0], e) != 0)
		return -1;
	ui_say(s->ui, "boot manifest signed");
	if (s->staging->packed.has_return) {
		if (release_sign_manifest(s, "return.body", "return.suit", &s->manifests[1], e) != 0)
			return -1;
		ui_say(s->ui, "boot manifest of the return release signed");
	}
	if (release_sign_role(s, e) != 0)
		return -1;
	ui_say(s->ui, "role p/%s signed", s->staging->name.product);
	return 0;
}

static int release_sign_words(struct release_sign *s, const struct ui *ui, int argc, char **argv,
			      struct staging_name *name)
{
	static const struct option options[] = { { "boot-key", required_argument, NULL, 'b' },
						 { "why", required_argument, NULL, 'w' },
						 { NULL, 0, NULL, 0 } };
	struct error e = { 0 };
	int option;
	while ((option = option_next(ui, argc, argv, options)) != -1) {
		if (option == '?' || (option == 'w' && option_why(ui, optarg, &s->reason.why) != UI_OK))
			return UI_USAGE;
		if (option == 'w')
			continue;
		s->is_asked = true;
		s->boot_key = strcmp(optarg, "next") == 0;
		if (s->boot_key == 0 && strcmp(optarg, "current") != 0)
			return ui_usage(ui, "--boot-key '%.40s': give current or next", optarg);
	}
	if (argc - optind != 1)
		return ui_usage(ui, "name one release: PRODUCT/VERSION");
	return staging_name_parse(argv[optind], name, &e) == 0 ? UI_OK : ui_usage(ui, "%s", e.text);
}

static int release_sign_run(struct ui *ui, const char *site_path, int argc, char **argv)
{
	static struct site site;
	static struct staging staging;
	static struct release_sign s;
	struct staging_name name;
	struct error e = { 0 };
	s = (struct release_sign){ .site = &site, .ui = ui, .staging = &staging };
	s.reason = (struct envelope_reason){ authority_who(), "release" };
	if (release_sign_words(&s, ui, argc, argv, &name) != UI_OK)
		return UI_USAGE;
	int failed = site_load(&site, site_path, &e) != 0 || staging_load(&site, &name, &staging, &e) != 0 ||
		     release_sign_all(&s, &e) != 0;
	authority_close(&s.authority);
	publishing_close(&s.publishing);
	if (failed)
		return ui_fail(ui, &e);
	if (ui->json)
		printf("{\"release\":\"%s\",\"signed\":true}\n", argv[optind]);
	else
		printf("signed %s\nnext: sealift release publish %s\n", argv[optind], argv[optind]);
	return UI_OK;
}

const struct command command_release_sign = {
	"release sign", "[--boot-key KEY] [--why TEXT] PRODUCT/VERSION",
	"have a packed release signed by the release authority",
	"Asks sealift-signd (release instance) to sign the boot manifests and the product's role, which then lists "
	"the\n"
	"release and its return release. signd records who asked and why before it signs. Nothing is published yet.\n\n"
	"  --boot-key KEY  current (default) or next, once an emergency statement took the current one: signs the\n"
	"                  boot manifests anew\n"
	"  --why TEXT      the reason, for the authority's journal (a ticket, say)\n\n"
	"Example: sealift release sign --why 'REL-118: fixes CVE-2026-0001' edge-gateway/1.2.0\n",
	release_sign_run
};
