/*
 * attach OBJECT: loads a BPF object, attaches all its programs, and has the kernel keep statistics of every program's runs.
 * Says "attached", and holds all that until standard input ends: nothing of it outlives this process.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct bpf_object *object = bpf_object__open_file(argc > 1 ? argv[1] : "", NULL);
	struct bpf_program *program;

	if (!object || bpf_object__load(object) || bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		return 1;
	bpf_object__for_each_program(program, object)
		if (!bpf_program__attach(program))
			return 1;
	puts("attached");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
