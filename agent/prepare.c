#include "prepare.h"

#include <stdio.h>
#include <string.h>

#include "hex.h"
#include "refresh.h"

#define HEX_BYTES (2 * DIGEST_BYTES + 1)
#define PATH_BYTES (HEX_BYTES + 32)

static int get_object(struct installer *i, const struct object *object, uint64_t max_bytes, struct span *out,
		      struct setback *s)
{
	char hex[HEX_BYTES], path[PATH_BYTES];
	if (object->bytes > max_bytes)
		return setback_refuse(s, VERDICT_LENGTH, "an object of the release");
	hex_text(digest_span(&object->sha256), hex);
	snprintf(path, sizeof path, "objects/%s", hex);
	return refresh_object(i, path, object->bytes, &object->sha256, out, s);
}

/* --- the log --- */

static int get_proof(struct installer *i, const struct digest *detail, struct span *out, struct setback *s)
{
	char hex[HEX_BYTES], path[PATH_BYTES];
	struct fetch_answer got = { 0 };
	hex_text(digest_span(detail), hex);
	snprintf(path, sizeof path, "log/proof/%s", hex);
	uint8_t *buffer = workspace_take(&i->task, PROOF_BYTES_MAX);
	if (buffer == NULL)
		return error_set(&s->error, "read a log proof: workspace too small");
	if (i->ports.fetch.get(i->ports.fetch.self, path, 0, 0, buffer, PROOF_BYTES_MAX, &got, &s->error) < 0)
		return -1;
	if (got.status == 404 || got.too_big)
		return setback_refuse(s, VERDICT_UNLOGGED, "no usable proof at %s", path);
	if (got.status != 200)
		return error_retry(&s->error, "GET %s: the server answered %u", path, got.status);
	*out = (struct span){ buffer, got.n };
	return 0;
}

static bool is_revoked(const struct installer *i, const struct public_key *key)
{
	struct digest identity = key_identity(i->config.crypto, key);
	for (uint32_t k = 0; k < i->trusted.all.count; k++)
		if (digest_equal(&i->trusted.all.keys[k], &identity))
			return true;
	return false;
}

/* The bundle's logs, or the one of provisioning; none with a revoked key. */
static uint32_t find_logs(const struct installer *i, struct log_identity logs[TRUST_BUNDLE_LOGS_MAX])
{
	uint32_t count = 0, known = 1;
	const struct trusted *t = &i->trusted;
	logs[0] = (struct log_identity){ span_of_text(i->config.device->log_origin), i->config.device->log_key };
	for (uint32_t k = 0; t->has_bundle && k < t->bundle.log_count; k++) {
		logs[k].origin = t->bundle.logs[k].origin;
		memcpy(logs[k].key.xy, t->bundle.logs[k].xy, sizeof logs[k].key.xy);
		known = k + 1;
	}
	for (uint32_t k = 0; k < known; k++)
		if (!is_revoked(i, &logs[k].key))
			logs[count++] = logs[k];
	return count;
}

/* A release cannot excuse itself: a stolen product key would choose "none" [REL-8]. */
static enum log_policy owed_policy(const struct installer *i, const struct release *release)
{
	enum log_policy least = i->trusted.has_bundle ? i->trusted.bundle.log_policy : LOG_REQUIRED;
	return release->log > least ? release->log : least;
}

static enum verdict check_proof(const struct installer *i, enum log_policy policy, struct span proof,
				const struct digest *detail)
{
	struct log_identity logs[TRUST_BUNDLE_LOGS_MAX];
	uint32_t count = find_logs(i, logs);
	const struct trust_bundle *bundle = &i->trusted.bundle;
	struct log_witnesses witnesses = { 0 };
	if (i->trusted.has_bundle)
		witnesses = (struct log_witnesses){ bundle->witness_count, bundle->witnesses, bundle->witness_quorum };
	enum verdict verdict = VERDICT_UNLOGGED;
	for (uint32_t k = 0; k < count && verdict == VERDICT_UNLOGGED; k++)
		verdict = policy == LOG_WITNESSES
				  ? logged_check_witnessed(i->config.crypto, &logs[k], &witnesses, proof, detail)
				  : logged_check(i->config.crypto, &logs[k], proof, detail);
	return verdict;
}

