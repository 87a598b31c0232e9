// SPDX-License-Identifier: MIT
/*
 * Who wrote a line, as far as what was put around it says so. Names are kept as hashes: they are
 * compared and never shown.
 */
#include "parse/parse.h"

static uint64_t hash(struct kw_str name)
{
	uint64_t ret = 0xcbf29ce484222325;

	for (size_t i = 0; i < name.len; i++)
		ret = (ret ^ (unsigned char)name.p[i]) * 0x100000001b3;
	return ret | 1;
}

/* The outermost name is the logger's; what the line itself says proves nothing. */
static void set(uint64_t *name, uint64_t value)
{
	if (!*name)
		*name = value;
}

static bool is_any_of(struct kw_str s, const struct kw_str *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s.len == list[i].len && s.p[0] == list[i].p[0] && kw_str_eq(s, list[i]))
			return true;
	}
	return false;
}

/* Programs that speak about guests and are none: their lines belong to whichever guest fails. */
static bool is_service(struct kw_str program)
{
	static const struct kw_str services[] = {
		KW_STR("kernel"),	KW_STR("systemd"),   KW_STR("libvirtd"),
		KW_STR("virtqemud"),	KW_STR("virtlogd"),  KW_STR("virtlockd"),
		KW_STR("abrtd"),	KW_STR("audit"),     KW_STR("auditd"),
		KW_STR("qm"),		KW_STR("pvedaemon"), KW_STR("pveproxy"),
		KW_STR("pvescheduler"), KW_STR("pvestatd"),  KW_STR("containerd"),
		KW_STR("dockerd"),	KW_STR("kubelet"),   KW_STR("crio"),
		KW_STR("vdsm"),		KW_STR("rasdaemon"), KW_STR("mcelog"),
		KW_STR("nova-compute"), KW_STR("kvmwhy"),
	};
	static const struct kw_str family[] = { KW_STR("systemd-"), KW_STR("abrt-"),
						KW_STR("pve-") };

	if (!program.len)
		return false;
	for (size_t i = 0; i < sizeof(family) / sizeof(family[0]); i++) {
		if (program.p[0] == family[i].p[0] && kw_str_starts(program, family[i]))
			return true;
	}
	return is_any_of(program, services, sizeof(services) / sizeof(services[0]));
}

void kw_speaker_host(struct kw_speaker *who, struct kw_str host)
{
	set(&who->host, hash(host));
}

void kw_speaker_place(struct kw_speaker *who, struct kw_str place)
{
	set(&who->place, hash(place));
}

void kw_speaker_program(struct kw_speaker *who, struct kw_str program, struct kw_str pid)
{
	if (who->program || who->pid)
		return;
	who->program = hash(program);
	who->pid = is_service(program) ? 0 : hash(pid);
}

void kw_speaker_task(struct kw_speaker *who, struct kw_str task)
{
	set(&who->task, hash(task));
}

/*
 * Fields that name the place, all together: of docker's log drivers, Kubernetes' agents, stern,
 * Loki, KubeVirt and kata.
 */
static bool is_place(struct kw_str key)
{
	static const struct kw_str keys[] = {
		KW_STR("CONTAINER_ID"),	  KW_STR("CONTAINER_NAME"),
		KW_STR("container_id"),	  KW_STR("container_name"),
		KW_STR("containerName"),  KW_STR("container"),
		KW_STR("pod_id"),	  KW_STR("pod_name"),
		KW_STR("podName"),	  KW_STR("pod"),
		KW_STR("namespace_name"), KW_STR("namespace"),
		KW_STR("instance_id"),	  KW_STR("filename"),
		KW_STR("sandbox"),	  KW_STR("uid"),
	};

	return is_any_of(key, keys, sizeof(keys) / sizeof(keys[0]));
}

void kw_speaker_field(struct kw_speaker *who, struct kw_str key, struct kw_str value)
{
	if (is_place(key)) {
		who->place += hash(key) * hash(value);
	} else if (kw_str_eq(key, KW_STR("_HOSTNAME"))) {
		who->host = hash(value);
	} else if (kw_str_eq(key, KW_STR("_PID"))) {
		who->pid = hash(value);
	} else if (kw_str_eq(key, KW_STR("SYSLOG_IDENTIFIER"))) {
		who->program = hash(value);
		who->service = is_service(value);
	} else if (kw_str_eq(key, KW_STR("_TRANSPORT")) && kw_str_eq(value, KW_STR("kernel"))) {
		who->program = hash(value);
		who->service = true;
	}
}

