/*
 * Standard input: documents, each a length (u32, big endian) and so many bytes. Standard output, alike: '+' and the
 * document's canonical form, or '-' and the fault. For canonical.py.
 */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>

#define DOCUMENT_MAX (1u << 20)

static _Alignas(max_align_t) uint8_t memory[64u << 20];
static uint8_t document[DOCUMENT_MAX], answer[2 * DOCUMENT_MAX];

static uint32_t number(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static struct span answer_to(struct span text)
{
	struct workspace ws = workspace_over(memory, sizeof memory);
	struct writer w = writer_over(answer, sizeof answer);
	struct json_node *root;
	enum fault fault = json_parse(text, &ws, &root);
	writer_u8(&w, fault == FAULT_NONE ? '+' : '-');
	if (fault == FAULT_NONE)
		json_canonical(root, &w);
	else
		writer_text(&w, fault_text(fault));
	if (writer_end(&w) != FAULT_NONE)
		exit(1);
	return writer_span(&w);
}

int main(void)
{
	uint8_t head[4];
	while (fread(head, 1, sizeof head, stdin) == sizeof head) {
		size_t n = number(head);
		if (n > sizeof document || fread(document, 1, n, stdin) != n)
			return 1;
		struct span out = answer_to((struct span){ document, n });
		struct writer w = writer_over(head, sizeof head);
		writer_u32(&w, (uint32_t)out.n);
		if (fwrite(head, 1, sizeof head, stdout) != sizeof head || fwrite(out.at, 1, out.n, stdout) != out.n)
			return 1;
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
