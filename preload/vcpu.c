// SPDX-License-Identifier: MIT
/*
 * A table by descriptor of pointers into a table of vCPUs. A slot is claimed by taking its refs
 * from 0 to 1 and freed when they return to 0; one still held by a late caller is not reused.
 */
#include "vcpu.h"

#include <errno.h>
#include <limits.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FDS = 1 << 20, VCPUS = 4096, PAGE = 4096, CLOSING = 1 << 30 };

static _Atomic(struct kw_vcpu *) by_fd[FDS];
static struct kw_vcpu vcpus[VCPUS];
static _Atomic unsigned int next;     /* where the search for a free one begins: delays reuse */
static _Atomic unsigned int above_fd; /* no descriptor from here on was ever a vCPU */

static struct kw_vcpu *take_up(uint32_t number)
{
	for (unsigned int i = 0; i < VCPUS; i++) {
		struct kw_vcpu *vcpu = &vcpus[atomic_fetch_add(&next, 1) % VCPUS];
		unsigned int unused = 0;

		if (!atomic_compare_exchange_strong(&vcpu->refs, &unused, 1))
			continue;
		atomic_store(&vcpu->number, number);
		atomic_store(&vcpu->calls, 0);
		atomic_store(&vcpu->fits, 0);
		atomic_store(&vcpu->kept_valid, false);
		return vcpu;
	}
	return NULL;
}

/* CLOSING keeps others from claiming the struct while its page is unmapped. */
void kw_vcpu_put(struct kw_vcpu *vcpu)
{
	unsigned int refs = atomic_load_explicit(&vcpu->refs, memory_order_relaxed);
	struct kvm_run *page;

	while (!atomic_compare_exchange_weak(&vcpu->refs, &refs, refs == 1 ? CLOSING : refs - 1))
		;
	if (refs != 1)
		return;
	page = atomic_exchange(&vcpu->page, NULL);
	if (page)
		munmap(page, PAGE);
	atomic_fetch_sub(&vcpu->refs, CLOSING);
}

static void set(int fd, struct kw_vcpu *vcpu)
{
	unsigned int above = atomic_load(&above_fd);
	struct kw_vcpu *old;

	while (vcpu && above <= (unsigned int)fd)
		if (atomic_compare_exchange_weak(&above_fd, &above, (unsigned int)fd + 1))
			break;
	old = atomic_exchange(&by_fd[fd], vcpu);
	if (old)
		kw_vcpu_put(old);
}

static bool known_fd(int fd)
{
	return fd >= 0 && (unsigned int)fd < atomic_load_explicit(&above_fd, memory_order_relaxed);
}

void kw_vcpu_created(int fd, uint32_t number)
{
	if (fd >= 0 && fd < FDS)
		set(fd, take_up(number));
}

void kw_vcpu_closed(int fd)
{
	if (known_fd(fd) && atomic_load_explicit(&by_fd[fd], memory_order_relaxed))
		set(fd, NULL);
}

void kw_vcpu_closed_range(unsigned int first, unsigned int last)
{
	for (unsigned int fd = first; fd <= last && fd <= INT_MAX && known_fd((int)fd); fd++)
		kw_vcpu_closed((int)fd);
}

/* The vCPU of a descriptor, with a reference, or NULL. */
static struct kw_vcpu *get(int fd)
{
	struct kw_vcpu *vcpu;

	while ((vcpu = atomic_load(&by_fd[fd]))) {
		atomic_fetch_add(&vcpu->refs, 1);
		if (atomic_load(&by_fd[fd]) == vcpu)
			return vcpu;
		kw_vcpu_put(vcpu); /* closed meanwhile, and perhaps reused by now */
	}
	return NULL;
}

void kw_vcpu_copied(int from, int to)
{
	if (from == to || to < 0 || to >= FDS)
		return;
	if (known_fd(from))
		set(to, get(from));
	else
		kw_vcpu_closed(to);
}

static char *put_number(char *end, unsigned int number)
{
	do
		*--end = (char)('0' + number % 10);
	while (number /= 10);
	return end;
}

/* KVM names the file of a vCPU by its number: anon_inode:kvm-vcpu:0. */
static bool name_says(int fd, uint32_t *number)
{
	static const char folder[] = "/proc/self/fd/", is[] = "anon_inode:kvm-vcpu:";
	char path[sizeof(folder) + 10], name[64], digits[10];
	char *begin = put_number(digits + sizeof(digits), (unsigned int)fd);
	size_t len = (size_t)(digits + sizeof(digits) - begin);
	ssize_t got;

	memcpy(path, folder, sizeof(folder) - 1);
	memcpy(path + sizeof(folder) - 1, begin, len);
	path[sizeof(folder) - 1 + len] = '\0';
	got = readlink(path, name, sizeof(name) - 1);
	if (got < (ssize_t)sizeof(is) || memcmp(name, is, sizeof(is) - 1))
		return false;
	name[got] = '\0';
	*number = 0;
	for (const char *p = name + sizeof(is) - 1; *p >= '0' && *p <= '9'; p++)
		*number = *number * 10 + (uint32_t)(*p - '0');
	return true;
}

struct kw_vcpu *kw_vcpu_get(int fd)
{
	struct kw_vcpu *vcpu;
	uint32_t number;
	int saved = errno;

	if (fd < 0 || fd >= FDS)
		return NULL;
	vcpu = get(fd);
	if (vcpu)
		return vcpu;
	if (name_says(fd, &number))
		kw_vcpu_created(fd, number);
	errno = saved;
	return get(fd);
}

struct kvm_run *kw_vcpu_page(struct kw_vcpu *vcpu, int fd)
{
	struct kvm_run *page = atomic_load(&vcpu->page), *none = NULL;
	int saved = errno;

	if (page)
		return page;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	errno = saved;
	if (page == MAP_FAILED)
		return NULL;
	if (atomic_compare_exchange_strong(&vcpu->page, &none, page))
		return page;
	munmap(page, PAGE);
	return none;
}
