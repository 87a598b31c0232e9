// SPDX-License-Identifier: MIT
/*
 * flood MECHANISM FAILURES LOG [PAUSE]: 8 vCPUs in 4 VMs make KVM_RUN fail FAILURES times in all
 * (0: until SIGTERM), with PAUSE microseconds between two failures of a vCPU. No two failures write
 * the same value. Out: the file LOG, a line `pid tid vcpu msr value errno` for each, and their
 * number.
 *
 * flood --compare LOG NDJSON SAID: what `kvmwhy watch --format ndjson` printed and what it said,
 * beside that file. Out: how many failures it reported once, lost by its own count, reported twice,
 * or reported wrong.
 *
 * Exit status: 0 all is as it must be, 1 something is not, 2 it could not be tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MEMORY	0x1000u
#define BARE	" failures are without what went before them"
#define WATCH	"\"watch\":{"	/* in a line of NDJSON: what watch says besides the dump */
#define MOST	1000000u	/* failures: the counter has 20 bits of the value */

enum { VMS = 4, VCPUS_OF_VM = 2, VCPUS = VMS * VCPUS_OF_VM };

/* How to make KVM refuse a write: MSR `first` for the first vCPU, or VM. */
struct mechanism {
	const char *name;
	uint32_t first, of_vm, of_vcpu;
	int error;
	bool xen;
};

static const struct mechanism mechanisms[] = {
	/* MCi_CTL, with neither all bits set nor none: -1 before Linux 6.0 */
	{ .name = "mce", .first = 0x400, .of_vm = 4 * VCPUS_OF_VM, .of_vcpu = 4, .error = EPERM },
	/*
	 * the hypercall page's source is not mapped: 12 bits of the value select a page of it, here
	 * the first
	 */
	{ .name = "xen", .first = 0x40000200, .of_vm = 1, .error = EFAULT, .xen = true },
	/* lab/refuse */
	{ .name = "mtrr", .first = 0x200, .of_vm = VCPUS_OF_VM, .of_vcpu = 1, .error = EPERM },
};

struct failure {
	uint64_t value;
	uint32_t pid, tid, msr;
	int error, vcpu;
	unsigned int seen;
};

struct vcpu {
	pthread_t thread;
	int fd, number;
	struct kvm_run *run;
	uint32_t msr, tag;
};

static const struct mechanism *mechanism;
static struct vcpu vcpus[VCPUS];
static struct failure *made;
static unsigned int wanted, pause_us;
static _Atomic unsigned int begun, others;
static _Atomic bool stop;

__attribute__((format(printf, 1, 2))) static _Noreturn void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("flood: ");
	vprintf(format, arguments);
	puts("");
	va_end(arguments);
	exit(2);
}

static int must(int result, const char *what)
{
	if (result < 0)
		die("%s: %s", what, strerror(errno));
	return result;
}

/* The VMs */

static const uint8_t guest[] = { 0x0f, 0x30, 0xf4 };	/* wrmsr; hlt */

