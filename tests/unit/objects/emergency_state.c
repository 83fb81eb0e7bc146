#include "emergency_state.h"
#include "fake_signer.h"
#include "mangle.h"
#include "rows.h"

static uint8_t memory[1 << 20];
static uint8_t text[EMERGENCY_BYTES_MAX], body[EMERGENCY_BYTES_MAX];
static struct crypto crypto;

/* A device: emergency keys 1 to 3, boot keys 11 and 12, running by 11 at epoch 2, a recovery image by 11 and 12. */
struct scene {
	struct boot_identity boot;
	struct emergency_facts facts;
	struct emergency_state state;
	struct digest root;
	struct emergency statement;
	uint8_t signers[3]; /* seeds; 0: none */
};

static struct digest id(uint8_t seed)
{
	struct public_key key = fake_key(seed);
	return key_identity(&crypto, &key);
}

static struct scene scene(void)
{
	static struct digest root;
	struct scene s = { .signers = { 1, 2 } };
	crypto = fake_crypto();
	root = id(21);
	for (uint8_t k = 0; k < 3; k++)
		s.boot.emergency[k] = (struct boot_key){ .present = true, .key = fake_key((uint8_t)(1 + k)) };
	for (uint8_t k = 0; k < 2; k++)
		s.boot.keys[k] = (struct boot_key){ .present = true, .key = fake_key((uint8_t)(11 + k)) };
	s.facts.product = SPAN_LIT("board");
	s.facts.epoch = 2;
	s.facts.running = (struct emergency_image){ .present = true, .counter = (uint64_t)2 << 32 | 5 };
	s.facts.recovery = s.facts.running;
	s.facts.running.by_boot[0] = true;
	s.facts.recovery.by_boot[0] = s.facts.recovery.by_boot[1] = true;
	s.facts.protected_count = 1;
	s.facts.protected_keys = &root;
	s.statement = (struct emergency){ .product = SPAN_LIT("board"), .sequence = 1, .why = SPAN_LIT("test") };
	return s;
}

static void revoking(struct scene *s, uint8_t seed)
{
	s->statement.does[EMERGENCY_REVOKE] = true;
	s->statement.revoke[0] = id(seed);
	s->statement.revoke_count = 1;
}

static void raising(struct scene *s, uint32_t epoch)
{
	s->statement.does[EMERGENCY_RAISE_EPOCH] = true;
	s->statement.epoch = epoch;
}

/* Signs the statement as it stands, and reads it as a device would. */
static enum verdict apply(struct scene *s)
{
	struct signed_by by[3];
	char ids[3][ROLE_KEYID_HEX + 1];
	uint32_t count = 0;
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct signed_json envelope;
	struct emergency statement;
	struct writer w = writer_over(body, sizeof body);
	s->facts.boot = &s->boot;
	emergency_encode(&w, &s->statement);
	CHECK_EQ(w.fault, FAULT_NONE);
	struct digest digest = sha256_of(&crypto, writer_span(&w));
	for (int i = 0; i < 3; i++) {
		struct role_key key;
		struct public_key public = fake_key(s->signers[i]);
		if (s->signers[i] == 0)
			continue;
		role_key_init(&crypto, &public, ids[i], &key);
		by[count].keyid_hex = key.keyid;
		fake_sign(public.xy, &digest, by[count].raw);
		count++;
	}
	struct writer out = writer_over(text, sizeof text);
	signed_encode(&out, writer_span(&w), by, count);
	CHECK_EQ(signed_decode_strict(writer_span(&out), &ws, &crypto, &envelope), FAULT_NONE);
	CHECK_EQ(emergency_decode(envelope.body, &statement), FAULT_NONE);
	return emergency_apply(&crypto, &s->facts, &envelope, &statement, &s->state);
}

/* Refused, and nothing changed. */
static void refused(struct scene *s, enum verdict verdict)
{
	struct emergency_state before = s->state;
	CHECK_EQ(apply(s), verdict);
	CHECK(memcmp(&before, &s->state, sizeof before) == 0);
}

