/* The real sealift-signd over its socket: frames good and bad, killed and started again. argv[1]: the program. */
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "crypto_openssl.h"
#include "file.h"
#include "frame.h"
#include "metadata.h"
#include "signd_client.h"
#include "signd_message.h"
#include "softhsm.h"
#include "token.h"
#include "trail.h"

static const char *program;
static char folder[64], path[100], config[128];
static pid_t daemon_pid;

static void make_keys(void)
{
	struct error e = { 0 };
	struct module *module;
	struct token *token;
	struct public_key key;
	char master[96], fresh[128], pin[SOFTHSM_PIN_TEXT];
	snprintf(master, sizeof master, "%s/keys", folder);
	snprintf(fresh, sizeof fresh, "%s.new", master);
	CHECK_EQ(softhsm_create(master, &e), 0);
	CHECK_EQ(softhsm_pin(fresh, pin, &e), 0);
	CHECK_EQ(module_open(NULL, &module, &e), 0);
	CHECK_EQ(softhsm_init_token(module, "online", pin, &e), 0);
	CHECK_EQ(token_open(module, &crypto_openssl, "online", pin, &token, &e), 0);
	CHECK_EQ(token_generate_p256(token, "timestamp", &key, &e), 0);
	token_close(token);
	module_close(module);
	CHECK_EQ(softhsm_seal(master, &e), 0);
}

static void write_config(void)
{
	struct error e = { 0 };
	char text[2048];
	int n = snprintf(
		text, sizeof text,
		"[signd]\ninstance = online\nsocket = %s/signd.sock\nsocket-mode = 0660\njournal = %s/journal\n"
		"tokens = %s/keys\nrun = %s/run\n[key timestamp]\ntoken = online\n"
		"[requester publisher]\nuid = %u\nroles = publisher\n"
		"[requester other]\nuid = %u\nroles = publisher\n",
		folder, folder, folder, folder, (unsigned)getuid(), (unsigned)getuid() + 1);
	snprintf(config, sizeof config, "%s/signd.conf", folder);
	CHECK_EQ(file_write(config, (struct span){ (uint8_t *)text, (size_t)n }, 0600, &e), 0);
	snprintf(path, sizeof path, "%s/signd.sock", folder);
	char journal[96];
	snprintf(journal, sizeof journal, "%s/journal", folder);
	CHECK_EQ(trail_begin(journal, &e), 0);
}

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