static void set_start(const struct vcpu *vcpu)
{
	struct kvm_sregs sregs;

	must(ioctl(vcpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cs.base = sregs.cs.selector = 0;
	must(ioctl(vcpu->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

static void create_vcpu(struct vcpu *vcpu, int vm, size_t size, int vm_number, int number)
{
	vcpu->number = number;
	vcpu->tag = 0x5aa50000u + (uint32_t)(vm_number * VCPUS_OF_VM + number);
	vcpu->msr = mechanism->first + (uint32_t)vm_number * mechanism->of_vm +
		    (uint32_t)number * mechanism->of_vcpu;
	vcpu->fd = must(ioctl(vm, KVM_CREATE_VCPU, (unsigned long)number), "KVM_CREATE_VCPU");
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		die("kvm_run: %s", strerror(errno));
	set_start(vcpu);
}

static void create_vm(int kvm, int number)
{
	uint64_t identity_map = 0xfffbc000;
	int vm = must(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	size_t size = (size_t)must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE");
	void *memory =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY,
						      .userspace_addr = (uintptr_t)memory };
	struct kvm_xen_hvm_config xen = {
		.msr = mechanism->first + (uint32_t)number * mechanism->of_vm,
		.blob_size_32 = 1,
		.blob_size_64 = 1,
	};

	if (memory == MAP_FAILED)
		die("memory: %s", strerror(errno));
	memcpy(memory, guest, sizeof(guest));
	must(ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity_map), "KVM_SET_IDENTITY_MAP_ADDR");
	must(ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000ul), "KVM_SET_TSS_ADDR");
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION");
	if (mechanism->xen)
		must(ioctl(vm, KVM_XEN_HVM_CONFIG, &xen), "KVM_XEN_HVM_CONFIG");
	for (int i = 0; i < VCPUS_OF_VM; i++)
		create_vcpu(&vcpus[number * VCPUS_OF_VM + i], vm, size, number, i);
}

/* One KVM_RUN of a vCPU, which must fail. */
static void fail_once(const struct vcpu *vcpu, uint64_t value)
{
	struct kvm_regs regs = {
		.rflags = 2, .rcx = vcpu->msr, .rax = (uint32_t)value, .rdx = value >> 32,
	};

	must(ioctl(vcpu->fd, KVM_SET_REGS, &regs), "KVM_SET_REGS");
	do {
		if (!ioctl(vcpu->fd, KVM_RUN, 0))
			die("KVM took WRMSR(0x%x) <- 0x%" PRIx64 ": exit reason %u", vcpu->msr,
			    value, vcpu->run->exit_reason);
	} while (errno == EINTR);
}

static void *run_vcpu(void *argument)
{
	struct vcpu *vcpu = argument;
	uint32_t tid = (uint32_t)syscall(SYS_gettid);

	for (uint32_t n = 1; !stop; n++) {
		uint64_t value = (uint64_t)vcpu->tag << 32 | (n % (1u << 20)) << 12;
		unsigned int at = begun++;

		if (wanted && at >= wanted)
			break;
		fail_once(vcpu, value);
		others += errno != mechanism->error;
		if (wanted)
			made[at] = (struct failure){ .value = value,
						     .pid = (uint32_t)getpid(),
						     .tid = tid,
						     .msr = vcpu->msr,
						     .vcpu = vcpu->number,
						     .error = errno };
		if (pause_us)
			usleep(pause_us);
	}
	return NULL;
}

static void on_term(int number)
{
	(void)number;
	stop = true;
}

static void write_log(const char *path)
{
	FILE *log = fopen(path, "we");

	if (!log)
		die("%s: %s", path, strerror(errno));
	for (const struct failure *f = made; f < made + wanted; f++)
		fprintf(log, "%u %u %d 0x%x 0x%" PRIx64 " %d\n", f->pid, f->tid, f->vcpu, f->msr,
			f->value, f->error);
	if (fclose(log))
		die("%s: %s", path, strerror(errno));
}

static int flood(const char *log)
{
	struct sigaction action = { .sa_handler = on_term };
	int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");

	sigaction(SIGTERM, &action, NULL);
	made = calloc(wanted ? wanted : 1, sizeof(*made));
	if (!made)
		die("no memory for %u failures", wanted);
	for (int i = 0; i < VMS; i++)
		create_vm(kvm, i);
	for (int i = 0; i < VCPUS; i++)
		if (pthread_create(&vcpus[i].thread, NULL, run_vcpu, &vcpus[i]))
			die("a thread: %s", strerror(errno));
	for (int i = 0; i < VCPUS; i++)
		pthread_join(vcpus[i].thread, NULL);
	if (wanted)
		write_log(log);
	printf("flood: %u made by %d vCPUs of %d VMs, %u with another errno\n",
	       wanted ? wanted : begun, VCPUS, VMS, others);
	return others ? 1 : 0;
}

/* The comparison */

struct told {
	struct failure failure;
	int64_t pid, vcpu;	/* -1: not reported */
};

struct sums {
	unsigned long long lines, wrong, once, twice, never, seen, lost;
	/* without MSR and value: in the report, and as watch says */
	unsigned long long bare, said_bare;
};

static int by_value(const void *a, const void *b)
{
	const struct failure *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

static unsigned int read_log(const char *path)
{
	FILE *log = fopen(path, "re");
	struct failure f = { 0 };
	unsigned int count = 0;

	made = calloc(MOST, sizeof(*made));
	if (!log || !made)
		die("%s: %s", path, strerror(errno));
	while (count < MOST && fscanf(log, "%u %u %d %x %" SCNx64 " %d", &f.pid, &f.tid, &f.vcpu,
				      &f.msr, &f.value, &f.error) == 6)
		made[count++] = f;
	if (!feof(log))
		die("%s: line %u is not understood", path, count + 1);
	fclose(log);
	qsort(made, count, sizeof(*made), by_value);
	return count;
}

/* The number after `key`, which no foreign text can contain: there quotes are escaped. */
static bool number_after(const char **at, const char *key, uint64_t *ret)
{
	const char *found = *at ? strstr(*at, key) : NULL;
	char *end;

	*at = found;
	if (!found)
		return false;
	found += strlen(key);
	errno = 0;
	*ret = strtoull(found, &end, 0);
	return end != found && !errno;
}

/* The number before @end; -1 if it was left out. */
static int64_t number_before(const char *at, const char *key, const char *end)
{
	uint64_t value;

	return number_after(&at, key, &value) && at < end ? (int64_t)value : -1;
}

/* In the order of lib/render/json.c. */
static bool parse(const char *line, struct told *ret)
{
	const char *at = strstr(line, WATCH), *words = at ? strstr(at, "\"words\":{") : NULL;
	uint64_t tid, error, msr;

	if (!words)
		return false;
	ret->pid = number_before(at, "\"pid\":", words);
	ret->vcpu = number_before(at, "\"vcpu\":", words);
	if (!number_after(&at, "\"tid\":", &tid) || at > words ||
	    !number_after(&words, "\"errno\":", &error) ||
	    !number_after(&words, "\"msr\":\"", &msr) ||
	    !number_after(&words, "\"value\":\"", &ret->failure.value))
		return false;
	ret->failure.tid = (uint32_t)tid;
	ret->failure.error = (int)error;
	ret->failure.msr = (uint32_t)msr;
	return true;
}

/* What was left out is not wrong. */
static bool is_same(const struct failure *a, const struct told *b)
{
	return (b->pid < 0 || b->pid == a->pid) && (b->vcpu < 0 || b->vcpu == a->vcpu) &&
	       a->tid == b->failure.tid && a->error == b->failure.error && a->msr == b->failure.msr;
}

/* A failure of a thread, without what was refused. */
static bool is_bare(const char *line)
{
	const char *at = strstr(line, WATCH);

	return at && strstr(at, "\"tid\":") && strstr(at, "\"errno\":") && !strstr(at, "\"msr\":");
}

static void take(const char *line, unsigned int count, struct sums *sums)
{
	struct told told = { 0 };
	struct failure *found = NULL;

	sums->lines++;
	if (parse(line, &told))
		found = bsearch(&told.failure, made, count, sizeof(*made), by_value);
	if (found && is_same(found, &told)) {
		found->seen++;
		return;
	}
	if (is_bare(line)) {
		sums->bare++;
		return;
	}
	if (!sums->wrong++)
		printf("flood: the first that is wrong: %.500s\n",
		       strstr(line, WATCH) ? strstr(line, WATCH) : line);
}

static void read_ndjson(const char *path, unsigned int count, struct sums *sums)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		take(line, count, sums);
	}
	free(line);
	fclose(file);
}

/* The last line: how many it saw and how many it knows were lost. */
static void read_said(const char *path, struct sums *sums)
{
	FILE *file = fopen(path, "re");
	char line[2048];
	bool found = false;

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		const char *bare = strstr(line, BARE);

		while (bare && bare > line && strchr("0123456789", bare[-1]))
			bare--;
		if (bare)
			sums->said_bare = strtoull(bare, NULL, 10);
		if (sscanf(line, "kvmwhy: %llu failur%*s seen, %llu lost", &sums->seen,
			   &sums->lost) == 2)
			found = true;
	}
	fclose(file);
	if (!found)
		die("%s does not say how many failures were seen and lost", path);
}

static int compare(char **paths)
{
	unsigned int count = read_log(paths[0]);
	struct sums sums = { 0 };
	unsigned long long known;

	read_ndjson(paths[1], count, &sums);
	read_said(paths[2], &sums);
	for (unsigned int i = 0; i < count; i++) {
		sums.once += made[i].seen == 1;
		sums.twice += made[i].seen > 1;
		sums.never += made[i].seen == 0;
	}
	if (sums.bare > sums.said_bare) {
		sums.wrong += sums.bare;
		sums.bare = 0;
	}
	known = sums.lost + sums.bare;
	printf("flood: %u made, %llu told once, %llu told twice, %llu told wrong, %llu lost by count, %llu without trace\n",
	       count, sums.once, sums.twice, sums.wrong, sums.lost,
	       sums.never > known ? sums.never - known : 0);
	if (sums.bare)
		printf("flood: %llu of them told without MSR and value, as it says\n", sums.bare);
	if (sums.seen != sums.lines)
		printf("flood: it says %llu, and printed %llu\n", sums.seen, sums.lines);
	return sums.once + known != count || sums.twice || sums.wrong || sums.seen != sums.lines;
}

static unsigned int number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text || value > MOST) {
		fprintf(stderr, "flood: %s: not a number from 0 to %u\n", text, MOST);
		exit(2);
	}
	return (unsigned int)value;
}

static void choose(const char *name)
{
	for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++)
		if (!strcmp(mechanisms[i].name, name))
			mechanism = &mechanisms[i];
	if (!mechanism) {
		fprintf(stderr, "flood: %s: not mce, xen or mtrr\n", name);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 5 && !strcmp(argv[1], "--compare"))
		return compare(argv + 2);
	if (argc != 4 && argc != 5) {
		fputs("Usage: flood MECHANISM FAILURES LOG [PAUSE]\n       flood --compare LOG NDJSON SAID\n",
		      stderr);
		return 2;
	}
	choose(argv[1]);
	wanted = number(argv[2]);
	pause_us = argc == 5 ? number(argv[4]) : 0;
	return flood(argv[3]);
}