/* --- who [EMG-7] --- */

static void two_of_three_speak(void)
{
	static const uint8_t pairs[][3] = { { 1, 2 }, { 2, 3 }, { 3, 1 }, { 1, 2, 3 } };
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		struct scene s = scene();
		memcpy(s.signers, pairs[i], sizeof s.signers);
		revoking(&s, 30);
		CHECK_EQ(apply(&s), VERDICT_OK);
		struct digest key = id(30), other = id(31);
		CHECK(emergency_revokes(&s.state, &key) && !emergency_revokes(&s.state, &other));
		CHECK_EQ(s.state.sequence, 1);
	}
}

static void one_or_others_do_not(void)
{
	static const uint8_t signers[][3] = { { 1 }, { 0 }, { 1, 11, 12 }, { 21, 22, 23 } };
	for (size_t i = 0; i < sizeof signers / sizeof signers[0]; i++) {
		struct scene s = scene();
		memcpy(s.signers, signers[i], sizeof s.signers);
		revoking(&s, 30);
		refused(&s, VERDICT_SIGNATURE);
	}
}

static void one_key_pinned_twice_is_one(void)
{
	struct scene s = scene();
	s.boot.emergency[1] = s.boot.emergency[0];
	s.signers[1] = 0;
	revoking(&s, 30);
	refused(&s, VERDICT_SIGNATURE);
}

static void a_revoked_holder_does_not_count(void)
{
	struct scene s = scene();
	revoking(&s, 1);
	s.signers[0] = 3;
	CHECK_EQ(apply(&s), VERDICT_OK);
	s.statement.sequence = 2;
	revoking(&s, 30);
	s.signers[0] = 1;
	refused(&s, VERDICT_KEY_REVOKED);
	s.signers[0] = 3;
	CHECK_EQ(apply(&s), VERDICT_OK);
	/* and the two that are left cannot be revoked: nobody could speak any more [EMG-11] */
	s.statement.sequence = 3;
	revoking(&s, 2);
	refused(&s, VERDICT_EMERGENCY_FORBIDDEN);
}

/* --- scope and sequence [EMG-8] [EMG-9] --- */

static void pins_that_are_not_there_do_not_count(void)
{
	struct scene s = scene();
	s.boot.emergency[1].present = false;
	revoking(&s, 30);
	refused(&s, VERDICT_SIGNATURE);
	s = scene();
	s.boot.emergency[1].revoked = true;
	revoking(&s, 30);
	refused(&s, VERDICT_SIGNATURE);
	/* two of three are left: neither may go, nor may they be one key */
	s = scene();
	s.boot.emergency[2].present = false;
	revoking(&s, 1);
	refused(&s, VERDICT_EMERGENCY_FORBIDDEN);
	s = scene();
	s.boot.emergency[2] = s.boot.emergency[1];
	revoking(&s, 1);
	refused(&s, VERDICT_EMERGENCY_FORBIDDEN);
}

static void another_product_is_not_ours(void)
{
	struct scene s = scene();
	revoking(&s, 30);
	s.statement.product = SPAN_LIT("boards");
	refused(&s, VERDICT_HARDWARE);
}

static void the_sequence_only_rises(void)
{
	struct scene s = scene();
	revoking(&s, 30);
	s.statement.sequence = 5;
	CHECK_EQ(apply(&s), VERDICT_OK);
	refused(&s, VERDICT_EMERGENCY_SEQUENCE);
	s.statement.sequence = 4;
	refused(&s, VERDICT_EMERGENCY_SEQUENCE);
	s.statement.sequence = 6 + EMERGENCY_SEQUENCE_STEP_MAX;
	refused(&s, VERDICT_EMERGENCY_SEQUENCE);
	s.statement.sequence = 5 + EMERGENCY_SEQUENCE_STEP_MAX;
	CHECK_EQ(apply(&s), VERDICT_OK);
}

/* --- revoke [EMG-10] to [EMG-13] --- */

static void root_keys_are_out_of_reach(void)
{
	struct scene s = scene();
	revoking(&s, 21);
	refused(&s, VERDICT_EMERGENCY_FORBIDDEN);
}

