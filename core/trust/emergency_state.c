#include "emergency_state.h"

#include <string.h>

/* --- what the state says --- */

static bool emergency_has(const struct digest *keys, uint32_t count, const struct digest *key)
{
	for (uint32_t i = 0; i < count; i++)
		if (digest_equal(&keys[i], key))
			return true;
	return false;
}

bool emergency_revokes(const struct emergency_state *state, const struct digest *key)
{
	return emergency_has(state->revoked, state->revoked_count, key);
}

bool emergency_allows_recovery(const struct emergency_state *state, const struct digest *image)
{
	return state->has_recovery && digest_equal(&state->recovery, image);
}

static bool emergency_waits(const struct emergency_state *state, uint64_t sequence)
{
	for (uint32_t i = 0; i < state->waiting_count; i++)
		if (state->waiting[i] == sequence)
			return true;
	return false;
}

uint64_t emergency_next(const struct emergency_state *state, uint64_t after)
{
	for (uint32_t i = 0; i < state->waiting_count; i++)
		if (state->waiting[i] > after)
			return state->waiting[i];
	return after <= state->sequence ? state->sequence + 1 : 0;
}

static bool emergency_is_key(const struct crypto *crypto, const struct boot_key *key, const struct digest *identity)
{
	struct digest own = key_identity(crypto, &key->key);
	return key->present && digest_equal(&own, identity);
}

void emergency_boot_identity(const struct crypto *crypto, const struct emergency_state *state,
			     const struct boot_identity *pinned, struct boot_identity *out)
{
	*out = *pinned;
	for (uint32_t k = 0; k < BOOT_KEYS_MAX; k++)
		for (uint32_t i = 0; i < state->revoked_count; i++)
			if (emergency_is_key(crypto, &pinned->keys[k], &state->revoked[i]))
				out->keys[k].revoked = true;
	for (uint32_t k = 0; k < BOOT_EMERGENCY_MAX; k++)
		for (uint32_t i = 0; i < state->revoked_count; i++)
			if (emergency_is_key(crypto, &pinned->emergency[k], &state->revoked[i]))
				out->emergency[k].revoked = true;
	/* [EMG-15] */
	if (state->standby)
		out->keys[0].revoked = true;
}

/* --- who says so --- */

/* [EMG-7]: the pinned keys, by the one path that counts signatures. */
static enum verdict emergency_signed(const struct crypto *crypto, const struct emergency_facts *facts,
				     const struct signed_json *envelope, const struct emergency_state *state)
{
	char ids[BOOT_EMERGENCY_MAX][ROLE_KEYID_HEX + 1];
	struct role_key keys[BOOT_EMERGENCY_MAX];
	struct role role = { .threshold = EMERGENCY_THRESHOLD, .keys = keys };
	struct revocations revoked = { state->revoked_count, state->revoked };
	for (uint32_t k = 0; k < BOOT_EMERGENCY_MAX; k++)
		if (facts->boot->emergency[k].present && !facts->boot->emergency[k].revoked) {
			role_key_init(crypto, &facts->boot->emergency[k].key, ids[k], &keys[role.count]);
			role.count++;
		}
	return threshold_check(crypto, &role, envelope, &revoked);
}

/* [EMG-8] [EMG-9] */
static enum verdict emergency_scope(const struct emergency_facts *facts, const struct emergency *statement,
				    const struct emergency_state *state)
{
	if (!span_equal(statement->product, facts->product))
		return VERDICT_HARDWARE;
	if (emergency_waits(state, statement->sequence))
		return VERDICT_OK;
	if (statement->sequence <= state->sequence ||
	    statement->sequence - state->sequence > EMERGENCY_SEQUENCE_STEP_MAX)
		return VERDICT_EMERGENCY_SEQUENCE;
	return VERDICT_OK;
}

/* --- what it does, to a copy of the state --- */

