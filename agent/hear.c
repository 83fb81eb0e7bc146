#include "hear.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tell.h"

#define PATH_BYTES (RELEASE_PRODUCT_MAX + 48)

/* --- what the device knows --- */

static void hear_signers(const struct crypto *crypto, const struct manifest *manifest, const struct boot_key *keys,
			 uint32_t count, bool *signed_by)
{
	for (uint32_t k = 0; k < count; k++)
		for (uint32_t s = 0; s < manifest->signature_count && keys[k].present; s++)
			if (crypto->p256_verify(keys[k].key.xy, &manifest->signed_digest,
						manifest->signatures[s].raw.at))
				signed_by[k] = true;
}

/* An image without a readable manifest does not boot: nothing is owed to it. */
static struct emergency_image hear_image(const struct installer *i, const struct flash *region)
{
	uint8_t buffer[MANIFEST_BYTES_MAX];
	struct manifest manifest;
	struct span envelope;
	struct emergency_image image = { 0 };
	if (region == NULL || region->read == NULL ||
	    slot_manifest_read(region, buffer, sizeof buffer, &envelope) != FAULT_NONE ||
	    manifest_decode(envelope, i->config.crypto, &manifest) != FAULT_NONE)
		return image;
	image.present = true;
	image.counter = manifest.sequence;
	hear_signers(i->config.crypto, &manifest, i->config.boot->keys, BOOT_KEYS_MAX, image.by_boot);
	if (region == i->ports.recovery)
		hear_signers(i->config.crypto, &manifest, i->config.boot->emergency, BOOT_EMERGENCY_MAX,
			     image.by_emergency);
	return image;
}

/* Root's keys, of the root that stands in the store: no statement may name them. */
static int hear_protected(struct installer *i, struct emergency_facts *facts, struct setback *s)
{
	size_t n = 0;
	struct root root;
	struct signed_json envelope;
	uint8_t *text = workspace_take(&i->task, ROOT_BYTES_MAX);
	struct digest *keys = workspace_array(&i->task, EMERGENCY_PROTECTED_MAX, sizeof *keys);
	if (text == NULL || keys == NULL)
		return error_set(&s->error, "read the stored root: workspace too small");
	if (i->ports.store.load(i->ports.store.self, "root.json", text, ROOT_BYTES_MAX, &n, &s->error) != 0)
		return error_within(&s->error, "the stored root");
	enum fault fault = signed_decode((struct span){ text, n }, &i->task, i->config.crypto, &envelope);
	if (fault == FAULT_NONE)
		fault = root_decode(envelope.body, &i->task, i->config.crypto, &root);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, "the stored root");
	for (uint32_t k = 0; k < root.root.count && k < EMERGENCY_PROTECTED_MAX; k++)
		keys[facts->protected_count++] = root.root.keys[k].identity;
	facts->protected_keys = keys;
	return 0;
}

static struct emergency_facts hear_images(const struct installer *i)
{
	enum slot running = i->config.running;
	return (struct emergency_facts){
		.product = span_of_text(i->config.device->product),
		.boot = i->config.boot,
		.epoch = i->config.epoch_floor,
		.running = hear_image(i, running == SLOT_NONE ? NULL : &i->ports.slots[running]),
		.recovery = hear_image(i, i->ports.recovery),
	};
}

/*
 * Once the image that runs, and recovery, boot without a revoked key, the boot verifier may forget it [EMG-13]. What
 * runs is settled before the first cycle, so once after each start is enough.
 */
static int hear_tell_boot(struct installer *i, struct setback *s)
{
	struct boot_identity table;
	if (i->boot_keys_told || i->ports.boot_keys == NULL)
		return 0;
	if (i->trusted.emergency.revoked_count > 0) {
		struct emergency_facts facts = hear_images(i);
		emergency_boot_table(i->config.crypto, &facts, &i->trusted.emergency, &table);
		if (memcmp(&table, i->config.boot, sizeof table) != 0 &&
		    i->ports.boot_keys(i->ports.self, &table, &s->error) < 0)
			return -1;
	}
	i->boot_keys_told = true;
	return 0;
}

/* --- one statement --- */

