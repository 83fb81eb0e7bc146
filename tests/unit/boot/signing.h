/* Boot manifests made and signed for a test: keys of this run, images of a fixed generator. */
#ifndef SIGNING_H
#define SIGNING_H

#include "bootcheck.h"
#include "check.h"
#include "crypto_openssl.h"
#include "keyfile.h"

enum { SIGNING_KEYS = 6 }; /* boot current, boot next, three of emergency, a stranger */
enum { KEY_CURRENT, KEY_NEXT, KEY_EMERGENCY_1, KEY_EMERGENCY_2, KEY_EMERGENCY_3, KEY_STRANGER };

static struct keyfile *signing_keys[SIGNING_KEYS];

static inline struct public_key signing_public(int key)
{
	struct public_key out;
	struct error e = { 0 };
	if (signing_keys[key] == NULL)
		CHECK_EQ(keyfile_new(&signing_keys[key], &e), 0);
	CHECK_EQ(keyfile_public(signing_keys[key], &out, &e), 0);
	return out;
}

static inline struct boot_identity signing_identity(void)
{
	struct boot_identity identity = { .vendor = "vendor of tests", .class = "class of tests." };
	for (int i = 0; i < BOOT_KEYS_MAX; i++)
		identity.keys[i] = (struct boot_key){ .present = true, .key = signing_public(KEY_CURRENT + i) };
	for (int i = 0; i < BOOT_EMERGENCY_MAX; i++)
		identity.emergency[i] =
			(struct boot_key){ .present = true, .key = signing_public(KEY_EMERGENCY_1 + i) };
	return identity;
}

/* A manifest for an image, with the identity of these tests. */
static inline struct manifest signing_manifest(const char *component, uint64_t counter, struct span image)
{
	struct manifest m = { .sequence = counter, .vendor = "vendor of tests", .class = "class of tests." };
	m.component_count = 1;
	m.component[0] = span_of_text(component);
	m.image = sha256_of(&crypto_openssl, image);
	m.image_bytes = image.n;
	return m;
}

/* The envelope of a manifest, signed by `count` (1 or 2) of the keys. */
static inline struct span signing_envelope(const struct manifest *m, const int *keys, uint32_t count, uint8_t *out,
					   size_t capacity)
{
	uint8_t body[MANIFEST_BYTES_MAX], raw[MANIFEST_SIGNATURES_MAX][64];
	struct manifest_signature signatures[MANIFEST_SIGNATURES_MAX] = { 0 };
	struct error e = { 0 };
	struct writer w = writer_over(body, sizeof body);
	manifest_encode_body(&w, m);
	CHECK_EQ(writer_end(&w), FAULT_NONE);
	struct digest digest = manifest_signed_digest(&crypto_openssl, writer_span(&w));
	for (uint32_t i = 0; i < count; i++) {
		(void)signing_public(keys[i]);
		CHECK_EQ(keyfile_sign(signing_keys[keys[i]], &digest, raw[i], &e), 0);
		signatures[i].raw = SPAN_OF(raw[i]);
	}
	struct writer envelope = writer_over(out, capacity);
	manifest_encode(&envelope, &crypto_openssl, writer_span(&w), signatures, count);
	CHECK_EQ(writer_end(&envelope), FAULT_NONE);
	return writer_span(&envelope);
}

static inline struct span signing_by(int key, const struct manifest *m, uint8_t *out, size_t capacity)
{
	return signing_envelope(m, &key, 1, out, capacity);
}

#endif
