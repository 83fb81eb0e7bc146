#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

#define SERVER_OK(call)                                               \
	do {                                                          \
		struct error e = { 0 };                               \
		if ((call) != 0) {                                    \
			fprintf(stderr, "# %s: %s\n", #call, e.text); \
			abort();                                      \
		}                                                     \
	} while (0)

static void server_path(const struct server *s, const char *name, char out[600])
{
	snprintf(out, 600, "%s/%s", s->dir, name);
}

void server_file(const struct server *s, const char *name, const char *text)
{
	char path[600];
	server_path(s, name, path);
	FILE *file = fopen(path, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

static void server_folder(const struct server *s, const char *name)
{
	char path[600];
	server_path(s, name, path);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		abort();
}

static void server_ca(struct server *s, const char *name, struct keyfile **key, struct certificate *der)
{
	char path[600], file[64];
	SERVER_OK(keyfile_new(key, &e));
	struct certificate_signer signer = { keyfile_sign, *key, { { 0 } } };
	SERVER_OK(keyfile_public(*key, &signer.key, &e));
	struct certificate_terms terms = { .use = CERTIFICATE_CA,
					   .common_name = name,
					   .not_before_unix = time(NULL) - 3600,
					   .not_after_unix = CERTIFICATE_NO_EXPIRY };
	SERVER_OK(x509_self_sign(&terms, &signer, der, &e));
	snprintf(file, sizeof file, "%s.pem", name);
	server_path(s, file, path);
	SERVER_OK(x509_pem_save(path, der, 1, &e));
}

static void server_issue(const struct server *s, const char *name, struct keyfile *ca, const struct certificate *ca_der,
			 const struct certificate_terms *terms, struct server_identity *out)
{
	char file[64];
	struct public_key subject;
	struct certificate_signer signer = { keyfile_sign, ca, { { 0 } } };
	SERVER_OK(keyfile_public(ca, &signer.key, &e));
	SERVER_OK(keyfile_new(&out->keyfile, &e));
	SERVER_OK(keyfile_public(out->keyfile, &subject, &e));
	SERVER_OK(x509_issue(terms, &subject, (struct span){ ca_der->der, ca_der->n }, &signer, &out->der, &e));
	snprintf(file, sizeof file, "%s.pem", name);
	server_path(s, file, out->certificate);
	snprintf(file, sizeof file, "%s.key", name);
	server_path(s, file, out->key);
	unlink(out->key);
	SERVER_OK(x509_pem_save(out->certificate, &out->der, 1, &e));
	SERVER_OK(keyfile_save(out->keyfile, out->key, &e));
}

void server_identity(struct server *s, const char *name, enum server_issuer issuer, enum certificate_use use,
		     const char *uri, int64_t not_after, struct server_identity *out)
{
	struct keyfile *keys[] = { s->factory, s->device_ca, s->stranger };
	const struct certificate *ders[] = { &s->factory_der, &s->device_ca_der, &s->stranger_der };
	struct certificate_terms terms = { .use = use,
					   .common_name = name,
					   .uri = uri,
					   .not_before_unix = time(NULL) - 7200,
					   .not_after_unix = not_after };
	*out = (struct server_identity){ 0 };
	server_issue(s, name, keys[issuer], ders[issuer], &terms, out);
}

static void server_configure(const struct server *s)
{
	char text[4096];
	snprintf(text, sizeof text,
		 "[server]\nlisten = 127.0.0.1:0\nops_listen = 127.0.0.1:0\noperator_socket = %s/operator.sock\n"
		 "repo = %s/repo\ndatabase = %s/sealift.db\ncertificate = %s/server.pem\nkey = %s/server.key\n"
		 "factory_ca = %s/factory.pem\ndevice_ca = %s/device-ca.pem\nsignd = %s/signd.sock\npoll_s = 60\n",
		 s->dir, s->dir, s->dir, s->dir, s->dir, s->dir, s->dir, s->dir);
	server_file(s, "sealiftd.conf", text);
}

void server_make(struct server *s, const char *program)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost" };
	struct server_identity own = { 0 };
	*s = (struct server){ .program = program, .dir = "/tmp/sealift-server-XXXXXX" };
	if (mkdtemp(s->dir) == NULL)
		abort();
	server_ca(s, "factory", &s->factory, &s->factory_der);
	server_ca(s, "device-ca", &s->device_ca, &s->device_ca_der);
	server_ca(s, "stranger", &s->stranger, &s->stranger_der);
	server_ca(s, "root", &s->root, &s->root_der);
	struct certificate_terms terms = { .use = CERTIFICATE_SERVER,
					   .common_name = "server",
					   .hosts = hosts,
					   .host_count = 2,
					   .not_before_unix = time(NULL) - 3600,
					   .not_after_unix = time(NULL) + 86400 };
	server_issue(s, "server", s->root, &s->root_der, &terms, &own);
	keyfile_free(own.keyfile);
	server_folder(s, "repo");
	server_folder(s, "repo/metadata");
	server_folder(s, "repo/objects");
	server_folder(s, "repo/targets");
	server_folder(s, "repo/log");
	server_configure(s);
}

static bool server_ports(struct server *s)
{
	char path[600];
	server_path(s, "ports", path);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return false;
	int got = fscanf(file, "device=%u ops=%u", &s->device_port, &s->ops_port);
	fclose(file);
	return got == 2;
}

void server_start(struct server *s)
{
	char path[600], config[600], log[600];
	server_path(s, "ports", path);
	server_path(s, "sealiftd.conf", config);
	server_path(s, "log.json", log);
	unlink(path);
	s->pid = fork();
	if (s->pid == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
		dup2(fd, 2);
		execl(s->program, s->program, "--config", config, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000 && !server_ports(s); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	if (s->device_port == 0) {
		fprintf(stderr, "# the server did not start; see %s\n", log);
		abort();
	}
}

void server_kill(struct server *s, int signal_number)
{
	if (s->pid > 0) {
		kill(s->pid, signal_number);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
	s->device_port = s->ops_port = 0;
}

void server_remove(struct server *s)
{
	char command[400];
	server_kill(s, SIGTERM);
	snprintf(command, sizeof command, "rm -rf '%s'", s->dir);
	if (strncmp(s->dir, "/tmp/sealift-server-", 20) == 0 && system(command) != 0)
		fprintf(stderr, "# cannot remove %s\n", s->dir);
	keyfile_free(s->factory);
	keyfile_free(s->device_ca);
	keyfile_free(s->stranger);
	keyfile_free(s->root);
}

/* --- requests --- */

static size_t server_take_body(char *data, size_t size, size_t n, void *context)
{
	struct server_answer *out = context;
	size_t take = n < SERVER_ANSWER_MAX - out->n ? n : SERVER_ANSWER_MAX - out->n;
	memcpy(out->body + out->n, data, take);
	out->n += take;
	out->body[out->n] = '\0';
	return n;
}

static size_t server_take_header(char *data, size_t size, size_t n, void *context)
{
	struct server_answer *out = context;
	if (out->headers_n + n < sizeof out->headers) {
		memcpy(out->headers + out->headers_n, data, n);
		out->headers_n += n;
		out->headers[out->headers_n] = '\0';
	}
	return n;
}

static void server_perform(CURL *curl, struct server_answer *out)
{
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, server_take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, server_take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, out);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	out->result = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out->status);
	curl_easy_cleanup(curl);
}

static void server_clear(struct server_answer *out)
{
	out->n = out->headers_n = 0;
	out->body[0] = out->headers[0] = '\0';
	out->status = 0;
}

void server_ask(const struct server *s, const struct server_request *request, struct server_answer *out)
{
	char url[1024], root[600];
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	server_clear(out);
	server_path(s, "root.pem", root);
	snprintf(url, sizeof url, "https://127.0.0.1:%u%s", s->device_port, request->path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CAINFO, root);
	if (request->tls != 0)
		curl_easy_setopt(curl, CURLOPT_SSLVERSION, request->tls);
	if (request->who != NULL) {
		curl_easy_setopt(curl, CURLOPT_SSLCERT, request->who->certificate);
		curl_easy_setopt(curl, CURLOPT_SSLKEY, request->who->key);
	}
	if (strcmp(request->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)request->body.at);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body.n);
		if (request->body.n == 0)
			curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	}
	if (strcmp(request->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	if (request->header != NULL)
		headers = curl_slist_append(headers, request->header);
	headers = curl_slist_append(headers, "Expect:");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	server_perform(curl, out);
	curl_slist_free_all(headers);
}

void server_ask_plain(const struct server *s, bool socket, const char *method, const char *path, const char *body,
		      struct server_answer *out)
{
	char url[1024], unix_path[600];
	CURL *curl = curl_easy_init();
	server_clear(out);
	server_path(s, "operator.sock", unix_path);
	snprintf(url, sizeof url, "http://127.0.0.1:%u%s", socket ? 80 : s->ops_port, path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	if (socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, unix_path);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	server_perform(curl, out);
}
