/* Emergency statements, revocations and the trust bundle, as the installer heeds them. */
#include <openssl/evp.h>

#include "check.h"
#include "crypto_openssl.h"
#include "yard.h"

static struct yard *y;

static struct digest id_of(const struct world_holder *holder)
{
	return key_identity(&crypto_openssl, &y->world->keys[holder->keys[0]].key);
}

static struct emergency statement_of(uint64_t sequence)
{
	return (struct emergency){ .product = SPAN_LIT("board"), .sequence = sequence, .why = SPAN_LIT("test") };
}

static void say_revoked(const struct digest *key, uint64_t sequence)
{
	struct emergency s = statement_of(sequence);
	s.does[EMERGENCY_REVOKE] = true;
	s.revoke[0] = *key;
	s.revoke_count = 1;
	yard_state(y, &s, 2, sequence);
}

static void list_revoked(uint64_t epoch, uint32_t count, const struct digest *keys)
{
	static uint8_t text[REVOCATIONS_BYTES_MAX];
	struct revocation_list list = { epoch, count, keys };
	struct writer w = writer_over(text, sizeof text);
	revocation_list_encode(&w, &list);
	CHECK_EQ(w.fault, FAULT_NONE);
	yard_put_trust(y, REVOCATIONS_PATH, writer_span(&w));
	yard_publish(y);
}

/* The offered release is refused by this rule, in a fresh start of the program; "" for installed. */
static void ends_in(const char *rule)
{
	enum installer_outcome out;
	CHECK_EQ(yard_start(y, &out), 0);
	y->last_rule[0] = 0;
	out = yard_cycle(y);
	if (strcmp(y->last_rule, rule) != 0)
		printf("# ended in \"%s\", not \"%s\": %s\n", y->last_rule, rule, y->last_text);
	CHECK(strcmp(y->last_rule, rule) == 0);
	CHECK_EQ(out, rule[0] == 0 ? INSTALLER_REBOOT : INSTALLER_WAIT);
}

/* --- emergency --- */

static void an_emergency_revokes_the_product_key(void)
{
	y = yard_new(1);
	struct digest key = id_of(&y->world->product);
	say_revoked(&key, 1);
	ends_in("key-revoked");
	CHECK_EQ(y->installer.state.running.counter, 10);
	/* for good: whatever the server says later, and over restarts [EMG-20] */
	world_drop(&y->site, "emergency/board/1.json");
	yard_publish(y);
	ends_in("key-revoked");
	CHECK_EQ(y->installer.trusted.emergency.sequence, 1);
	yard_free(y);
}

/* Every role is lost, and it is heard all the same: nothing of TUF is asked for before. */
static void it_is_heard_when_tuf_is_dead(void)
{
	y = yard_new(1);
	struct digest key = id_of(&y->world->product);
	say_revoked(&key, 1);
	y->unix_s = WORLD_NOW + 100ll * 365 * WORLD_DAY;
	ends_in("expired");
	CHECK_EQ(y->installer.trusted.emergency.sequence, 1);
	CHECK(emergency_revokes(&y->installer.trusted.emergency, &key));
	yard_free(y);
}

static void what_does_not_verify_is_not_heard_and_nothing_is_installed(void)
{
	struct digest key = { { 1 } };
	struct emergency s = statement_of(1);
	s.does[EMERGENCY_ACTIVATE_STANDBY] = true;
	y = yard_new(1);
	yard_state(y, &s, 1, 1); /* one holder */
	ends_in("signature");
	say_revoked(&key, 1);
	y->corrupt = "emergency/";
	y->corrupt_at = 300; /* in a signature */
	ends_in("signature");
	y->corrupt = NULL;
	y->cut = "emergency/";
	ends_in("malformed");
	y->cut = NULL;
	s.product = SPAN_LIT("boards");
	yard_state(y, &s, 2, 1);
	ends_in("hardware");
	s.product = SPAN_LIT("board");
	s.sequence = 2;
	yard_state(y, &s, 2, 1); /* a later one under this number: the one between would be skipped [EMG-18] */
	ends_in("version");
	CHECK_EQ(y->installer.trusted.emergency.sequence, 0);
	say_revoked(&key, 1);
	ends_in("");
	CHECK_EQ(y->installer.trusted.emergency.sequence, 1);
	yard_free(y);
}

