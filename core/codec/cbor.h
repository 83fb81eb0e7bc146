/*
 * Strict deterministic CBOR (RFC 8949 section 4.2.1): shortest integers and lengths, definite lengths only, map keys
 * ascending bytewise and unique, no floats, no undefined, no simple values but false, true, null. Reading is a cursor
 * with a sticky fault. The caller walks the schema; cbor_skip() checks what it passes over.
 */
#ifndef CBOR_H
#define CBOR_H

#include "cursor.h"
#include "writer.h"

#define CBOR_DEPTH_MAX 16

enum cbor_major { CBOR_UINT, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP, CBOR_TAG, CBOR_SIMPLE };

enum cbor_major cbor_peek(const struct cursor *c); /* of the next item; CBOR_SIMPLE at the end */
uint64_t cbor_uint(struct cursor *c);
int64_t cbor_int(struct cursor *c);
struct span cbor_bytes(struct cursor *c);
struct span cbor_text(struct cursor *c);                   /* UTF-8 checked */
uint32_t cbor_array(struct cursor *c, uint32_t max_count); /* the count; 0 when faulted */
uint32_t cbor_map(struct cursor *c, uint32_t max_count);   /* pairs; keys are checked by cbor_key_* below */
void cbor_tag(struct cursor *c, uint64_t tag);             /* FAULT_TYPE unless exactly this tag follows */
void cbor_null(struct cursor *c);
bool cbor_bool(struct cursor *c);
void cbor_expect_int(struct cursor *c, int64_t value); /* FAULT_VERSION unless exactly this integer follows */
void cbor_skip(struct cursor *c);                      /* one well-formed deterministic item, maps' order included */
struct cursor cbor_inside(
	struct cursor *c); /* a cursor over the content of a byte string (bstr .cbor); c's fault is its first fault */

/* Map keys in order: begin with {0}, call before each value; FAULT_DUPLICATE or FAULT_NOT_CANONICAL. */
struct cbor_keys {
	struct span last; /* encoded */
};
int64_t cbor_key_int(struct cursor *c, struct cbor_keys *keys);

/* One whole deterministic item and nothing else. */
enum fault cbor_check(struct span input) MUST_USE;

void cbor_write_uint(struct writer *w, uint64_t value);
void cbor_write_int(struct writer *w, int64_t value);
void cbor_write_bytes(struct writer *w, struct span bytes);
void cbor_write_text(struct writer *w, struct span text);
void cbor_write_array(struct writer *w, uint64_t count);
void cbor_write_map(struct writer *w, uint64_t pairs);
void cbor_write_tag(struct writer *w, uint64_t tag);
void cbor_write_null(struct writer *w);
void cbor_write_bool(struct writer *w, bool value);
/* The size of a head (argument) in bytes, for lengths that must be known before the content is written. */
size_t cbor_head_bytes(uint64_t argument);

#endif
