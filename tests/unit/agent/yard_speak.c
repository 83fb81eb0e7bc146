/* What the yard's people say beside TUF's roles: files of trust/, and emergency statements; and a device's days. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto_openssl.h"
#include "hex.h"
#include "yard.h"

static void must(bool ok)
{
	if (!ok) {
		fprintf(stderr, "yard: a call failed that must not\n");
		abort();
	}
}

void yard_put_trust(struct yard *y, const char *path, struct span text)
{
	char hex[2 * DIGEST_BYTES + 1], name[160];
	uint32_t at = 0;
	while (at < y->trust_count && !span_is(y->trust[at].path, path))
		at++;
	must(at < sizeof y->trust / sizeof y->trust[0]);
	y->trust_count = at == y->trust_count ? at + 1 : y->trust_count;
	y->trust[at] = (struct target){ .path = span_of_text(path), .length = text.n };
	y->trust[at].sha256 = sha256_of(&crypto_openssl, text);
	hex_text(digest_span(&y->trust[at].sha256), hex);
	snprintf(name, sizeof name, "targets/trust/%s.%s", hex, path + strlen("trust/"));
	world_put(&y->site, name, text);
	if (y->trust_count == 2 && span_compare(y->trust[0].path, y->trust[1].path) > 0) {
		struct target first = y->trust[1];
		y->trust[1] = y->trust[0];
		y->trust[0] = first;
	}
}

void yard_state(struct yard *y, const struct emergency *statement, uint32_t signers, uint64_t as_number)
{
	static uint8_t body[EMERGENCY_BYTES_MAX];
	char name[80];
	struct world_holder holder = y->emergency;
	struct writer w = writer_over(body, sizeof body);
	holder.count = signers;
	emergency_encode(&w, statement);
	must(writer_end(&w) == FAULT_NONE);
	snprintf(name, sizeof name, "emergency/board/%llu.json", (unsigned long long)as_number);
	world_put(&y->site, name, world_sign(y->world, writer_span(&w), &holder));
}

void yard_pin_emergency(struct yard *y)
{
	uint32_t keys[BOOT_EMERGENCY_MAX];
	for (uint32_t k = 0; k < BOOT_EMERGENCY_MAX; k++) {
		keys[k] = world_key_new(y->world);
		y->identity.emergency[k] = (struct boot_key){ .present = true, .key = y->world->keys[keys[k]].key };
	}
	y->emergency = world_holder_of(y->world, 2, BOOT_EMERGENCY_MAX, keys);
}

void yard_run(struct yard *y, bool boots, uint32_t n)
{
	enum installer_outcome out;
	bool started = yard_start(y, &out) == 0;
	for (uint32_t i = 0; i < n; i++) {
		if (started && out != INSTALLER_REBOOT)
			out = yard_cycle(y);
		if (!started || out == INSTALLER_REBOOT) {
			yard_power_cycle(y, boots);
			started = yard_start(y, &out) == 0;
		}
	}
}

bool yard_reported(const struct yard *y, enum report_state state)
{
	for (uint32_t i = 0; i < y->report_count; i++)
		if (y->reports[i].state == state)
			return true;
	return false;
}
