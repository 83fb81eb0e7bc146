/* A question to the fleet whose answer ends an HTTP request: kept until the fleet has answered, on whatever thread. */
#ifndef ASKING_H
#define ASKING_H

#include "http.h"
#include "rollouts.h"

struct asking {
	struct rollouts_question question; /* first */
	struct http_task task;
	struct http_server *server;
	struct http_request *request;        /* NULL: nobody waits */
	void (*then)(struct asking *asking); /* on the loop's thread; answers the request; asking is freed after it */
	void *self;                          /* of whoever asked */
	uint8_t *body;                       /* a copy that outlives the connection */
};

/* NULL: out of memory, and the request is answered so. */
struct asking *asking_new(struct http_request *request, enum rollouts_kind kind, void (*then)(struct asking *asking),
			  void *self);
/* Keeps a copy of the body; empty on no memory. */
struct span asking_keep(struct asking *asking, struct span body);
void asking_send(struct asking *asking, const struct rollouts *rollouts);
void asking_free(struct asking *asking);
/* Answers with the question's error; for a status of 400 and above. */
void asking_refuse(struct asking *asking);

#endif
