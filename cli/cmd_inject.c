// SPDX-License-Identifier: MIT
/*
 * kvmwhy inject: what is to fail in; the attributes of kvmwhy.ko's injection out.
 *
 * Arming is always the same: disarm, write every attribute, arm. If interrupted, injection stays
 * off.
 */
#include "inject.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject_preload.h"
#include "near.h"
#include "term.h"

#define DEBUGFS "/sys/kernel/debug"
#define misuse(...) kw_usage(kw_cmd_inject.name, __VA_ARGS__)

static const char help[] =
	"usage: kvmwhy inject wrmsr|rdmsr [OPTION]...\n"
	"       kvmwhy inject --like RELEASE [OPTION]...\n"
	"       kvmwhy inject status|off [OPTION]...\n"
	"       kvmwhy inject --preload SPEC [--log FILE] [--dry-run] -- COMMAND [ARGUMENT]...\n"
	"\n"
	"Makes a guest's MSR accesses fail, using the module kvmwhy.ko: KVM_RUN fails with an\n"
	"errno on a write, or the guest gets #GP. A guest hit by this usually dies. 'status'\n"
	"shows what is armed and what it has done, 'off' undoes everything.\n"
	"\n"
	"--preload needs neither the module nor root: it runs a VMM whose KVM_RUN fails as SPEC\n"
	"says.\n"
	"\n"
	"Which accesses:\n"
	"  --msr MSR[..MSR]   to this MSR or range, by index or name; default: any MSR\n"
	"  --value VALUE      with this value (wrmsr only)\n"
	"  --value-mask MASK  compare only these bits of the value\n"
	"  --pid PID          in the VM of this process\n"
	"  --vcpu N           on the vCPU with this number\n"
	"\n"
	"How they fail:\n"
	"  --errno ERRNO      name or number of an errno; default: EPERM\n"
	"  --gp               the guest gets #GP\n"
	"  --like RELEASE     fail every write that set_msr_mce() of Linux RELEASE refused\n"
	"                     with -1: 5.10.0 to 5.10.136, 5.11 to 5.19\n"
	"\n"
	"How often, as in the kernel's fault injection:\n"
	"  --probability PCT  chance in percent; default: 100\n"
	"  --interval N       consider every Nth access\n"
	"  --times N          stop after N failures; default: 1, -1 for no limit\n"
	"  --space N          let N accesses pass first\n"
	"  --seed N           restart the random sequence: the same N gives the same one\n"
	"  --verbose N        kernel log: 0 nothing, 1 a line per failure, 2 also a stack trace\n"
	"\n"
	"Without the module:\n"
	"  --preload SPEC     words such as vcpu=0 call=100 errno=EFAULT, or\n"
	"                     one-in=1000 times=-1 exit=fail-entry:0x80000021;\n"
	"                     see kvmwhy-inject(8) for all of them\n"
	"  --log FILE         append one line of JSON per failure\n"
	"\n"
	"  --dry-run          print what would be written, but write nothing\n"
	"  --debugfs DIR      mount point of debugfs; default: " DEBUGFS "\n"
	"  -h, --help         print this text\n"
	"\n"
	"Exit status: 0 on success, 2 on failure.\n";

/*
 * From here on, the value of an option that sets an attribute to a number is that attribute's
 * index.
 */
enum {
	OPT_ATTR = KW_OPT_HELP + 100,
	OPT_MSR = OPT_ATTR + KW_NATTRS,
	OPT_ERRNO,
	OPT_GP,
	OPT_LIKE,
	OPT_DRY_RUN,
	OPT_DEBUGFS,
};

