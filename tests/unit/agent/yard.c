#include "yard.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "compress.h"
#include "crypto_openssl.h"
#include "der.h"
#include "hex.h"

#define FACTORY_COUNTER 10u
#define BODY_MAX (1u << 20)

static uint8_t scratch[BODY_MAX];

static void must(bool ok)
{
	if (!ok) {
		fprintf(stderr, "yard: a call failed that must not\n");
		abort();
	}
}

static void sign_digest(const struct world_key *key, const struct digest *digest, uint8_t raw[64])
{
	uint8_t der[128];
	size_t n = sizeof der;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->private, NULL);
	must(context != NULL && EVP_PKEY_sign_init(context) == 1);
	must(EVP_PKEY_sign(context, der, &n, digest->bytes, sizeof digest->bytes) == 1);
	EVP_PKEY_CTX_free(context);
	must(der_signature_decode((struct span){ der, n }, raw) == FAULT_NONE);
}

static struct yard *home_of(struct yard *y)
{
	return y->home != NULL ? y->home : y;
}

static const struct world_key *key_of(const struct yard *y, const struct world_holder *holder)
{
	return &y->world->keys[holder->keys[0]];
}

/* --- effects that can fail --- */

static bool fails(struct yard *y)
{
	y->effects++;
	if (y->fail_at == 0)
		return false;
	return y->effects == y->fail_at || (y->cut_power && y->effects > y->fail_at);
}

/* Reads of the journal are not counted: there are hundreds, and the journal's own tests make each fail. */
static int flash_read(void *self, uint64_t at, void *buffer, size_t n)
{
	struct yard_flash *f = self;
	if (f != &f->yard->journal && fails(f->yard))
		return -1;
	must(at + n <= sizeof f->bytes);
	memcpy(buffer, f->bytes + at, n);
	return 0;
}

static void soil(struct yard_flash *f, uint64_t at, uint64_t n)
{
	for (uint64_t page = at / YARD_PAGE; n > 0 && page <= (at + n - 1) / YARD_PAGE; page++)
		f->is_dirty[page] = true;
}

/* A failed program leaves half of it behind: what a power cut does. */
static int flash_program(void *self, uint64_t at, const void *bytes, size_t n)
{
	struct yard_flash *f = self;
	bool failed = fails(f->yard);
	bool dead = failed && f->yard->effects != f->yard->fail_at;
	must(at + n <= sizeof f->bytes);
	f->programs++;
	soil(f, at, n);
	if (!dead)
		memcpy(f->bytes + at, bytes, failed ? n / 2 : n);
	return failed ? -1 : 0;
}

static int flash_erase(void *self, uint64_t at, uint64_t n)
{
	struct yard_flash *f = self;
	if (fails(f->yard))
		return -1;
	must(at + n <= sizeof f->bytes);
	f->erases++;
	soil(f, at, n);
	memset(f->bytes + at, 0xff, n);
	return 0;
}

static int flash_sync(void *self)
{
	struct yard_flash *f = self;
	bool failed = fails(f->yard);
	for (uint32_t page = 0; page < YARD_SLOT_BYTES / YARD_PAGE; page++) {
		if (f->is_dirty[page] && !failed)
			memcpy(f->durable + page * YARD_PAGE, f->bytes + page * YARD_PAGE, YARD_PAGE);
		f->is_dirty[page] = false;
	}
	return failed ? -1 : 0;
}

static struct flash flash_of(struct yard *y, struct yard_flash *f, uint64_t bytes, uint32_t erase_bytes)
{
	f->yard = y;
	return (struct flash){ flash_read, flash_program, flash_erase, flash_sync, bytes, erase_bytes, f };
}