static void start(void)
{
	daemon_pid = fork();
	if (daemon_pid == 0) {
		execl(program, program, "--config", config, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 500; i++) {
		int fd = dial();
		if (fd >= 0) {
			close(fd);
			return;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	CHECK(false && "the daemon came up");
}

static int stop(int number)
{
	int status = 0;
	kill(daemon_pid, number);
	CHECK_EQ(waitpid(daemon_pid, &status, 0), daemon_pid);
	return status;
}

static struct span timestamp(uint64_t version)
{
	static uint8_t bytes[4096];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct timestamp body = {
		.version = version, .expires_unix = time(NULL) + 86400, .issued_unix = time(NULL), .snapshot_version = 1
	};
	timestamp_encode(&w, &body);
	return writer_span(&w);
}

static int sign_as(const char *requester, uint64_t version, struct error *e)
{
	struct signd_client *client;
	struct signature signature;
	struct sign_request request = { SIGN_METADATA, "timestamp", timestamp(version), "a person", "a test" };
	CHECK_EQ(signd_client_open(path, requester, &client, e), 0);
	struct signer signer = signd_client_signer(client);
	int failed = signer.sign(signer.self, &request, &signature, e);
	signd_client_close(client);
	struct digest digest = sha256_of(&crypto_openssl, request.object);
	if (failed == 0)
		CHECK(crypto_openssl.p256_verify(signature.key.xy, &digest, signature.raw));
	return failed;
}

/* Sends raw bytes; true where the daemon answers a refusal of this rule, or, for NULL, hangs up. */
static bool raw_is_refused(struct span bytes, bool shut, const char *rule)
{
	static uint8_t answer_bytes[65536], memory[1u << 20];
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct signd_answer answer;
	struct error e;
	size_t n;
	int fd = dial();
	bool sent = send(fd, bytes.at, bytes.n, MSG_NOSIGNAL) == (ssize_t)bytes.n;
	if (shut)
		shutdown(fd, SHUT_WR);
	int got = frame_receive(fd, answer_bytes, sizeof answer_bytes, &n, 3000, &e);
	close(fd);
	if (rule == NULL)
		return sent && got == 1;
	return got == 0 && signd_answer_decode((struct span){ answer_bytes, n }, &ws, &answer) == FAULT_NONE &&
	       answer.refused && span_is(answer.rule, rule);
}

static void signs_and_refuses(void)
{
	struct error e = { 0 };
	start();
	CHECK_EQ(sign_as("publisher", 1, &e), 0);
	CHECK_EQ(sign_as("other", 2, &e), -1);
	CHECK(strstr(e.text, "signd-uid") != NULL);
	CHECK_EQ(sign_as("nobody", 2, &e), -1);
	CHECK(strstr(e.text, "signd-requester") != NULL);
	CHECK_EQ(stop(SIGTERM), 0);
	CHECK_EQ(access(path, F_OK), -1); /* its socket and its copy of the tokens are gone */
}

static void survives_bad_frames(void)
{
	struct error e = { 0 };
	start();
	CHECK(raw_is_refused(SPAN_LIT("\x00\x00\x00\x02{}"), false, "signd-malformed"));
	CHECK(raw_is_refused(SPAN_LIT("\x00\x00\x00\x00"), false, NULL));
	CHECK(raw_is_refused(SPAN_LIT("\x00\x10\x00\x01"), false, NULL));
	CHECK(raw_is_refused(SPAN_LIT("\x00\x00\x00\x09{}"), true, NULL));
	CHECK(raw_is_refused(SPAN_LIT("\x00\x00"), true, NULL));
	int slow = dial();
	CHECK(slow >= 0 && send(slow, "\0", 1, MSG_NOSIGNAL) == 1); /* holds up nobody */
	CHECK_EQ(sign_as("publisher", 2, &e), 0);
	close(slow);
	CHECK_EQ(stop(SIGTERM), 0);
}

static void killed_and_started_again(void)
{
	struct error e = { 0 };
	start();
	CHECK_EQ(sign_as("publisher", 10, &e), 0);
	CHECK(WIFSIGNALED(stop(SIGKILL)));
	start(); /* over a stale socket and a stale copy */
	CHECK_EQ(sign_as("publisher", 9, &e), -1);
	CHECK(strstr(e.text, "signd-version") != NULL);
	CHECK_EQ(sign_as("publisher", 11, &e), 0);
	CHECK_EQ(stop(SIGTERM), 0);
}

static void second_one_leaves_the_first_alone(void)
{
	struct error e = { 0 };
	int status;
	start();
	pid_t second = fork();
	if (second == 0) {
		execl(program, program, "--config", config, (char *)NULL);
		_exit(127);
	}
	CHECK(waitpid(second, &status, 0) == second && WIFEXITED(status) && WEXITSTATUS(status) == 1);
	CHECK_EQ(sign_as("publisher", 20, &e), 0);
	CHECK_EQ(stop(SIGTERM), 0);
}

/* Runs it with --check on a configuration; its exit status, and what it said. */
static int check(const char *file, char said[2048])
{
	int status, out[2];
	CHECK_EQ(pipe(out), 0);
	pid_t child = fork();
	if (child == 0) {
		dup2(out[1], 1);
		dup2(out[1], 2);
		execl(program, program, "--config", file, "--check", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	size_t n = 0;
	for (ssize_t got = 1; got > 0 && n<2047; n += got> 0 ? (size_t)got : 0)
		got = read(out[0], said + n, 2047 - n);
	said[n] = '\0';
	close(out[0]);
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void checks_beside_a_running_one(void)
{
	struct error e = { 0 };
	struct stat facts;
	char said[2048];
	CHECK_EQ(check(config, said), 0);
	CHECK(strstr(said, "configuration, tokens and journal: good") != NULL);
	start();
	CHECK(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0660);
	CHECK_EQ(check(config, said), 0);
	CHECK(strstr(said, "in use by a running sealift-signd") != NULL);
	CHECK_EQ(sign_as("publisher", 30, &e), 0); /* its tokens were left alone */
	CHECK_EQ(stop(SIGTERM), 0);
}

static void does_not_start_without_its_journal(void)
{
	char journal[128], away[128], said[2048];
	snprintf(journal, sizeof journal, "%s/journal", folder);
	snprintf(away, sizeof away, "%s/journal.away", folder);
	CHECK_EQ(rename(journal, away), 0);
	CHECK_EQ(check(config, said), 1);
	CHECK(strstr(said, "is missing") != NULL && strstr(said, "restore it") != NULL);
	CHECK(access(journal, F_OK) != 0);
	CHECK_EQ(rename(away, journal), 0);
	CHECK_EQ(check(config, said), 0);
}

static void names_the_line_of_a_bad_configuration(void)
{
	static const struct {
		const char *text, *line, *why;
	} bad[] = {
		{ "[signd]\nsocket = s\nbogus = 1\nroles = 2\n", ", line 3: ", "bogus" },
		{ "[signd]\nnonsense\n\n[signd]\nbogus = 1\n", ", line 2: ", "neither" },
		{ "; comment\n[signd]\nsocket-mode = 0400\n", ", line 3: ", "socket-mode" },
		{ "[signd]\nsocket-mode = 0777\n", ", line 2: ", "socket-mode" },
		{ "[signd]\nsocket-mode = 0680\n", ", line 2: ", "socket-mode" },
	};
	char name[128], said[2048];
	struct error e = { 0 };
	snprintf(name, sizeof name, "%s/bad.conf", folder);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		CHECK_EQ(file_write(name, span_of_text(bad[i].text), 0600, &e), 0);
		CHECK_EQ(check(name, said), 1);
		CHECK(strstr(said, bad[i].line) != NULL && strstr(said, bad[i].why) != NULL);
	}
	CHECK_EQ(unlink(name), 0);
}

static void clean(void)
{
	struct error e = { 0 };
	char name[128];
	snprintf(name, sizeof name, "%s/keys", folder);
	CHECK_EQ(softhsm_drop(name, &e), 0);
	snprintf(name, sizeof name, "%s/journal", folder);
	CHECK_EQ(unlink(name), 0);
	snprintf(name, sizeof name, "%s/journal.head", folder);
	CHECK_EQ(unlink(name), 0);
	CHECK_EQ(unlink(config), 0);
	CHECK_EQ(rmdir(folder), 0);
}

static void prepare(void)
{
	snprintf(folder, sizeof folder, "/tmp/sealift-signd-XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	make_keys();
	write_config();
}

static const struct check_case cases[] = {
	CASE(prepare),
	CASE(signs_and_refuses),
	CASE(survives_bad_frames),
	CASE(killed_and_started_again),
	CASE(second_one_leaves_the_first_alone),
	CASE(checks_beside_a_running_one),
	CASE(does_not_start_without_its_journal),
	CASE(names_the_line_of_a_bad_configuration),
	CASE(clean),
};

int main(int argc, char **argv)
{
	program = argc > 1 ? argv[1] : "sealift-signd";
	return check_main(1, argv, cases, sizeof cases / sizeof cases[0]);
}
