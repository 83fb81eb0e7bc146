/*
 * A release: one target of the product role p/<product>, with what a device must know in its "custom" member
 * (protocol/release.md). Path: p/<product>/<version>/image, and .../return for its return release.
 */
#ifndef RELEASE_H
#define RELEASE_H

#include "metadata.h"

#define RELEASE_COMPATIBLE_MAX 8
#define RELEASE_VERSION_MAX 64
#define RELEASE_PRODUCT_MAX 32
#define RELEASE_CUSTOM_MAX 4096
#define RELEASE_BUILD_ID_MAX 128

/* Counter = epoch << 32 | build; both bounded so that JSON integers hold it exactly. */
#define COUNTER_EPOCH_MAX ((1u << 21) - 1)
#define COUNTER_OF(epoch, build) ((uint64_t)(epoch) << 32 | (uint32_t)(build))
#define COUNTER_EPOCH(counter) ((uint32_t)((counter) >> 32))
#define COUNTER_BUILD(counter) ((uint32_t)(counter))
#define COUNTER_BUILD_STEP_MAX 10000u /* a build number may jump by this much */

/* An immutable object of the repository, named by its content: objects/<sha256>. */
struct object {
	struct digest sha256;
	uint64_t bytes;
};

struct compatible {
	uint8_t vendor[16]; /* UUID5(DNS, domain) */
	uint8_t class[16];  /* UUID5(vendor, class name) */
};

enum proof_level { PROOF_NONE, PROOF_SIGNED, PROOF_ATTESTED }; /* what counts as success: "none" "signed" "attested" */
enum log_policy { LOG_NONE, LOG_REQUIRED, LOG_WITNESSES };     /* "none" "log" "witnesses" */

struct release {
	const char *where; /* the member at which a fault was met, for messages */
	struct span path;  /* the target's path, length and digest: of the raw image */
	uint64_t image_bytes;
	struct digest image;
	struct span product;
	struct span version;  /* as people write it */
	struct span build_id; /* of the artifact's build, as given to pack; never interpreted */
	uint64_t counter;
	uint32_t compatible_count;
	struct compatible compatible[RELEASE_COMPATIBLE_MAX];
	struct object manifest;  /* boot manifest */
	struct object table;     /* segment table */
	struct object payload;   /* what the table's offsets point into */
	struct span return_path; /* empty: none */
	enum proof_level proof;
	enum log_policy log;
};

/* What a path p/<product>/<version>/image says; its spans point into the path. */
struct release_path {
	struct span product; /* [a-z0-9-]{1,32} */
	struct span version; /* [A-Za-z0-9._+-]{1,64}, not "." or ".." */
	bool is_return;      /* .../return */
};

bool release_is_product(struct span product);
bool release_is_version(struct span version);
enum fault release_path_decode(struct span path, struct release_path *out) MUST_USE;

/*
 * version: of an image, the one in its path; of a return release, as people wrote it for the image to which it goes
 * back. return_path, where given, is .../return beside .../image.
 */
enum fault release_decode(const struct target *target, struct release *out) MUST_USE;
/* The canonical "custom" object. */
void release_encode_custom(struct writer *w, const struct release *release);

/* Members that the description of a packed artifact has too (packed.h). */
void release_read_object(struct json_reader *r, struct json_node *parent, const char *name, struct object *out);
uint32_t release_read_compatible(struct json_reader *r, struct json_node *parent,
				 struct compatible out[RELEASE_COMPATIBLE_MAX]); /* how many: at least one */
enum log_policy release_read_log(struct json_reader *r, struct json_node *parent);
enum proof_level release_read_proof(struct json_reader *r, struct json_node *parent);
void release_write_object(struct json_writer *w, const char *name, const struct object *object);
void release_write_compatible(struct json_writer *w, const struct compatible *compatible, uint32_t count);
void release_write_log(struct json_writer *w, enum log_policy log);
void release_write_proof(struct json_writer *w, enum proof_level proof);

#endif