static void what_is_too_long_is_refused(void)
{
	static const char junk[TRUST_BUNDLE_BYTES_MAX + 1] = "{";
	y = yard_new(1);
	world_put(&y->site, "emergency/board/1.json", (struct span){ (const uint8_t *)junk, EMERGENCY_BYTES_MAX + 1 });
	ends_in("length");
	world_drop(&y->site, "emergency/board/1.json");
	yard_put_trust(y, TRUST_BUNDLE_PATH, SPAN_OF(junk));
	yard_publish(y);
	ends_in("length");
	yard_put_trust(y, TRUST_BUNDLE_PATH, SPAN_LIT("{}"));
	yard_publish(y);
	ends_in("malformed");
	yard_free(y);
}

/* [EMG-19] */
static void only_absence_ends_the_walk(void)
{
	static const unsigned statuses[] = { 403, 500, 503, 301 };
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		enum installer_outcome out;
		y = yard_new(1);
		y->deny_path = "emergency/";
		y->deny_status = statuses[i];
		CHECK_EQ(yard_start(y, &out), 0);
		CHECK_EQ(yard_cycle(y), INSTALLER_WAIT);
		CHECK(strncmp(y->last_text, "failed: ", 8) == 0 &&
		      strstr(y->last_text, "emergency/board/1.json") != NULL);
		CHECK_EQ(y->installer.state.target.counter, 0);
		y->deny_path = NULL;
		y->deny_status = 0;
		ends_in("");
		yard_free(y);
	}
}

static void root_is_out_of_reach(void)
{
	y = yard_new(1);
	struct digest key = id_of(&y->world->root);
	say_revoked(&key, 1);
	ends_in("emergency-forbidden");
	yard_free(y);
}

static void statements_are_walked_in_order(void)
{
	y = yard_new(1);
	struct digest first = { { 1 } }, second = { { 2 } }, fourth = id_of(&y->world->product);
	say_revoked(&first, 1);
	say_revoked(&second, 2);
	say_revoked(&fourth, 4); /* behind a gap: not asked for */
	ends_in("");
	CHECK_EQ(y->installer.trusted.emergency.sequence, 2);
	CHECK_EQ(y->installer.trusted.emergency.revoked_count, 2);
	yard_free(y);
}

static void the_epoch_waits_for_an_image_that_has_it(void)
{
	struct emergency s = statement_of(1);
	s.does[EMERGENCY_RAISE_EPOCH] = true;
	s.epoch = 1;
	y = yard_new(1);
	yard_state(y, &s, 2, 1);
	y->next.counter = (uint64_t)1 << 32 | 1;
	yard_publish(y);
	ends_in("");
	CHECK_EQ(y->installer.trusted.emergency.waiting_count, 1);
	CHECK_EQ(y->installer.trusted.emergency.epoch, 0);
	y->offers = false;
	yard_run(y, true, 3);
	CHECK_EQ(y->installer.state.running.counter, y->next.counter);
	CHECK_EQ(y->installer.trusted.emergency.waiting_count, 0);
	CHECK_EQ(y->installer.trusted.emergency.epoch, 1);
	yard_free(y);
}

/* An epoch that the image which runs has not: the statement waits. */
static void say_epoch(uint64_t sequence)
{
	struct emergency s = statement_of(sequence);
	s.does[EMERGENCY_RAISE_EPOCH] = true;
	s.epoch = 1;
	s.does[EMERGENCY_AUTHORISE_RECOVERY] = true;
	s.recovery = (struct digest){ { (uint8_t)sequence } };
	yard_state(y, &s, 2, sequence);
}

