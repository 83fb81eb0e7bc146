/* Keys of TUF's other algorithms: by themselves in a threshold, and as a role's key in a whole cycle. */
#include "check.h"
#include "client_parts.h"
#include "world.h"

#include "crypto_openssl.h"
#include "hex.h"
#include "rsa_key.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define BODY "{\"_type\":\"t\"}"

/* A key pair of another algorithm, as metadata writes it. */
struct foreign {
	EVP_PKEY *pair;
	const char *head, *tail; /* of its key object, around the text of the public key */
	char text[1024];         /* line ends raw */
	char keyid[65];
	uint8_t material[1024];
	struct role_key role;
	char sig[1100];
};

static struct foreign ed25519, rsa;
static struct signed_signature signatures[3];
static struct role_key keys[3];
static struct role role;
static struct signed_json object;

static void foreign_finish(struct foreign *f, enum key_scheme scheme, size_t material_bytes)
{
	char object_text[1400];
	snprintf(object_text, sizeof object_text, "%s%s%s", f->head, f->text, f->tail);
	struct digest id = sha256_of(&crypto_openssl, span_of_text(object_text));
	hex_text(digest_span(&id), f->keyid);
	f->role = (struct role_key){ .keyid = span_of_text(f->keyid), .usable = true, .scheme = scheme };
	f->role.material = (struct span){ f->material, material_bytes };
	f->role.identity = sha256_of(&crypto_openssl, f->role.material);
}

static void make_ed25519(void)
{
	size_t n = 32;
	ed25519.head = "{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"";
	ed25519.tail = "\"},\"scheme\":\"ed25519\"}";
	ed25519.pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	CHECK(EVP_PKEY_get_raw_public_key(ed25519.pair, ed25519.material, &n) == 1 && n == 32);
	hex_text((struct span){ ed25519.material, 32 }, ed25519.text);
	foreign_finish(&ed25519, KEY_ED25519, 32);
}

static void make_rsa(void)
{
	uint8_t *at = rsa.material;
	char *pem;
	rsa.head = "{\"keytype\":\"rsa\",\"keyval\":{\"public\":\"";
	rsa.tail = "\"},\"scheme\":\"rsassa-pss-sha256\"}";
	BIO *text = BIO_new_mem_buf(rsa_key_pem, -1);
	rsa.pair = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
	BIO_free(text);
	CHECK(rsa.pair != NULL);
	size_t n = (size_t)i2d_PUBKEY(rsa.pair, &at);
	BIO *memory = BIO_new(BIO_s_mem());
	CHECK(PEM_write_bio_PUBKEY(memory, rsa.pair) == 1);
	long length = BIO_get_mem_data(memory, &pem);
	snprintf(rsa.text, sizeof rsa.text, "%.*s", (int)length, pem);
	BIO_free(memory);
	foreign_finish(&rsa, KEY_RSA_PSS, n);
}

static void foreign_sign(struct foreign *f, struct span message)
{
	uint8_t raw[512];
	size_t n = sizeof raw;
	EVP_PKEY_CTX *padding = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_rsa = f->role.scheme == KEY_RSA_PSS;
	CHECK(EVP_DigestSignInit(context, &padding, is_rsa ? EVP_sha256() : NULL, NULL, f->pair) == 1);
	if (is_rsa)
		CHECK(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
		      EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1);
	CHECK(EVP_DigestSign(context, raw, &n, message.at, message.n) == 1);
	EVP_MD_CTX_free(context);
	hex_text((struct span){ raw, n }, f->sig);
}

/* A role of an Ed25519 and an RSA key, both needed, and an object that both signed. */
static void fresh(void)
{
	if (ed25519.pair == NULL) {
		make_ed25519();
		make_rsa();
	}
	struct foreign *both[] = { &ed25519, &rsa };
	for (uint32_t i = 0; i < 2; i++) {
		foreign_sign(both[i], SPAN_LIT(BODY));
		keys[i] = both[i]->role;
		signatures[i] = (struct signed_signature){ .keyid = keys[i].keyid, .text = span_of_text(both[i]->sig) };
	}
	object = (struct signed_json){ .digest = sha256_of(&crypto_openssl, SPAN_LIT(BODY)), .count = 2 };
	object.signatures = signatures;
	object.message = SPAN_LIT(BODY);
	role = (struct role){ .threshold = 2, .count = 2, .keys = keys };
}

