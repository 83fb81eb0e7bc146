/* Chains, and certificates in files and messages. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <string.h>

#include "file.h"
#include "x509_late.h"
#include "x509_private.h"

#define X509_PEM_BYTES_MAX (256u << 10)

static void x509_chain_drop_stack(STACK_OF(X509) * *stack)
{
	sk_X509_pop_free(*stack, X509_free);
}

static void x509_chain_drop_store(X509_STORE **store)
{
	X509_STORE_free(*store);
}

static void x509_chain_drop_context(X509_STORE_CTX **context)
{
	X509_STORE_CTX_free(*context);
}

static void x509_chain_drop_bio(BIO **bio)
{
	BIO_free_all(*bio);
}

static void x509_chain_drop_pkcs7(PKCS7 **p7)
{
	PKCS7_free(*p7);
}

static bool x509_chain_push(STACK_OF(X509) * stack, const struct certificate *each)
{
	X509 *x = x509_parse((struct span){ each->der, each->n });
	if (x == NULL)
		return false;
	if (sk_X509_push(stack, x) > 0)
		return true;
	X509_free(x);
	return false;
}

static STACK_OF(X509) * x509_chain_stack(const struct certificate *certificates, uint32_t count)
{
	STACK_OF(X509) *stack = sk_X509_new_null();
	for (uint32_t i = 0; stack != NULL && i < count; i++) {
		if (x509_chain_push(stack, &certificates[i]))
			continue;
		sk_X509_pop_free(stack, X509_free);
		return NULL;
	}
	return stack;
}

static X509_STORE *x509_chain_store(const struct certificate *roots, uint32_t count)
{
	X509_DROP(x509_chain_drop_store) X509_STORE *store = X509_STORE_new();
	for (uint32_t i = 0; store != NULL && i < count; i++) {
		X509_DROP(x509_drop_certificate) X509 *x = x509_parse((struct span){ roots[i].der, roots[i].n });
		if (x == NULL || X509_STORE_add_cert(store, x) != 1)
			return NULL;
	}
	X509_STORE *taken = store;
	store = NULL;
	return taken;
}

static int x509_chain_verify(X509_STORE_CTX *context, int64_t unix_s, struct error *e)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_PARTIAL_CHAIN |
						   (unix_s == X509_ANY_TIME ? X509_V_FLAG_NO_CHECK_TIME : 0));
	if (unix_s != X509_ANY_TIME)
		X509_VERIFY_PARAM_set_time(param, (time_t)unix_s);
	int verified = X509_verify_cert(context);
	ERR_clear_error();
	if (verified == 1)
		return 0;
	return error_set(e, "the certificate does not chain to a trusted root: %s",
			 X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
}

static int x509_chain_check(struct span leaf, const struct certificate *intermediates, uint32_t intermediate_count,
			    const struct certificate *roots, uint32_t root_count, int64_t unix_s,
			    X509_STORE_CTX_verify_cb callback, struct error *e)
{
	X509_DROP(x509_drop_certificate) X509 *x = x509_parse(leaf);
	if (x == NULL)
		return error_set(e, "not a certificate in DER, or larger than %d bytes", CERTIFICATE_BYTES_MAX);
	if (intermediate_count > X509_CHAIN_MAX || root_count > X509_CHAIN_MAX)
		return error_set(e, "more than %d certificates in a chain", X509_CHAIN_MAX);
	X509_DROP(x509_chain_drop_store) X509_STORE *store = x509_chain_store(roots, root_count);
	X509_DROP(x509_chain_drop_stack)
	STACK_OF(X509) *others = x509_chain_stack(intermediates, intermediate_count);
	X509_DROP(x509_chain_drop_context) X509_STORE_CTX *context = X509_STORE_CTX_new();
	if (store == NULL || others == NULL || context == NULL || X509_STORE_CTX_init(context, store, x, others) != 1)
		return error_set(e, "a root or intermediate certificate is malformed");
	if (callback != NULL)
		X509_STORE_CTX_set_verify_cb(context, callback);
	return x509_chain_verify(context, unix_s, e);
}

int x509_check_chain(struct span leaf, const struct certificate *intermediates, uint32_t intermediate_count,
		     const struct certificate *roots, uint32_t root_count, int64_t unix_s, struct error *e)
{
	return x509_chain_check(leaf, intermediates, intermediate_count, roots, root_count, unix_s, NULL, e);
}

int x509_check_chain_passed(struct span leaf, const struct certificate *intermediates, uint32_t intermediate_count,
			    const struct certificate *roots, uint32_t root_count, int64_t passed_unix, struct error *e)
{
	return x509_chain_check(leaf, intermediates, intermediate_count, roots, root_count, passed_unix,
				x509_late_verify, e);
}

/* --- PEM --- */