static int store_load(void *self, const char *name, uint8_t *buffer, size_t capacity, size_t *n, struct error *e)
{
	struct yard *y = self;
	*n = 0;
	if (fails(y))
		return error_retry(e, "load %s: made to fail", name);
	struct span bytes = world_get(&y->store, name);
	if (bytes.at == NULL)
		return 1;
	if (bytes.n > capacity)
		return error_set(e, "%s is larger than %zu", name, capacity);
	memcpy(buffer, bytes.at, bytes.n);
	*n = bytes.n;
	return 0;
}

static int store_save(void *self, const char *name, struct span bytes, struct error *e)
{
	struct yard *y = self;
	if (fails(y))
		return error_retry(e, "save %s: made to fail", name);
	world_put(&y->store, name, bytes);
	return 0;
}

static int store_remove(void *self, const char *name, struct error *e)
{
	struct yard *y = self;
	if (fails(y))
		return error_retry(e, "remove %s: made to fail", name);
	world_drop(&y->store, name);
	return 0;
}

/* --- the server --- */

static bool begins(const char *path, const char *prefix)
{
	return prefix != NULL && strncmp(path, prefix, strlen(prefix)) == 0;
}

static void give(const struct yard *y, const char *path, struct span body, uint8_t *buffer, size_t capacity,
		 struct fetch_answer *out)
{
	out->too_big = body.n > capacity;
	out->n = out->too_big ? capacity : body.n;
	if (begins(path, y->cut) && out->n > 0)
		out->n--;
	memcpy(buffer, body.at, out->n);
	if (begins(path, y->corrupt) && out->n > 0)
		buffer[y->corrupt_at % out->n] ^= 1;
}

static int fetch_get(void *self, const char *path, uint64_t from, uint64_t n, uint8_t *buffer, size_t capacity,
		     struct fetch_answer *out, struct error *e)
{
	struct yard *y = self;
	*out = (struct fetch_answer){ 0 };
	y->gets++;
	y->metadata_gets += begins(path, "metadata/");
	bool singled_out = y->deny_path == NULL || begins(path, y->deny_path);
	if (fails(y) || (y->unreachable && singled_out))
		return error_retry(e, "GET %s: made to fail", path);
	out->status = singled_out ? y->deny_status : 0;
	if (out->status != 0)
		return 0;
	struct span body = begins(path, "metadata/") ? world_get(&y->world->remote, path + strlen("metadata/"))
						     : world_get(&home_of(y)->site, path);
	out->status = body.at == NULL ? 404 : n > 0 && !y->ignores_range ? 206 : 200;
	if (body.at == NULL)
		return 0;
	if (n > 0 && !y->ignores_range)
		body = span_sub(body, (size_t)from, (size_t)n);
	give(y, path, body, buffer, capacity, out);
	return 0;
}

static struct span write_directive(struct yard *y, const uint8_t nonce[DIRECTIVE_NONCE_BYTES])
{
	static uint8_t text[DIRECTIVE_BYTES_MAX];
	uint8_t body[DIRECTIVE_BYTES_MAX];
	struct writer w = writer_over(body, sizeof body), out = writer_over(text, sizeof text);
	const struct yard *home = home_of(y);
	const struct world_holder *director = y->stolen_director != NULL ? y->stolen_director : &home->director;
	struct directive d = {
		.device = span_of_text(y->config.id),
		.sequence = ++y->directive_sequence,
		.target_path = home->next.release.path,
		.image = home->next.digest,
		.image_bytes = sizeof home->next.image,
		.counter = home->next.counter,
		.plan_path = SPAN_LIT("plans/board/one.json"),
		.plan = home->plan_digest,
		.lifetime_s = 600,
	};
	memcpy(d.nonce, nonce, sizeof d.nonce);
	if (y->twist != NULL)
		y->twist(&d);
	directive_encode(&w, &d);
	must(writer_end(&w) == FAULT_NONE);
	struct signed_by by;
	const struct world_key *key = key_of(y, y->wrong_director ? &y->report : director);
	by.keyid_hex = span_of_text(key_of(y, director)->keyid);
	world_sign_raw(key, writer_span(&w), by.raw);
	signed_encode(&out, writer_span(&w), &by, 1);
	must(writer_end(&out) == FAULT_NONE);
	return writer_span(&out);
}