/* [EMG-22] */
static void one_that_waits_and_counts_no_more_stops_nothing(void)
{
	y = yard_new(1);
	say_epoch(1);
	ends_in("");
	CHECK_EQ(y->installer.trusted.emergency.waiting_count, 1);
	struct digest stolen = key_identity(&crypto_openssl, &y->world->keys[y->emergency.keys[0]].key);
	uint32_t first = y->emergency.keys[0];
	y->emergency.keys[0] = y->emergency.keys[2];
	y->emergency.keys[2] = first;
	say_revoked(&stolen, 2); /* the other two say so; the first had signed what waits */
	ends_in("");
	CHECK_EQ(y->installer.trusted.emergency.sequence, 2);
	ends_in("");
	CHECK_EQ(y->installer.trusted.emergency.waiting_count, 1);
	struct digest next = id_of(&y->world->product);
	say_revoked(&next, 3); /* what comes after it is heard */
	ends_in("key-revoked");
	CHECK_EQ(y->installer.trusted.emergency.sequence, 3);
	yard_free(y);
}

/* [EMG-17] */
static void one_that_waits_does_not_take_a_later_recovery_image_back(void)
{
	struct digest second = { { 2 } };
	struct emergency s = statement_of(2);
	s.does[EMERGENCY_AUTHORISE_RECOVERY] = true;
	s.recovery = second;
	y = yard_new(1);
	say_epoch(1);
	yard_state(y, &s, 2, 2);
	ends_in("");
	CHECK_EQ(y->installer.trusted.emergency.waiting_count, 1);
	CHECK(emergency_allows_recovery(&y->installer.trusted.emergency, &second));
	ends_in("");
	CHECK(emergency_allows_recovery(&y->installer.trusted.emergency, &second));
	yard_free(y);
}

static void the_standby_takes_over(void)
{
	struct emergency s = statement_of(1);
	s.does[EMERGENCY_ACTIVATE_STANDBY] = true;
	y = yard_new(1);
	yard_state(y, &s, 2, 1);
	ends_in("emergency-forbidden"); /* there is none on this device */
	yard_free(y);
	y = yard_new(1);
	y->identity.keys[1] = y->identity.keys[0];
	y->identity.keys[0].key = y->world->keys[y->emergency.keys[0]].key; /* any other */
	yard_state(y, &s, 2, 1);
	ends_in("");
	yard_free(y);
	y = yard_new(1);
	y->identity.keys[1] = (struct boot_key){ .present = true, .key = y->world->keys[y->log.keys[0]].key };
	yard_state(y, &s, 2, 1);
	ends_in("key-revoked"); /* by the key that was current */
	yard_free(y);
}

static void a_revoked_boot_key_signs_no_new_image(void)
{
	y = yard_new(1);
	struct digest key = id_of(&y->boot);
	y->identity.keys[1] = (struct boot_key){ .present = true, .key = y->world->keys[y->log.keys[0]].key };
	say_revoked(&key, 1);
	ends_in("key-revoked");
	CHECK(!y->has_table); /* what runs was signed by it */
	yard_free(y);
}

/* [EMG-13] */
static void the_boot_verifier_forgets_a_key_that_nothing_needs(void)
{
	y = yard_new(1);
	struct digest key = id_of(&y->log);
	y->identity.keys[1] = (struct boot_key){ .present = true, .key = y->world->keys[y->log.keys[0]].key };
	say_revoked(&key, 1);
	y->offers = false;
	enum installer_outcome out;
	CHECK_EQ(yard_start(y, &out), 0);
	yard_cycle(y);
	CHECK(y->has_table && y->table.keys[1].revoked && !y->table.keys[0].revoked);
	y->has_table = false;
	yard_cycle(y);
	CHECK(!y->has_table); /* told once */
	CHECK_EQ(yard_start(y, &out), 0);
	yard_cycle(y);
	CHECK(y->has_table); /* and after each start, until it has it */
	y->identity = y->table;
	y->has_table = false;
	CHECK_EQ(yard_start(y, &out), 0);
	yard_cycle(y);
	CHECK(!y->has_table);
	yard_free(y);
}

