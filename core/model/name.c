#include "name.h"

#include "release.h"

static bool name_is_alphanumeric(uint8_t byte)
{
	uint8_t lower = byte | 0x20;
	return (byte >= '0' && byte <= '9') || (lower >= 'a' && lower <= 'z');
}

static bool name_is_among(uint8_t byte, const char *others)
{
	for (; *others != '\0'; others++)
		if (byte == (uint8_t)*others)
			return true;
	return false;
}

static bool name_check(struct span text, size_t max_bytes, const char *others)
{
	if (text.n == 0 || text.n > max_bytes || !name_is_alphanumeric(text.at[0]))
		return false;
	for (size_t i = 1; i < text.n; i++)
		if (!name_is_alphanumeric(text.at[i]) && !name_is_among(text.at[i], others))
			return false;
	return true;
}

bool name_is_word(struct span text, size_t max_bytes)
{
	return name_check(text, max_bytes, "._-");
}

bool name_is_version(struct span text, size_t max_bytes)
{
	return name_check(text, max_bytes, "._-+~");
}

bool name_is_label(struct span text, size_t max_bytes)
{
	if (text.n == 0 || text.n > max_bytes)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t byte = text.at[i];
		if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') && byte != '-')
			return false;
	}
	return true;
}

bool name_is_printable(struct span text, size_t max_bytes)
{
	if (text.n > max_bytes)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.at[i] < 0x20 || text.at[i] > 0x7e)
			return false;
	return true;
}

/* Cuts `part` off the front or refuses. */
static bool name_take(struct span *rest, struct span part)
{
	if (!span_starts(*rest, part))
		return false;
	*rest = span_sub(*rest, part.n, rest->n - part.n);
	return true;
}

bool name_is_release_path(struct span path, struct span product, const char *leaf)
{
	struct span rest = path;
	if (path.n > METADATA_PATH_MAX || !name_take(&rest, SPAN_LIT("p/")) || !name_take(&rest, product) ||
	    !name_take(&rest, SPAN_LIT("/")))
		return false;
	size_t version = 0;
	while (version < rest.n && rest.at[version] != '/')
		version++;
	return name_is_version(span_sub(rest, 0, version), RELEASE_VERSION_MAX) &&
	       name_take(&rest, span_sub(rest, 0, version)) && name_take(&rest, SPAN_LIT("/")) && span_is(rest, leaf);
}
