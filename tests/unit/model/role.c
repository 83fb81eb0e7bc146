/* Keys that a file lists and nobody can use, and the limits of a ring of keys. */
#include "role.h"
#include "check.h"

#include "crypto_openssl.h"
#include "hex.h"

#define PEM                                                                   \
	"-----BEGIN PUBLIC KEY-----\\n"                                       \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEO7S5Y6UatqgQgb/NM+ELFD6vyTc7\\n" \
	"sizR2Itp/VG9x8eAaZsqsZH1jsuGPcuCcDW1XEpIJ80xOtdu1GOZeCtRIw==\\n"     \
	"-----END PUBLIC KEY-----\\n"
/* The public half of tests/unit/trust/rsa_key.h. */
#define RSA                                                                   \
	"-----BEGIN PUBLIC KEY-----\\n"                                       \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuBQdn7u0HTZBGLrCA1OB\\n" \
	"Wq/qD0KztglPXMOWxAhOwF3MJDWLTxH4Gwfo/2wUbQ5EODpFPVe4YUVu6+jFF3Ri\\n" \
	"tzyi9dOJZ/T9Sdv1xI08deGku9Dv0VIcPKYLnZwoibVFO+MPuwgtN+Sptupnwbrc\\n" \
	"orf0RKX6pRrOeXwtdESuufJF/qYbJAaIx8JF/xyZDml8hZfz1PWf40oaTpwiSgnR\\n" \
	"9Hw745bGQiGG/RYzKyVXgXL98aI/JxZgEduKDsyDVDNLu6FBnOZDaLPl8qPi5D4B\\n" \
	"or8SrIsyg/CZRL6XzkocGECscBLNJMBsU0CCBgm4Jdfqm9FszMadOxpuF9QjiVYR\\n" \
	"eQIDAQAB\\n"                                                         \
	"-----END PUBLIC KEY-----\\n"
#define RAW "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

static _Alignas(max_align_t) uint8_t memory[1 << 20];
static struct workspace ws;
static struct role_ring ring;

static enum fault read_ring(struct span keys, const struct crypto *crypto, enum role_keyids keyids)
{
	struct json_node *node;
	struct json_reader r = { 0 };
	ws = workspace_over(memory, sizeof memory);
	CHECK_EQ(json_parse(keys, &ws, &node), FAULT_NONE);
	role_decode_ring_by(&r, node, &ws, crypto, keyids, &ring);
	return r.fault;
}

static bool is_usable(const char *type, const char *scheme, const char *text, const struct crypto *crypto)
{
	char keys[2048];
	snprintf(keys, sizeof keys, "{\"k\":{\"keytype\":\"%s\",\"keyval\":{\"public\":\"%s\"},\"scheme\":\"%s\"}}",
		 type, text, scheme);
	CHECK_EQ(read_ring(span_of_text(keys), crypto, ROLE_KEYIDS_ANY), FAULT_NONE);
	CHECK_EQ(ring.count, 1);
	CHECK(span_is(ring.keys[0].keyid, "k"));
	return ring.keys[0].usable;
}

