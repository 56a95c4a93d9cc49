/* SPDX-License-Identifier: MIT */
#include "config.h"

/* Runs a fuzz target over files and the files of directories, where there is no libFuzzer. */

#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long files;

static int run_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
	static uint8_t data[1 << 20];
	FILE *file;
	size_t size;

	(void)status;
	(void)place;
	if (type != FTW_F)
		return type == FTW_NS || type == FTW_DNR;
	file = fopen(path, "rbe");
	if (!file)
		return 1;
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	files++;
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (nftw(argv[i], run_file, 8, FTW_PHYS) != 0) {
			fprintf(stderr, "replay: %s cannot be read\n", argv[i]);
			return EXIT_FAILURE;
		}
	}
	printf("%lu files\n", files);
	return files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
