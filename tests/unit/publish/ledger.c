#include "ledger.h"

#include "check.h"
#include "crypto_openssl.h"
#include "desk.h"

static const uint8_t salt[32] = { 1, 2, 3 };

static void ledger_add(struct desk *d, uint32_t from, uint32_t count)
{
	for (uint32_t i = from; i < from + count; i++) {
		struct digest detail = desk_digest(i);
		struct error e;
		uint64_t index;
		CHECK_EQ(ledger_append(&d->ledger, salt, &detail, &index, &e), 0);
		CHECK_EQ(index, i);
	}
}

/* Another log of the same key: signer and folder know nothing of the first. */
static void ledger_forget(struct desk *d)
{
	char command[160];
	snprintf(command, sizeof command, "rm -rf '%s/repo/log'", d->path);
	CHECK_EQ(system(command), 0);
	d->head_size = 0;
	desk_close(d);
	desk_open(d);
}

static void ledger_add_other(struct desk *d, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct digest detail = desk_digest(100 + i);
		struct error e;
		uint64_t index;
		CHECK_EQ(ledger_append(&d->ledger, salt, &detail, &index, &e), 0);
	}
}

static int ledger_sign(struct desk *d)
{
	struct error e = { 0 };
	int failed = ledger_commit(&d->ledger, &d->signer, desk_reason, &e);
	if (failed != 0)
		printf("# %s\n", e.text);
	return failed;
}

/* 0, or -1 with the reason in why. */
static int ledger_look(struct desk *d, struct error *why)
{
	*why = (struct error){ 0 };
	return desk_try_open(d, why) != 0 ? -1 : ledger_verify(&d->ledger, &d->key, why);
}

static struct desk *ledger_desk(uint32_t leaves)
{
	struct desk *d = desk_new();
	ledger_add(d, 0, leaves);
	CHECK_EQ(ledger_sign(d), 0);
	return d;
}

static void ledger_verifies_what_it_published(void)
{
	struct error e;
	struct desk *d = desk_new();
	CHECK_EQ(ledger_verify(&d->ledger, &d->key, &e), -1);
	for (uint32_t n = 0; n < 10; n++) {
		ledger_add(d, n, 1);
		CHECK_EQ(ledger_sign(d), 0);
		CHECK_EQ(ledger_look(d, &e), 0);
		CHECK_EQ(d->ledger.signed_size, n + 1);
	}
	desk_free(d);
}

static void ledger_notices_an_altered_tile(void)
{
	struct error e;
	struct desk *d = ledger_desk(5);
	desk_alter(d, "log/tile/0/000.p/5", -40);
	CHECK_EQ(ledger_look(d, &e), -1);
	CHECK(strstr(e.text, "tile") != NULL);
	desk_free(d);
}

static void ledger_notices_an_altered_leaf(void)
{
	struct error e;
	struct desk *d = ledger_desk(5);
	desk_alter(d, "log/leaves", -1);
	CHECK_EQ(ledger_look(d, &e), -1);
	desk_free(d);
}

/* Leaf and tile agree, but not with what was signed. */
static void ledger_notices_a_rewritten_history(void)
{
	struct error e;
	struct desk *d = ledger_desk(5);
	desk_alter(d, "log/leaves", -40);
	desk_alter(d, "log/tile/0/000.p/5", -40);
	CHECK_EQ(ledger_look(d, &e), -1);
	CHECK(strstr(e.text, "altered") != NULL);
	/* And the signer gives nothing for it. */
	ledger_add(d, 5, 1);
	CHECK_EQ(ledger_sign(d), -1);
	desk_free(d);
}

static void ledger_notices_an_altered_checkpoint(void)
{
	uint8_t text[NOTE_BYTES_MAX];
	struct error e;
	struct desk *d = ledger_desk(5);
	size_t n = desk_read(d, "log/checkpoint", text, sizeof text);
	for (size_t i = 0; i < n; i++) {
		desk_alter(d, "log/checkpoint", (long)i - (long)n);
		CHECK_EQ(ledger_look(d, &e), -1);
		desk_alter(d, "log/checkpoint", (long)i - (long)n);
	}
	CHECK_EQ(ledger_look(d, &e), 0);
	desk_free(d);
}

static void ledger_lost_leaves_are_refused(void)
{
	struct error e;
	struct desk *d = ledger_desk(5);
	desk_write(d, "log/leaves", SPAN_LIT("0123456789abcdef0123456789abcdef"));
	CHECK_EQ(desk_try_open(d, &e), -1);
	CHECK(strstr(e.text, "lost leaves") != NULL);
	desk_free(d);
}