static void answer_poll(struct yard *y, struct span body, uint8_t *buffer, size_t capacity, struct fetch_answer *out)
{
	struct json_node *top;
	struct json_reader r = { 0 };
	uint8_t nonce[DIRECTIVE_NONCE_BYTES], text[16384];
	struct workspace ws = workspace_over(scratch, sizeof scratch);
	must(json_parse(body, &ws, &top) == FAULT_NONE);
	json_hex(&r, top, "nonce", nonce, sizeof nonce);
	struct span want = json_string(&r, top, "want", 16);
	must(r.fault == FAULT_NONE);
	bool offered = span_is(want, "confirm") ? y->confirms : y->offers;
	if (offered && !(y->replays && y->last_directive[0] != 0)) {
		struct span directive = write_directive(y, nonce);
		snprintf(y->last_directive, sizeof y->last_directive, "%.*s", (int)directive.n,
			 (const char *)directive.at);
	}
	struct writer w = writer_over(text, sizeof text);
	struct json_writer j = json_writer_over(&w);
	json_write_object(&j);
	json_write_name(&j, "directive");
	if (offered)
		json_write_raw(&j, span_of_text(y->last_directive));
	else
		json_write_null(&j);
	json_write_member_uint(&j, "poll_s", 5);
	json_write_member_uint(&j, "revocation_epoch", 0);
	json_write_object_end(&j);
	must(writer_end(&w) == FAULT_NONE);
	out->status = 200;
	give(y, "v1/device/poll", writer_span(&w), buffer, capacity, out);
}

static void copy_text(char *out, size_t capacity, struct span text)
{
	snprintf(out, capacity, "%.*s", (int)text.n, (const char *)text.at);
}

static void take_report(struct yard *y, struct span body)
{
	struct workspace ws = workspace_over(scratch, sizeof scratch);
	struct signed_json envelope;
	struct report report;
	struct role role = world_role(y->world, &y->report);
	must(signed_decode_strict(body, &ws, &crypto_openssl, &envelope) == FAULT_NONE);
	must(threshold_check(&crypto_openssl, &role, &envelope, NULL) == VERDICT_OK);
	must(report_decode(envelope.body, &report) == FAULT_NONE);
	must(y->report_count < YARD_REPORTS_MAX);
	must(y->report_count == 0 || y->reports[y->report_count - 1].sequence <= report.sequence);
	struct yard_report *kept = &y->reports[y->report_count++];
	*kept = (struct yard_report){ .state = report.state,
				      .sequence = report.sequence,
				      .running_counter = report.running_counter,
				      .running_image = report.running_image };
	copy_text(kept->target, sizeof kept->target, report.target_path);
	copy_text(kept->cause, sizeof kept->cause, report.cause);
}

static int fetch_post(void *self, const char *path, const char *content_type, struct span body, uint8_t *buffer,
		      size_t capacity, struct fetch_answer *out, struct error *e)
{
	struct yard *y = self;
	*out = (struct fetch_answer){ 0 };
	y->posts++;
	if (fails(y) || (y->unreachable && y->deny_path == NULL))
		return error_retry(e, "POST %s: made to fail", path);
	out->status = y->deny_path == NULL ? y->deny_status : 0;
	if (out->status != 0)
		return 0;
	out->status = 204;
	if (strcmp(path, "v1/device/poll") == 0)
		answer_poll(y, body, buffer, capacity, out);
	else if (strcmp(path, "v1/device/report") == 0)
		take_report(y, body);
	else
		must(strcmp(path, "v1/device/attestation") == 0 && strcmp(content_type, "application/pkix-cert") == 0);
	return 0;
}

/* --- publishing --- */