static enum verdict check(void)
{
	return threshold_check(&crypto_openssl, &role, &object, NULL);
}

static void both_count(void)
{
	fresh();
	CHECK(threshold_needs_message(&role));
	CHECK_EQ(check(), VERDICT_OK);
	object.message = SPAN_LIT(BODY "\n");
	CHECK_EQ(check(), VERDICT_SIGNATURE);
	fresh();
	object.digest.bytes[0] ^= 1;
	CHECK_EQ(check(), VERDICT_SIGNATURE);
}

static void without_the_message_ed25519_never_counts(void)
{
	fresh();
	object.message = SPAN_NONE;
	CHECK_EQ(check(), VERDICT_SIGNATURE);
	role.threshold = 1;
	CHECK_EQ(check(), VERDICT_OK); /* the RSA key's */
	role.keys = keys + 1;
	role.count = 1;
	CHECK(!threshold_needs_message(&role));
}

/* A director's RSA key would be listed by targets, and its directives are no TUF metadata [META-8]. */
static void our_own_objects_know_p256_alone(void)
{
	fresh();
	role.threshold = 1;
	CHECK_EQ(check(), VERDICT_OK);
	object.is_own = true;
	CHECK_EQ(check(), VERDICT_SIGNATURE);
}

static void own_objects_are_known_by_how_they_are_read(void)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 14];
	struct span text = SPAN_LIT("{\"signatures\":[],\"signed\":" BODY "}");
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct signed_json read;
	CHECK_EQ(signed_decode(text, &ws, &crypto_openssl, &read), FAULT_NONE);
	CHECK(!read.is_own);
	CHECK_EQ(signed_decode_strict(text, &ws, &crypto_openssl, &read), FAULT_NONE);
	CHECK(read.is_own);
}

static void unusable_keys_never_count(void)
{
	fresh();
	keys[0].usable = false;
	CHECK_EQ(check(), VERDICT_SIGNATURE);
	CHECK(!threshold_needs_message(&role));
}

/* Each signature against a key of another algorithm, and spellings of a signature that are none. */
static void by_the_keys_own_algorithm(void)
{
	static const char *const none[] = { "", "0", "00", "zz", "30060201010201" };
	fresh();
	struct span first = signatures[0].text;
	signatures[0].text = signatures[1].text;
	signatures[1].text = first;
	role.threshold = 1;
	CHECK_EQ(check(), VERDICT_SIGNATURE);
	signatures[0].usable = signatures[1].usable = true; /* as if they were P-256 signatures too */
	CHECK_EQ(check(), VERDICT_SIGNATURE);
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
		fresh();
		role.threshold = 1;
		signatures[0].text = signatures[1].text = span_of_text(none[i]);
		CHECK_EQ(check(), VERDICT_SIGNATURE);
	}
	fresh();
	signatures[0].text.n -= 2;
	CHECK_EQ(check(), VERDICT_SIGNATURE);
	fresh();
	static char longer[2 * 512 + 3];
	memset(longer, '0', sizeof longer - 1);
	signatures[1].text = span_of_text(longer);
	CHECK_EQ(check(), VERDICT_SIGNATURE);
}

static void one_key_under_two_ids(void)
{
	fresh();
	keys[0] = keys[1];
	keys[0].keyid = SPAN_LIT("another");
	signatures[0] = (struct signed_signature){ .keyid = keys[0].keyid, .text = signatures[1].text };
	CHECK_EQ(check(), VERDICT_SIGNATURE);
	role.threshold = 1;
	CHECK_EQ(check(), VERDICT_OK);
}