static void ledger_covers_a_leaf_after_a_crash(void)
{
	struct error e;
	struct desk *d = ledger_desk(3);
	ledger_add(d, 3, 1);
	CHECK_EQ(ledger_look(d, &e), 0); /* no commit: the old checkpoint stands */
	CHECK_EQ(d->ledger.signed_size, 3);
	CHECK_EQ(d->ledger.size, 4);
	ledger_add(d, 4, 1);
	CHECK_EQ(ledger_sign(d), 0);
	CHECK_EQ(ledger_look(d, &e), 0);
	CHECK_EQ(d->ledger.signed_size, 5);
	desk_free(d);
}

/* The signer's answer never arrived: its head is further on than the checkpoint, and nobody knows of it. */
static void ledger_goes_on_after_a_lost_answer(void)
{
	struct error e;
	uint8_t old[NOTE_BYTES_MAX];
	struct desk *d = ledger_desk(3);
	size_t n = desk_read(d, "log/checkpoint", old, sizeof old);
	ledger_add(d, 3, 2);
	CHECK_EQ(ledger_sign(d), 0);
	desk_write(d, "log/checkpoint", (struct span){ old, n });
	CHECK_EQ(ledger_look(d, &e), 0);
	CHECK_EQ(d->ledger.signed_size, 3);
	ledger_add(d, 5, 2);
	CHECK_EQ(ledger_sign(d), 0);
	CHECK_EQ(ledger_look(d, &e), 0);
	CHECK_EQ(d->ledger.signed_size, 7);
	desk_free(d);
}

static void ledger_drops_a_torn_leaf(void)
{
	static uint8_t bytes[8192];
	struct error e;
	struct desk *d = ledger_desk(3);
	for (size_t torn = 1; torn < DIGEST_BYTES; torn += 10) {
		size_t n = desk_read(d, "log/leaves", bytes, sizeof bytes);
		memset(bytes + n, 0xee, torn);
		desk_write(d, "log/leaves", (struct span){ bytes, n + torn });
		uint32_t size = (uint32_t)(n / DIGEST_BYTES);
		CHECK_EQ(ledger_look(d, &e), 0);
		CHECK_EQ(d->ledger.size, size);
		ledger_add(d, size, 1);
		CHECK_EQ(ledger_sign(d), 0);
		CHECK_EQ(ledger_look(d, &e), 0);
		CHECK_EQ(d->ledger.size, size + 1);
	}
	desk_free(d);
}

/* Over the first whole tile, one leaf at a time and in leaps: the signer checks each step to be consistent. */
static void ledger_grows_over_tiles(void)
{
	static const uint32_t steps[] = { 1, 1, 252, 1, 1, 1, 255, 1, 300 };
	uint8_t tile[MERKLE_TILE_WIDTH * DIGEST_BYTES + 1];
	struct desk *d = desk_new();
	struct error e;
	uint32_t size = 0;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		ledger_add(d, size, steps[i]);
		size += steps[i];
		CHECK_EQ(ledger_sign(d), 0);
		CHECK_EQ(ledger_look(d, &e), 0);
	}
	CHECK_EQ(size, 813);
	CHECK_EQ(d->head_size, size);
	CHECK_EQ(desk_read(d, "log/tile/0/000", tile, sizeof tile), sizeof tile - 1);
	CHECK_EQ(desk_read(d, "log/tile/1/000.p/3", tile, sizeof tile), 3 * DIGEST_BYTES);
	struct digest node;
	CHECK(ledger_hash(&d->ledger, 8, 2, &node));
	CHECK(memcmp(tile + 2 * DIGEST_BYTES, node.bytes, DIGEST_BYTES) == 0);
	desk_free(d);
}

static void ledger_proofs_convince_a_device(void)
{
	uint8_t text[PROOF_BYTES_MAX];
	char name[80] = "log/proof/";
	struct error e;
	struct desk *d = ledger_desk(300);
	struct digest detail = desk_digest(299), other = desk_digest(7);
	struct log_identity log = { d->ledger.origin, d->key };
	CHECK_EQ(ledger_publish_proof(&d->ledger, salt, &detail, 299, &e), 0);
	for (int i = 0; i < DIGEST_BYTES; i++)
		snprintf(name + 10 + 2 * i, 3, "%02x", detail.bytes[i]);
	size_t n = desk_read(d, name, text, sizeof text);
	CHECK(n != SIZE_MAX);
	CHECK_EQ(logged_check(&crypto_openssl, &log, (struct span){ text, n }, &detail), VERDICT_OK);
	CHECK_EQ(logged_check(&crypto_openssl, &log, (struct span){ text, n }, &other), VERDICT_UNLOGGED);
	CHECK_EQ(ledger_publish_proof(&d->ledger, salt, &detail, 300, &e), -1);
	desk_free(d);
}

