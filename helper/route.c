/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "helper/route.h"

/* No packed answer begins so: its first byte is a number of at most one. */
static const char start[] = "routes:";

/* The looks at files that one question takes at most. */
#define LOOKS 2

/* Behind the start; its directory and a NUL follow. */
struct head {
	uint64_t stamp;
	char kind;
};

static uint64_t mix(uint64_t state, uint64_t number)
{
	for (int i = 0; i < 8; i++, number >>= 8)
		state = (state ^ (number & 0xff)) * 0x100000001b3u;
	return state;
}

uint64_t kt_route_stamp(const struct stat *status)
{
	uint64_t state = 0xcbf29ce484222325u;

	state = mix(state, (uint64_t)status->st_ino);
	state = mix(state, (uint64_t)status->st_dev);
	state = mix(state, (uint64_t)status->st_size);
	state = mix(state, (uint64_t)status->st_mtim.tv_sec);
	state = mix(state, (uint64_t)status->st_mtim.tv_nsec);
	state = mix(state, (uint64_t)status->st_ctim.tv_sec);
	state = mix(state, (uint64_t)status->st_ctim.tv_nsec);
	/* A number that text.h reads. */
	return state >> 1 ? state >> 1 : 1;
}

bool kt_route_append(struct kt_secret *routes, enum kt_route_kind kind, const char *directory,
                     uint64_t stamp, struct kt_error *error)
{
	struct head head;

	memset(&head, 0, sizeof(head));
	head.stamp = stamp;
	head.kind = (char)kind;
	return (!kt_secret_is_empty(routes) || kt_secret_append_text(routes, start, error)) &&
	       kt_secret_append(routes, &head, sizeof(head), error) &&
	       kt_secret_append(routes, directory, strlen(directory) + 1, error);
}

bool kt_route_is(const char *bytes, size_t length)
{
	return length > sizeof(start) - 1 && memcmp(bytes, start, sizeof(start) - 1) == 0;
}

bool kt_route_holds(const char *directory, const char *path)
{
	size_t length = strlen(directory);

	/* The root ends with the slash that the others have behind them. */
	if (length > 0 && directory[length - 1] == '/')
		length--;
	return length < PATH_MAX && strncmp(directory, path, length) == 0 &&
	       (path[length] == '/' || path[length] == '\0');
}

bool kt_route_here(struct kt_route_place *place)
{
	/* A directory outside of our root has no path that begins with a slash. */
	if (getcwd(place->text, sizeof(place->text)) && place->text[0] == '/')
		return true;
	place->text[0] = '\0';
	return false;
}

struct route {
	struct head head;
	const char *directory;
};

static bool next(const char **bytes, const char *end, struct route *route)
{
	const char *directory = *bytes + sizeof(route->head);
	size_t room = (size_t)(end - *bytes);
	const char *stop;

	if (room <= sizeof(route->head))
		return false;
	stop = memchr(directory, '\0', room - sizeof(route->head));
	if (!stop)
		return false;
	memcpy(&route->head, *bytes, sizeof(route->head));
	route->directory = directory;
	*bytes = stop + 1;
	return true;
}

/* The deepest route to the place that is shorter than limit bytes. */
static bool find_deepest(const char *bytes, const char *end, const char *place, size_t limit,
                         struct route *found)
{
	struct route route;
	size_t longest = 0;

	while (next(&bytes, end, &route)) {
		size_t length = strlen(route.directory);

		if (length >= limit || length < longest || !kt_route_holds(route.directory, place))
			continue;
		/* A binding goes before a file in the same directory. */
		if (length == longest && found->head.kind == KT_ROUTE_BOUND)
			continue;
		longest = length;
		*found = route;
	}
	return longest > 0;
}

static bool is_as_it_was(const struct route *route)
{
	char path[PATH_MAX + sizeof(KT_ROUTE_FILE) + 1];
	size_t length = strlen(route->directory);
	struct stat status;

	if (length >= PATH_MAX)
		return false;
	memcpy(path, route->directory, length);
	memcpy(path + length, "/" KT_ROUTE_FILE, sizeof("/" KT_ROUTE_FILE));
	if (lstat(path, &status) != 0)
		return errno == ENOENT && route->head.stamp == 0;
	return route->head.stamp == kt_route_stamp(&status);
}

bool kt_route_choose(const char *bytes, size_t length, struct kt_route_place *place)
{
	const char *end = bytes + length;
	size_t limit = PATH_MAX;
	struct route route = { 0 };

	for (int looks = 0; place->text[0]; looks++) {
		if (!find_deepest(bytes + sizeof(start) - 1, end, place->text, limit, &route)) {
			place->text[0] = '\0';
			return true;
		}
		if (route.head.kind != KT_ROUTE_BOUND && (looks == LOOKS || !is_as_it_was(&route)))
			return false;
		if (route.head.kind != KT_ROUTE_CLOSED) {
			memcpy(place->text, route.directory, strlen(route.directory) + 1);
			return true;
		}
		limit = strlen(route.directory);
	}
	return true;
}