static void put_object(struct yard *y, struct span bytes, struct object *out)
{
	char hex[2 * DIGEST_BYTES + 1], path[128];
	out->sha256 = sha256_of(&crypto_openssl, bytes);
	out->bytes = bytes.n;
	hex_text(digest_span(&out->sha256), hex);
	snprintf(path, sizeof path, "objects/%s", hex);
	world_put(&y->site, path, bytes);
}

static void publish_segments(struct yard *y)
{
	static uint8_t payload[YARD_IMAGE_BYTES * 2], table[8192];
	struct release *r = &y->next.release;
	struct writer w = writer_over(table, sizeof table);
	struct segments header = { .segment_bytes = YARD_SEGMENT,
				   .image_bytes = YARD_IMAGE_BYTES,
				   .image = y->next.digest,
				   .count = YARD_SEGMENTS };
	size_t used = 0;
	segments_encode_header(&w, &header);
	for (uint32_t i = 0; i < YARD_SEGMENTS; i++) {
		struct span part =
			span_sub((struct span){ y->next.image, YARD_IMAGE_BYTES }, i * YARD_SEGMENT, YARD_SEGMENT);
		struct segment s = { .result = sha256_of(&crypto_openssl, part) };
		size_t n = 0;
		if (i != 3) {
			s.op = SEGMENT_FULL;
			must(zstd_compress(part, 3, payload + used, sizeof payload - used, &n, NULL) == 0);
			s.travel_offset = used;
			s.travel_bytes = (uint32_t)n;
			s.travel = sha256_of(&crypto_openssl, (struct span){ payload + used, n });
		}
		segments_encode_record(&w, &s);
		used += n;
	}
	must(writer_end(&w) == FAULT_NONE);
	put_object(y, (struct span){ payload, used }, &r->payload);
	put_object(y, writer_span(&w), &r->table);
}

static struct span yard_manifest(struct yard *y, uint64_t counter, const struct digest *image, uint64_t image_bytes)
{
	static uint8_t out[MANIFEST_BYTES_MAX];
	uint8_t body[MANIFEST_BYTES_MAX], raw[64];
	struct manifest m = { .sequence = counter, .component_count = 1, .image = *image, .image_bytes = image_bytes };
	m.component[0] = SPAN_LIT("slot");
	memcpy(m.vendor, y->config.compatible.vendor, sizeof m.vendor);
	memcpy(m.class, y->config.compatible.class, sizeof m.class);
	if (y->manifest_class != 0)
		m.class[0] = y->manifest_class;
	struct writer w = writer_over(body, sizeof body), o = writer_over(out, sizeof out);
	manifest_encode_body(&w, &m);
	must(writer_end(&w) == FAULT_NONE);
	struct digest digest = manifest_signed_digest(&crypto_openssl, writer_span(&w));
	sign_digest(key_of(y, &y->boot), &digest, raw);
	struct manifest_signature signature = { .raw = { raw, sizeof raw } };
	manifest_encode(&o, &crypto_openssl, writer_span(&w), &signature, 1);
	must(writer_end(&o) == FAULT_NONE);
	return writer_span(&o);
}

static void publish_proof(struct yard *y, const struct target *target)
{
	static uint8_t note[NOTE_BYTES_MAX], text[PROOF_BYTES_MAX];
	struct proof proof = { .salt = { 1, 2, 3 } };
	uint8_t raw[64];
	char hex[2 * DIGEST_BYTES + 1], path[128];
	const struct world_key *key = key_of(y, &y->log);
	must(logged_detail(&crypto_openssl, target, &y->next.detail) == FAULT_NONE);
	struct checkpoint c = { .origin = span_of_text(y->config.log_origin), .size = 1 };
	c.root = logged_leaf(&crypto_openssl, proof.salt, &y->next.detail);
	struct writer w = writer_over(note, sizeof note), p = writer_over(text, sizeof text);
	checkpoint_encode(&w, &c);
	world_sign_raw(key, writer_span(&w), raw);
	writer_text(&w, "\n");
	struct span checkpoint = span_sub(writer_span(&w), 0, w.used - 1);
	note_write_signature(&w, &crypto_openssl, c.origin, &key->key, raw);
	if (y->cosign != NULL)
		y->cosign(y, checkpoint, &w);
	must(writer_end(&w) == FAULT_NONE);
	proof.checkpoint = writer_span(&w);
	proof_encode(&p, &proof);
	must(writer_end(&p) == FAULT_NONE);
	hex_text(digest_span(&y->next.detail), hex);
	snprintf(path, sizeof path, "log/proof/%s", hex);
	world_put(&y->site, path, writer_span(&p));
}

