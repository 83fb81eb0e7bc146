/*
 * Who a device is, as the URI in the SubjectAltName of each of its certificates says (protocol/device-identity.md):
 *
 *   urn:sealift:device:<product>:<id>[?<name>=<value>{&<name>=<value>}]
 *
 * Attributes ascend by name and none comes twice, so that an identity has one spelling.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "fault.h"
#include "stage.h"
#include "writer.h"

#define IDENTITY_URI_MAX 512
#define IDENTITY_PRODUCT_MAX 32
#define IDENTITY_ID_MAX 64
#define IDENTITY_ATTRIBUTES_MAX 8
#define IDENTITY_NAME_MAX 32  /* [a-z0-9-]+ */
#define IDENTITY_VALUE_MAX 64 /* [A-Za-z0-9][A-Za-z0-9._-]*, as product and id */

struct identity {
	struct span product, id;
	uint32_t attribute_count;
	struct attribute attributes[IDENTITY_ATTRIBUTES_MAX];
};

enum fault identity_decode(struct span uri, struct identity *out) MUST_USE; /* spans into uri */
/* The writer takes the fault of an identity that identity_decode() would refuse. */
void identity_encode(struct writer *w, const struct identity *identity);

#endif
