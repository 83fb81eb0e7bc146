/*
 * What travels in the frames between sealift-signd and its clients (protocol/signd.md): canonical JSON, decoded into
 * spans in the caller's workspace. Also the form in which a request reaches the authority in process.
 */
#ifndef SIGND_MESSAGE_H
#define SIGND_MESSAGE_H

#include "fault.h"
#include "key.h"
#include "signer.h"
#include "workspace.h"

#define SIGND_OBJECTS_MAX 256u /* of one request: a batch of directives */
#define SIGND_TEXT_MAX 500u    /* who, why; printable ASCII */
#define SIGND_DAYS_MAX 36500u
#define SIGND_WORKSPACE_BYTES (8u << 20) /* enough for any message of FRAME_BYTES_MAX */

enum signd_kind {
	SIGND_METADATA = SIGN_METADATA,
	SIGND_MANIFEST = SIGN_MANIFEST,
	SIGND_DIRECTIVE = SIGN_DIRECTIVE,
	SIGND_CHECKPOINT = SIGN_CHECKPOINT,
	SIGND_EMERGENCY = SIGN_EMERGENCY,
	SIGND_CERTIFICATE, /* object: a PKCS#10 request */
	SIGND_PUBLIC_KEY,  /* no object */
	SIGND_KINDS,
};
const char *signd_kind_text(enum signd_kind kind);

struct signd_request {
	struct span requester, who, why, key;
	enum signd_kind kind;
	uint32_t count;
	const struct span *objects;
	struct span device_uri; /* of a certificate request, with days: else empty and 0 */
	uint32_t days;          /* 0: no expiry */
};

enum fault signd_request_decode(struct span text, struct workspace *ws, struct signd_request *out) MUST_USE;
/* ws holds an object's base64 for a moment */
void signd_request_encode(struct writer *w, const struct signd_request *request, struct workspace *ws);

struct signd_answer {
	bool refused;
	bool retry;                    /* a refusal that may pass later */
	struct span error, rule, help; /* of a refusal */
	struct public_key key;
	uint32_t count;
	uint8_t (*signatures)[64];
	struct span certificate; /* DER */
};

enum fault signd_answer_decode(struct span text, struct workspace *ws, struct signd_answer *out) MUST_USE;
void signd_answer_encode(struct writer *w, const struct signd_answer *answer, struct workspace *ws);

#endif