static const struct option options[] = {
	{ "msr", required_argument, NULL, OPT_MSR },
	{ "value", required_argument, NULL, OPT_ATTR + KW_ATTR_VALUE },
	{ "value-mask", required_argument, NULL, OPT_ATTR + KW_ATTR_VALUE_MASK },
	{ "pid", required_argument, NULL, OPT_ATTR + KW_ATTR_PID },
	{ "vcpu", required_argument, NULL, OPT_ATTR + KW_ATTR_VCPU },
	{ "errno", required_argument, NULL, OPT_ERRNO },
	{ "gp", no_argument, NULL, OPT_GP },
	{ "like", required_argument, NULL, OPT_LIKE },
	{ "probability", required_argument, NULL, OPT_ATTR + KW_ATTR_PROBABILITY },
	{ "interval", required_argument, NULL, OPT_ATTR + KW_ATTR_INTERVAL },
	{ "times", required_argument, NULL, OPT_ATTR + KW_ATTR_TIMES },
	{ "space", required_argument, NULL, OPT_ATTR + KW_ATTR_SPACE },
	{ "seed", required_argument, NULL, OPT_ATTR + KW_ATTR_SEED },
	{ "verbose", required_argument, NULL, OPT_ATTR + KW_ATTR_VERBOSE },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "debugfs", required_argument, NULL, OPT_DEBUGFS },
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

/* What the command line requests. */
struct request {
	int64_t value[KW_NATTRS];
	bool given[KW_NATTRS];
	bool gp;
	bool dry_run;
	const char *debugfs;
	const char *first; /* the first option that chooses what fails, or NULL */
};

/* Arguments in, a request out */

static int take_number(struct request *r, enum kw_attr attr, const char *option, const char *text)
{
	const struct kw_attr_row *row = &kw_attrs[attr];
	bool wide = row->max == INT64_MAX;
	int64_t value;

	if (kw_to_number(text, row->hex, &value) && value >= row->min && value <= row->max) {
		r->value[attr] = value;
		r->given[attr] = true;
		return 0;
	}
	if (wide)
		return misuse("'%s' is not a value of --%s: use up to 64 bits, decimal or "
			      "hexadecimal with 0x",
			      text, option);
	return misuse("'%s' is not a value of --%s: use a number from "
		      "%" PRId64 " to %" PRId64, text,
		      option, row->min, row->max);
}

static int not_an_errno(const char *text)
{
	char otherwise[96], question[KW_NEAR_MAX + 32];
	struct kw_near near;

	kw_near_init(&near, text);
	for (int number = 1; number <= EHWPOISON; number++)
		if (kw_errno_name(number))
			kw_near_try(&near, kw_errno_name(number));
	snprintf(otherwise, sizeof(otherwise),
		 ": use a name such as EPERM or EFAULT, or a number from 1 to %d", EHWPOISON);
	return misuse("'%s' is not an errno%s", text,
		      kw_near_ask(&near, question, sizeof(question), otherwise));
}

static int take_errno(struct request *r, const char *text)
{
	int64_t number = kw_errno_number(text);

	if (!number && !kw_to_number(text, false, &number))
		number = 0;
	if (number < 0 && number >= -EHWPOISON)
		number = -number;
	if (number == EINTR || number == EAGAIN)
		return misuse("%s is not a failure: the VMM would just call KVM_RUN again, forever",
			      kw_errno_name(number));
	if (number < 1 || number > EHWPOISON)
		return not_an_errno(text);
	r->value[KW_ATTR_RESULT] = -number;
	r->given[KW_ATTR_RESULT] = true;
	return 0;
}

static int msr_index(const char *name, int64_t *ret)
{
	char buf[KW_NEAR_MAX + 1];
	const char *meant;
	uint32_t index;

	if (kw_msr_number(name, &index)) {
		meant = kw_near_msr(name, buf, sizeof(buf));
		if (meant)
			return misuse("no MSR is named '%s': did you mean '%s'?", name, meant);
		return misuse("no MSR is named '%s': use its index, or the name in the CPU manual",
			      name);
	}
	*ret = index;
	return 0;
}

static int take_msr(struct request *r, const char *text)
{
	const char *dots = strstr(text, "..");
	const char *last = dots ? dots + 2 : text;
	char first[64];

	if (snprintf(first, sizeof(first), "%.*s", (int)(dots ? dots - text : 63), text) >= 64)
		return misuse("no MSR name is as long as '%s'", text);
	if (msr_index(first, &r->value[KW_ATTR_MSR_FIRST]) ||
	    msr_index(last, &r->value[KW_ATTR_MSR_LAST]))
		return KW_EXIT_TROUBLE;
	r->given[KW_ATTR_MSR_FIRST] = true;
	if (r->value[KW_ATTR_MSR_FIRST] <= r->value[KW_ATTR_MSR_LAST])
		return 0;
	return misuse("the range '%s' is empty: its first MSR is above its last", text);
}

