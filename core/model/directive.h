/*
 * What the online director says to one device (protocol/directive.md): install this, now. Signed JSON, canonical.
 * Void after lifetime_s on the device's monotonic clock from the making of the nonce that it echoes, and after a
 * reboot.
 */
#ifndef DIRECTIVE_H
#define DIRECTIVE_H

#include "release.h"
#include "signed.h"

#define DIRECTIVE_BYTES_MAX 4096
#define DIRECTIVE_NONCE_BYTES 16
#define DIRECTIVE_SEQUENCE_STEP_MAX (1u << 20) /* so that one lying director cannot use up all sequences at once */
#define DIRECTIVE_LIFETIME_MAX_S 86400u
#define DEVICE_ID_MAX 64 /* [A-Za-z0-9._-]+ */

enum directive_action { DIRECTIVE_INSTALL, DIRECTIVE_RETURN };

struct directive {
	const char *where; /* the member at which a fault was met, for messages */
	struct span device;
	uint64_t sequence; /* rises with every directive to this device */
	enum directive_action action;
	struct span target_path;
	struct digest image;
	uint64_t image_bytes;
	uint64_t counter;
	struct span plan_path;
	struct digest plan;
	uint32_t stage; /* index in the plan */
	uint8_t nonce[DIRECTIVE_NONCE_BYTES];
	uint32_t lifetime_s;
};

enum fault directive_decode(struct json_node *body, struct directive *out) MUST_USE;
void directive_encode(struct writer *w, const struct directive *directive); /* the canonical body */

#endif
