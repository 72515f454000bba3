/*
 * attach OBJECT: loads interrupted.bpf.c, then executes commands from standard input, one a line, and answers each with a line:
 *   attach PROGRAM   "ok", or an error
 *   report           {"PLACE":{"waits":N,"interrupted":N,"drops":N},…}, summed over the CPUs
 * Everything ends when standard input ends.
 */
#include "interrupted.h"
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const places[PLACES] = {"nowhere", "lookup", "chain", "processor", "between"};

/* The important part of the verifier's log is at its beginning. The log may have megabytes. */
static int print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char text[1000];

	if (level != LIBBPF_DEBUG && vsnprintf(text, sizeof(text), format, arguments) > 0)
		fputs(text, stderr);
	return 0;
}

/* It is impossible to wait in a function that the kernel inlines or does not have. Some kernels can't probe functions at all. */
static struct bpf_object *load(const char *path, bool functions)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;

	if (!object)
		return NULL;
	bpf_object__for_each_program(program, object) {
		const char *function = strstr(bpf_program__section_name(program), "fentry/");

		if (function && (!functions || libbpf_find_vmlinux_btf_id(function + strlen("fentry/"), BPF_TRACE_FENTRY) <= 0))
			bpf_program__set_autoload(program, false);
	}
	if (!bpf_object__load(object))
		return object;
	bpf_object__close(object);
	return NULL;
}

static void attach(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (!program || !bpf_program__autoload(program))
		puts("absent");
	else if (!bpf_program__attach(program))
		puts("refused");
	else
		puts("ok");
}

static int report(struct bpf_object *object, struct interruptions *cpus, int count)
{
	struct interruptions sum = {0};
	__u32 zero = 0;

	if (bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, "interruptions"), &zero, cpus))
		return 1;
	for (int cpu = 0; cpu < count; cpu++) {
		for (int place = 1; place < PLACES; place++) {
			sum.waits[place] += cpus[cpu].waits[place];
			sum.interrupted[place] += cpus[cpu].interrupted[place];
			sum.drops[place] += cpus[cpu].drops[place];
		}
	}
	for (int place = 1; place < PLACES; place++)
		printf("%s\"%s\":{\"waits\":%llu,\"interrupted\":%llu,\"drops\":%llu}", place == 1 ? "{" : ",", places[place],
		       sum.waits[place], sum.interrupted[place], sum.drops[place]);
	puts("}");
	return 0;
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "";
	struct bpf_object *object;
	int count = libbpf_num_possible_cpus();
	struct interruptions *cpus = calloc(count > 0 ? count : 1, sizeof(*cpus));
	char line[64];

	libbpf_set_print(print);
	object = load(path, true);
	if (!object)
		object = load(path, false);
	if (!object || !cpus || count <= 0)
		return 1;
	setlinebuf(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "attach ", 7))
			attach(object, line + 7);
		else if (report(object, cpus, count))
			return 1;
	}
	return 0;
}