/*
 * Did KVM_RUN return the -1 of set_msr_mce()? data/kvm_change.tbl knows; if undecided, it may have.
 */
static bool had_eperm(const char *release)
{
	struct kw_options kernel = { .size = sizeof(kernel), .host_kernel = release };
	struct kw_defect defect = { .size = sizeof(defect) };

	for (size_t i = 0; kw_kernel_defect(&kernel, NULL, i, &defect) > 0; i++)
		if (!strcmp(defect.id, "set-msr-mce-eperm"))
			return defect.affected != KW_AFFECTED_NO;
	return false;
}

static int take_like(struct request *r, const char *text)
{
	unsigned int major, minor, patch = 0;
	int end = 0, n = sscanf(text, "%4u.%4u%n.%4u%n", &major, &minor, &end, &patch, &end);

	if (n < 2 || text[end] || text[strspn(text, "0123456789.")])
		return misuse("'%s' is not a Linux release such as 5.10.100; for a distribution's "
			      "kernel, use the release it is based on",
			      text);
	if (major < 5 || (major == 5 && minor < 10))
		return misuse("Linux %s refuses every such write with #GP, so there is nothing to "
			      "inject; 5.10.0 to 5.10.136 and 5.11 to 5.19 fail with EPERM",
			      text);
	if (!had_eperm(text))
		return misuse("Linux %s has the fix and refuses with #GP, so there is nothing to "
			      "inject; 5.10.0 to 5.10.136 and 5.11 to 5.19 fail with EPERM",
			      text);
	r->value[KW_ATTR_LIKE] = 1;
	r->given[KW_ATTR_LIKE] = true;
	return 0;
}

static int take_option(struct request *r, int c, int index, char **argv)
{
	if (c < OPT_ATTR)
		return kw_option_trouble(kw_cmd_inject.name, options, c, argv);
	if (c != OPT_DRY_RUN && c != OPT_DEBUGFS && !r->first)
		r->first = options[index].name;
	switch (c) {
	case OPT_MSR:
		return take_msr(r, optarg);
	case OPT_ERRNO:
		return take_errno(r, optarg);
	case OPT_GP:
		r->value[KW_ATTR_RESULT] = 1;
		r->gp = true;
		return 0;
	case OPT_LIKE:
		return take_like(r, optarg);
	case OPT_DRY_RUN:
		r->dry_run = true;
		return 0;
	case OPT_DEBUGFS:
		r->debugfs = optarg;
		return 0;
	default:
		return take_number(r, (enum kw_attr)(c - OPT_ATTR), options[index].name, optarg);
	}
}

static void start_request(struct request *r)
{
	*r = (struct request){ .debugfs = DEBUGFS };
	for (int i = 0; i < KW_NATTRS; i++)
		r->value[i] = kw_attrs[i].loaded;
}

/* --like follows that kernel's rule, which has no probability and no other MSRs. */
static int finish_like(struct request *r)
{
	static const bool fits[KW_NATTRS] = {
		[KW_ATTR_LIKE] = true,
		[KW_ATTR_PID] = true,
		[KW_ATTR_VCPU] = true,
		[KW_ATTR_VERBOSE] = true,
	};
	bool fit = !r->gp;

	for (int i = 0; i < KW_NATTRS; i++)
		fit &= !r->given[i] || fits[i];
	if (!fit)
		return misuse("--like decides what fails: it can be combined only with --pid, "
			      "--vcpu and --verbose");
	/* the machine-check banks, so that seen counts the writes the rule looked at */
	r->value[KW_ATTR_MSR_FIRST] = 0x400;
	r->value[KW_ATTR_MSR_LAST] = 0x47f;
	r->value[KW_ATTR_TIMES] = 0;
	return 0;
}

