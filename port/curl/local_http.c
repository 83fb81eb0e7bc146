#include "local_http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t local_http_take(char *bytes, size_t each, size_t count, void *self)
{
	struct local_http_answer *answer = self;
	size_t n = each * count;
	if (n > LOCAL_HTTP_ANSWER_MAX - answer->n)
		return 0;
	char *body = realloc(answer->body, answer->n + n + 1);
	if (body == NULL)
		return 0;
	memcpy(body + answer->n, bytes, n);
	answer->body = body;
	answer->n += n;
	body[answer->n] = '\0';
	return n;
}

static void local_http_free_curl(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static void local_http_free_list(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

int local_http(const char *socket_path, const char *method, const char *path, struct span body,
	       struct local_http_answer *out, struct error *e)
{
	char url[1024];
	long status = 0;
	*out = (struct local_http_answer){ 0 };
	__attribute__((cleanup(local_http_free_curl))) CURL *curl = curl_easy_init();
	__attribute__((cleanup(local_http_free_list))) struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: application/json");
	if (curl == NULL || headers == NULL || snprintf(url, sizeof url, "http://sealiftd%s", path) >= (int)sizeof url)
		return error_set(e, "cannot make a request for %s", path);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, local_http_take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
	if (body.n > 0) {
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)body.at);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body.n);
	}
	CURLcode code = curl_easy_perform(curl);
	if (code != CURLE_OK) {
		free(out->body);
		out->body = NULL;
		return error_retry(e, "sealiftd does not answer on %s: %s", socket_path, curl_easy_strerror(code));
	}
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	out->status = (unsigned)status;
	return 0;
}