static enum verdict emergency_add(struct emergency_state *state, const struct digest *key)
{
	uint32_t at = 0;
	if (emergency_revokes(state, key))
		return VERDICT_OK;
	if (state->revoked_count == EMERGENCY_REVOKED_MAX)
		return VERDICT_EMERGENCY_FORBIDDEN;
	while (at < state->revoked_count && span_compare(digest_span(&state->revoked[at]), digest_span(key)) < 0)
		at++;
	memmove(&state->revoked[at + 1], &state->revoked[at], (state->revoked_count - at) * sizeof *key);
	state->revoked[at] = *key;
	state->revoked_count++;
	return VERDICT_OK;
}

/* Two must remain: the holders could say nothing more otherwise [EMG-11]. */
static bool emergency_can_speak(const struct crypto *crypto, const struct boot_identity *boot,
				const struct emergency_state *state)
{
	struct boot_identity after;
	uint32_t distinct = 0;
	emergency_boot_identity(crypto, state, boot, &after);
	for (uint32_t k = 0; k < BOOT_EMERGENCY_MAX; k++) {
		const struct boot_key *key = &after.emergency[k];
		bool counts = key->present && !key->revoked;
		for (uint32_t i = 0; i < k && counts; i++)
			counts = !after.emergency[i].present ||
				 memcmp(after.emergency[i].key.xy, key->key.xy, sizeof key->key.xy) != 0;
		distinct += counts;
	}
	return distinct >= EMERGENCY_THRESHOLD;
}

/* Something must be able to sign new images, or the device never gets another [EMG-12]. */
static bool emergency_installs(const struct crypto *crypto, const struct emergency_facts *facts,
			       const struct emergency_state *state)
{
	struct boot_identity after;
	emergency_boot_identity(crypto, state, facts->boot, &after);
	for (uint32_t k = 0; k < BOOT_KEYS_MAX; k++)
		if (after.keys[k].present && !after.keys[k].revoked)
			return true;
	return false;
}

/* [EMG-10] [EMG-11] */
static enum verdict emergency_revoke(const struct crypto *crypto, const struct emergency_facts *facts,
				     const struct emergency *statement, struct emergency_state *state)
{
	for (uint32_t i = 0; i < statement->revoke_count; i++) {
		if (emergency_has(facts->protected_keys, facts->protected_count, &statement->revoke[i]))
			return VERDICT_EMERGENCY_FORBIDDEN;
		enum verdict verdict = emergency_add(state, &statement->revoke[i]);
		if (verdict != VERDICT_OK)
			return verdict;
	}
	return emergency_can_speak(crypto, facts->boot, state) ? VERDICT_OK : VERDICT_EMERGENCY_FORBIDDEN;
}

/* [EMG-14]: one step, and only behind the images that would have to take it. */
static enum verdict emergency_raise(const struct emergency_facts *facts, const struct emergency *statement,
				    struct emergency_state *state)
{
	const struct emergency_image *images[] = { &facts->running, &facts->recovery };
	uint32_t now = facts->epoch > state->epoch ? facts->epoch : state->epoch;
	if (statement->epoch <= now)
		return VERDICT_OK; /* a device that was made later is there already */
	/* those that wait come first: each may be a step */
	if (statement->epoch - now > 1 + state->waiting_count)
		return VERDICT_COUNTER_JUMP;
	for (unsigned i = 0; i < 2; i++)
		if (images[i]->present && COUNTER_EPOCH(images[i]->counter) < statement->epoch)
			return VERDICT_EMERGENCY_LATER;
	if (statement->epoch - now > 1)
		return VERDICT_EMERGENCY_LATER;
	state->epoch = statement->epoch;
	return VERDICT_OK;
}

