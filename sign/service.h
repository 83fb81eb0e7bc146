/*
 * The socket of a signing authority: one thread, one poll loop, many clients, frames of at most FRAME_BYTES_MAX. Who a
 * client is, the kernel says (SO_PEERCRED). A client that sends half a frame, reads no answer or idles too long is
 * dropped; no client can hold up another by more than one request.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <signal.h>
#include <sys/types.h>

#include "notary.h"

#define SERVICE_CLIENTS_MAX 64
#define SERVICE_IDLE_MS 300000 /* between requests */
#define SERVICE_FRAME_MS 10000 /* for a whole frame, in or out */

/*
 * A listening socket at path with the permission bits of mode: who reaches it; who may ask is the notary's matter. A
 * socket that nobody listens on is replaced; one in use is an error, and so is a file of another kind.
 */
int service_listen(const char *path, mode_t mode, int *out, struct error *e) MUST_USE;
/* Serves until *stop is set (by a signal handler; signals interrupt the poll). Finishes the request in hand. */
int service_run(int listener, struct notary *notary, const volatile sig_atomic_t *stop, struct error *e) MUST_USE;

#endif
