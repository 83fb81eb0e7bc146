/*
 * The client of this project behind the command line of theupdateframework/tuf-conformance (its CLIENT-CLI.md): what
 * decides is core/trust/client alone; this reads options, moves bytes, and says yes (0) or no (1).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "clock_system.h"
#include "crypto_openssl.h"
#include "curl_transport.h"
#include "file.h"
#include "store_dir.h"
#include "target_dir.h"

#define MEMORY_BYTES (96u << 20)
#define TARGETS_MAX 64
#define URL_BYTES 1024

struct options {
	const char *metadata_dir, *metadata_url, *target_dir, *target_base_url;
	uint32_t target_count;
	const char *targets[TARGETS_MAX];
	const char *command, *argument;
};

struct session {
	const struct options *options;
	struct store_dir directory;
	struct store store;
	char metadata_server[URL_BYTES], target_server[URL_BYTES];
	struct curl_transport metadata, artifacts;
	struct workspace ws;
	struct client client;
	struct error error; /* why the last effect failed */
};

static int say(const struct error *e)
{
	fprintf(stderr, "tuf-client: %s\n", e->text);
	return -1;
}

/* --- fetching --- */

static int open_server(struct curl_transport *t, char server[URL_BYTES], const char *url, struct error *e)
{
	size_t n = strlen(url);
	while (n > 0 && url[n - 1] == '/')
		n--;
	if (n >= URL_BYTES || strncmp(url, "http://", 7) != 0)
		return error_set(e, "\"%.80s\" is no http:// address", url);
	memcpy(server, url, n);
	server[n] = '\0';
	struct curl_transport_config config = {
		.servers = { server },
		.server_count = 1,
		.plain_http = true,
		.escaped_paths = true,
	};
	return curl_transport_open(t, &config, e);
}

struct into_buffer {
	uint8_t *at;
	size_t capacity, n;
	bool too_big;
};

static int take_into_buffer(void *context, struct span piece)
{
	struct into_buffer *b = context;
	b->too_big = piece.n > b->capacity - b->n;
	if (b->too_big)
		return -1;
	memcpy(b->at + b->n, piece.at, piece.n);
	b->n += piece.n;
	return 0;
}

static enum client_answer get_metadata(struct session *s, const struct client_request *request, size_t *n)
{
	struct into_buffer into = { .at = request->buffer, .capacity = request->capacity };
	struct transport_request get = { .path = request->name };
	struct transport transport = curl_transport_transport(&s->metadata);
	struct fetch_answer answer = { 0 };
	int result = transport.exchange(transport.self, &get, take_into_buffer, &into, &answer, &s->error);
	*n = into.n;
	if (into.too_big)
		return CLIENT_TOO_BIG;
	if (result < 0)
		return CLIENT_ERROR;
	error_set(&s->error, "the server answered %u", answer.status);
	if (answer.status == 404)
		return CLIENT_ABSENT;
	return answer.status == 200 ? CLIENT_GOT : CLIENT_ERROR;
}

/* --- the client's cycle --- */

static void answer_load(struct session *s, const struct client_request *request)
{
	size_t n = 0;
	int result = s->store.load(s->store.self, request->name, request->buffer, request->capacity, &n, &s->error);
	if (result > 0)
		error_set(&s->error, "it is not in %s", s->options->metadata_dir);
	client_loaded(&s->client, result < 0 ? CLIENT_ERROR : result > 0 ? CLIENT_ABSENT : CLIENT_GOT, n);
}

static void answer_save(struct session *s, const struct client_request *request)
{
	client_saved(&s->client, s->store.save(s->store.self, request->name, request->bytes, &s->error) == 0);
}

static int explain(const struct session *s, enum client_action action)
{
	const struct client *c = &s->client;
	const char *fault = c->fault == FAULT_NONE ? "" : fault_text(c->fault);
	if (action == CLIENT_FAILED)
		fprintf(stderr, "tuf-client: could not get or keep %s: %s\n", c->what, s->error.text);
	else
		fprintf(stderr, "tuf-client: refused %s: %s %s. %s\n", c->what, verdict_text(c->verdict), fault,
			verdict_help(c->verdict));
	return -1;
}

static int run_client(struct session *s)
{
	for (;;) {
		struct client_request request;
		size_t n = 0;
		enum client_action action = client_step(&s->client, &request);
		switch (action) {
		case CLIENT_LOAD:
			answer_load(s, &request);
			break;
		case CLIENT_FETCH: {
			enum client_answer answer = get_metadata(s, &request, &n);
			client_fetched(&s->client, answer, n);
			break;
		}
		case CLIENT_SAVE:
			answer_save(s, &request);
			break;
		case CLIENT_DONE:
			return 0;
		case CLIENT_REFUSED:
		case CLIENT_FAILED:
			return explain(s, action);
		}
	}
}

static int refresh(struct session *s)
{
	struct clock clock = clock_system();
	struct client_config config = {
		.crypto = &crypto_openssl,
		.ws = &s->ws,
		.now_unix = clock.unix_s(clock.self),
	};
	if (open_server(&s->metadata, s->metadata_server, s->options->metadata_url, &s->error) < 0)
		return say(&s->error);
	client_begin(&s->client, &config);
	return run_client(s);
}

/* --- the three commands --- */

static int init(struct session *s)
{
	uint8_t root[ROOT_BYTES_MAX];
	size_t n = 0;
	int result = file_read(s->options->argument, root, sizeof root, &n, &s->error);
	if (result > 0)
		return say((error_set(&s->error, "there is no file %s", s->options->argument), &s->error));
	if (result < 0 || s->store.save(s->store.self, "root.json", (struct span){ root, n }, &s->error) < 0)
		return say(&s->error);
	return 0;
}