static void publish_product(struct yard *y)
{
	static uint8_t custom[RELEASE_CUSTOM_MAX], nodes[64 << 10];
	struct world *world = y->world;
	struct writer w = writer_over(custom, sizeof custom);
	struct workspace ws = workspace_over(nodes, sizeof nodes);
	struct target target = { .path = y->next.release.path, .length = YARD_IMAGE_BYTES, .sha256 = y->next.digest };
	release_encode_custom(&w, &y->next.release);
	must(writer_end(&w) == FAULT_NONE);
	must(json_parse(writer_span(&w), &ws, &target.custom) == FAULT_NONE);
	struct targets product = { .version = world->product_version, .count = 1 };
	product.expires_unix = world_expiry(world, world->product_expires_unix);
	product.entries = &target;
	world_publish_targets(world, "p/board", &product, &world->product);
	publish_proof(y, &target);
}

static void publish_plan(struct yard *y)
{
	static uint8_t text[8192];
	char hex[2 * DIGEST_BYTES + 1], path[160];
	struct writer w = writer_over(text, sizeof text);
	y->plan.stages = &y->stage;
	y->plan.release = (struct plan_release){ y->next.release.path, y->next.digest, y->next.counter };
	plan_encode(&w, &y->plan);
	must(writer_end(&w) == FAULT_NONE);
	y->plan_digest = sha256_of(&crypto_openssl, writer_span(&w));
	struct target target = { .path = SPAN_LIT("plans/board/one.json"), .length = w.used, .sha256 = y->plan_digest };
	struct targets plans = { .version = y->world->product_version };
	plans.expires_unix = world_expiry(y->world, y->world->product_expires_unix);
	plans.count = 1;
	plans.entries = &target;
	world_publish_targets(y->world, "plans/board", &plans, &y->plans);
	hex_text(digest_span(&y->plan_digest), hex);
	snprintf(path, sizeof path, "targets/plans/board/%s.one.json", hex);
	world_put(&y->site, path, writer_span(&w));
}

void yard_publish_targets(struct yard *y)
{
	static const struct span release_paths[] = { { (const uint8_t *)"p/board/*/*", 11 } };
	static const struct span plan_paths[] = { { (const uint8_t *)"plans/board/*", 13 } };
	static const struct span directive_paths[] = { { (const uint8_t *)"directive/*", 11 } };
	struct delegation d[3] = {
		{ .name = SPAN_LIT("p/board"), .terminating = true, .path_count = 1, .paths = release_paths },
		{ .name = SPAN_LIT("plans/board"), .terminating = true, .path_count = 1, .paths = plan_paths },
		{ .name = SPAN_LIT("directive"), .path_count = 1, .paths = directive_paths },
	};
	struct world *world = y->world;
	world->targets_version++;
	d[0].role = world_role(world, &world->product);
	d[1].role = world_role(world, &y->plans);
	d[2].role = world_role(world, &y->director);
	struct targets targets = { .version = world->targets_version };
	targets.expires_unix = world_expiry(world, world->targets_expires_unix);
	targets.count = y->trust_count;
	targets.entries = y->trust;
	targets.delegation_count = 3;
	targets.delegations = d;
	world_publish_targets(world, "targets", &targets, &world->targets);
}

