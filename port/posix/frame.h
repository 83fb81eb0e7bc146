/* Length-prefixed messages on a stream socket: u32 big endian, then that many bytes. */
#ifndef FRAME_H
#define FRAME_H

#include "error.h"
#include "span.h"

#define FRAME_HEAD_BYTES 4
#define FRAME_BYTES_MAX (1u << 20)

/* Both on a blocking descriptor with a deadline for the whole frame; -1 on time-out, too. */
int frame_send(int fd, struct span body, int timeout_ms, struct error *e) MUST_USE;
/* 0 and *n; 1 where the peer closed between frames; -1: failed, or larger than capacity. */
int frame_receive(int fd, uint8_t *buffer, size_t capacity, size_t *n, int timeout_ms, struct error *e) MUST_USE;

#endif
