/*
 * attach [-s] [OBJECT PROGRAM…]: loads these programs of a BPF object and attaches them in this order; with -s the kernel keeps
 * statistics of all program runs. Prints "attached", and holds everything until standard input ends. Nothing outlives this
 * process.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool attach_all(const char *path, char **names)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);

	if (!object)
		return false;
	for (char **name = names; *name; name++) {
		struct bpf_program *program = bpf_object__find_program_by_name(object, *name);

		if (!program || bpf_program__set_autoload(program, true))
			return false;
	}
	if (bpf_object__load(object))
		return false;
	for (char **name = names; *name; name++)
		if (!bpf_program__attach(bpf_object__find_program_by_name(object, *name)))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	bool statistics = argc > 1 && !strcmp(argv[1], "-s");
	char **rest = argv + 1 + statistics;

	if (statistics && bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		return 1;
	if (*rest && !attach_all(rest[0], rest + 1))
		return 1;
	puts("attached");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