void yard_publish_release(struct yard *y)
{
	struct release *r = &y->next.release;
	y->world->product_version++;
	y->next.digest = sha256_of(&crypto_openssl, SPAN_OF(y->next.image));
	r->image = y->next.digest;
	r->image_bytes = YARD_IMAGE_BYTES;
	r->counter = y->next.counter;
	r->log = y->log_policy;
	publish_segments(y);
	struct span manifest = yard_manifest(y, y->manifest_counter != 0 ? y->manifest_counter : r->counter, &r->image,
					     r->image_bytes);
	put_object(y, manifest, &r->manifest);
	publish_product(y);
	publish_plan(y);
}

void yard_publish(struct yard *y)
{
	y->world->snapshot_version++;
	y->world->timestamp_version++;
	yard_publish_release(y);
	yard_publish_targets(y);
	world_publish_snapshot(y->world);
	world_publish_timestamp(y->world);
}

/* --- the device --- */

static int64_t clock_unix(void *self)
{
	struct yard *y = self;
	return y->unix_s;
}

static uint64_t clock_boot(void *self)
{
	struct yard *y = self;
	return y->boot_ms += y->step_ms;
}

static int sign(void *self, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	struct yard *y = self;
	sign_digest(key_of(y, &y->report), digest, raw);
	return 0;
}

static int random_bytes(void *self, uint8_t *out, size_t n, struct error *e)
{
	static uint8_t count;
	memset(out, 0, n);
	out[0] = ++count;
	return 0;
}

static int healthy(void *self, struct error *e)
{
	struct yard *y = self;
	return y->sick ? error_set(e, "the pump does not turn") : 0;
}

static int boot_keys(void *self, const struct boot_identity *table, struct error *e)
{
	struct yard *y = self;
	if (fails(y))
		return error_retry(e, "boot keys: made to fail");
	y->has_table = true;
	y->table = *table;
	return 0;
}

static void heard(void *self, const struct installer_event *event)
{
	struct yard *y = self;
	if (strcmp(event->name, "refused") == 0) {
		snprintf(y->last_rule, sizeof y->last_rule, "%s", event->rule);
		snprintf(y->last_help, sizeof y->last_help, "%s", event->help);
	}
	snprintf(y->last_text, sizeof y->last_text, "%s: %s", event->name, event->text);
}

static int server_roots(void *self, const struct trust_certificates *roots, struct error *e)
{
	const struct yard *y = self;
	if (y->roots_heard != NULL)
		y->roots_heard(y->roots_self, roots);
	return 0;
}

static struct device_places places_of(struct yard *y, uint32_t erase_bytes)
{
	struct store store = { store_load, store_save, store_remove, y };
	return (struct device_places){
		.top = store,
		.fetcher = store,
		.installer = store,
		.state = store,
		.slots = { flash_of(y, &y->slots[0], YARD_SLOT_BYTES, erase_bytes),
			   flash_of(y, &y->slots[1], YARD_SLOT_BYTES, erase_bytes) },
		.journal = flash_of(y, &y->journal, 8192, 4096),
	};
}

static uint32_t erase_of(const struct yard *y)
{
	return y->slots[1].yard != NULL ? (uint32_t)y->installer.ports.slots[1].erase_bytes : 1;
}

