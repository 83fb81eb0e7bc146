/*
 * Installer and fetcher: messages on a socket pair (protocol/agent-ipc.md). The installer asks, the fetcher answers;
 * one request at a time. The installer believes nothing of it but bytes, and those only once trust has verified them.
 *
 *   request   kind u8 (1 GET, 2 POST) | from u64 | n u64 | capacity u64 | passed u64 | path u16 + bytes |
 *             type u16 + bytes | body
 *   answer    any number of  1 u8 | bytes of the body
 *             then either    2 u8 | status u16 | too big u8 | retry after u32
 *             or             3 u8 | retry u8 | text
 *
 * Each is one frame (port/posix/frame.h): u32 length before it. Numbers are big endian.
 */
#ifndef IPC_H
#define IPC_H

#include "fetch.h"

#define IPC_GET 1u
#define IPC_POST 2u
#define IPC_PIECE 1u
#define IPC_END 2u
#define IPC_FAILED 3u
#define IPC_PIECE_MAX (32u << 10)
#define IPC_FRAME_MAX (IPC_PIECE_MAX + 1u)
#define IPC_PATH_MAX 512u
#define IPC_TYPE_MAX 64u
#define IPC_PASSED_MAX ((1ull << 53) - 1)
#define IPC_SILENCE_MS 120000 /* the longest between two messages of the fetcher */

struct ipc {
	int fd;              /* ours of the pair */
	int64_t passed_unix; /* goes out with each request */
	bool is_broken;      /* the fetcher broke the protocol, died or fell silent: make a new one */
	uint8_t frame[IPC_FRAME_MAX];
};

void ipc_open(struct ipc *ipc, int fd);
/* ipc must outlive it. */
struct fetch ipc_fetch(struct ipc *ipc);

#endif