static void ledger_waits_for_its_signer(void)
{
	struct error e;
	struct desk *d = ledger_desk(2);
	ledger_add(d, 2, 1);
	d->refuses = true;
	CHECK_EQ(ledger_commit(&d->ledger, &d->signer, desk_reason, &e), -1);
	CHECK(e.retry);
	CHECK_EQ(ledger_look(d, &e), 0);
	CHECK_EQ(d->ledger.signed_size, 2);
	d->refuses = false;
	CHECK_EQ(ledger_sign(d), 0);
	CHECK_EQ(ledger_look(d, &e), 0);
	CHECK_EQ(d->ledger.signed_size, 3);
	desk_free(d);
}

/* Above level 0, too: auditors read those. */
static void ledger_notices_an_altered_tile_above(void)
{
	struct error e;
	struct desk *d = ledger_desk(600);
	CHECK_EQ(ledger_look(d, &e), 0);
	desk_alter(d, "log/tile/1/000.p/2", -1);
	CHECK_EQ(ledger_look(d, &e), -1);
	CHECK(strstr(e.text, "tile/1/") != NULL);
	desk_free(d);
}

static int ledger_look_since(struct desk *d, const uint8_t *earlier, size_t n, struct error *why)
{
	uint64_t size;
	if (ledger_look(d, why) != 0)
		return -1;
	return ledger_verify_since(&d->ledger, &d->key, (struct span){ earlier, n }, "kept", &size, why);
}

static void ledger_grows_from_what_somebody_kept(void)
{
	struct error e;
	uint8_t kept[3][NOTE_BYTES_MAX];
	size_t n[3];
	struct desk *d = desk_new();
	for (uint32_t i = 0; i < 3; i++) {
		ledger_add(d, 2 * i, 2);
		CHECK_EQ(ledger_sign(d), 0);
		n[i] = desk_read(d, "log/checkpoint", kept[i], sizeof kept[i]);
	}
	for (size_t i = 0; i < 3; i++)
		CHECK_EQ(ledger_look_since(d, kept[i], n[i], &e), 0);
	kept[1][n[1] - 10] ^= 1;
	CHECK_EQ(ledger_look_since(d, kept[1], n[1], &e), -1);
	CHECK(strstr(e.text, "kept is not") != NULL);
	desk_free(d);
}

/* The log's key signs another history, or a shorter one: who kept a checkpoint can show it. */
static void ledger_notices_another_history(void)
{
	struct error e;
	uint8_t kept[NOTE_BYTES_MAX];
	struct desk *d = ledger_desk(4);
	size_t n = desk_read(d, "log/checkpoint", kept, sizeof kept);
	for (uint32_t again = 1; again <= 5; again += 4) {
		ledger_forget(d);
		ledger_add_other(d, again);
		CHECK_EQ(ledger_sign(d), 0);
		CHECK_EQ(ledger_look_since(d, kept, n, &e), -1);
		CHECK(strstr(e.text, again < 4 ? "cut back" : "rewritten") != NULL);
	}
	desk_free(d);
}

static void ledger_finds_what_was_logged(void)
{
	static const uint8_t other[32] = { 9 };
	struct desk *d = ledger_desk(4);
	struct digest detail = desk_digest(2), absent = desk_digest(4);
	uint64_t index;
	CHECK(ledger_find(&d->ledger, salt, &detail, &index));
	CHECK_EQ(index, 2);
	CHECK(!ledger_find(&d->ledger, salt, &absent, &index));
	CHECK(!ledger_find(&d->ledger, other, &detail, &index));
	/* Nothing new: the checkpoint stands, and nobody is asked. */
	d->refuses = true;
	CHECK_EQ(ledger_sign(d), 0);
	desk_free(d);
}

static const struct check_case cases[] = {
	CASE(ledger_verifies_what_it_published),
	CASE(ledger_notices_an_altered_tile),
	CASE(ledger_notices_an_altered_leaf),
	CASE(ledger_notices_a_rewritten_history),
	CASE(ledger_notices_an_altered_checkpoint),
	CASE(ledger_lost_leaves_are_refused),
	CASE(ledger_covers_a_leaf_after_a_crash),
	CASE(ledger_goes_on_after_a_lost_answer),
	CASE(ledger_drops_a_torn_leaf),
	CASE(ledger_grows_over_tiles),
	CASE(ledger_proofs_convince_a_device),
	CASE(ledger_waits_for_its_signer),
	CASE(ledger_notices_an_altered_tile_above),
	CASE(ledger_grows_from_what_somebody_kept),
	CASE(ledger_notices_another_history),
	CASE(ledger_finds_what_was_logged),
};
CHECK_MAIN(cases)