static void a_key_of_another_kind_is_listed_only(void)
{
	static const struct {
		const char *type, *scheme, *text;
		bool usable;
	} rows[] = {
		{ "ecdsa", "ecdsa-sha2-nistp256", PEM, true },
		{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", PEM, true },
		{ "ecdsa", "ecdsa-sha2-nistp384", PEM, false },
		{ "rsa", "ecdsa-sha2-nistp256", PEM, false },
		{ "ecdsa", "ecdsa-sha2-nistp256", RAW, false },
		{ "ed25519", "ed25519", RAW, true },
		{ "ed25519", "ed25519", RAW "00", false },
		{ "ed25519", "ed25519", "D75A", false },
		{ "ed25519", "ed448", RAW, false },
		{ "ecdsa", "ed25519", RAW, false },
		{ "rsa", "rsassa-pss-sha256", PEM, false }, /* a key, but none of RSA */
		{ "rsa", "rsassa-pss-sha256", RAW, false },
		{ "rsa", "rsassa-pss-sha512", PEM, false },
		{ "dsa", "rsassa-pss-sha256", PEM, false },
		{ "rsa", "rsassa-pss-sha256", RSA, true },
		{ "rsa", "rsassa-pss-sha512", RSA, false },
		{ "dsa", "rsassa-pss-sha256", RSA, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		bool usable = is_usable(rows[i].type, rows[i].scheme, rows[i].text, &crypto_openssl);
		if (usable != rows[i].usable)
			printf("# row %zu\n", i);
		CHECK_EQ(usable, rows[i].usable);
	}
}

/* A boot verifier has P-256 alone. */
static void what_the_provider_lacks_is_listed_only(void)
{
	struct crypto small = crypto_openssl;
	small.ed25519_verify = NULL;
	small.rsa_pss_verify = NULL;
	CHECK(is_usable("ecdsa", "ecdsa-sha2-nistp256", PEM, &small));
	CHECK(!is_usable("ed25519", "ed25519", RAW, &small));
	CHECK(!is_usable("rsa", "rsassa-pss-sha256", RSA, &small));
}

/* Thresholds count identities: keys that differ must not share one. */
static void a_key_has_the_identity_of_its_bytes(void)
{
	uint8_t raw[32];
	CHECK(is_usable("ed25519", "ed25519", RAW, &crypto_openssl));
	CHECK_EQ(hex_decode(SPAN_LIT(RAW), raw, sizeof raw), FAULT_NONE);
	struct digest identity = sha256_of(&crypto_openssl, SPAN_OF(raw));
	CHECK(ring.keys[0].scheme == KEY_ED25519 && span_equal(ring.keys[0].material, SPAN_OF(raw)));
	CHECK(digest_equal(&ring.keys[0].identity, &identity));
}

/* No room for a key's bytes is a fault: the key is not listed as one that nobody can use. */
static void a_key_without_room_is_a_fault(void)
{
	static const char keys[] =
		"{\"k\":{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"" RAW "\"},\"scheme\":\"ed25519\"}}";
	struct json_node *node;
	size_t refused = 0, room = 0;
	for (enum fault fault = FAULT_NO_SPACE; fault == FAULT_NO_SPACE; room++) {
		struct json_reader r = { 0 };
		ws = workspace_over(memory, sizeof memory);
		CHECK_EQ(json_parse(SPAN_LIT(keys), &ws, &node), FAULT_NONE);
		ws.capacity = ws.used + room;
		role_decode_ring_by(&r, node, &ws, &crypto_openssl, ROLE_KEYIDS_ANY, &ring);
		fault = r.fault;
		refused += fault == FAULT_NO_SPACE;
		CHECK(fault == FAULT_NO_SPACE || (fault == FAULT_NONE && ring.keys[0].usable));
	}
	CHECK(refused > sizeof(struct role_key));
}

static void a_key_text_has_a_ceiling(void)
{
	static char keys[9000], key[8194];
	for (size_t longer = 0; longer < 2; longer++) {
		memset(key, 'k', 8192 + longer);
		snprintf(keys, sizeof keys,
			 "{\"k\":{\"keytype\":\"ed25519\",\"keyval\":{\"public\":\"%s\"},\"scheme\":\"ed25519\"}}",
			 key);
		CHECK_EQ(read_ring(span_of_text(keys), &crypto_openssl, ROLE_KEYIDS_ANY),
			 longer == 0 ? FAULT_NONE : FAULT_TOO_LARGE);
	}
}

static enum fault ring_of(uint32_t count)
{
	static char keys[ROLE_RING_MAX * 64];
	size_t n = 0;
	for (uint32_t i = 0; i < count; i++)
		n += (size_t)snprintf(keys + n, sizeof keys - n, "%c\"%04u\":{\"keytype\":\"x\",\"scheme\":\"y\"}",
				      i == 0 ? '{' : ',', i);
	snprintf(keys + n, sizeof keys - n, "}");
	return read_ring(span_of_text(keys), &crypto_openssl, ROLE_KEYIDS_ANY);
}

static void a_ring_has_a_ceiling(void)
{
	CHECK_EQ(ring_of(ROLE_RING_MAX), FAULT_NONE);
	CHECK_EQ(ring.count, ROLE_RING_MAX);
	CHECK_EQ(ring_of(ROLE_RING_MAX + 1), FAULT_TOO_LARGE);
	CHECK_EQ(ring.count, 0);
}

static void a_key_id_has_a_ceiling(void)
{
	char keys[ROLE_KEYID_MAX + 64], id[ROLE_KEYID_MAX + 2] = "";
	for (size_t longer = 0; longer < 2; longer++) {
		memset(id, 'k', ROLE_KEYID_MAX + longer);
		snprintf(keys, sizeof keys, "{\"%s\":{\"keytype\":\"x\",\"scheme\":\"y\"}}", id);
		CHECK_EQ(read_ring(span_of_text(keys), &crypto_openssl, ROLE_KEYIDS_ANY),
			 longer == 0 ? FAULT_NONE : FAULT_TOO_LARGE);
	}
}

static enum fault read_role(const char *text, enum role_keyids keyids, struct role *role)
{
	struct json_node *node;
	struct json_reader r = { 0 };
	CHECK_EQ(ring_of(300), FAULT_NONE);
	ring.keyids = keyids;
	CHECK_EQ(json_parse(span_of_text(text), &ws, &node), FAULT_NONE);
	role_decode(&r, node, &ws, &ring, role);
	return r.fault;
}

static void a_role_picks_from_the_ring(void)
{
	static const struct {
		const char *text;
		enum fault fault;
	} rows[] = {
		{ "{\"keyids\":[],\"threshold\":1}", FAULT_NONE },
		{ "{\"keyids\":[\"0000\",\"0299\",\"0150\"],\"threshold\":4294967295}", FAULT_NONE },
		{ "{\"keyids\":[\"0000\",\"0299\",\"0000\"],\"threshold\":1}", FAULT_DUPLICATE },
		{ "{\"keyids\":[\"0300\"],\"threshold\":1}", FAULT_MISSING },
		{ "{\"keyids\":[\"\"],\"threshold\":1}", FAULT_MISSING },
		{ "{\"keyids\":[\"0000\"],\"threshold\":4294967296}", FAULT_RANGE },
		{ "{\"keyids\":[\"0000\"],\"threshold\":0}", FAULT_RANGE },
		{ "{\"keyids\":[7],\"threshold\":1}", FAULT_TYPE },
		{ "{\"keyids\":\"0000\",\"threshold\":1}", FAULT_TYPE },
		{ "{\"threshold\":1}", FAULT_MISSING },
	};
	struct role role;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum fault fault = read_role(rows[i].text, ROLE_KEYIDS_ANY, &role);
		if (fault != rows[i].fault)
			printf("# row %zu\n", i);
		CHECK_EQ(fault, rows[i].fault);
	}
	CHECK_EQ(read_role(rows[1].text, ROLE_KEYIDS_ANY, &role), FAULT_NONE);
	CHECK_EQ(role.count, 3);
	CHECK(span_is(role.keys[0].keyid, "0000") && span_is(role.keys[1].keyid, "0299") &&
	      span_is(role.keys[2].keyid, "0150"));
}

/* 65 characters are too many for a key id only where it must be a digest. */
static void a_long_key_id_is_looked_for_where_it_may_be(void)
{
	char text[512];
	struct role role;
	snprintf(text, sizeof text, "{\"keyids\":[\"%065d\"],\"threshold\":1}", 0);
	CHECK_EQ(read_role(text, ROLE_KEYIDS_ANY, &role), FAULT_MISSING);
	CHECK_EQ(read_role(text, ROLE_KEYIDS_STRICT, &role), FAULT_TOO_LARGE);
	snprintf(text, sizeof text, "{\"keyids\":[\"%064d\"],\"threshold\":1}", 0);
	CHECK_EQ(read_role(text, ROLE_KEYIDS_STRICT, &role), FAULT_MISSING);
	snprintf(text, sizeof text, "{\"keyids\":[\"%0*d\"],\"threshold\":1}", ROLE_KEYID_MAX, 0);
	CHECK_EQ(read_role(text, ROLE_KEYIDS_ANY, &role), FAULT_MISSING);
	snprintf(text, sizeof text, "{\"keyids\":[\"%0*d\"],\"threshold\":1}", ROLE_KEYID_MAX + 1, 0);
	CHECK_EQ(read_role(text, ROLE_KEYIDS_ANY, &role), FAULT_TOO_LARGE);
}

static void a_role_has_a_ceiling(void)
{
	char text[1024];
	struct role role;
	for (int count = ROLE_KEYS_MAX; count <= ROLE_KEYS_MAX + 1; count++) {
		size_t n = (size_t)snprintf(text, sizeof text, "{\"keyids\":[");
		for (int i = 0; i < count; i++)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s\"%04d\"", i == 0 ? "" : ",", i);
		snprintf(text + n, sizeof text - n, "],\"threshold\":1}");
		CHECK_EQ(read_role(text, ROLE_KEYIDS_ANY, &role),
			 count == ROLE_KEYS_MAX ? FAULT_NONE : FAULT_TOO_LARGE);
	}
}