/* What is laid out for Ed25519 is gone after the check, and its room is free again. */
static void a_message_is_laid_out_for_one_check(void)
{
	static uint8_t memory[1 << 14];
	static char file[1024];
	struct workspace ws = workspace_over(memory, sizeof memory);
	static struct client c;
	fresh();
	int n = snprintf(file, sizeof file, "{\"signatures\":[{\"keyid\":\"%s\",\"sig\":\"%s\"}],\"signed\":%s}",
			 ed25519.keyid, ed25519.sig, BODY);
	c.config = (struct client_config){ .crypto = &crypto_openssl, .ws = &ws };
	c.candidate = (struct span){ (const uint8_t *)file, (size_t)n };
	CHECK_EQ(client_parse(&c, "t"), VERDICT_OK);
	size_t used = ws.used;
	role = (struct role){ .threshold = 1, .count = 1, .keys = keys };
	CHECK_EQ(client_check_threshold(&c, &role, NULL), VERDICT_OK);
	CHECK_EQ(ws.used, used);
	CHECK(c.envelope.message.at == NULL && c.envelope.message.n == 0);
}

/* --- a whole cycle --- */

/* The timestamp's key is the foreign one, and it signs what the world publishes. */
static void rekey_timestamp(struct world *w, struct foreign *f)
{
	static char file[8192];
	char find[256], with[2048];
	snprintf(with, sizeof with, "\"keys\":{\"%s\":%s%s%s,", f->keyid, f->head, f->text, f->tail);
	world_edit(w, "1.root.json", "\"keys\":{", with, &w->root);
	const char *own = w->keys[w->timestamp.keys[0]].keyid;
	snprintf(find, sizeof find, "\"timestamp\":{\"keyids\":[\"%s\"]", own);
	snprintf(with, sizeof with, "\"timestamp\":{\"keyids\":[\"%s\"]", f->keyid);
	world_edit(w, "1.root.json", find, with, &w->root);
	world_put(&w->store, "root.json", world_get(&w->remote, "1.root.json"));
	struct span whole = world_get(&w->remote, "timestamp.json");
	const uint8_t *body = memmem(whole.at, whole.n, "{\"_type\"", 8);
	struct span message = { body, whole.n - 1 - (size_t)(body - whole.at) };
	foreign_sign(f, message);
	int n = snprintf(file, sizeof file, "{\"signatures\":[{\"keyid\":\"%s\",\"sig\":\"%s\"}],\"signed\":%.*s}",
			 f->keyid, f->sig, (int)message.n, (const char *)message.at);
	world_put(&w->remote, "timestamp.json", (struct span){ (const uint8_t *)file, (size_t)n });
}

static void check_cycle(struct foreign *f)
{
	struct world *w = world_new();
	rekey_timestamp(w, f);
	CHECK_EQ(world_refresh(w), CLIENT_DONE);
	CHECK_EQ(world_refresh(w), CLIENT_DONE); /* now from the store */
	CHECK(!w->client.changed);
	world_drop(&w->store, "timestamp.json");
	world_patch(&w->remote, "timestamp.json", "\"version\":1,", "\"version\":2,");
	CHECK_EQ(world_refresh(w), CLIENT_REFUSED);
	CHECK_EQ(w->client.verdict, VERDICT_SIGNATURE);
	world_free(w);
}

/* With too little memory the client says so, wherever it runs out, and never something else. */
static void check_little_memory(struct foreign *f)
{
	struct world *w = world_new();
	uint32_t refused = 0;
	rekey_timestamp(w, f);
	/* From where root fits: what is over the room for the file itself is another refusal. */
	for (w->memory_bytes = 4096; world_refresh(w) != CLIENT_DONE; w->memory_bytes += 64) {
		CHECK_EQ(w->client.verdict, VERDICT_MALFORMED);
		CHECK_EQ(w->client.fault, FAULT_NO_SPACE);
		refused++;
	}
	CHECK(refused > 100);
	world_free(w);
}

static void cycle_with_ed25519(void)
{
	fresh();
	check_cycle(&ed25519);
	check_little_memory(&ed25519);
}

static void cycle_with_rsa(void)
{
	fresh();
	check_cycle(&rsa);
	check_little_memory(&rsa);
}