/* --- revocations --- */

static void the_targets_role_revokes_a_key(void)
{
	y = yard_new(1);
	struct digest key = id_of(&y->world->product);
	list_revoked(1, 1, &key);
	ends_in("key-revoked");
	CHECK_EQ(y->installer.trusted.epoch, 1);
	ends_in("key-revoked"); /* from the store */
	yard_free(y);
}

static void a_director_and_a_log_can_be_revoked(void)
{
	y = yard_new(1);
	struct digest key = id_of(&y->director);
	list_revoked(1, 1, &key);
	ends_in("key-revoked");
	yard_free(y);
	y = yard_new(1);
	key = id_of(&y->log);
	list_revoked(1, 1, &key);
	ends_in("unlogged");
	yard_free(y);
}

/* [REV-7]: what it signed in this very cycle does not count either. */
static void a_role_that_is_revoked_is_asked_again(void)
{
	y = yard_new(1);
	struct digest key = id_of(&y->world->timestamp);
	list_revoked(1, 1, &key);
	ends_in("key-revoked");
	CHECK(strstr(y->last_text, "timestamp") != NULL);
	yard_free(y);
}

/* [REV-8] */
static void a_list_does_not_reach_root(void)
{
	y = yard_new(1);
	struct digest key = id_of(&y->world->root);
	list_revoked(1, 1, &key);
	ends_in("");
	CHECK_EQ(y->installer.trusted.epoch, 1);
	yard_free(y);
}

/* [REV-6] */
static void a_list_neither_goes_back_nor_forgets(void)
{
	static const struct digest keys[3] = { { { 1 } }, { { 2 } }, { { 3 } } };
	y = yard_new(1);
	list_revoked(5, 2, keys);
	y->offers = false;
	enum installer_outcome out;
	CHECK_EQ(yard_start(y, &out), 0);
	yard_cycle(y);
	CHECK_EQ(y->installer.trusted.epoch, 5);
	y->offers = true;
	list_revoked(4, 2, keys);
	ends_in("rollback");
	list_revoked(5, 3, keys); /* another list under the same epoch */
	ends_in("rollback");
	list_revoked(6, 2, keys + 1); /* the first is forgotten */
	ends_in("rollback");
	CHECK_EQ(y->installer.trusted.epoch, 5);
	list_revoked(6, 3, keys);
	ends_in("");
	CHECK_EQ(y->installer.trusted.epoch, 6);
	CHECK_EQ(y->installer.trusted.all.count, 3);
	yard_free(y);
}

static void targets_change_hands(void)
{
	uint32_t key = world_key_new(y->world);
	y->world->targets = world_holder_of(y->world, 1, 1, &key);
	y->world->root_version++;
	world_publish_root(y->world, NULL);
	yard_publish(y);
}

static bool is_revoked(const struct digest *key)
{
	const struct revocations *all = &y->installer.trusted.all;
	for (uint32_t i = 0; i < all->count; i++)
		if (digest_equal(&all->keys[i], key))
			return true;
	return false;
}

/* [REV-9]: what a thief of targets did to the epoch is undone; what was revoked stays so, over restarts. */
static void other_targets_keys_begin_the_list_anew(void)
{
	static const struct digest keys[4] = { { { 1 } }, { { 2 } }, { { 3 } }, { { 4 } } };
	y = yard_new(1);
	list_revoked(JSON_INTEGER_MAX, 3, keys);
	ends_in("");
	list_revoked(2, 2, keys + 2);
	ends_in("rollback");
	list_revoked(JSON_INTEGER_MAX, 3, keys);
	targets_change_hands();
	ends_in(""); /* the new holders list the thief's file still: that does not make its epoch theirs */
	list_revoked(2, 2, keys + 2);
	ends_in("");
	CHECK_EQ(y->installer.trusted.epoch, 2);
	for (uint32_t restart = 0; restart < 2; restart++) {
		for (uint32_t k = 0; k < 4; k++)
			CHECK(is_revoked(&keys[k]));
		CHECK_EQ(y->installer.trusted.all.count, 4);
		ends_in("");
	}
	list_revoked(1, 2, keys + 2); /* under the same keys again [REV-6] */
	ends_in("rollback");
	list_revoked(3, 1, keys + 3);
	ends_in("rollback");
	targets_change_hands();
	list_revoked(1, 1, keys);
	ends_in("");
	CHECK_EQ(y->installer.trusted.epoch, 1);
	for (uint32_t k = 0; k < 4; k++)
		CHECK(is_revoked(&keys[k]));
	yard_free(y);
}

