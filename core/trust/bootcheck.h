/*
 * May this processor run this image? The rules of the boot verifier, shared by slboot and the agent: envelope bounds,
 * signature over the received bytes, then parse, then vendor, class, component, key revocation, epoch, size.
 * The caller hashes the image and compares it last.
 */
#ifndef BOOTCHECK_H
#define BOOTCHECK_H

#include "manifest.h"
#include "verdict.h"

#define BOOT_KEYS_MAX 2 /* current, next */
#define BOOT_EMERGENCY_MAX 3

struct boot_key {
	bool present;
	bool revoked;
	struct public_key key;
};

/* What is burnt in or provisioned into this processor. */
struct boot_identity {
	uint8_t vendor[16];
	uint8_t class[16];
	struct boot_key keys[BOOT_KEYS_MAX];           /* any one verifies a slot image */
	struct boot_key emergency[BOOT_EMERGENCY_MAX]; /* recovery only, and two must */
};

/* Made by bootcheck_manifest() alone; what is to be booted or installed takes nothing else. */
struct verified_manifest {
	struct manifest manifest;
};

enum boot_component { BOOT_SLOT, BOOT_RECOVERY }; /* the component ids ["slot"] and ["recovery"] */

/* *why tells the fault of VERDICT_MALFORMED. */
enum verdict bootcheck_manifest(const struct crypto *crypto, const struct boot_identity *identity,
				enum boot_component component, uint32_t epoch_floor, uint64_t room_bytes,
				struct span envelope, struct verified_manifest *out, enum fault *why) MUST_USE;

#endif