/* The module compares thread group ids: a thread's own id would never match. */
static int check_pid(int64_t pid)
{
	char path[64], line[128];
	int64_t tgid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/status", pid);
	file = fopen(path, "re");
	if (!file)
		return misuse("there is no process %" PRId64, pid);
	while (!tgid && fgets(line, sizeof(line), file))
		sscanf(line, "Tgid: %" SCNd64, &tgid);
	fclose(file);
	if (!tgid || tgid == pid)
		return 0;
	return misuse("%" PRId64 " is a thread of process %" PRId64 ": use the process ID", pid,
		      tgid);
}

static int finish_request(struct request *r, const char *access)
{
	r->value[KW_ATTR_ACCESS] = strcmp(access, kw_accesses[KW_WRMSR]) ? KW_RDMSR : KW_WRMSR;
	if (r->given[KW_ATTR_LIKE])
		return misuse("--like decides what fails: leave '%s' out", access);
	if (r->gp && r->given[KW_ATTR_RESULT])
		return misuse("--gp and --errno exclude each other");
	if (r->value[KW_ATTR_ACCESS] == KW_RDMSR &&
	    (r->given[KW_ATTR_VALUE] || r->given[KW_ATTR_VALUE_MASK]))
		return misuse("--value and --value-mask need wrmsr: a read has no value to match");
	if (r->given[KW_ATTR_VALUE_MASK] && !r->given[KW_ATTR_VALUE])
		return misuse("--value-mask needs --value");
	if (r->given[KW_ATTR_VALUE] && !r->given[KW_ATTR_VALUE_MASK])
		r->value[KW_ATTR_VALUE_MASK] = -1;
	if (!r->given[KW_ATTR_MSR_FIRST])
		r->value[KW_ATTR_MSR_LAST] = UINT32_MAX;
	if (!r->given[KW_ATTR_PROBABILITY])
		r->value[KW_ATTR_PROBABILITY] = 100;
	return 0;
}

/* A request in, the module's files out */

static int put(struct kw_session *s, const char *name, const char *text)
{
	if (!s->dry_run)
		return kw_kmod_write(&s->kmod, name, text);
	kw_say(s, "echo %s > %s/%s\n", text, s->kmod.path, name);
	return 0;
}

static int put_attr(struct kw_session *s, enum kw_attr attr, int64_t value)
{
	char text[KW_KMOD_TEXT];

	if (attr == KW_ATTR_ACCESS)
		snprintf(text, sizeof(text), "%s", kw_accesses[value]);
	else if (kw_attrs[attr].hex)
		snprintf(text, sizeof(text), "0x%" PRIx64, (uint64_t)value);
	else
		snprintf(text, sizeof(text), "%" PRId64, value);
	return put(s, kw_attrs[attr].name, text);
}

static int check_attrs(const struct kw_session *s)
{
	int rc = s->dry_run ? 0 : kw_kmod_check(&s->kmod, kw_armed);

	for (int i = 0; i < KW_NATTRS && !s->dry_run && !rc; i++)
		rc = kw_kmod_check(&s->kmod, kw_attrs[i].name);
	return rc;
}

static int write_attrs(struct kw_session *s, const int64_t *value, bool seed)
{
	int rc = 0;

	for (int i = 0; i < KW_NATTRS && !rc; i++)
		if (i != KW_ATTR_SEED || seed)
			rc = put_attr(s, (enum kw_attr)i, value[i]);
	return rc;
}

/* Off, then all attributes; on a failure it stays off. */
static int set(struct kw_session *s, const int64_t *value, bool seed)
{
	return put(s, kw_armed, "0") || write_attrs(s, value, seed) ? -1 : 0;
}

static int arm(struct kw_session *s, const struct request *r)
{
	if (check_attrs(s))
		return -1;
	if (!set(s, r->value, r->given[KW_ATTR_SEED]) && !put(s, kw_armed, "1"))
		return 0;
	if (kw_kmod_write(&s->kmod, kw_armed, "0"))
		kw_complain("injection could not be switched off: run 'rmmod kvmwhy'");
	else
		kw_complain("nothing is armed");
	return -1;
}

