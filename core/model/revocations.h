/*
 * The revoked signing keys (protocol/revocations.md): the TUF target trust/revocations.json of the top-level targets.
 * The file itself is canonical JSON, unsigned, covered by its digest there. A revocation is for good: a later list
 * holds all that an earlier one held, under a higher epoch. Devices are revoked by their CA, releases by their product
 * role; root keys by root alone.
 */
#ifndef REVOCATIONS_H
#define REVOCATIONS_H

#include "crypto.h"
#include "json.h"

#define REVOCATIONS_BYTES_MAX (32u << 10)
#define REVOCATIONS_KEYS_MAX 256
/* What a device keeps of lists that other targets keys have signed [REV-9]. */
#define REVOCATIONS_KEPT_BYTES_MAX (80u << 10)
#define REVOCATIONS_KEPT_MAX 1024
#define REVOCATIONS_PATH "trust/revocations.json"

struct revocation_list {
	uint64_t epoch; /* rises with every change; rides on every poll */
	uint32_t count;
	const struct digest *keys; /* SHA-256 of SubjectPublicKeyInfo, ascending, each once */
};

enum fault revocation_list_decode(struct span text, struct workspace *ws, struct revocation_list *out) MUST_USE;
/* FAULT_NOT_CANONICAL in the writer for keys that do not ascend. */
void revocation_list_encode(struct writer *w, const struct revocation_list *list);
/* The same form with room for REVOCATIONS_KEPT_MAX keys: a device's own, of the epochs that it left behind. */
enum fault revocation_kept_decode(struct span text, struct workspace *ws, struct revocation_list *out) MUST_USE;
void revocation_kept_encode(struct writer *w, const struct revocation_list *list);
bool revocation_list_has(const struct revocation_list *list, const struct digest *key);

#endif