static int hear_heed(struct installer *i, uint64_t sequence, struct span text, struct setback *s)
{
	char what[PATH_BYTES];
	struct emergency_facts facts;
	struct signed_json envelope;
	struct emergency statement;
	struct emergency_state state = i->trusted.emergency;
	snprintf(what, sizeof what, "emergency statement %" PRIu64, sequence);
	/* [EMG-1] */
	enum fault fault = signed_decode_strict(text, &i->task, i->config.crypto, &envelope);
	if (fault == FAULT_NONE)
		fault = emergency_decode(envelope.body, &statement);
	if (fault != FAULT_NONE)
		return setback_malformed(s, fault, what);
	/* [EMG-18]: under another number it would let those between be skipped */
	if (statement.sequence != sequence)
		return setback_refuse(s, VERDICT_VERSION, "%s", what);
	facts = hear_images(i);
	if (hear_protected(i, &facts, s) < 0)
		return -1;
	enum verdict verdict = emergency_apply(i->config.crypto, &facts, &envelope, &statement, &state);
	if (verdict != VERDICT_OK && verdict != VERDICT_EMERGENCY_LATER)
		return setback_refuse(s, verdict, "%s", what);
	if (trusted_keep_emergency(i, &state, s) < 0)
		return -1;
	i->boot_keys_told = false;
	tell(i, "emergency", "", verdict == VERDICT_OK ? what : "an emergency statement raises the epoch later");
	return 0;
}

/* 1: there is none of this number. */
static int hear_one(struct installer *i, uint64_t sequence, struct setback *s)
{
	char path[PATH_BYTES];
	struct fetch_answer got = { 0 };
	const struct fetch *fetch = &i->ports.fetch;
	uint8_t *buffer = workspace_take(&i->task, EMERGENCY_BYTES_MAX);
	snprintf(path, sizeof path, "emergency/%s/%" PRIu64 ".json", i->config.device->product, sequence);
	if (buffer == NULL)
		return error_set(&s->error, "read %s: workspace too small", path);
	if (fetch->get(fetch->self, path, 0, 0, buffer, EMERGENCY_BYTES_MAX, &got, &s->error) < 0)
		return -1;
	if (got.retry_after_s > i->retry_after_s)
		i->retry_after_s = got.retry_after_s;
	if (got.status == 404)
		return 1;
	if (got.status != 200)
		return error_retry(&s->error, "GET %s: the server answered %u", path, got.status);
	if (got.too_big)
		return setback_refuse(s, VERDICT_LENGTH, "%s", path);
	return hear_heed(i, sequence, (struct span){ buffer, got.n }, s);
}

/*
 * One that waits has done all but its epoch, and is allowed to be absent. Where it is bent, or by a key that a later
 * one revoked, it is as good as absent: it must not keep the device from what came after it, for good [EMG-22].
 */
static int hear_waiting(struct installer *i, uint64_t sequence, struct setback *s)
{
	char text[sizeof s->error.text + 32];
	if (hear_one(i, sequence, s) >= 0)
		return 0;
	if (s->verdict == VERDICT_OK)
		return -1;
	snprintf(text, sizeof text, "passed over in this cycle: %s", s->error.text);
	tell(i, "emergency", "", text);
	*s = (struct setback){ 0 };
	return 0;
}

/* Absent alone ends the walk: if any failure did, a cut connection could hide a revocation [EMG-19]. */
int hear_emergency(struct installer *i, struct setback *s)
{
	uint64_t sequence = 0;
	unsigned step = 0;
	for (; step < HEAR_STATEMENTS_MAX; step++) {
		size_t used = i->task.used;
		sequence = emergency_next(&i->trusted.emergency, sequence);
		if (sequence == 0)
			break;
		bool is_new = sequence > i->trusted.emergency.sequence;
		int result = is_new ? hear_one(i, sequence, s) : hear_waiting(i, sequence, s);
		i->task.used = used;
		if (result < 0)
			return -1;
		if (result == 1)
			break;
	}
	if (hear_tell_boot(i, s) < 0)
		return -1;
	/* The last may revoke what the next step would trust: none runs before it is heard. */
	return step < HEAR_STATEMENTS_MAX ? 0
					  : error_retry(&s->error, "there are more emergency statements to be heard");
}