int x509_pem_load(const char *path, struct certificate *out, uint32_t max_count, uint32_t *count, struct error *e)
{
	X509_DROP(x509_chain_drop_bio) BIO *bio = BIO_new_file(path, "r");
	X509 *each;
	*count = 0;
	if (bio == NULL)
		return error_errno(e, "opening the certificates %s", path);
	while ((each = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		X509_DROP(x509_drop_certificate) X509 *x = each;
		if (*count == max_count)
			return error_set(e, "%s has more than %u certificates", path, max_count);
		if (x509_put(x, &out[(*count)++], e) != 0)
			return error_within(e, "%s", path);
	}
	bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	if (!at_end || *count == 0)
		return error_set(e, "%s does not hold certificates in PEM", path);
	return 0;
}

int x509_pem_save(const char *path, const struct certificate *certificates, uint32_t count, struct error *e)
{
	X509_DROP(x509_chain_drop_bio) BIO *bio = BIO_new(BIO_s_mem());
	uint8_t *text;
	for (uint32_t i = 0; bio != NULL && i < count; i++) {
		X509_DROP(x509_drop_certificate)
		X509 *x = x509_parse((struct span){ certificates[i].der, certificates[i].n });
		if (x == NULL || PEM_write_bio_X509(bio, x) != 1)
			return x509_error(e, "writing certificates");
	}
	if (bio == NULL)
		return x509_error(e, "writing certificates");
	long n = BIO_get_mem_data(bio, &text);
	return file_write(path, (struct span){ text, (size_t)n }, 0644, e);
}

/* --- PKCS#7 --- */

int x509_pkcs7_write(const struct certificate *certificates, uint32_t count, uint8_t *der, size_t capacity, size_t *n,
		     struct error *e)
{
	X509_DROP(x509_chain_drop_pkcs7) PKCS7 *p7 = PKCS7_new();
	if (p7 == NULL || PKCS7_set_type(p7, NID_pkcs7_signed) != 1 || PKCS7_content_new(p7, NID_pkcs7_data) != 1)
		return x509_error(e, "writing PKCS#7");
	PKCS7_set_detached(p7, 1);
	for (uint32_t i = 0; i < count; i++) {
		X509_DROP(x509_drop_certificate)
		X509 *x = x509_parse((struct span){ certificates[i].der, certificates[i].n });
		if (x == NULL || PKCS7_add_certificate(p7, x) != 1)
			return x509_error(e, "writing PKCS#7");
	}
	int length = i2d_PKCS7(p7, NULL);
	if (length <= 0 || (size_t)length > capacity)
		return error_set(e, "writing PKCS#7: %d bytes do not fit", length);
	*n = (size_t)i2d_PKCS7(p7, &der);
	return 0;
}

int x509_pkcs7_read(struct span der, struct certificate *out, uint32_t max_count, uint32_t *count, struct error *e)
{
	const uint8_t *at = der.at;
	*count = 0;
	if (der.n == 0 || der.n > X509_PEM_BYTES_MAX)
		return error_set(e, "PKCS#7: empty, or too large");
	X509_DROP(x509_chain_drop_pkcs7) PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)der.n);
	ERR_clear_error();
	if (p7 == NULL || at != der.at + der.n || !PKCS7_type_is_signed(p7) || p7->d.sign == NULL)
		return error_set(e, "not PKCS#7 with certificates");
	STACK_OF(X509) *stack = p7->d.sign->cert;
	int found = sk_X509_num(stack);
	if (found <= 0 || (uint32_t)found > max_count)
		return error_set(e, "PKCS#7: no certificates in it, or more than %u", max_count);
	for (int i = 0; i < found; i++)
		if (x509_put(sk_X509_value(stack, i), &out[i], e) != 0)
			return -1;
	*count = (uint32_t)found;
	return 0;
}
