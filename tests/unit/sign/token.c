/* Real SoftHSM2: master, working copy, tokens, signatures, certificates. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "crypto_openssl.h"
#include "file.h"
#include "keyring.h"
#include "softhsm.h"
#include "x509.h"

static char folder[64];
static char master[96], run[96];

static void build(void)
{
	struct error e = { 0 };
	struct module *module;
	struct token *token, *other;
	struct public_key key;
	char pin[SOFTHSM_PIN_TEXT], fresh[128];
	snprintf(folder, sizeof folder, "/tmp/sealift-token-XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	snprintf(master, sizeof master, "%s/keys", folder);
	snprintf(run, sizeof run, "%s/run", folder);
	snprintf(fresh, sizeof fresh, "%s.new", master);
	CHECK_EQ(softhsm_create(master, &e), 0);
	CHECK_EQ(softhsm_pin(fresh, pin, &e), 0);
	CHECK_EQ(module_open(NULL, &module, &e), 0);
	CHECK_EQ(softhsm_init_token(module, "one", pin, &e), 0);
	CHECK_EQ(softhsm_init_token(module, "two", pin, &e), 0);
	CHECK_EQ(token_open(module, &crypto_openssl, "one", pin, &token, &e), 0);
	CHECK_EQ(token_open(module, &crypto_openssl, "two", pin, &other, &e), 0);
	CHECK_EQ(token_generate_p256(token, "factory", &key, &e), 0);
	CHECK_EQ(token_generate_p256(token, "factory", &key, &e), -1); /* the label is taken */
	CHECK_EQ(token_generate_p256(other, "root/1", &key, &e), 0);
	CHECK_EQ(token_generate_aes256(other, "payload-kek", &e), 0);
	CHECK_EQ(token_public_key(other, "factory", &key, &e), -1);
	token_close(token);
	token_close(other);
	module_close(module);
	CHECK_EQ(softhsm_seal(master, &e), 0);
}

static struct keyring *keyring;
static struct module *opened;

static void use(void)
{
	struct error e = { 0 };
	char pin[SOFTHSM_PIN_TEXT];
	CHECK_EQ(softhsm_work(master, run, &e), 0);
	CHECK_EQ(softhsm_pin(master, pin, &e), 0);
	CHECK_EQ(module_open(NULL, &opened, &e), 0);
	CHECK_EQ(keyring_open(opened, &crypto_openssl, pin, &keyring, &e), 0);
	CHECK_EQ(keyring_add(keyring, "factory", "one", NULL, &e), 0);
	CHECK_EQ(keyring_add(keyring, "root/1", "two", NULL, &e), 0);
}

static void leave(void)
{
	struct error e = { 0 };
	keyring_close(keyring);
	module_close(opened);
	CHECK_EQ(softhsm_drop(run, &e), 0);
	CHECK_EQ(softhsm_drop(master, &e), 0);
	CHECK_EQ(rmdir(folder), 0);
}

static void signs_with_two_tokens_at_once(void)
{
	struct error e = { 0 };
	build();
	use();
	struct hsm hsm = keyring_hsm(keyring);
	static const char *const names[] = { "factory", "root/1", "factory" };
	for (size_t i = 0; i < 3; i++) {
		struct digest digest = sha256_of(&crypto_openssl, SPAN_LIT("message"));
		struct public_key key;
		uint8_t raw[64];
		CHECK_EQ(hsm.public_key(hsm.self, names[i], &key, &e), 0);
		CHECK_EQ(hsm.sign(hsm.self, names[i], &digest, raw, &e), 0);
		CHECK(crypto_openssl.p256_verify(key.xy, &digest, raw));
	}
	uint8_t raw[64];
	struct digest digest = { { 1 } };
	CHECK_EQ(hsm.sign(hsm.self, "director", &digest, raw, &e), -1);
	leave();
}

static void login_does_not_touch_the_master(void)
{
	struct error e = { 0 };
	char again[96];
	build();
	use();
	struct hsm hsm = keyring_hsm(keyring);
	struct public_key key;
	CHECK_EQ(hsm.public_key(hsm.self, "factory", &key, &e), 0);
	snprintf(again, sizeof again, "%s/again", folder);
	CHECK_EQ(softhsm_work(master, again, &e), 0); /* its checksums still hold */
	CHECK_EQ(softhsm_drop(again, &e), 0);
	leave();
}

