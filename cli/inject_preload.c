// SPDX-License-Identifier: MIT
/*
 * kvmwhy inject --preload SPEC -- COMMAND: checks the specification, then runs the command with
 * libkvmwhy-inject.so preloaded. Refuses programs into which nothing can be preloaded.
 */
#include "inject_preload.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../preload/spec.h"
#include "cli.h"
#include "term.h"

#define LIBRARY "libkvmwhy-inject.so"
#define misuse(...) kw_usage(kw_cmd_inject.name, __VA_ARGS__)

enum { OPT_PRELOAD = KW_OPT_HELP + 1, OPT_LOG, OPT_DRY_RUN };

static const struct option options[] = {
	{ "preload", required_argument, NULL, OPT_PRELOAD },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "help", no_argument, NULL, KW_OPT_HELP },
	{ 0 }
};

struct request {
	const char *spec, *log;
	bool dry_run;
	char **command;
	char library[PATH_MAX], log_path[PATH_MAX];
};

bool kw_inject_preload_asked(int argc, char **argv)
{
	for (int i = 1; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--preload") || !strncmp(argv[i], "--preload=", 10))
			return true;
		if (!strcmp(argv[i], "--log"))
			i++;
	}
	return false;
}

/* Can a library be preloaded into the program? */

/* Where execvp() would find the command. */
static bool find_program(const char *name, char path[static PATH_MAX])
{
	const char *folders = getenv("PATH");

	if (strchr(name, '/'))
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && !access(path, X_OK);
	for (const char *p = folders ? folders : "/bin:/usr/bin"; *p;) {
		int len = (int)strcspn(p, ":");

		if (snprintf(path, PATH_MAX, "%.*s/%s", len, len ? p : ".", name) < PATH_MAX &&
		    !access(path, X_OK))
			return true;
		p += len + (p[len] == ':');
	}
	return false;
}

/* The dynamic linker ignores LD_PRELOAD if the program has more rights than its caller. */
static bool gains_rights(const char *path)
{
	struct stat st;

	if (stat(path, &st) || !geteuid())
		return false;
	return ((st.st_mode & S_ISUID) && st.st_uid != geteuid()) ||
	       ((st.st_mode & S_ISGID) && st.st_gid != getegid()) ||
	       getxattr(path, "security.capability", NULL, 0) > 0;
}

enum kind { UNREADABLE, SCRIPT, DYNAMIC, STATIC, FOREIGN };

/* A program for this architecture contains the dynamic linker's name, or is static. */
static enum kind kind_of(int fd)
{
	unsigned char head[sizeof(Elf64_Ehdr)];
	Elf64_Ehdr *elf = (Elf64_Ehdr *)head;
	Elf64_Phdr program;
	ssize_t got = pread(fd, head, sizeof(head), 0);

	if (got >= 2 && !memcmp(head, "#!", 2))
		return SCRIPT;
	if (got < (ssize_t)sizeof(head) || memcmp(head, ELFMAG, SELFMAG))
		return UNREADABLE;
	if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_machine != EM_X86_64)
		return FOREIGN;
	for (unsigned int i = 0; i < elf->e_phnum; i++) {
		off_t at = (off_t)(elf->e_phoff + (uint64_t)i * elf->e_phentsize);

		if (pread(fd, &program, sizeof(program), at) != sizeof(program))
			return UNREADABLE;
		if (program.p_type == PT_INTERP)
			return DYNAMIC;
	}
	return STATIC;
}

static int check_program(const char *name)
{
	char path[PATH_MAX];
	enum kind kind = UNREADABLE;
	int fd;

	if (!find_program(name, path)) {
		kw_complain("there is no command '%s'", name);
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		kind = kind_of(fd);
		close(fd);
	}
	if (kind == STATIC)
		kw_complain("'%s' is statically linked, so nothing can be preloaded into it. Link "
			    "it dynamically, or inject with the module: see 'kvmwhy help inject'",
			    path);
	else if (kind == FOREIGN)
		kw_complain("'%s' is not an x86-64 program: " LIBRARY " does not fit it", path);
	else if (gains_rights(path))
		kw_complain("'%s' is set-user-ID or set-group-ID, or has capabilities: the dynamic "
			    "linker preloads nothing into it. Run it as the user it switches to",
			    path);
	else
		return 0;
	return -1;
}

/* The library, the log, the environment */