int yard_start(struct yard *y, enum installer_outcome *out)
{
	static uint8_t *block;
	uint32_t erase_bytes = erase_of(y);
	struct device_places places = places_of(y, erase_bytes);
	struct installer_ports ports = {
		.fetch = { fetch_get, fetch_post, y },
		.store = places.state,
		.clock = { clock_unix, clock_boot, y },
		.decompress = in_process_decompress(&y->decompressor),
		.slots = { places.slots[0], places.slots[1] },
		.journal = places.journal,
		.sign = sign,
		.random = random_bytes,
		.healthy = healthy,
		.boot_keys = boot_keys,
		.server_roots = server_roots,
		.event = heard,
		.self = y,
	};
	struct installer_config config = {
		.device = &y->config,
		.crypto = y->crypto != NULL ? y->crypto : &crypto_openssl,
		.boot = &y->identity,
		.epoch_floor = y->epoch_floor,
		.epoch_max = 100,
		.running = y->running,
		.report_key = key_of(y, &y->report)->key,
		.attestation_der = SPAN_LIT("a certificate"),
		.key_place = "file",
		.built_unix = WORLD_NOW - 1000,
	};
	if (block == NULL)
		block = aligned_alloc(4096, (INSTALLER_BLOCK_BYTES + 4095u) / 4096u * 4096u);
	must(block != NULL);
	*out = INSTALLER_WAIT;
	if (installer_open(&y->installer, &config, &ports, block, INSTALLER_BLOCK_BYTES, NULL) < 0)
		return -1;
	return installer_start(&y->installer, out, NULL);
}

enum installer_outcome yard_cycle(struct yard *y)
{
	uint64_t wait_ms;
	return installer_cycle(&y->installer, &wait_ms);
}

struct journal_state yard_journal(struct yard *y)
{
	struct journal journal;
	struct flash flash = flash_of(y, &y->journal, 8192, 4096);
	must(journal_open(&journal, &flash) == JOURNAL_OK);
	return journal_state(&journal);
}

void yard_power_cycle(struct yard *y, bool boots)
{
	struct journal journal;
	struct flash flash = flash_of(y, &y->journal, 8192, 4096);
	must(journal_open(&journal, &flash) == JOURNAL_OK);
	y->running = journal.now.active;
	for (enum slot s = SLOT_A; s <= SLOT_B; s++) {
		const struct slot_status *status = &journal.now.slots[s];
		while ((status->state == SLOT_READY || status->state == SLOT_TRIAL) && status->tries > 0) {
			must(journal_trial(&journal, s) == JOURNAL_OK);
			y->running = s;
			if (boots)
				return;
			y->running = journal.now.active;
		}
		if (status->state == SLOT_TRIAL)
			must(journal_reject(&journal, s, SLOT_CAUSE_TRIES) == JOURNAL_OK);
	}
}

/* --- making one --- */

static struct world_holder single(struct yard *y)
{
	uint32_t key = world_key_new(y->world);
	return world_holder_of(y->world, 1, 1, &key);
}

static void make_config(struct yard *y)
{
	y->config = device_config_default();
	struct device_config *c = &y->config;
	snprintf(c->id, sizeof c->id, "device-1");
	snprintf(c->product, sizeof c->product, "board");
	memset(c->compatible.vendor, 0x11, 16);
	memset(c->compatible.class, 0x22, 16);
	c->attribute_count = 1;
	snprintf(c->attributes[0].name, sizeof c->attributes[0].name, "region");
	snprintf(c->attributes[0].value, sizeof c->attributes[0].value, "eu");
	c->slot_bytes = YARD_SLOT_BYTES;
	c->server_count = 1;
	snprintf(c->servers[0], sizeof c->servers[0], "https://127.0.0.1:8443");
	snprintf(c->log_origin, sizeof c->log_origin, "log.example");
	c->log_key = key_of(y, &y->log)->key;
	memset(y->identity.vendor, 0x11, 16);
	memset(y->identity.class, 0x22, 16);
	y->identity.keys[0] = (struct boot_key){ .present = true, .key = key_of(y, &y->boot)->key };
}