static void refuses_a_changed_master(void)
{
	struct error e = { 0 };
	char path[160], other[96];
	build();
	use();
	snprintf(other, sizeof other, "%s/other", folder);
	snprintf(path, sizeof path, "%s/tokens/zz", master);
	CHECK_EQ(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/tokens/zz/token.object", master);
	CHECK_EQ(file_write(path, SPAN_LIT("x"), 0600, &e), 0);
	CHECK_EQ(softhsm_work(master, other, &e), -1);
	CHECK(strstr(e.text, "not those that were sealed") != NULL);
	CHECK_EQ(access(other, F_OK), -1);
	leave();
}

static void refuses_a_wrong_pin_and_an_unknown_token(void)
{
	struct error e = { 0 };
	struct token *token;
	build();
	use();
	CHECK_EQ(token_open(opened, &crypto_openssl, "one", "00000000", &token, &e), -1);
	CHECK(strstr(e.text, "CKR_PIN_INCORRECT") != NULL);
	CHECK_EQ(token_open(opened, &crypto_openssl, "three", "0", &token, &e), -1);
	CHECK(strstr(e.text, "'three' is not there") != NULL);
	leave();
}

static void refuses_a_pin_that_others_may_read(void)
{
	struct error e = { 0 };
	char path[160], pin[SOFTHSM_PIN_TEXT];
	build();
	use();
	snprintf(path, sizeof path, "%s/pin", master);
	CHECK_EQ(chmod(path, 0640), 0);
	CHECK_EQ(softhsm_pin(master, pin, &e), -1);
	CHECK(strstr(e.text, "0600") != NULL);
	leave();
}

struct hsm_key {
	struct hsm hsm;
	const char *name;
};

static int hsm_key_sign(void *self, const struct digest *digest, uint8_t raw[64], struct error *e)
{
	struct hsm_key *key = self;
	return key->hsm.sign(key->hsm.self, key->name, digest, raw, e);
}

static void certificates_from_a_key_in_the_token(void)
{
	static const char uri[] = "urn:sealift:device:board:d-1?region=eu";
	struct error e = { 0 };
	build();
	use();
	struct hsm_key holder = { keyring_hsm(keyring), "factory" };
	struct certificate_signer signer = { .sign = hsm_key_sign, .self = &holder };
	CHECK_EQ(holder.hsm.public_key(holder.hsm.self, "factory", &signer.key, &e), 0);
	struct certificate_terms terms = { .use = CERTIFICATE_CA,
					   .common_name = "factory",
					   .not_before_unix = 1700000000,
					   .not_after_unix = CERTIFICATE_NO_EXPIRY };
	static struct certificate ca, leaf, csr, other;
	CHECK_EQ(x509_self_sign(&terms, &signer, &ca, &e), 0);
	struct keyfile *device;
	struct certificate_request request;
	CHECK_EQ(keyfile_new(&device, &e), 0);
	CHECK_EQ(x509_request_make(device, "d-1", uri, &csr, &e), 0);
	CHECK_EQ(x509_request_check((struct span){ csr.der, csr.n }, &request, &e), 0);
	CHECK(strcmp(request.uri, uri) == 0);
	csr.der[csr.n - 1] ^= 1;
	CHECK_EQ(x509_request_check((struct span){ csr.der, csr.n }, &request, &e), -1);
	terms.use = CERTIFICATE_DEVICE;
	terms.uri = uri;
	terms.common_name = "d-1";
	terms.not_after_unix = 1710000000;
	struct public_key device_key;
	CHECK_EQ(keyfile_public(device, &device_key, &e), 0);
	CHECK_EQ(x509_issue(&terms, &device_key, (struct span){ ca.der, ca.n }, &signer, &leaf, &e), 0);
	struct span der = { leaf.der, leaf.n };
	struct x509_facts facts;
	CHECK_EQ(x509_read(der, &facts, &e), 0);
	CHECK(strcmp(facts.uri, uri) == 0 && facts.is_client && !facts.is_ca && !facts.is_server);
	CHECK_EQ(facts.not_after_unix, 1710000000);
	CHECK_EQ(x509_check_chain(der, NULL, 0, &ca, 1, 1705000000, &e), 0);
	CHECK_EQ(x509_check_chain(der, NULL, 0, &ca, 1, 1720000000, &e), -1); /* expired */
	CHECK_EQ(x509_check_chain(der, NULL, 0, &ca, 1, X509_ANY_TIME, &e), 0);
	struct certificate_signer self = { .sign = keyfile_sign, .self = device, .key = device_key };
	terms.use = CERTIFICATE_CA;
	terms.uri = NULL;
	CHECK_EQ(x509_self_sign(&terms, &self, &other, &e), 0);
	CHECK_EQ(x509_check_chain(der, NULL, 0, &other, 1, X509_ANY_TIME, &e), -1);
	/* a CA's certificate for another key than the one that signs */
	CHECK_EQ(x509_issue(&terms, &device_key, (struct span){ ca.der, ca.n }, &self, &other, &e), -1);
	uint8_t p7[8192];
	size_t n;
	static struct certificate back[2];
	uint32_t count;
	CHECK_EQ(x509_pkcs7_write(&leaf, 1, p7, sizeof p7, &n, &e), 0);
	CHECK_EQ(x509_pkcs7_read((struct span){ p7, n }, back, 2, &count, &e), 0);
	CHECK(count == 1 && span_equal((struct span){ back[0].der, back[0].n }, der));
	leaf.der[leaf.n - 1] ^= 1;
	CHECK_EQ(x509_check_chain(der, NULL, 0, &ca, 1, X509_ANY_TIME, &e), -1);
	keyfile_free(device);
	leave();
}

static const struct check_case cases[] = {
	CASE(signs_with_two_tokens_at_once),      CASE(login_does_not_touch_the_master),
	CASE(refuses_a_changed_master),           CASE(refuses_a_wrong_pin_and_an_unknown_token),
	CASE(refuses_a_pin_that_others_may_read), CASE(certificates_from_a_key_in_the_token),
};
CHECK_MAIN(cases)
