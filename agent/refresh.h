/* The TUF client's wishes carried out: the step machine of trust/client.h over the fetch and store ports. */
#ifndef REFRESH_H
#define REFRESH_H

#include "installer.h"
#include "setback.h"

/*
 * Emergency statements, then root to targets, revocations and trust bundle. The clock floor is raised (saved) to the
 * verified x-issued.
 */
int refresh_metadata(struct installer *installer, struct setback *s) MUST_USE;
/* The target as the delegation `by` lists it; anything else is VERDICT_NOT_LISTED. */
int refresh_look_up(struct installer *installer, struct span path, const char *by, const struct target **out,
		    struct setback *s) MUST_USE;
/*
 * An immutable file of known length and digest into a new buffer of the task workspace. path: "objects/..",
 * "targets/..". A shorter or longer body is VERDICT_LENGTH, other bytes VERDICT_DIGEST.
 */
int refresh_object(struct installer *installer, const char *path, uint64_t n, const struct digest *digest,
		   struct span *out, struct setback *s) MUST_USE;
/* Of a role's keys, in the order in which its delegator lists them: they are others when this is. */
struct digest refresh_role_keys(const struct installer *installer, const struct role *role);
/* The time that this device goes by: never before its build, nor before what was verified. */
int64_t refresh_now(const struct installer *installer);
/* Tells that time to whoever holds the server's certificate against it. */
void refresh_tell_now(struct installer *installer);

#endif