static void one_boot_key_must_stay(void)
{
	struct scene s = scene();
	revoking(&s, 11);
	CHECK_EQ(apply(&s), VERDICT_OK);
	s.statement.sequence = 2;
	revoking(&s, 12);
	refused(&s, VERDICT_EMERGENCY_FORBIDDEN);
	/* nor may the standby take over and be revoked at once */
	s = scene();
	revoking(&s, 12);
	s.statement.does[EMERGENCY_ACTIVATE_STANDBY] = true;
	refused(&s, VERDICT_EMERGENCY_FORBIDDEN);
	s.boot.keys[1].present = false;
	s.statement.does[EMERGENCY_REVOKE] = false;
	refused(&s, VERDICT_EMERGENCY_FORBIDDEN);
}

static void the_key_of_the_running_image_stays_with_the_boot_verifier(void)
{
	struct boot_identity installs, boots;
	struct scene s = scene();
	revoking(&s, 11);
	CHECK_EQ(apply(&s), VERDICT_OK);
	emergency_boot_identity(&crypto, &s.state, &s.boot, &installs);
	CHECK(installs.keys[0].revoked && !installs.keys[1].revoked);
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(!boots.keys[0].revoked && !boots.keys[1].revoked);
	/* an image by the next key runs now, but recovery still needs the old one */
	s.facts.running.by_boot[0] = false;
	s.facts.running.by_boot[1] = true;
	s.facts.recovery.by_boot[1] = false;
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(!boots.keys[0].revoked);
	s.facts.recovery.by_emergency[0] = s.facts.recovery.by_emergency[2] = true;
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(boots.keys[0].revoked && !boots.keys[1].revoked);
	s.facts.recovery = (struct emergency_image){ 0 };
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(boots.keys[0].revoked);
}

static void the_boot_table_loses_what_is_revoked_and_nothing_else(void)
{
	struct boot_identity table;
	struct scene s = scene();
	s.facts.running.by_boot[1] = true; /* nothing needs the current key */
	s.statement.does[EMERGENCY_ACTIVATE_STANDBY] = true;
	revoking(&s, 3);
	CHECK_EQ(apply(&s), VERDICT_OK);
	emergency_boot_table(&crypto, &s.facts, &s.state, &table);
	CHECK(!table.keys[0].revoked && !table.keys[1].revoked);
	CHECK(table.emergency[2].revoked && !table.emergency[0].revoked && !table.emergency[1].revoked);
	/* a key that is not there cannot boot anything, nor be revoked */
	s = scene();
	s.facts.running.by_boot[1] = s.facts.recovery.by_boot[1] = true;
	revoking(&s, 11);
	CHECK_EQ(apply(&s), VERDICT_OK);
	s.boot.keys[1].present = false;
	emergency_boot_table(&crypto, &s.facts, &s.state, &table);
	CHECK(!table.keys[0].revoked);
	s.boot.keys[0].present = false;
	emergency_boot_identity(&crypto, &s.state, &s.boot, &table);
	CHECK(!table.keys[0].revoked);
}

/* Two people signed recovery, and one of them is revoked: it is what a device falls back on [EMG-13]. */
static void recovery_by_two_people_stays_bootable(void)
{
	struct boot_identity boots;
	struct scene s = scene();
	s.facts.recovery.by_boot[0] = s.facts.recovery.by_boot[1] = false;
	s.facts.recovery.by_emergency[0] = s.facts.recovery.by_emergency[1] = true;
	s.signers[0] = 3;
	revoking(&s, 1);
	CHECK_EQ(apply(&s), VERDICT_OK);
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(!boots.emergency[0].revoked);
	/* the other two signed another one */
	s.facts.recovery.by_emergency[0] = false;
	s.facts.recovery.by_emergency[2] = true;
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(boots.emergency[0].revoked && !boots.emergency[1].revoked);
}

