/*
 * replay - a main that feeds files to a fuzz target, and speaks TAP.
 *
 * Linked into a target where libFuzzer's own main is not, with any compiler.
 * fuzz_NAME replays tests/fuzz/corpus/NAME; with arguments, these folders and
 * files.  A target that does not survive a file aborts: the last name on the
 * output is that file's.
 */
#include "config.h"

#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void
fail(const char *path, const char *why)
{
	printf("not ok 1 - %s: %s\n1..1\n", path, why);
	exit(1);
}

static void
replay_file(const char *path, size_t size)
{
	uint8_t *bytes = malloc(size + 1);
	FILE *file = fopen(path, "rb");

	printf("# %s\n", path);
	fflush(stdout);
	if (file == NULL)
		fail(path, strerror(errno));
	if (bytes == NULL || fread(bytes, 1, size + 1, file) != size)
		fail(path, "cannot be read whole");
	fclose(file);
	/* To the byte, for the sanitizer. */
	bytes = realloc(bytes, size > 0 ? size : 1);
	must(bytes != NULL);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

/* Returns how many files that were. */
static unsigned
replay_path(const char *path)
{
	struct dirent **entries;
	unsigned files = 0;
	char name[4096];
	struct stat st;
	int count;

	if (stat(path, &st) == -1)
		fail(path, strerror(errno));
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return 1;
	}
	count = scandir(path, &entries, NULL, alphasort);
	if (count == -1)
		fail(path, strerror(errno));
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			snprintf(name, sizeof(name), "%s/%s", path,
			    entries[i]->d_name);
			files += replay_path(name);
		}
		free(entries[i]);
	}
	free(entries);
	return files;
}

int
main(int argc, char *argv[])
{
	const char *top = getenv("top_srcdir");
	const char *base = strrchr(argv[0], '/');
	char corpus[4096];
	unsigned files;
	int i;

	base = base != NULL ? base + 1 : argv[0];
	if (argc == 1) {
		if (strncmp(base, "fuzz_", 5) != 0)
			fail(base, "not called fuzz_NAME");
		snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s",
		    top != NULL ? top : ".", base + 5);
		files = replay_path(corpus);
		if (files == 0)
			fail(corpus, "holds no file");
		printf("ok 1 - %u inputs of corpus/%s\n1..1\n", files,
		    base + 5);
		return 0;
	}
	for (i = 1; i < argc; i++) {
		files = replay_path(argv[i]);
		if (files == 0)
			fail(argv[i], "holds no file");
		printf("ok %d - %u inputs of %s\n", i, files, argv[i]);
	}
	printf("1..%d\n", argc - 1);
	return 0;
}
