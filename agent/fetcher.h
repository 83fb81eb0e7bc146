/* The fetcher's whole life: answer the installer's requests over a transport, until the installer goes away. */
#ifndef FETCHER_H
#define FETCHER_H

#include "transport.h"

/* 0: the installer closed its end; -1: the socket failed, or the installer broke the protocol. */
int fetcher_run(int fd, const struct transport *transport, struct error *e) MUST_USE;

#endif
