#include "crypto.h"

struct digest sha256_of(const struct crypto *crypto, struct span data)
{
	struct sha256 hash;
	struct digest digest;
	crypto->sha256_init(&hash);
	crypto->sha256_update(&hash, data);
	crypto->sha256_final(&hash, &digest);
	return digest;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return span_equal(digest_span(a), digest_span(b));
}

bool digest512_equal(const struct digest512 *a, const struct digest512 *b)
{
	return span_equal(SPAN_OF(a->bytes), SPAN_OF(b->bytes));
}

struct span digest_span(const struct digest *d)
{
	return SPAN_OF(d->bytes);
}

void crypto_drain(void *stream, struct span bytes)
{
	struct crypto_stream *s = stream;
	s->crypto->sha256_update(&s->hash, bytes);
}