static void make_device(struct yard *y, uint32_t erase_bytes)
{
	static uint8_t image[5000];
	memset(image, 0x5a, sizeof image);
	struct digest digest = sha256_of(&crypto_openssl, SPAN_OF(image));
	struct device_places places = places_of(y, erase_bytes);
	struct device_new given = {
		.config = &y->config,
		.root_json = world_get(&y->world->store, "root.json"),
		.idevid_key_pem = SPAN_LIT("k"),
		.idevid_pem = SPAN_LIT("c"),
		.server_roots_pem = SPAN_LIT("r"),
		.report_key_pem = SPAN_LIT("k"),
		.report_pem = SPAN_LIT("c"),
		.factory_image = SPAN_OF(image),
		.factory_manifest = yard_manifest(y, FACTORY_COUNTER, &digest, sizeof image),
		.factory_version = SPAN_LIT("1.0"),
		.factory_counter = FACTORY_COUNTER,
	};
	struct error e = { 0 };
	if (device_create(&crypto_openssl, &places, &given, &e) < 0)
		fprintf(stderr, "%s\n", e.text);
	must(world_get(&y->store, "device.json").n > 0);
	y->installer.ports.slots[1].erase_bytes = erase_bytes;
}

static void make_release(struct yard *y)
{
	struct release *r = &y->next.release;
	for (size_t i = 0; i < sizeof y->next.image; i++)
		y->next.image[i] = i / YARD_SEGMENT == 3 ? 0 : (uint8_t)(i * 7 + i / 251);
	y->next.counter = FACTORY_COUNTER + 1;
	r->path = SPAN_LIT("p/board/2.0/image");
	r->product = SPAN_LIT("board");
	r->version = SPAN_LIT("2.0");
	r->build_id = SPAN_LIT("build-7");
	r->compatible_count = 1;
	r->compatible[0] = y->config.compatible;
	r->proof = PROOF_SIGNED;
	y->log_policy = LOG_REQUIRED;
	y->stage = (struct stage){ .name = SPAN_LIT("all"), .range_to_bp = STAGE_RANGE_ALL };
	y->stage.earliest_unix = WORLD_NOW - 3600;
	y->plan = (struct plan){
		.product = SPAN_LIT("board"),
		.name = SPAN_LIT("one"),
		.stage_count = 1,
		.p0_ppm = 10000,
		.alpha_ppm = 10000,
		.beta_ppm = 50000,
		.soak_s = 1,
		.coverage_percent = 80,
		.report_expected_s = 60,
		.in_flight = 8,
	};
}

struct yard *yard_new(uint32_t erase_bytes)
{
	struct yard *y = calloc(1, sizeof *y);
	must(y != NULL);
	y->world = world_new();
	y->director = single(y);
	y->plans = single(y);
	y->boot = single(y);
	y->log = single(y);
	y->report = single(y);
	y->unix_s = WORLD_NOW;
	y->step_ms = 1;
	must(in_process_open(&y->decompressor, NULL) == 0);
	make_config(y);
	yard_pin_emergency(y);
	make_device(y, erase_bytes);
	make_release(y);
	yard_publish(y);
	y->offers = y->confirms = true;
	y->running = SLOT_A;
	y->effects = 0;
	return y;
}

struct yard *yard_beside(struct yard *home, const char *id)
{
	struct yard *y = calloc(1, sizeof *y);
	must(y != NULL);
	y->home = home;
	y->world = home->world;
	y->director = home->director;
	y->boot = home->boot;
	y->log = home->log;
	y->report = single(y);
	y->unix_s = home->unix_s;
	y->step_ms = 1;
	must(in_process_open(&y->decompressor, NULL) == 0);
	make_config(y);
	y->identity = home->identity;
	snprintf(y->config.id, sizeof y->config.id, "%s", id);
	make_device(y, (uint32_t)home->installer.ports.slots[1].erase_bytes);
	y->offers = y->confirms = true;
	y->running = SLOT_A;
	y->effects = 0;
	return y;
}

void yard_free(struct yard *y)
{
	if (y->home == NULL)
		world_free(y->world);
	in_process_close(&y->decompressor);
	for (uint32_t i = 0; i < y->site.count; i++)
		free(y->site.files[i].bytes);
	for (uint32_t i = 0; i < y->store.count; i++)
		free(y->store.files[i].bytes);
	free(y);
}