static void no_key_is_written_that_could_not_be_read(void)
{
	static char out[1024];
	struct role_key keys[3] = { { .usable = true },
				    { .usable = false },
				    { .usable = true, .scheme = KEY_ED25519 } };
	for (size_t i = 0; i < 3; i++) {
		struct writer w = writer_over(out, sizeof out);
		struct json_writer j = json_writer_over(&w);
		keys[i].keyid = SPAN_LIT("id");
		json_write_object(&j);
		role_write_ring_key(&j, &keys[i]);
		json_write_object_end(&j);
		CHECK_EQ(writer_end(&w), i == 0 ? FAULT_NONE : FAULT_VERSION);
	}
}

/* The keys of all roles, each once, ascending. */
static void keys_are_written_in_order(void)
{
	struct role_key a[] = { { .keyid = SPAN_LIT("b") }, { .keyid = SPAN_LIT("d") } };
	struct role_key b[] = { { .keyid = SPAN_LIT("c") }, { .keyid = SPAN_LIT("b") }, { .keyid = SPAN_LIT("a") } };
	struct role roles[] = { { 1, 2, a }, { 1, 3, b } };
	struct span after = SPAN_NONE;
	for (const char *want = "abcd";; want++) {
		const struct role_key *best = NULL;
		for (size_t i = 0; i < 2; i++)
			role_next_key(&roles[i], after, &best);
		CHECK_EQ(best == NULL, *want == '\0');
		if (best == NULL)
			break;
		CHECK_EQ(best->keyid.at[0], *want);
		CHECK(*want != 'b' || best == &a[0]); /* the same id later does not come before it */
		after = best->keyid;
	}
}

static const struct check_case cases[] = {
	CASE(a_key_of_another_kind_is_listed_only),
	CASE(what_the_provider_lacks_is_listed_only),
	CASE(a_key_has_the_identity_of_its_bytes),
	CASE(a_key_without_room_is_a_fault),
	CASE(a_key_text_has_a_ceiling),
	CASE(a_ring_has_a_ceiling),
	CASE(a_key_id_has_a_ceiling),
	CASE(a_role_picks_from_the_ring),
	CASE(a_long_key_id_is_looked_for_where_it_may_be),
	CASE(a_role_has_a_ceiling),
	CASE(no_key_is_written_that_could_not_be_read),
	CASE(keys_are_written_in_order),
};
CHECK_MAIN(cases)
