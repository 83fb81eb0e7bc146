#include "iso8601.h"

/* A digit stands for any digit. */
static const char iso8601_shape[] = "0000-00-00T00:00:00Z";

#define ISO8601_LAST 253402300799 /* 9999-12-31T23:59:59Z */

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March, so that the leap day is the last. */
static int64_t iso8601_days(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return 365 * y + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static int64_t iso8601_month_days(int64_t year, int64_t month)
{
	static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && is_leap);
}

static int64_t iso8601_number(struct span text, size_t at, size_t digits)
{
	int64_t value = 0;
	for (size_t i = at; i < at + digits; i++)
		value = value * 10 + (text.at[i] - '0');
	return value;
}

static enum fault iso8601_check_shape(struct span text)
{
	for (size_t i = 0; i < ISO8601_BYTES; i++) {
		if (i == text.n)
			return FAULT_TRUNCATED;
		bool is_digit = text.at[i] >= '0' && text.at[i] <= '9';
		if (iso8601_shape[i] == '0' ? !is_digit : text.at[i] != (uint8_t)iso8601_shape[i])
			return FAULT_SYNTAX;
	}
	return text.n > ISO8601_BYTES ? FAULT_TRAILING : FAULT_NONE;
}

enum fault iso8601_decode(struct span text, int64_t *unix_s)
{
	enum fault fault = iso8601_check_shape(text);
	if (fault != FAULT_NONE)
		return fault;
	int64_t year = iso8601_number(text, 0, 4), month = iso8601_number(text, 5, 2), day = iso8601_number(text, 8, 2);
	int64_t hour = iso8601_number(text, 11, 2), minute = iso8601_number(text, 14, 2);
	int64_t second = iso8601_number(text, 17, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > iso8601_month_days(year, month))
		return FAULT_RANGE;
	if (hour > 23 || minute > 59 || second > 59)
		return FAULT_RANGE;
	*unix_s = iso8601_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
	return FAULT_NONE;
}

static void iso8601_digits(char *out, int64_t value, size_t digits)
{
	while (digits > 0) {
		out[--digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

enum fault iso8601_encode(int64_t unix_s, char out[ISO8601_BYTES + 1])
{
	if (unix_s < 0 || unix_s > ISO8601_LAST)
		return FAULT_RANGE;
	int64_t days = unix_s / 86400, second = unix_s % 86400;
	int64_t year = 1970 + days / 366, month = 1;
	while (iso8601_days(year + 1, 1, 1) <= days)
		year++;
	while (month < 12 && iso8601_days(year, month + 1, 1) <= days)
		month++;
	for (size_t i = 0; i <= ISO8601_BYTES; i++)
		out[i] = iso8601_shape[i];
	iso8601_digits(out, year, 4);
	iso8601_digits(out + 5, month, 2);
	iso8601_digits(out + 8, days - iso8601_days(year, month, 1) + 1, 2);
	iso8601_digits(out + 11, second / 3600, 2);
	iso8601_digits(out + 14, second / 60 % 60, 2);
	iso8601_digits(out + 17, second % 60, 2);
	return FAULT_NONE;
}
