/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <zlib.h>

#include "helper/proxy/inflate.h"

/* zlib's own number for a gzip header in inflateInit2(). */
#define GZIP 16

bool kt_inflate_gzip(struct kt_slice bytes, char *text, size_t capacity, size_t *length)
{
	z_stream stream = {
		.next_in = (Bytef *)bytes.bytes,
		.avail_in = (uInt)bytes.length,
		.next_out = (Bytef *)text,
		.avail_out = (uInt)capacity,
	};
	int result;

	if (inflateInit2(&stream, GZIP + MAX_WBITS) != Z_OK)
		return false;
	result = inflate(&stream, Z_FINISH);
	*length = stream.total_out;
	inflateEnd(&stream);
	return result == Z_STREAM_END && stream.avail_in == 0;
}
