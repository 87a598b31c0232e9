// SPDX-License-Identifier: MIT
/*
 * Logs in; two or three of them are written into one stream as collectors of several logs write
 * them, line by line or in runs, and together they must get the answers that each gets alone. A
 * fixed sample, or with --whole a larger one.
 */
#include "answers.h"

#include <errno.h>

enum { LOG_MAX = 1 << 20, LOGS_MAX = 1024, TOGETHER = 3, WHOLE = 20, REPORTED = 4 };

struct transport {
	const char *name;
	void (*write)(struct kw_buf *buf, unsigned int speaker, struct kw_str line);
	bool header; /* names the speaker only where another one begins */
	bool kernel; /* only the kernel's log has it */
};

struct log {
	const char *path;
	struct kw_str text;
	bool kernel; /* has only dumps of the host's kernel */
};

static struct log logs[LOGS_MAX];
static size_t nlogs;
static uint64_t state = 20220521;

static size_t below(size_t limit)
{
	state = state * 6364136223846793005 + 1442695040888963407;
	return (size_t)((state >> 33) % limit);
}

static void json_text(struct kw_buf *buf, struct kw_str line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (c == '"' || c == '\\')
			kw_buf_printf(buf, "\\%c", c);
		else if (c < 0x20)
			kw_buf_printf(buf, "\\u%04x", c);
		else
			kw_buf_char(buf, (char)c);
	}
}

static void add(struct kw_buf *buf, const char *before, struct kw_str line, const char *after)
{
	kw_buf_add(buf, kw_str(before));
	kw_buf_add(buf, line);
	kw_buf_add(buf, kw_str(after));
}

static void as_compose(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "vm%u-1  | ", speaker);
	add(buf, "", line, "\n");
}

static void as_compose_json(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "vm%u-1 | {\"log\":\"", speaker);
	json_text(buf, line);
	add(buf, "\\n\",\"stream\":\"stderr\"}\n", KW_STR(""), "");
}

static void as_kubectl(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "[pod/virt-launcher-vm%u-x7k2p/compute] ", speaker);
	add(buf, "", line, "\n");
}

static void as_kubectl_cri(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "[pod/vm%u/compute] 2026-03-04T05:06:07.089123456Z stderr F ", speaker);
	add(buf, "", line, "\n");
}

static void as_stern(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "virt-launcher-vm%u-x7k2p compute ", speaker);
	add(buf, "", line, "\n");
}

static void as_logcli(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "2026-03-04T05:06:07Z {container=\"compute\", pod=\"vm%u\"} ", speaker);
	add(buf, "", line, "\n");
}

static void as_loki(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "{\"labels\":{\"pod\":\"vm%u\",\"job\":\"kubevirt\"},\"line\":\"",
		      speaker);
	json_text(buf, line);
	add(buf, "\",\"timestamp\":\"2026-03-04T05:06:07.089Z\"}\n", KW_STR(""), "");
}

static void as_fluentd(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	add(buf, "2026-03-04 05:06:07.000 +0000 vms: {\"source\":\"stderr\",\"log\":\"", KW_STR(""),
	    "");
	json_text(buf, line);
	kw_buf_printf(buf, "\",\"container_name\":\"/vm%u\"}\n", speaker);
}

static void as_virt_launcher(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	add(buf, "{\"component\":\"virt-launcher\",\"level\":\"info\",\"msg\":\"", KW_STR(""), "");
	json_text(buf, line);
	kw_buf_printf(buf,
		      "\",\"name\":\"vm%u\",\"namespace\":\"default\",\"pos\":\"log.go:42\"}\n",
		      speaker);
}

static void as_journal(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	add(buf,
	    "{\"_HOSTNAME\":\"host1\",\"SYSLOG_IDENTIFIER\":\"qemu-system-x86\",\"MESSAGE\":\"",
	    KW_STR(""), "");
	json_text(buf, line);
	kw_buf_printf(buf, "\",\"_PID\":\"%u\",\"PRIORITY\":\"6\"}\n", 4711 + speaker);
}

static void as_export(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "__CURSOR=s=1;i=%zx\n_HOSTNAME=host1\nPRIORITY=6\n", buf->len);
	add(buf, "MESSAGE=", line, "\n");
	kw_buf_printf(buf, "SYSLOG_IDENTIFIER=kvm\n_PID=%u\n\n", 4711 + speaker);
}

