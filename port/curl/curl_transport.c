#include "curl_transport.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "span.h"

#define URL_BYTES (256 + 3 * CURL_TRANSPORT_PATH_MAX + 2)
#define CONNECT_TIMEOUT_S 10
#define STALL_TIMEOUT_S 30
#define STALL_BYTES_PER_S 100L

struct exchange {
	CURL *handle;
	int (*sink)(void *context, struct span piece);
	void *context;
	size_t taken;
	bool ended_by_sink;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *self)
{
	struct exchange *x = self;
	size_t n = size * count;
	long status = 0;
	curl_easy_getinfo(x->handle, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return n; /* an error's text is for people with a browser */
	if (x->sink(x->context, (struct span){ (const uint8_t *)bytes, n }) < 0) {
		x->ended_by_sink = true;
		return 0;
	}
	x->taken += n;
	return n;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("._-/~", c) != NULL;
}

/* Names hold a literal '%' (a role's slash): the server must get it escaped, and decodes once. */
static int make_url(char url[URL_BYTES], const char *server, const char *path, bool escaped, struct error *e)
{
	int n = snprintf(url, URL_BYTES, "%s/", server);
	if (n < 0 || (size_t)n + 3 * strlen(path) >= URL_BYTES)
		return error_set(e, "the path %.60s... is too long", path);
	for (; *path != 0; path++) {
		bool as_it_is = is_plain(*path) || (escaped && *path == '%');
		n += snprintf(url + n, URL_BYTES - (size_t)n, as_it_is ? "%c" : "%%%02X", (unsigned char)*path);
	}
	return 0;
}

static CURLcode on_context(CURL *h, void *context, void *self)
{
	struct curl_transport *t = self;
	return tls_client_attach(&t->tls, context) ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
}

static bool set_tls(CURL *h, struct curl_transport *t)
{
	const struct curl_transport_config *c = &t->config;
	if (c->plain_http)
		return true;
	bool ok = curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	ok = curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_CAINFO, c->roots_path) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_SSL_CTX_DATA, t) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_CAPATH, NULL) == CURLE_OK && ok; /* else the system's store counts too */
	ok = curl_easy_setopt(h, CURLOPT_SSLCERT, c->certificate_path) == CURLE_OK && ok;
	return curl_easy_setopt(h, CURLOPT_SSLKEY, c->key_path) == CURLE_OK && ok;
}

static bool set_habits(CURL *h, const struct curl_transport_config *c)
{
	long connect_s = c->connect_timeout_s == 0 ? CONNECT_TIMEOUT_S : (long)c->connect_timeout_s;
	long stall_s = c->stall_timeout_s == 0 ? STALL_TIMEOUT_S : (long)c->stall_timeout_s;
	bool ok = curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, c->plain_http ? "http" : "https") == CURLE_OK;
	ok = curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_PROXY, "") == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT, connect_s) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_PER_S) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, stall_s) == CURLE_OK && ok;
	return curl_easy_setopt(h, CURLOPT_USERAGENT, "sealift-agent") == CURLE_OK && ok;
}

static bool set_request(CURL *h, const struct transport_request *request, const char *url, struct exchange *x,
			struct curl_slist **headers)
{
	char range[64], type[128];
	bool ok = curl_easy_setopt(h, CURLOPT_URL, url) == CURLE_OK;
	ok = curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_WRITEDATA, x) == CURLE_OK && ok;
	if (request->n > 0) {
		snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)request->from,
			 (unsigned long long)(request->from + request->n - 1));
		ok = curl_easy_setopt(h, CURLOPT_RANGE, range) == CURLE_OK && ok;
	}
	if (request->content_type == NULL)
		return curl_easy_setopt(h, CURLOPT_HTTPGET, 1L) == CURLE_OK && ok;
	snprintf(type, sizeof type, "Content-Type: %s", request->content_type);
	struct curl_slist *list = curl_slist_append(NULL, type);
	struct curl_slist *more = list == NULL ? NULL : curl_slist_append(list, "Expect:");
	*headers = list;
	ok = more != NULL && curl_easy_setopt(h, CURLOPT_HTTPHEADER, list) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_POST, 1L) == CURLE_OK && ok;
	ok = curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n) == CURLE_OK && ok;
	return curl_easy_setopt(h, CURLOPT_POSTFIELDS, (const char *)request->body.at) == CURLE_OK && ok;
}