static int check_logged(struct installer *i, const struct offer *offer, struct setback *s)
{
	struct digest detail;
	struct span proof;
	enum log_policy policy = owed_policy(i, &offer->install.release);
	if (policy == LOG_NONE)
		return 0;
	enum fault fault = logged_detail(i->config.crypto, offer->target, &detail);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, "the release's entry");
	if (get_proof(i, &detail, &proof, s) < 0)
		return -1;
	enum verdict verdict = check_proof(i, policy, proof, &detail);
	return verdict == VERDICT_OK ? 0 : setback_refuse(s, verdict, "the release's log proof");
}

/* --- the boot manifest --- */

static bool is_of_release(const struct manifest *manifest, const struct release *release)
{
	return digest_equal(&manifest->image, &release->image) && manifest->image_bytes == release->image_bytes &&
	       manifest->sequence == release->counter;
}

static int check_manifest(struct installer *i, struct prepared_install *out, struct setback *s)
{
	const struct release *release = &out->what->release;
	enum fault fault;
	if (get_object(i, &release->manifest, MANIFEST_BYTES_MAX, &out->envelope, s) < 0)
		return -1;
	/* by what emergency statements left of keys and epoch: stricter than the boot verifier, never laxer */
	uint32_t raised = i->trusted.emergency.epoch;
	uint32_t floor = raised > i->config.epoch_floor ? raised : i->config.epoch_floor;
	enum verdict verdict = bootcheck_manifest(i->config.crypto, &i->trusted.boot, BOOT_SLOT, floor,
						  slot_room(out->region), out->envelope, &out->manifest, &fault);
	if (verdict == VERDICT_MALFORMED)
		return setback_malformed(s, fault, "the boot manifest");
	if (verdict != VERDICT_OK)
		return setback_refuse(s, verdict, "the boot manifest");
	if (!is_of_release(&out->manifest.manifest, release))
		return setback_refuse(s, VERDICT_MANIFEST, "the boot manifest");
	/* an image whose epoch the counter cannot reach would boot once, and nothing after it ever again */
	if (COUNTER_EPOCH(release->counter) > i->config.epoch_max)
		return setback_refuse(s, VERDICT_EPOCH, "epoch %u, the counter ends at %u",
				      COUNTER_EPOCH(release->counter), i->config.epoch_max);
	return 0;
}

/* --- the segment table, and the place --- */

static int check_table(struct installer *i, struct prepared_install *out, struct setback *s)
{
	const struct release *release = &out->what->release;
	struct span text;
	if (get_object(i, &release->table, SEGMENTS_BYTES_MAX, &text, s) < 0)
		return -1;
	enum fault fault = segments_decode(text, release->payload.bytes, &out->table);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, "the segment table");
	/* [SEG-9] */
	if (out->table.image_bytes != release->image_bytes || !digest_equal(&out->table.image, &release->image))
		return setback_refuse(s, VERDICT_SEGMENT, "the segment table is of another image");
	return 0;
}

/* From recovery, the slot that is not active: the one that worked last is kept for as long as possible. */
static int choose_slot(struct installer *i, struct prepared_install *out, struct setback *s)
{
	enum slot running = i->config.running;
	if (running == SLOT_NONE)
		running = i->journal.now.active;
	out->slot = running == SLOT_NONE ? SLOT_A : slot_other(running);
	out->region = &i->ports.slots[out->slot];
	if (out->what->release.image_bytes > slot_room(out->region))
		return setback_refuse(s, VERDICT_SIZE, "the release");
	return 0;
}

int prepare_install(struct installer *i, const struct offer *offer, struct prepared_install *out, struct setback *s)
{
	*out = (struct prepared_install){ .what = &offer->install };
	if (choose_slot(i, out, s) < 0 || check_logged(i, offer, s) < 0 || check_manifest(i, out, s) < 0)
		return -1;
	return check_table(i, out, s);
}
