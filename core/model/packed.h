/*
 * What pack says of an artifact (protocol/packed.md): the description that stands in the staging folder beside the
 * segment table, the payload and the unsigned boot manifests. Canonical JSON; unsigned: signing starts from it.
 */
#ifndef PACKED_H
#define PACKED_H

#include "release.h"

#define PACKED_BYTES_MAX 8192

struct packed_image {
	struct span version; /* as people write it */
	struct digest image;
	uint64_t image_bytes;
	struct object table;
	struct object payload;
	uint64_t counter;
};

struct packed {
	struct span product;
	struct span build_id;
	uint32_t compatible_count;
	struct compatible compatible[RELEASE_COMPATIBLE_MAX];
	enum proof_level proof;
	enum log_policy log;
	struct packed_image release;
	bool has_return; /* the image to return to, under the counter that follows */
	struct packed_image return_release;
};

enum fault packed_decode(struct span text, struct workspace *ws, struct packed *out) MUST_USE;
void packed_encode(struct writer *w, const struct packed *packed);
/* The release that a packed image becomes once its boot manifest is signed. path must outlive out. */
void packed_release(const struct packed *packed, bool is_return, struct span path, struct object manifest,
		    struct span return_path, struct release *out);

#endif