static void a_list_that_is_no_list_is_refused(void)
{
	y = yard_new(1);
	yard_put_trust(y, REVOCATIONS_PATH, SPAN_LIT("{\"epoch\":1}"));
	yard_publish(y);
	ends_in("malformed");
	yard_free(y);
}

/* --- bundle --- */

static EVP_PKEY *witness;
static bool lies;

static void cosign(struct yard *yard, struct span note_text, struct writer *lines)
{
	uint8_t message[4096], key[32];
	size_t n = sizeof key;
	struct cosignature c = { .time_unix = WORLD_NOW };
	struct writer w = writer_over(message, sizeof message);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	cosignature_write_message(&w, c.time_unix, note_text);
	CHECK_EQ(EVP_PKEY_get_raw_public_key(witness, key, &n), 1);
	n = sizeof c.ed25519;
	CHECK_EQ(EVP_DigestSignInit(context, NULL, NULL, NULL, witness), 1);
	CHECK_EQ(EVP_DigestSign(context, c.ed25519, &n, message, w.used), 1);
	EVP_MD_CTX_free(context);
	if (lies)
		c.time_unix++;
	note_write_cosignature(lines, &crypto_openssl, SPAN_LIT("w.example"), key, &c);
}

static struct trust_bundle bundle_of(uint64_t sequence)
{
	size_t n = 32;
	struct trust_bundle b = { .sequence = sequence, .log_count = 1, .log_policy = LOG_REQUIRED };
	b.server_roots = (struct trust_certificates){ 1, { SPAN_LIT("root") } };
	b.device_cas = (struct trust_certificates){ 1, { SPAN_LIT("ca") } };
	b.logs[0].origin = span_of_text(y->config.log_origin);
	memcpy(b.logs[0].xy, y->world->keys[y->log.keys[0]].key.xy, sizeof b.logs[0].xy);
	b.witness_count = b.witness_quorum = 1;
	b.witnesses[0].name = SPAN_LIT("w.example");
	if (witness == NULL)
		witness = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	CHECK_EQ(EVP_PKEY_get_raw_public_key(witness, b.witnesses[0].ed25519, &n), 1);
	return b;
}

static void publish_bundle(const struct trust_bundle *bundle)
{
	static uint8_t text[TRUST_BUNDLE_BYTES_MAX];
	struct writer w = writer_over(text, sizeof text);
	trust_bundle_encode(&w, bundle);
	CHECK_EQ(w.fault, FAULT_NONE);
	yard_put_trust(y, TRUST_BUNDLE_PATH, writer_span(&w));
	yard_publish(y);
}

static void the_log_is_rotated_by_the_bundle(void)
{
	y = yard_new(1);
	struct trust_bundle b = bundle_of(1);
	b.logs[0].xy[0] ^= 1; /* another log's key */
	publish_bundle(&b);
	ends_in("unlogged");
	b = bundle_of(2);
	b.log_count = 2;
	b.logs[1] = b.logs[0];
	b.logs[0].xy[0] ^= 1; /* while it is rotated, both are good */
	publish_bundle(&b);
	ends_in("");
	yard_free(y);
}