/* The words of the command line */

static int switch_off(struct kw_session *s)
{
	char count[KW_KMOD_TEXT] = "";
	int64_t loaded[KW_NATTRS];

	for (int i = 0; i < KW_NATTRS; i++)
		loaded[i] = kw_attrs[i].loaded;
	if (set(s, loaded, true))
		return KW_EXIT_TROUBLE;
	if (s->dry_run)
		return KW_EXIT_FOUND;
	if (kw_kmod_read(&s->kmod, "injected", count))
		return KW_EXIT_TROUBLE;
	kw_say(s,
	       "off: nothing is injected, and all attributes are back to their defaults; %s "
	       "accesses were made to fail\n",
	       count);
	return KW_EXIT_FOUND;
}

enum verb { ARM, STATUS, OFF };

static int perform(struct kw_session *s, enum verb verb, const struct request *r)
{
	if (verb == OFF)
		return switch_off(s);
	if (verb == ARM && arm(s, r))
		return KW_EXIT_TROUBLE;
	return s->dry_run ? KW_EXIT_FOUND : kw_inject_show(s);
}

static int run_verb(enum verb verb, const struct request *r)
{
	static struct kw_session s;
	int status;

	s.dry_run = r->dry_run;
	if (s.dry_run)
		kw_kmod_name(&s.kmod, r->debugfs);
	else if (kw_kmod_open(&s.kmod, r->debugfs))
		return KW_EXIT_TROUBLE;
	kw_output_open(&s.out, NULL);
	status = perform(&s, verb, r);
	if (!s.dry_run)
		kw_kmod_close(&s.kmod);
	return kw_output_close(&s.out) ? KW_EXIT_TROUBLE : status;
}

static int unknown_word(const char *word)
{
	static const char *const words[] = { "wrmsr", "rdmsr", "status", "off" };
	char question[KW_NEAR_MAX + 32];
	struct kw_near near;

	kw_near_init(&near, word);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		kw_near_try(&near, words[i]);
	return misuse("'%s' is not one of: wrmsr, rdmsr, status, off%s", word,
		      kw_near_ask(&near, question, sizeof(question), ""));
}

static int run_words(struct request *r, char **words, int nwords)
{
	bool status = nwords && !strcmp(words[0], "status");
	bool off = nwords && !strcmp(words[0], "off");

	if (nwords > 1)
		return misuse("'%s' is an extra argument", words[1]);
	if (!nwords && !r->given[KW_ATTR_LIKE])
		return misuse("say what to do: wrmsr, rdmsr, --like RELEASE, status or off");
	if (nwords && !status && !off && strcmp(words[0], kw_accesses[KW_WRMSR]) &&
	    strcmp(words[0], kw_accesses[KW_RDMSR]))
		return unknown_word(words[0]);
	if ((status || off) && r->first)
		return misuse("--%s cannot be combined with '%s'", r->first, words[0]);
	if (status && r->dry_run)
		return misuse("'status' writes nothing anyway: leave out --dry-run");
	if (status || off)
		return run_verb(status ? STATUS : OFF, r);
	if (nwords ? finish_request(r, words[0]) : finish_like(r))
		return KW_EXIT_TROUBLE;
	if (r->value[KW_ATTR_PID] && !r->dry_run && check_pid(r->value[KW_ATTR_PID]))
		return KW_EXIT_TROUBLE;
	return run_verb(ARM, r);
}

static int run(int argc, char **argv)
{
	struct request request;
	int c, index = 0;

	if (kw_inject_preload_asked(argc, argv))
		return kw_inject_preload_run(argc, argv);
	start_request(&request);
	while ((c = getopt_long(argc, argv, ":h", options, &index)) != -1) {
		if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(help, KW_EXIT_FOUND);
		if (take_option(&request, c, index, argv))
			return KW_EXIT_TROUBLE;
	}
	return run_words(&request, argv + optind, argc - optind);
}

const struct kw_command kw_cmd_inject = {
	.name = "inject",
	.summary = "make a guest's MSR accesses or a VMM's KVM_RUN fail",
	.help = help,
	.run = run,
};