/* From the environment, installed, or next to the build. */
static int find_library(char path[static PATH_MAX])
{
	const char *named = getenv("KVMWHY_INJECT_LIBRARY");
	char own[PATH_MAX] = "";
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash = len > 0 ? strrchr(own, '/') : NULL;

	if (slash)
		*slash = '\0';
	if (named)
		snprintf(path, PATH_MAX, "%s", named);
	else if (snprintf(path, PATH_MAX, "%s/../preload/" LIBRARY, own) >= PATH_MAX ||
		 access(path, R_OK))
		snprintf(path, PATH_MAX, "%s", KW_CLI_LIBDIR "/" LIBRARY);
	if (access(path, R_OK)) {
		kw_complain("'%s': %s; set KVMWHY_INJECT_LIBRARY to its "
			    "path", path, strerror(errno));
		return -1;
	}
	return 0;
}

/*
 * Makes the path absolute, because the command may change its directory, and checks that it is
 * writable.
 */
static int find_log(struct request *r)
{
	char here[PATH_MAX] = "";
	int fd;

	if (!r->log)
		return 0;
	if (r->log[0] != '/' && !getcwd(here, sizeof(here)))
		here[0] = '\0';
	if (snprintf(r->log_path, PATH_MAX, "%s%s%s", here, *here ? "/" : "", r->log) >= PATH_MAX) {
		kw_complain("the path '%s' is too long", r->log);
		return -1;
	}
	if (r->dry_run)
		return 0;
	fd = open(r->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0) {
		kw_complain("the log '%s': %s", r->log_path, strerror(errno));
		return -1;
	}
	close(fd);
	return 0;
}

static int set(const struct request *r, const char *name, const char *value)
{
	if (r->dry_run)
		printf("%s='%s'\n", name, value);
	else if (setenv(name, value, 1)) {
		kw_complain("%s: %s", name, strerror(errno));
		return -1;
	}
	return 0;
}

static int set_environment(const struct request *r)
{
	const char *others = getenv("LD_PRELOAD");
	char preload[2 * PATH_MAX];

	if (strpbrk(r->library, " :")) {
		kw_complain("'%s' has a blank or a colon, which would split LD_PRELOAD",
			    r->library);
		return -1;
	}
	if (snprintf(preload, sizeof(preload), "%s%s%s", r->library, others && *others ? ":" : "",
		     others ? others : "") >= (int)sizeof(preload)) {
		kw_complain("LD_PRELOAD is too long");
		return -1;
	}
	if (set(r, "LD_PRELOAD", preload) || set(r, "KVMWHY_INJECT", r->spec))
		return -1;
	return r->log ? set(r, "KVMWHY_INJECT_LOG", r->log_path) : 0;
}

/* The command line */

static int judge_spec(const char *text)
{
	struct kw_spec_error err;
	struct kw_spec spec;

	return kw_spec_parse(text, &spec, &err) ? misuse("'%s': %s", err.word, err.reason) : 0;
}

static int take_options(struct request *r, int argc, char **argv)
{
	int c;

	/* "+" stops at the command, whose options are its own */
	while ((c = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		if (c == OPT_PRELOAD)
			r->spec = optarg;
		else if (c == OPT_LOG)
			r->log = optarg;
		else if (c == OPT_DRY_RUN)
			r->dry_run = true;
		else if (c == 'h' || c == KW_OPT_HELP)
			return kw_print(kw_cmd_inject.help, -1);
		else
			return misuse(
				"--preload can be combined only with --log and --dry-run, before "
				"the command");
	}
	r->command = argv + optind;
	return 0;
}

int kw_inject_preload_run(int argc, char **argv)
{
	static struct request r;
	int rc = take_options(&r, argc, argv);

	if (rc)
		return rc < 0 ? KW_EXIT_FOUND : rc;
	if (!r.spec)
		return misuse("--log needs --preload");
	if (judge_spec(r.spec))
		return KW_EXIT_TROUBLE;
	if (!*r.command)
		return misuse("no command given: add it after --");
	if (check_program(*r.command) || find_library(r.library) || find_log(&r) ||
	    set_environment(&r))
		return KW_EXIT_TROUBLE;
	if (r.dry_run)
		return fflush(stdout) ? KW_EXIT_TROUBLE : KW_EXIT_FOUND;
	execvp(*r.command, r.command);
	kw_complain("'%s': %s", *r.command, strerror(errno));
	return KW_EXIT_TROUBLE;
}