void kw_speaker_inside(struct kw_speaker *who, const struct kw_speaker *inner)
{
	set(&who->host, inner->host);
	set(&who->place, inner->place);
	set(&who->task, inner->task);
	if (who->program || who->pid)
		return;
	who->program = inner->program;
	who->pid = inner->service ? 0 : inner->pid;
}

/* What is written in front of each line. */

static bool is_name(char c)
{
	return kw_is_word(c) || c == '-' || c == '.';
}

static size_t name_len(struct kw_str s)
{
	size_t len = 0;

	while (len < s.len && is_name(s.p[len]))
		len++;
	return len;
}

static bool has_lower(struct kw_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			return true;
	}
	return false;
}

/* docker compose, after @name: "  | "; "INFO | " is a level. */
static size_t prefix_compose(struct kw_str s, struct kw_str name, struct kw_speaker *who)
{
	size_t at = name.len;

	while (at < s.len && s.p[at] == ' ')
		at++;
	if (at >= s.len || s.p[at] != '|' || !has_lower(name) ||
	    (at + 1 < s.len && s.p[at + 1] != ' '))
		return 0;
	kw_speaker_place(who, name);
	return at + 1;
}

/* kubectl logs --prefix: "[pod/virt-launcher-vm1-x7k2p/compute] " */
static size_t prefix_kubectl(struct kw_str s, struct kw_speaker *who)
{
	size_t end = kw_str_starts(s, KW_STR("[pod/")) ? kw_str_find(s, KW_STR("] ")) : SIZE_MAX;

	if (end == SIZE_MAX)
		return 0;
	kw_speaker_place(who, (struct kw_str){ s.p, end });
	return end + 2;
}

/* The end of the name that Kubernetes gives a pod: "-x7k2p", in letters that make no words. */
static bool is_pod(struct kw_str name)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";

	if (name.len < 7 || name.p[name.len - 6] != '-')
		return false;
	for (size_t i = name.len - 5; i < name.len; i++) {
		if (!memchr(letters, name.p[i], sizeof(letters) - 1))
			return false;
	}
	return true;
}

/* stern: a pod's name, and "compute " */
static size_t prefix_stern(struct kw_str s, struct kw_str pod, struct kw_speaker *who)
{
	size_t len = pod.len + 1;

	if (!is_pod(pod))
		return 0;
	len += name_len(kw_str_from(s, len));
	if (len == pod.len + 1 || len >= s.len || s.p[len] != ' ')
		return 0;
	kw_speaker_place(who, (struct kw_str){ s.p, len });
	return len + 1;
}

/* What begins with a name and a blank. */
static size_t prefix_name(struct kw_str s, struct kw_speaker *who)
{
	struct kw_str name = { s.p, name_len(s) };
	size_t len;

	if (!name.len || name.len == s.len || s.p[name.len] != ' ')
		return 0;
	len = prefix_compose(s, name, who);
	return len ? len : prefix_stern(s, name, who);
}

/* logcli: {container="compute", pod="vm1"} */
static size_t prefix_labels(struct kw_str s, struct kw_speaker *who)
{
	struct kw_speaker labels = { 0 };
	size_t at = 1;

	while (at < s.len) {
		struct kw_str key = kw_str_from(s, at), value;
		const char *end;

		key.len = name_len(key);
		value = kw_str_from(s, at + key.len);
		if (!key.len || !kw_str_skip(value, KW_STR("=\""), &value))
			return 0;
		end = memchr(value.p, '"', value.len);
		if (!end)
			return 0;
		value.len = (size_t)(end - value.p);
		kw_speaker_field(&labels, key, value);
		at = (size_t)(end - s.p) + 1;
		if (kw_str_starts(kw_str_from(s, at), KW_STR("} "))) {
			kw_speaker_inside(who, &labels);
			return at + 2;
		}
		if (!kw_str_starts(kw_str_from(s, at), KW_STR(", ")))
			return 0;
		at += 2;
	}
	return 0;
}

size_t kw_speaker_prefix(struct kw_str s, bool first, struct kw_speaker *who)
{
	switch (s.p[0]) {
	case '[':
		return prefix_kubectl(s, who);
	case '{':
		return prefix_labels(s, who);
	default:
		return first ? prefix_name(s, who) : 0;
	}
}

bool kw_speaker_header(struct kw_str raw, struct kw_speaker *who)
{
	static const struct kw_str open = KW_STR("==> "), close = KW_STR(" <==");

	raw = kw_str_trim(raw);
	if (!kw_str_starts(raw, open) || raw.len <= open.len + close.len ||
	    !kw_str_eq(kw_str_from(raw, raw.len - close.len), close))
		return false;
	*who = (struct kw_speaker){ .place = hash(raw) };
	return true;
}