/* Whoever can write there must not keep a stolen key alive. */
static void what_does_not_boot_keeps_no_key(void)
{
	struct boot_identity boots;
	struct scene s = scene();
	s.facts.running.by_boot[1] = true;
	s.facts.recovery.by_boot[0] = s.facts.recovery.by_boot[1] = false;
	revoking(&s, 11);
	CHECK_EQ(apply(&s), VERDICT_OK);
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(boots.keys[0].revoked && !boots.keys[1].revoked);
}

static void revocations_have_a_ceiling(void)
{
	struct scene s = scene();
	for (uint32_t i = 0; i < EMERGENCY_REVOKED_MAX; i++)
		s.state.revoked[i].bytes[1] = (uint8_t)i;
	s.state.revoked_count = EMERGENCY_REVOKED_MAX;
	revoking(&s, 30);
	refused(&s, VERDICT_EMERGENCY_FORBIDDEN);
	s.statement.revoke[0] = s.state.revoked[7]; /* known already: nothing to keep */
	CHECK_EQ(apply(&s), VERDICT_OK);
}

/* In whatever order they come. */
static void revocations_stay_sorted(void)
{
	static const uint8_t seeds[] = { 33, 31, 34, 32, 35 };
	struct scene s = scene();
	for (uint32_t i = 0; i < sizeof seeds; i++) {
		s.statement.sequence = s.state.sequence + 1;
		revoking(&s, seeds[i]);
		CHECK_EQ(apply(&s), VERDICT_OK);
		CHECK_EQ(s.state.revoked_count, i + 1);
		struct digest key = id(seeds[i]);
		CHECK(emergency_revokes(&s.state, &key));
	}
	for (uint32_t i = 1; i < s.state.revoked_count; i++)
		CHECK(span_compare(digest_span(&s.state.revoked[i - 1]), digest_span(&s.state.revoked[i])) < 0);
}

/* --- epoch [EMG-14] [EMG-16] --- */

static void the_epoch_rises_by_one_behind_the_images(void)
{
	struct scene s = scene();
	s.facts.running.counter = s.facts.recovery.counter = (uint64_t)9 << 32 | 1;
	raising(&s, 4);
	refused(&s, VERDICT_COUNTER_JUMP);
	raising(&s, 3);
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK_EQ(s.state.epoch, 3);
	s.statement.sequence = 2;
	raising(&s, 5);
	refused(&s, VERDICT_COUNTER_JUMP);
	raising(&s, 4);
	CHECK_EQ(apply(&s), VERDICT_OK);
	/* what a device of a later epoch has behind it */
	s.statement.sequence = 3;
	raising(&s, 1);
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK_EQ(s.state.epoch, 4);
}

static void raising_waits_for_the_images_and_nothing_else_does(void)
{
	struct scene s = scene();
	struct digest key = id(30);
	raising(&s, 3);
	revoking(&s, 30);
	CHECK_EQ(apply(&s), VERDICT_EMERGENCY_LATER);
	CHECK_EQ(s.state.epoch, 0);
	CHECK(emergency_revokes(&s.state, &key));
	CHECK_EQ(s.state.waiting_count, 1);
	CHECK_EQ(emergency_next(&s.state, 0), 1);
	CHECK_EQ(emergency_next(&s.state, 1), 2);
	CHECK_EQ(emergency_next(&s.state, 2), 0);
	s.facts.running.counter = (uint64_t)3 << 32 | 1;
	CHECK_EQ(apply(&s), VERDICT_EMERGENCY_LATER); /* recovery */
	CHECK_EQ(s.state.waiting_count, 1);
	s.facts.recovery.counter = (uint64_t)3 << 32 | 1;
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK_EQ(s.state.epoch, 3);
	CHECK_EQ(s.state.waiting_count, 0);
	refused(&s, VERDICT_EMERGENCY_SEQUENCE);
}

static void an_image_that_is_not_there_holds_nothing_up(void)
{
	struct scene s = scene();
	s.facts.running.counter = (uint64_t)3 << 32 | 1;
	s.facts.recovery = (struct emergency_image){ 0 };
	s.boot.keys[0].present = s.boot.keys[1].present = false; /* nor does a device that installs by none */
	raising(&s, 3);
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK_EQ(s.state.epoch, 3);
	s = scene();
	s.facts.running = (struct emergency_image){ 0 };
	raising(&s, 3);
	CHECK_EQ(apply(&s), VERDICT_EMERGENCY_LATER);
}