struct into_file {
	struct target_file *file;
	struct error *error;
};

static int take_into_file(void *context, struct span piece)
{
	struct into_file *into = context;
	return target_file_write(into->file, piece, into->error);
}

static int get_target(struct session *s, const struct target *target, struct target_file *file)
{
	char url[3 * METADATA_PATH_MAX + 2 * DIGEST512_BYTES + 2];
	struct into_file into = { .file = file, .error = &s->error };
	struct transport_request get = { .path = url };
	struct transport transport = curl_transport_transport(&s->artifacts);
	struct fetch_answer answer = { 0 };
	enum fault fault = client_target_url(&s->client, target, url, sizeof url);
	if (fault != FAULT_NONE)
		return error_set(&s->error, "its path leads out of the repository: %s", fault_text(fault));
	if (transport.exchange(transport.self, &get, take_into_file, &into, &answer, &s->error) < 0)
		return -1;
	if (file->verdict != VERDICT_OK)
		return -1;
	if (answer.status != 200)
		return error_set(&s->error, "%s: the server answered %u", url, answer.status);
	return target_file_keep(file, &s->error);
}

static int fetch_target(struct session *s, struct target_dir *d, const char *name)
{
	const struct target *target = s->client.found;
	if (target == NULL)
		return error_set(&s->error, "no trusted role lists it");
	int has = target_dir_has(d, &crypto_openssl, target, &s->error);
	if (has != 0)
		return has > 0 ? 0 : -1;
	__attribute__((cleanup(target_file_drop))) struct target_file file = { .fd = -1 };
	if (target_file_create(&file, d, &crypto_openssl, target, &s->error) < 0)
		return -1;
	return get_target(s, target, &file) < 0 ? error_within(&s->error, "%s", name) : 0;
}

static int download_each(struct session *s, struct target_dir *d)
{
	for (uint32_t i = 0; i < s->options->target_count; i++) {
		const char *name = s->options->targets[i];
		client_look_up(&s->client, span_of_text(name));
		if (run_client(s) < 0)
			return -1;
		if (fetch_target(s, d, name) < 0)
			return say((error_within(&s->error, "target %s", name), &s->error));
	}
	return 0;
}

static int download(struct session *s)
{
	__attribute__((cleanup(target_dir_close))) struct target_dir d = { .fd = -1 };
	if (refresh(s) < 0)
		return -1;
	if (target_dir_open(&d, s->options->target_dir, &s->error) < 0 ||
	    open_server(&s->artifacts, s->target_server, s->options->target_base_url, &s->error) < 0)
		return say(&s->error);
	return download_each(s, &d);
}

/* --- the command line --- */

static int usage(void)
{
	fprintf(stderr,
		"usage: tuf-client --metadata-dir DIR init ROOT\n"
		"       tuf-client --metadata-dir DIR --metadata-url URL refresh\n"
		"       tuf-client --metadata-dir DIR --metadata-url URL --target-name PATH ... --target-dir DIR\n"
		"                  --target-base-url URL download\n");
	return -1;
}

static int add_target(struct options *o, const char *name)
{
	if (o->target_count == TARGETS_MAX)
		return usage();
	o->targets[o->target_count++] = name;
	return 0;
}

static int read_option(struct options *o, int option)
{
	switch (option) {
	case 'd':
		o->metadata_dir = optarg;
		return 0;
	case 'u':
		o->metadata_url = optarg;
		return 0;
	case 'n':
		return add_target(o, optarg);
	case 't':
		o->target_dir = optarg;
		return 0;
	case 'b':
		o->target_base_url = optarg;
		return 0;
	default:
		return usage();
	}
}

static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "metadata-dir", required_argument, NULL, 'd' },    { "metadata-url", required_argument, NULL, 'u' },
		{ "target-name", required_argument, NULL, 'n' },     { "target-dir", required_argument, NULL, 't' },
		{ "target-base-url", required_argument, NULL, 'b' }, { NULL, 0, NULL, 0 },
	};
	int option;
	while ((option = getopt_long(argc, argv, "+", known, NULL)) != -1)
		if (read_option(o, option) < 0)
			return -1;
	o->command = optind < argc ? argv[optind] : "";
	o->argument = optind + 1 < argc ? argv[optind + 1] : NULL;
	return 0;
}

static int run(struct session *s)
{
	const struct options *o = s->options;
	if (strcmp(o->command, "init") == 0)
		return o->argument == NULL ? usage() : init(s);
	if (o->argument != NULL || o->metadata_url == NULL)
		return usage();
	if (strcmp(o->command, "refresh") == 0)
		return refresh(s);
	bool whole = o->target_count > 0 && o->target_dir != NULL && o->target_base_url != NULL;
	return strcmp(o->command, "download") == 0 && whole ? download(s) : usage();
}

static void close_session(struct session *s)
{
	curl_transport_close(&s->metadata);
	curl_transport_close(&s->artifacts);
	store_dir_close(&s->directory);
	free(s->ws.base);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	__attribute__((cleanup(close_session))) struct session s = { .options = &options, .directory = { .fd = -1 } };
	if (read_options(argc, argv, &options) < 0)
		return 1;
	if (options.metadata_dir == NULL)
		return usage(), 1;
	s.ws = workspace_over(malloc(MEMORY_BYTES), MEMORY_BYTES);
	if (s.ws.base == NULL)
		return fprintf(stderr, "tuf-client: out of memory\n"), 1;
	if (curl_transport_global(&s.error) < 0 || store_dir_open(&s.directory, options.metadata_dir, &s.error) < 0)
		return say(&s.error), 1;
	s.store = store_dir_store(&s.directory);
	return run(&s) < 0 ? 1 : 0;
}
