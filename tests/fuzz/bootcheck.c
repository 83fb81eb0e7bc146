/*
 * May this processor run it? The envelope as it lies at the end of a slot: two bytes of length, the envelope. The first
 * byte of the input picks what this processor is; every signature is good and every digest zero.
 */
#include "bootcheck.h"
#include "fuzz.h"
#include "slot.h"
#include "zero_hash.h"

enum { REGION = SLOT_MANIFEST_ROOM + 4096 };

static uint8_t region[REGION];

static int region_read(void *self, uint64_t at, void *buffer, size_t n)
{
	FUZZ_CHECK(at <= REGION && n <= REGION - at);
	memcpy(buffer, region + at, n);
	return 0;
}

/* The hardware that the envelope is for, or another. */
static struct boot_identity identity_of(struct span envelope, bool other)
{
	struct boot_identity identity = { .keys = { { .present = true } } };
	struct manifest manifest;
	identity.emergency[0].present = identity.emergency[2].present = true;
	identity.emergency[2].key.xy[0] = 1;
	if (manifest_decode(envelope, &zero_hash, &manifest) != FAULT_NONE)
		return identity;
	memcpy(identity.vendor, manifest.vendor, sizeof identity.vendor);
	memcpy(identity.class, manifest.class, sizeof identity.class);
	identity.class[15] ^= other;
	return identity;
}

static void check_verified(const struct verified_manifest *v, const struct boot_identity *identity, uint32_t floor,
			   uint64_t room, enum boot_component component)
{
	const struct manifest *m = &v->manifest;
	FUZZ_CHECK(memcmp(m->vendor, identity->vendor, 16) == 0 && memcmp(m->class, identity->class, 16) == 0);
	FUZZ_CHECK(m->image_bytes <= room && m->sequence >> 32 >= floor && m->component_count == 1);
	FUZZ_CHECK(span_is(m->component[0], component == BOOT_SLOT ? "slot" : "recovery"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct flash flash = { .read = region_read, .bytes = REGION, .erase_bytes = 1 };
	uint8_t buffer[MANIFEST_BYTES_MAX];
	struct span envelope;
	struct verified_manifest verified;
	enum fault why = FAULT_NONE;
	if (size == 0 || size > SLOT_MANIFEST_ROOM)
		return 0;
	memset(region, 0xff, sizeof region);
	memcpy(region + REGION - SLOT_MANIFEST_ROOM, data + 1, size - 1);
	if (slot_manifest_read(&flash, buffer, sizeof buffer, &envelope) != FAULT_NONE)
		return 0;
	FUZZ_CHECK(envelope.n > 0 && envelope.n <= sizeof buffer);
	enum boot_component component = (data[0] & 1) != 0 ? BOOT_RECOVERY : BOOT_SLOT;
	struct boot_identity identity = identity_of(envelope, (data[0] & 2) != 0);
	identity.keys[0].revoked = (data[0] & 4) != 0;
	uint32_t floor = (data[0] >> 3) & 3;
	uint64_t room = (data[0] & 32) != 0 ? 0 : 1u << 24;
	enum verdict verdict =
		bootcheck_manifest(&zero_hash, &identity, component, floor, room, envelope, &verified, &why);
	FUZZ_CHECK((verdict == VERDICT_MALFORMED) == (why != FAULT_NONE));
	if (verdict == VERDICT_OK)
		check_verified(&verified, &identity, floor, room, component);
	return 0;
}