static void as_export_bytes(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "__CURSOR=s=1;i=%zx\n_PID=%u\nMESSAGE\n", buf->len, 4711 + speaker);
	for (size_t i = 0; i < 8; i++)
		kw_buf_char(buf, (char)(i < 3 ? line.len >> 8 * i & 0xff : 0));
	add(buf, "", line, "\n\n");
}

static void as_short(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "Mar 04 05:06:07 host1 vmm[%u]: ", 4711 + speaker);
	add(buf, "", line, "\n");
}

static void as_units(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "Mar 04 05:06:07 host1 vm%u.service[%u]: ", speaker, 4711 + speaker);
	add(buf, "", line, "\n");
}

static void as_proxmox(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "Mar  4 05:06:07 pve QEMU[%u]: ", 4711 + speaker);
	add(buf, "", line, "\n");
}

static void as_syslog(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "<30>1 2026-03-04T05:06:07.089Z host1 qemu %u - - ", 4711 + speaker);
	add(buf, "", line, "\n");
}

static void as_logrus(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	add(buf, "time=\"2026-03-04T05:06:07Z\" level=warning msg=\"", KW_STR(""), "");
	for (size_t i = 0; i < line.len; i++) {
		if (line.p[i] == '"' || line.p[i] == '\\')
			kw_buf_char(buf, '\\');
		kw_buf_char(buf, line.p[i]);
	}
	kw_buf_printf(buf, "\" name=shim pid=31 sandbox=ab%u\n", speaker);
}

static void as_tail(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	if (!line.p)
		kw_buf_printf(buf, "%s==> /var/log/libvirt/qemu/vm %u.log <==\n",
			      buf->len ? "\n" : "", speaker);
	else
		add(buf, "", line, "\n");
}

static void as_printk(struct kw_buf *buf, unsigned int speaker, struct kw_str line)
{
	kw_buf_printf(buf, "[  123.456789][ T%u] ", 4711 + speaker);
	add(buf, "", line, "\n");
}

static const struct transport transports[] = {
	{ "docker compose logs", as_compose, false, false },
	{ "docker json-file in compose", as_compose_json, false, false },
	{ "kubectl logs --prefix", as_kubectl, false, false },
	{ "CRI in kubectl", as_kubectl_cri, false, false },
	{ "stern", as_stern, false, false },
	{ "logcli", as_logcli, false, false },
	{ "Loki", as_loki, false, false },
	{ "Fluentd", as_fluentd, false, false },
	{ "virt-launcher", as_virt_launcher, false, false },
	{ "journalctl -o json", as_journal, false, false },
	{ "journalctl -o export", as_export, false, false },
	{ "journalctl -o export, bytes", as_export_bytes, false, false },
	{ "journalctl -o short", as_short, false, false },
	{ "journalctl -o with-unit", as_units, false, false },
	{ "Proxmox", as_proxmox, false, false },
	{ "RFC 5424", as_syslog, false, false },
	{ "logrus", as_logrus, false, false },
	{ "tail", as_tail, true, false },
	{ "CONFIG_PRINTK_CALLER", as_printk, false, true },
};

/* Writes the next line of @text; @last is who wrote the one before. */
static void write_line(struct kw_buf *buf, const struct transport *t, unsigned int speaker,
		       unsigned int *last, struct kw_str *text)
{
	size_t end = kw_str_find(*text, KW_STR("\n"));
	struct kw_str line = { text->p, end == SIZE_MAX ? text->len : end };

	*text = kw_str_from(*text, line.len + 1);
	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	if (t->header && *last != speaker)
		t->write(buf, speaker, (struct kw_str){ NULL, 0 });
	*last = speaker;
	t->write(buf, speaker, line);
}

/* All lines of the @n logs, in runs of at most @run lines. */
static void write_logs(struct kw_buf *buf, const struct transport *t, struct log *const *log,
		       unsigned int n, unsigned int run)
{
	struct kw_str text[TOGETHER];
	unsigned int last = UINT32_MAX, over = 0, at = 0;

	kw_buf_reset(buf);
	for (unsigned int i = 0; i < n; i++)
		text[i] = log[i] ? log[i]->text : KW_STR("");
	while (over < n) {
		size_t lines = run > 1 ? 1 + below(run) : 1;

		while (lines-- && text[at].len)
			write_line(buf, t, at, &last, &text[at]);
		at = (at + 1) % n;
		for (over = 0; over < n && !text[over].len; over++)
			;
	}
	PROMISE(!buf->failed);
}