static bool is_usable(const char *key)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 16];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct json_reader r = { .fault = FAULT_NONE };
	struct role_ring ring;
	struct json_node *node;
	char document[2048];
	snprintf(document, sizeof document, "{\"any\":%s}", key);
	CHECK_EQ(json_parse(span_of_text(document), &ws, &node), FAULT_NONE);
	role_decode_ring_by(&r, node, &ws, &crypto_openssl, ROLE_KEYIDS_ANY, &ring);
	CHECK_EQ(r.fault, FAULT_NONE);
	CHECK_EQ(ring.count, 1);
	return ring.keys[0].usable;
}

/* Listed, and never counted: what is not exactly a key of a known kind. */
static void keys_that_are_not_used(void)
{
	static const char *const table[] = {
		"{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"00\"},\"scheme\":\"ed25519\"}",
		"{\"keytype\":\"rsa\",\"keyval\":{\"public\":\"00\"},\"scheme\":\"rsassa-pss-sha256\"}",
		"{\"keytype\":\"oidc\",\"keyval\":{\"issuer\":1},\"scheme\":\"Fulcio\"}",
	};
	char good[1400], key[1400];
	fresh();
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		CHECK(!is_usable(table[i]));
	snprintf(good, sizeof good, "%s%s%s", ed25519.head, ed25519.text, ed25519.tail);
	CHECK(is_usable(good));
	snprintf(key, sizeof key, "%s%s%s", ed25519.head, ed25519.text, "\"},\"scheme\":\"ed25519ph\"}");
	CHECK(!is_usable(key));
	snprintf(key, sizeof key, "%s%s%s", rsa.head, ed25519.text, ed25519.tail); /* an RSA key by Ed25519 */
	CHECK(!is_usable(key));
	struct world *w = world_new();
	char pem[256] = "";
	struct writer text = writer_over(pem, sizeof pem - 1);
	key_write_pem(&text, &w->keys[0].key);
	world_free(w);
	size_t n = (size_t)snprintf(key, sizeof key, "%s", rsa.head);
	for (const char *at = pem; *at != '\0'; at++)
		n += (size_t)snprintf(key + n, sizeof key - n, *at == '\n' ? "\\n" : "%c", *at);
	snprintf(key + n, sizeof key - n, "%s", rsa.tail);
	CHECK(!is_usable(key)); /* a P-256 key that says it is RSA */
}

/* A provider without them, as on a board, lists such keys and counts none. */
static void a_board_has_neither(void)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 18];
	struct crypto small = { crypto_openssl.sha256_init, crypto_openssl.sha256_update, crypto_openssl.sha256_final,
				crypto_openssl.p256_verify };
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct signed_json envelope;
	struct root root;
	fresh();
	struct world *w = world_new();
	rekey_timestamp(w, &ed25519);
	struct span file = world_get(&w->store, "root.json");
	CHECK_EQ(signed_decode(file, &ws, &small, &envelope), FAULT_NONE);
	CHECK_EQ(root_decode(envelope.body, &ws, &small, &root), FAULT_NONE);
	CHECK(root.timestamp.count == 1 && !root.timestamp.keys[0].usable);
	world_free(w);
}

static void a_scheme_without_a_name_never_counts(void)
{
	fresh();
	keys[0].scheme = KEY_RSA_PSS + 1;
	CHECK_EQ(check(), VERDICT_SIGNATURE);
}

static const struct check_case cases[] = {
	CASE(both_count),
	CASE(without_the_message_ed25519_never_counts),
	CASE(our_own_objects_know_p256_alone),
	CASE(own_objects_are_known_by_how_they_are_read),
	CASE(unusable_keys_never_count),
	CASE(by_the_keys_own_algorithm),
	CASE(one_key_under_two_ids),
	CASE(a_message_is_laid_out_for_one_check),
	CASE(cycle_with_ed25519),
	CASE(cycle_with_rsa),
	CASE(keys_that_are_not_used),
	CASE(a_board_has_neither),
	CASE(a_scheme_without_a_name_never_counts),
};

CHECK_MAIN(cases)