/* All but raising the epoch is done at once: a revocation must not wait for anything. */
static enum verdict emergency_act(const struct crypto *crypto, const struct emergency_facts *facts,
				  const struct emergency *statement, struct emergency_state *state)
{
	enum verdict verdict = VERDICT_OK;
	if (statement->does[EMERGENCY_REVOKE])
		verdict = emergency_revoke(crypto, facts, statement, state);
	if (verdict != VERDICT_OK)
		return verdict;
	if (statement->does[EMERGENCY_ACTIVATE_STANDBY])
		state->standby = true;
	bool touches_boot = statement->does[EMERGENCY_REVOKE] || statement->does[EMERGENCY_ACTIVATE_STANDBY];
	if (touches_boot && !emergency_installs(crypto, facts, state))
		return VERDICT_EMERGENCY_FORBIDDEN;
	/* [EMG-17]: offered again it would take the place of what a later one has authorised */
	if (statement->does[EMERGENCY_AUTHORISE_RECOVERY] && !emergency_waits(state, statement->sequence)) {
		state->has_recovery = true;
		state->recovery = statement->recovery;
	}
	return statement->does[EMERGENCY_RAISE_EPOCH] ? emergency_raise(facts, statement, state) : VERDICT_OK;
}

/* --- the sequence --- */

static void emergency_done(struct emergency_state *state, uint64_t sequence)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < state->waiting_count; i++)
		if (state->waiting[i] != sequence)
			state->waiting[kept++] = state->waiting[i];
	state->waiting_count = kept;
	if (sequence > state->sequence)
		state->sequence = sequence;
}

/* [EMG-16]: a full list keeps the device at this statement, until one of the list is through. */
static void emergency_note(struct emergency_state *state, uint64_t sequence)
{
	if (sequence <= state->sequence || state->waiting_count == EMERGENCY_WAITING_MAX)
		return;
	state->waiting[state->waiting_count++] = sequence;
	state->sequence = sequence;
}

enum verdict emergency_apply(const struct crypto *crypto, const struct emergency_facts *facts,
			     const struct signed_json *envelope, const struct emergency *statement,
			     struct emergency_state *state)
{
	struct emergency_state after = *state;
	enum verdict verdict = emergency_signed(crypto, facts, envelope, state);
	if (verdict == VERDICT_OK)
		verdict = emergency_scope(facts, statement, state);
	if (verdict == VERDICT_OK)
		verdict = emergency_act(crypto, facts, statement, &after);
	if (verdict != VERDICT_OK && verdict != VERDICT_EMERGENCY_LATER)
		return verdict;
	if (verdict == VERDICT_OK)
		emergency_done(&after, statement->sequence);
	else
		emergency_note(&after, statement->sequence);
	*state = after;
	return verdict;
}

/* --- what the boot verifier may be told --- */

static bool emergency_boots(const struct boot_identity *table, const struct emergency_image *image)
{
	uint32_t people = 0;
	for (uint32_t k = 0; k < BOOT_KEYS_MAX; k++)
		if (image->by_boot[k] && table->keys[k].present && !table->keys[k].revoked)
			return true;
	for (uint32_t k = 0; k < BOOT_EMERGENCY_MAX; k++)
		people += image->by_emergency[k] && table->emergency[k].present && !table->emergency[k].revoked;
	return people >= EMERGENCY_THRESHOLD || !image->present;
}

/* [EMG-13]: an image that boots with the key boots without it. What does not boot as it is needs no key. */
static bool emergency_spares(const struct boot_identity *table, const struct boot_identity *without,
			     const struct emergency_image *image)
{
	return emergency_boots(without, image) || !emergency_boots(table, image);
}

static void emergency_forget(const struct emergency_facts *facts, struct boot_identity *table, struct boot_key *key)
{
	struct boot_identity before = *table;
	key->revoked = true;
	if (!emergency_spares(&before, table, &facts->running) || !emergency_spares(&before, table, &facts->recovery))
		*table = before;
}

void emergency_boot_table(const struct crypto *crypto, const struct emergency_facts *facts,
			  const struct emergency_state *state, struct boot_identity *out)
{
	struct boot_identity all;
	struct emergency_state revocations = *state;
	revocations.standby = false; /* images that stand go on booting */
	emergency_boot_identity(crypto, &revocations, facts->boot, &all);
	*out = *facts->boot;
	for (uint32_t k = 0; k < BOOT_KEYS_MAX; k++)
		if (all.keys[k].revoked)
			emergency_forget(facts, out, &out->keys[k]);
	for (uint32_t k = 0; k < BOOT_EMERGENCY_MAX; k++)
		if (all.emergency[k].revoked)
			emergency_forget(facts, out, &out->emergency[k]);
}

