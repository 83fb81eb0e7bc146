#include "download.h"

static bool download_has_sha256(const struct download *d)
{
	return d->target->hashes != METADATA_SHA512;
}

static bool download_has_sha512(const struct download *d)
{
	return d->target->hashes != METADATA_SHA256 && d->crypto->sha512_init != NULL;
}

enum verdict download_begin(struct download *d, const struct crypto *crypto, const struct target *target)
{
	*d = (struct download){ .crypto = crypto, .target = target };
	if (!download_has_sha256(d) && !download_has_sha512(d))
		return VERDICT_DIGEST;
	crypto->sha256_init(&d->sha256);
	if (download_has_sha512(d))
		crypto->sha512_init(&d->sha512);
	return VERDICT_OK;
}

/* [CLIENT-15] */
enum verdict download_take(struct download *d, struct span piece)
{
	if (piece.n > d->target->length - d->taken)
		return VERDICT_LENGTH;
	d->taken += piece.n;
	if (download_has_sha256(d))
		d->crypto->sha256_update(&d->sha256, piece);
	if (download_has_sha512(d))
		d->crypto->sha512_update(&d->sha512, piece);
	return VERDICT_OK;
}

enum verdict download_end(struct download *d)
{
	struct digest sha256;
	struct digest512 sha512;
	if (d->taken != d->target->length)
		return VERDICT_LENGTH;
	d->crypto->sha256_final(&d->sha256, &sha256);
	if (download_has_sha256(d) && !digest_equal(&sha256, &d->target->sha256))
		return VERDICT_DIGEST;
	if (!download_has_sha512(d))
		return VERDICT_OK;
	d->crypto->sha512_final(&d->sha512, &sha512);
	return digest512_equal(&sha512, &d->target->sha512) ? VERDICT_OK : VERDICT_DIGEST;
}