static void steps_that_wait_are_taken_in_order(void)
{
	struct scene s = scene();
	raising(&s, 3);
	CHECK_EQ(apply(&s), VERDICT_EMERGENCY_LATER);
	s.statement.sequence = 2;
	raising(&s, 4);
	CHECK_EQ(apply(&s), VERDICT_EMERGENCY_LATER);
	s.facts.running.counter = s.facts.recovery.counter = (uint64_t)4 << 32 | 1;
	CHECK_EQ(apply(&s), VERDICT_EMERGENCY_LATER); /* the second, while the first waits */
	s.statement.sequence = 1;
	raising(&s, 3);
	CHECK_EQ(apply(&s), VERDICT_OK);
	s.statement.sequence = 2;
	raising(&s, 4);
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK_EQ(s.state.epoch, 4);
	CHECK_EQ(s.state.waiting_count, 0);
}

static void a_full_list_waits_in_place(void)
{
	struct scene s = scene();
	for (uint64_t i = 1; i <= EMERGENCY_WAITING_MAX; i++) {
		s.statement.sequence = i;
		raising(&s, 3);
		CHECK_EQ(apply(&s), VERDICT_EMERGENCY_LATER);
	}
	s.statement.sequence = EMERGENCY_WAITING_MAX + 1;
	CHECK_EQ(apply(&s), VERDICT_EMERGENCY_LATER);
	CHECK_EQ(s.state.sequence, EMERGENCY_WAITING_MAX);
	CHECK_EQ(emergency_next(&s.state, EMERGENCY_WAITING_MAX + 1), 0);
}

/* --- standby and recovery [EMG-15] [EMG-17] --- */

static void the_standby_takes_over_for_new_images(void)
{
	struct boot_identity installs, boots;
	struct scene s = scene();
	s.statement.does[EMERGENCY_ACTIVATE_STANDBY] = true;
	CHECK_EQ(apply(&s), VERDICT_OK);
	emergency_boot_identity(&crypto, &s.state, &s.boot, &installs);
	CHECK(installs.keys[0].revoked && !installs.keys[1].revoked);
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(memcmp(&boots, &s.boot, sizeof boots) == 0);
}

static void one_recovery_image_is_authorised(void)
{
	struct scene s = scene();
	struct digest image = id(40), other = id(41), zero = { { 0 } };
	CHECK(!emergency_allows_recovery(&s.state, &zero));
	s.statement.does[EMERGENCY_AUTHORISE_RECOVERY] = true;
	s.statement.recovery = image;
	CHECK(!emergency_allows_recovery(&s.state, &image));
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK(emergency_allows_recovery(&s.state, &image) && !emergency_allows_recovery(&s.state, &other));
	s.statement.sequence = 2;
	s.statement.recovery = other;
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK(!emergency_allows_recovery(&s.state, &image) && emergency_allows_recovery(&s.state, &other));
}

/* What waits has authorised its recovery image already: offered again, it does not take back what came after it. */
static void an_older_statement_takes_no_recovery_image_back(void)
{
	struct scene s = scene();
	struct digest first = id(40), second = id(41), zero = { { 0 } };
	s.statement.does[EMERGENCY_AUTHORISE_RECOVERY] = true;
	s.statement.recovery = first;
	raising(&s, 3);
	struct emergency older = s.statement;
	CHECK_EQ(apply(&s), VERDICT_EMERGENCY_LATER);
	CHECK(emergency_allows_recovery(&s.state, &first));
	s.statement = (struct emergency){ .product = SPAN_LIT("board"), .sequence = 2, .why = SPAN_LIT("test") };
	s.statement.does[EMERGENCY_AUTHORISE_RECOVERY] = true;
	s.statement.recovery = second;
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK(emergency_allows_recovery(&s.state, &second));
	s.facts.running.counter = s.facts.recovery.counter = (uint64_t)3 << 32 | 1;
	s.statement = older;
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK(emergency_allows_recovery(&s.state, &second) && !emergency_allows_recovery(&s.state, &first));
	/* nor does a statement authorise one that says nothing of it */
	s = scene();
	revoking(&s, 30);
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK(!s.state.has_recovery && !emergency_allows_recovery(&s.state, &zero));
}