/* --- as a device keeps it --- */

static void emergency_write_keys(struct json_writer *j, const struct emergency_state *state)
{
	json_write_name(j, "revoked");
	json_write_array(j);
	for (uint32_t i = 0; i < state->revoked_count; i++)
		json_write_hex(j, digest_span(&state->revoked[i]));
	json_write_array_end(j);
}

void emergency_state_encode(struct writer *w, const struct emergency_state *state)
{
	struct json_writer j = json_writer_over(w);
	json_write_object(&j);
	json_write_member_uint(&j, "epoch", state->epoch);
	if (state->has_recovery)
		json_write_member_hex(&j, "recovery", digest_span(&state->recovery));
	emergency_write_keys(&j, state);
	json_write_member_uint(&j, "sequence", state->sequence);
	json_write_member_bool(&j, "standby", state->standby);
	json_write_member_text(&j, "type", "emergency-state");
	json_write_member_uint(&j, "version", 1);
	json_write_name(&j, "waiting");
	json_write_array(&j);
	for (uint32_t i = 0; i < state->waiting_count; i++)
		json_write_uint(&j, state->waiting[i]);
	json_write_array_end(&j);
	json_write_object_end(&j);
}

static void emergency_read_keys(struct json_reader *r, struct json_node *top, struct emergency_state *out)
{
	struct json_node *list = json_array(r, top, "revoked", EMERGENCY_REVOKED_MAX);
	for (struct json_node *n = list == NULL ? NULL : list->child; n != NULL && r->fault == FAULT_NONE;
	     n = n->next) {
		struct digest *key = &out->revoked[out->revoked_count];
		json_value_hex(r, n, key->bytes, DIGEST_BYTES);
		if (out->revoked_count > 0 && span_compare(digest_span(key - 1), digest_span(key)) >= 0)
			json_fail(r, FAULT_NOT_CANONICAL, "revoked");
		out->revoked_count++;
	}
}

static void emergency_read_waiting(struct json_reader *r, struct json_node *top, struct emergency_state *out)
{
	struct json_node *list = json_array(r, top, "waiting", EMERGENCY_WAITING_MAX);
	uint64_t least = 1;
	for (struct json_node *n = list == NULL ? NULL : list->child; n != NULL && r->fault == FAULT_NONE;
	     n = n->next) {
		uint64_t sequence = json_value_uint(r, n, least, out->sequence);
		out->waiting[out->waiting_count++] = sequence;
		least = sequence + 1;
	}
}

enum fault emergency_state_decode(struct span text, struct workspace *ws, struct emergency_state *out)
{
	struct json_node *top;
	struct json_reader r = { 0 };
	*out = (struct emergency_state){ 0 };
	if (text.n > EMERGENCY_STATE_BYTES_MAX)
		return FAULT_TOO_LARGE;
	enum fault fault = json_parse_canonical(text, ws, &top);
	if (fault != FAULT_NONE)
		return fault;
	json_expect(&r, top, "type", "emergency-state");
	json_uint(&r, top, "version", 1, 1);
	out->epoch = (uint32_t)json_uint(&r, top, "epoch", 0, COUNTER_EPOCH_MAX);
	out->sequence = json_uint(&r, top, "sequence", 0, JSON_INTEGER_MAX);
	out->standby = json_bool(&r, top, "standby");
	struct json_node *recovery = json_optional(&r, top, "recovery");
	out->has_recovery = recovery != NULL;
	if (recovery != NULL)
		json_value_hex(&r, recovery, out->recovery.bytes, DIGEST_BYTES);
	emergency_read_keys(&r, top, out);
	emergency_read_waiting(&r, top, out);
	json_close(&r, top);
	return r.fault;
}