/* [TB-9] */
static void a_bundle_does_not_go_back(void)
{
	y = yard_new(1);
	struct trust_bundle b = bundle_of(7);
	publish_bundle(&b);
	y->offers = false;
	enum installer_outcome out;
	CHECK_EQ(yard_start(y, &out), 0);
	yard_cycle(y);
	CHECK_EQ(y->installer.trusted.bundle.sequence, 7);
	y->offers = true;
	b.sequence = 6;
	publish_bundle(&b);
	ends_in("rollback");
	CHECK_EQ(y->installer.trusted.bundle.sequence, 7);
	b.sequence = 8;
	publish_bundle(&b);
	ends_in("");
	yard_free(y);
}

/* [TB-9] [REV-6]: who held the keys used up all there were; then root takes them away. */
static void numbers_start_again_under_new_keys_of_targets(void)
{
	y = yard_new(1);
	struct digest keys[] = { { { 1 } }, { { 2 } } };
	struct trust_bundle b = bundle_of(JSON_INTEGER_MAX);
	b.logs[0].xy[0] ^= 1;
	publish_bundle(&b);
	list_revoked(JSON_INTEGER_MAX, 2, keys);
	ends_in("unlogged");
	b = bundle_of(1);
	publish_bundle(&b);
	ends_in("rollback"); /* the thief's word stands while his keys do */
	targets_change_hands();
	list_revoked(1, 1, keys);
	ends_in("");
	CHECK(is_revoked(&keys[1])); /* nothing is forgiven */
	CHECK_EQ(y->installer.trusted.bundle.sequence, 1);
	CHECK_EQ(y->installer.trusted.epoch, 1);
	b.sequence = 3;
	publish_bundle(&b);
	ends_in("");
	b.sequence = 2;
	publish_bundle(&b);
	ends_in("rollback"); /* and they rise again */
	yard_free(y);
}

/* [TB-11] */
static void other_targets_keys_begin_the_bundle_anew(void)
{
	y = yard_new(1);
	struct trust_bundle b = bundle_of(JSON_INTEGER_MAX);
	b.logs[0].xy[0] ^= 1; /* the thief's log */
	publish_bundle(&b);
	ends_in("unlogged");
	b = bundle_of(2);
	publish_bundle(&b);
	ends_in("rollback");
	targets_change_hands();
	publish_bundle(&b);
	ends_in("");
	CHECK_EQ(y->installer.trusted.bundle.sequence, 2);
	b.sequence = 1; /* under the same keys again [TB-9] */
	publish_bundle(&b);
	ends_in("rollback");
	yard_free(y);
}

/* [TB-12] */
static void a_damaged_bundle_is_fetched_again(void)
{
	y = yard_new(1);
	struct trust_bundle b = bundle_of(7);
	publish_bundle(&b);
	ends_in("");
	world_put(&y->store, "trust.bundle", SPAN_LIT("{\"device_cas\":["));
	ends_in("");
	CHECK(y->installer.trusted.has_bundle);
	CHECK_EQ(y->installer.trusted.bundle.sequence, 7);
	CHECK(world_get(&y->store, "trust.bundle").n > 100);
	yard_free(y);
}

static void damaged_revocations_are_never_dropped(void)
{
	static const char *const names[] = { "emergency.state", "trust.revocations", "trust.kept" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		enum installer_outcome out;
		y = yard_new(1);
		world_put(&y->store, names[i], SPAN_LIT("{"));
		CHECK_EQ(yard_start(y, &out), -1);
		CHECK_EQ(world_get(&y->store, names[i]).n, 1);
		yard_free(y);
	}
}

/* [META-9] */
static void a_trust_file_by_sha512_alone_is_refused(void)
{
	y = yard_new(1);
	struct trust_bundle b = bundle_of(1);
	publish_bundle(&b);
	y->trust[0].hashes = METADATA_SHA512;
	y->trust[0].sha256 = (struct digest){ { 0 } };
	yard_publish(y);
	ends_in("malformed");
	yard_free(y);
}

