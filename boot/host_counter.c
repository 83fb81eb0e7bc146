#include "host_counter.h"

#include "file.h"
#include "release.h"
#include "writer.h"

int host_counter_load(const char *path, uint32_t *epoch, struct error *e)
{
	uint8_t text[16];
	size_t n;
	uint64_t value = 0;
	int result = file_read(path, text, sizeof text, &n, e);
	if (result == 1)
		return error_set(e, "the epoch counter %s is missing; provision the device again, or boot recovery",
				 path);
	if (result != 0)
		return -1;
	bool is_number = n >= 2 && n <= 11 && text[n - 1] == '\n' && (text[0] != '0' || n == 2);
	for (size_t i = 0; i + 1 < n && is_number; i++) {
		is_number = text[i] >= '0' && text[i] <= '9';
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	if (!is_number || value > COUNTER_EPOCH_MAX)
		return error_set(e, "the epoch counter %s does not hold a number from 0 to %u", path,
				 COUNTER_EPOCH_MAX);
	*epoch = (uint32_t)value;
	return 0;
}

int host_counter_save(const char *path, uint32_t epoch, struct error *e)
{
	uint8_t text[16];
	struct writer w = writer_over(text, sizeof text);
	if (epoch > COUNTER_EPOCH_MAX)
		return error_set(e, "epoch %u is over the maximum of %u", epoch, COUNTER_EPOCH_MAX);
	writer_decimal(&w, epoch);
	writer_u8(&w, '\n');
	return file_write(path, writer_span(&w), 0600, e);
}

int host_counter_advance(const char *path, uint32_t epoch, struct error *e)
{
	uint32_t now;
	if (host_counter_load(path, &now, e) != 0)
		return -1;
	if (epoch < now)
		return error_set(e, "the epoch counter %s stands at %u and never goes back to %u", path, now, epoch);
	return epoch == now ? 0 : host_counter_save(path, epoch, e);
}