static void free_headers(struct curl_slist **headers)
{
	curl_slist_free_all(*headers);
}

static void read_answer(CURL *h, const struct exchange *x, struct fetch_answer *out)
{
	long status = 0;
	curl_off_t retry_after = 0;
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &retry_after);
	out->status = (unsigned)status;
	out->n = x->taken;
	out->retry_after_s = retry_after > 0 && retry_after < UINT32_MAX ? (uint32_t)retry_after : 0;
}

static bool is_dropped(const struct curl_transport *t, CURLcode code)
{
	long status = 0;
	curl_easy_getinfo(t->handle, CURLINFO_RESPONSE_CODE, &status);
	return code != CURLE_OK && code != CURLE_OPERATION_TIMEDOUT && status == 0 && t->tls.is_complete;
}

static int ask_one(struct curl_transport *t, const char *server, const struct transport_request *request,
		   struct exchange *x, struct fetch_answer *out, struct error *e)
{
	char url[URL_BYTES], why[CURL_ERROR_SIZE] = "";
	__attribute__((cleanup(free_headers))) struct curl_slist *headers = NULL;
	CURL *h = t->handle;
	if (make_url(url, server, request->path, t->config.escaped_paths, e) < 0)
		return -1;
	curl_easy_reset(h); /* keeps connections */
	bool ok = set_tls(h, t) && set_habits(h, &t->config) && set_request(h, request, url, x, &headers);
	ok = curl_easy_setopt(h, CURLOPT_ERRORBUFFER, why) == CURLE_OK && ok;
	if (!ok)
		return error_set(e, "%s: libcurl refused an option", url);
	CURLcode code = curl_easy_perform(h);
	t->is_dropped = is_dropped(t, code);
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, NULL);
	if (code != CURLE_OK && !x->ended_by_sink)
		return error_retry(e, "%s: %s", url, why[0] != 0 ? why : curl_easy_strerror(code));
	read_answer(h, x, out);
	return 0;
}

/* Another server may know better than one that has no answer, or one that says "not now" or "not you". */
static bool is_worth_another(unsigned status)
{
	return status == 403 || status == 429 || status >= 500;
}

static int exchange(void *self, const struct transport_request *request, int (*sink)(void *context, struct span piece),
		    void *context, struct fetch_answer *out, struct error *e)
{
	struct curl_transport *t = self;
	struct exchange x = { .handle = t->handle, .sink = sink, .context = context };
	int result = -1;
	t->tls = (struct tls_client){ .passed_unix = request->passed_unix };
	t->is_dropped = false;
	if (t->config.server_count == 0)
		return error_set(e, "no server is configured");
	for (uint32_t s = 0; s < t->config.server_count; s++) {
		struct fetch_answer answer = { 0 };
		if (ask_one(t, t->config.servers[s], request, &x, &answer, e) == 0) {
			*out = answer;
			result = 0;
			if (!is_worth_another(answer.status))
				return 0;
		}
		if (x.taken > 0)
			return result; /* a piece is handed on already: another server cannot begin again */
	}
	return result;
}

int curl_transport_global(struct error *e)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : error_set(e, "libcurl cannot be started");
}

int curl_transport_open(struct curl_transport *t, const struct curl_transport_config *config, struct error *e)
{
	t->config = *config;
	t->tls = (struct tls_client){ 0 };
	t->is_dropped = false;
	t->handle = curl_easy_init();
	return t->handle != NULL ? 0 : error_retry(e, "libcurl: out of memory");
}

void curl_transport_close(struct curl_transport *t)
{
	if (t->handle != NULL)
		curl_easy_cleanup(t->handle);
	t->handle = NULL;
}

int curl_transport_identity(struct curl_transport *t, const char *certificate_path, const char *key_path,
			    struct error *e)
{
	struct curl_transport_config config = t->config;
	config.certificate_path = certificate_path;
	config.key_path = key_path;
	curl_transport_close(t); /* connections speak with the old certificate */
	return curl_transport_open(t, &config, e);
}

struct transport curl_transport_transport(struct curl_transport *t)
{
	return (struct transport){ exchange, t };
}