/* [REL-8]: the release's own word can make it stricter, the bundle's can for all. */
static void witnesses_are_asked_for(void)
{
	y = yard_new(1);
	y->log_policy = LOG_WITNESSES;
	struct trust_bundle b = bundle_of(1);
	publish_bundle(&b);
	ends_in("unwitnessed");
	y->cosign = cosign;
	lies = true;
	yard_publish(y);
	ends_in("unwitnessed");
	lies = false;
	yard_publish(y);
	ends_in("");
	yard_free(y);
	y = yard_new(1);
	b = bundle_of(1);
	b.log_policy = LOG_WITNESSES;
	publish_bundle(&b);
	ends_in("unwitnessed");
	y->cosign = cosign;
	yard_publish(y);
	ends_in("");
	yard_free(y);
}

static void only_the_bundle_can_excuse_from_the_log(void)
{
	y = yard_new(1);
	y->log_policy = LOG_NONE;
	yard_publish(y);
	world_drop(&y->site, "log");
	y->corrupt = "log/proof/";
	y->corrupt_at = 600;
	ends_in("unlogged");
	struct trust_bundle b = bundle_of(1);
	b.log_policy = LOG_NONE;
	publish_bundle(&b);
	ends_in("");
	yard_free(y);
}

/* The trial of a newer image failed, and what its agent wrote is read by the older one. */
static void a_newer_program_has_written_the_state(void)
{
	static const char name[] = "\"refusals\":[";
	char old[DEVICE_STATE_BYTES_MAX], text[DEVICE_STATE_BYTES_MAX];
	enum installer_outcome out;
	y = yard_new(1);
	y->offers = false;
	CHECK_EQ(yard_start(y, &out), 0);
	yard_cycle(y);
	struct span state = world_get(&y->store, DEVICE_STATE_NAME);
	snprintf(old, sizeof old, "%.*s", (int)state.n, (const char *)state.at);
	char *list = strstr(old, name);
	CHECK(list != NULL);
	list += strlen(name);
	char *end = strchr(list, ']');
	CHECK(end != NULL);
	int n = snprintf(text, sizeof text, "{\"another\":{\"a\":1},%.*s,0,7%s", (int)(end - old) - 1, old + 1, end);
	world_put(&y->store, DEVICE_STATE_NAME, (struct span){ (const uint8_t *)text, (size_t)n });
	y->offers = true;
	ends_in("");
	yard_free(y);
}

static const struct check_case cases[] = {
	CASE(an_emergency_revokes_the_product_key),
	CASE(it_is_heard_when_tuf_is_dead),
	CASE(what_does_not_verify_is_not_heard_and_nothing_is_installed),
	CASE(what_is_too_long_is_refused),
	CASE(only_absence_ends_the_walk),
	CASE(root_is_out_of_reach),
	CASE(statements_are_walked_in_order),
	CASE(the_epoch_waits_for_an_image_that_has_it),
	CASE(one_that_waits_and_counts_no_more_stops_nothing),
	CASE(one_that_waits_does_not_take_a_later_recovery_image_back),
	CASE(the_standby_takes_over),
	CASE(a_revoked_boot_key_signs_no_new_image),
	CASE(the_boot_verifier_forgets_a_key_that_nothing_needs),
	CASE(the_targets_role_revokes_a_key),
	CASE(a_director_and_a_log_can_be_revoked),
	CASE(a_role_that_is_revoked_is_asked_again),
	CASE(a_list_does_not_reach_root),
	CASE(a_list_neither_goes_back_nor_forgets),
	CASE(other_targets_keys_begin_the_list_anew),
	CASE(a_list_that_is_no_list_is_refused),
	CASE(the_log_is_rotated_by_the_bundle),
	CASE(a_bundle_does_not_go_back),
	CASE(other_targets_keys_begin_the_bundle_anew),
	CASE(numbers_start_again_under_new_keys_of_targets),
	CASE(a_damaged_bundle_is_fetched_again),
	CASE(damaged_revocations_are_never_dropped),
	CASE(a_trust_file_by_sha512_alone_is_refused),
	CASE(witnesses_are_asked_for),
	CASE(only_the_bundle_can_excuse_from_the_log),
	CASE(a_newer_program_has_written_the_state),
};

CHECK_MAIN(cases)