/* A pin that is not there is nobody's second one. */
static void a_key_that_is_not_there_takes_no_place(void)
{
	struct boot_identity boots;
	struct scene s = scene();
	s.boot.emergency[0] = s.boot.emergency[1];
	s.boot.emergency[0].present = false;
	s.signers[0] = 3;
	revoking(&s, 30);
	CHECK_EQ(apply(&s), VERDICT_OK);
	/* recovery by an emergency key that is not there is by one person: it needs the boot key, which stays */
	s = scene();
	s.facts.running.by_boot[1] = true;
	s.facts.recovery.by_boot[1] = false;
	s.facts.recovery.by_emergency[0] = s.facts.recovery.by_emergency[1] = true;
	revoking(&s, 11);
	CHECK_EQ(apply(&s), VERDICT_OK);
	s.boot.emergency[1].present = false;
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(!boots.keys[0].revoked);
	s.facts.recovery.present = false;
	emergency_boot_table(&crypto, &s.facts, &s.state, &boots);
	CHECK(boots.keys[0].revoked);
}

/* The epoch that the boot verifier has already is no step, whatever images stand. */
static void an_epoch_that_is_here_is_not_waited_for(void)
{
	struct scene s = scene();
	s.facts.running.counter = s.facts.recovery.counter = (uint64_t)1 << 32 | 1;
	raising(&s, 2);
	CHECK_EQ(apply(&s), VERDICT_OK);
	CHECK_EQ(s.state.epoch, 0);
}

/* --- as it is kept --- */

static bool round_trip(struct span in, struct writer *out)
{
	static struct emergency_state state;
	struct workspace ws = workspace_over(memory, sizeof memory);
	if (emergency_state_decode(in, &ws, &state) != FAULT_NONE)
		return false;
	emergency_state_encode(out, &state);
	return true;
}

static void the_state_has_one_spelling(void)
{
	struct scene s = scene();
	s.state.sequence = 9;
	s.state.waiting_count = 2;
	s.state.waiting[0] = 3;
	s.state.waiting[1] = 9;
	s.state.epoch = 4;
	s.state.standby = s.state.has_recovery = true;
	s.state.recovery.bytes[0] = 7;
	s.state.revoked_count = 2;
	s.state.revoked[1].bytes[0] = 8;
	struct writer w = writer_over(text, sizeof text);
	emergency_state_encode(&w, &s.state);
	mangle(writer_span(&w), round_trip);
	s.state = (struct emergency_state){ 0 };
	w = writer_over(text, sizeof text);
	emergency_state_encode(&w, &s.state);
	mangle(writer_span(&w), round_trip);
}

static void the_state_has_a_ceiling(void)
{
	struct emergency_state state;
	struct workspace ws = workspace_over(memory, sizeof memory);
	CHECK_EQ(emergency_state_decode((struct span){ memory, EMERGENCY_STATE_BYTES_MAX + 1 }, &ws, &state),
		 FAULT_TOO_LARGE);
	memset(text, ' ', EMERGENCY_STATE_BYTES_MAX);
	CHECK(emergency_state_decode((struct span){ text, EMERGENCY_STATE_BYTES_MAX }, &ws, &state) != FAULT_TOO_LARGE);
	/* as many keys as there is room for, and one more */
	for (int count = EMERGENCY_REVOKED_MAX; count <= EMERGENCY_REVOKED_MAX + 1; count++) {
		char keys[70 * (EMERGENCY_REVOKED_MAX + 1)] = "", all[sizeof keys + 200];
		for (int i = 0; i < count; i++)
			snprintf(keys + strlen(keys), 70, "%s\"%064x\"", i == 0 ? "" : ",", i);
		snprintf(all, sizeof all,
			 "{\"epoch\":4,\"revoked\":[%s],\"sequence\":9,\"standby\":false,"
			 "\"type\":\"emergency-state\",\"version\":1,\"waiting\":[1,9]}",
			 keys);
		ws = workspace_over(memory, sizeof memory);
		CHECK_EQ(emergency_state_decode(span_of_text(all), &ws, &state),
			 count <= EMERGENCY_REVOKED_MAX ? FAULT_NONE : FAULT_TOO_LARGE);
	}
}