static void join(struct answers *to, const struct answers *from)
{
	for (size_t i = 0; i < from->count && i < MAX_ANSWERS; i++) {
		struct kw_str text = { from->text[i].p, from->text[i].len };

		if (to->count < MAX_ANSWERS)
			kw_buf_add(&to->text[to->count], text);
		to->count++;
	}
}

static void read_alone(struct answers *all, const struct transport *t, struct log *const *log,
		       unsigned int n)
{
	static struct answers one;
	static struct kw_buf buf;

	for (size_t i = 0; i < MAX_ANSWERS; i++)
		kw_buf_reset(&all->text[i]);
	all->count = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct log *only[TOGETHER] = { NULL };

		only[i] = log[i];
		write_logs(&buf, t, only, n, 1);
		one.context.all = true;
		answers_read(&one, buf.p, buf.len);
		join(all, &one);
	}
}

static bool check(const struct transport *t, struct log *const *log, unsigned int n,
		  unsigned int run)
{
	static struct answers alone, together;
	static struct kw_buf buf;
	const struct kw_buf *missing;
	struct kw_str difference;

	read_alone(&alone, t, log, n);
	write_logs(&buf, t, log, n, run);
	together.context.all = true;
	answers_read(&together, buf.p, buf.len);
	missing = answers_missing(&alone, &together);
	if (!missing && alone.count == together.count)
		return true;
	difference = missing ? answers_difference(missing, &together) :
			       KW_STR("nothing, but more is said");
	printf("%s, runs of %u: %s and %s%s%s lose: %.*s\n", t->name, run, log[0]->path,
	       log[1]->path, n > 2 ? " and " : "", n > 2 ? log[2]->path : "", (int)difference.len,
	       difference.p);
	return false;
}

static struct log *other(const struct transport *t, const struct log *log)
{
	for (;;) {
		struct log *ret = &logs[below(nlogs)];

		if (ret != log && (!t->kernel || ret->kernel))
			return ret;
	}
}

static bool check_log(const struct transport *t, struct log *log)
{
	static const unsigned int runs[] = { 1, 7, 40 };
	struct log *some[TOGETHER] = { log, other(t, log), other(t, log) };

	return check(t, some, 2 + (unsigned int)below(TOGETHER - 1),
		     runs[below(sizeof(runs) / sizeof(runs[0]))]);
}

static void on_failure(void *arg, struct kw_failure *f)
{
	*(bool *)arg &= f->class == KW_CLASS_VMCS_DUMP || f->class == KW_CLASS_VMCB_DUMP;
}

static bool is_of_kernel(struct kw_str text)
{
	struct kw_stream *s;
	bool ret = true;

	PROMISE(kw_stream_create(on_failure, &ret, &s) == 0);
	kw_stream_feed(s, text.p, text.len);
	kw_stream_finish(s);
	kw_stream_destroy(s);
	return ret;
}

/* A mail broke its lines, and what collects logs does not read mails. */
static bool is_mail(const struct log *log)
{
	return kw_str_has(log->text, KW_STR("=3D")) || strstr(log->path, "_wrapped");
}

static bool load(const char *path)
{
	struct log *log = &logs[nlogs];
	char *text = malloc(LOG_MAX);
	FILE *file = fopen(path, "rb");

	if (!text || !file || nlogs == LOGS_MAX) {
		printf("%s: %s\n", path, strerror(errno));
		return false;
	}
	log->path = path;
	log->text = (struct kw_str){ text, fread(text, 1, LOG_MAX, file) };
	fclose(file);
	log->kernel = is_of_kernel(log->text);
	if (is_mail(log))
		free(text);
	else
		nlogs++;
	return true;
}

int main(int argc, char **argv)
{
	bool whole = argc > 1 && strcmp(argv[1], "--whole") == 0;
	unsigned int wrong = 0, rounds = whole ? WHOLE : 1;

	for (int i = 1 + whole; i < argc; i++) {
		if (!load(argv[i]))
			return 1;
	}
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		unsigned int reported = wrong + REPORTED;

		for (size_t k = 0; k < nlogs * rounds && wrong < reported; k++) {
			struct log *log = &logs[k % nlogs];

			if (!transports[i].kernel || log->kernel)
				wrong += !check_log(&transports[i], log);
		}
	}
	printf("%zu logs, %u times an answer that another speaker changes\n", nlogs, wrong);
	for (size_t i = 0; i < nlogs; i++)
		free((char *)logs[i].text.p);
	return wrong ? 1 : 0;
}