#define STATE                                                                                                     \
	"{\"epoch\":4,\"revoked\":[\"0000000000000000000000000000000000000000000000000000000000000001\","         \
	"\"0000000000000000000000000000000000000000000000000000000000000002\"],\"sequence\":9,\"standby\":false," \
	"\"type\":\"emergency-state\",\"version\":1,\"waiting\":[1,9]}"

static enum fault decode(struct span in)
{
	static struct emergency_state state;
	struct workspace ws = workspace_over(memory, sizeof memory);
	return emergency_state_decode(in, &ws, &state);
}

static void the_state_decodes_by_the_table(void)
{
	static const struct row rows[] = {
		{ "\"epoch\":4", "\"epoch\":2097151", FAULT_NONE },
		{ "\"epoch\":4", "\"epoch\":2097152", FAULT_RANGE },
		{ "0001\"", "0002\"", FAULT_NOT_CANONICAL },
		{ "0001\"", "0003\"", FAULT_NOT_CANONICAL },
		{ "0001\"", "00\"", FAULT_TRUNCATED },
		{ "\"sequence\":9", "\"sequence\":9007199254740991", FAULT_NONE },
		{ "\"sequence\":9", "\"sequence\":9007199254740992", FAULT_RANGE },
		{ "\"sequence\":9", "\"sequence\":8", FAULT_RANGE },
		{ "\"version\":1", "\"version\":2", FAULT_RANGE },
		{ "[1,9]", "[0,9]", FAULT_RANGE },
		{ "[1,9]", "[9,9]", FAULT_RANGE },
		{ "[1,9]", "[1,2,3,4]", FAULT_NONE },
		{ "[1,9]", "[1,2,3,4,5]", FAULT_TOO_LARGE },
	};
	ROWS_FOLLOW(STATE, rows, decode);
}

static const struct check_case cases[] = {
	CASE(the_state_decodes_by_the_table),
	CASE(two_of_three_speak),
	CASE(one_or_others_do_not),
	CASE(one_key_pinned_twice_is_one),
	CASE(a_revoked_holder_does_not_count),
	CASE(pins_that_are_not_there_do_not_count),
	CASE(another_product_is_not_ours),
	CASE(the_sequence_only_rises),
	CASE(root_keys_are_out_of_reach),
	CASE(one_boot_key_must_stay),
	CASE(the_key_of_the_running_image_stays_with_the_boot_verifier),
	CASE(the_boot_table_loses_what_is_revoked_and_nothing_else),
	CASE(recovery_by_two_people_stays_bootable),
	CASE(what_does_not_boot_keeps_no_key),
	CASE(revocations_have_a_ceiling),
	CASE(revocations_stay_sorted),
	CASE(the_epoch_rises_by_one_behind_the_images),
	CASE(raising_waits_for_the_images_and_nothing_else_does),
	CASE(an_image_that_is_not_there_holds_nothing_up),
	CASE(steps_that_wait_are_taken_in_order),
	CASE(a_full_list_waits_in_place),
	CASE(the_standby_takes_over_for_new_images),
	CASE(one_recovery_image_is_authorised),
	CASE(an_older_statement_takes_no_recovery_image_back),
	CASE(a_key_that_is_not_there_takes_no_place),
	CASE(an_epoch_that_is_here_is_not_waited_for),
	CASE(the_state_has_one_spelling),
	CASE(the_state_has_a_ceiling),
};

CHECK_MAIN(cases)
