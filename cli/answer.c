// SPDX-License-Identifier: MIT
#include "answer.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "term.h"

int kw_answer_option(struct kw_answer_options *o, const char *command, const struct option *options,
		     int c, char **argv)
{
	switch (c) {
	case KW_OPT_FORMAT:
		o->format = optarg;
		return kw_check_word(command, "--format", kw_report_formats, optarg);
	case KW_OPT_KERNEL:
		o->known.host_kernel = optarg;
		return kw_check_release(command, "--host-kernel", optarg);
	case KW_OPT_VENDOR:
		o->known.vendor = optarg;
		return kw_check_word(command, "--vendor", kw_vendors, optarg);
	case KW_OPT_SUMMARY:
		o->summary = true;
		return 0;
	case KW_OPT_ALL:
		o->known.flags |= KW_OPTION_ALL;
		return 0;
	case KW_OPT_CHECKS:
		o->print |= KW_PRINT_CHECKS;
		return 0;
	case 'o':
		o->output = optarg;
		return 0;
	default:
		return kw_view_option(&o->view, command, options, c, argv);
	}
}

int kw_answer_check(const struct kw_answer_options *o, const char *command)
{
	if (!o->summary || strcmp(o->format, "html"))
		return 0;
	return kw_usage(command, "--summary has no format html: use text, json or ndjson");
}

int kw_answer_open(struct kw_answer *a, const struct kw_answer_options *o)
{
	a->options = o;
	return kw_output_open(&a->out, o->output);
}

int kw_answer_begin(struct kw_answer *a)
{
	const struct kw_answer_options *o = a->options;
	int rc;

	if (o->output && ftruncate(a->out.fd, 0) && errno != EINVAL) {
		kw_complain("cannot write '%s': %s", a->out.name, strerror(errno));
		return -1;
	}
	a->flags = o->print | kw_view_begin(&o->view, &a->out);
	if (o->summary)
		return 0;
	rc = kw_printer_create(o->format, a->flags, kw_output_write, &a->out, &a->printer);
	if (rc)
		kw_answer_failed(a, rc);
	return rc ? -1 : 0;
}

int kw_answer_report(void *answer, const struct kw_report *report)
{
	struct kw_answer *a = answer;

	a->count++;
	if (!a->options->summary)
		return kw_printer_report(a->printer, report);
	kw_summary_add(&a->summary, report);
	return 0;
}

int kw_answer_failed(struct kw_answer *a, int rc)
{
	a->trouble = true;
	if (!a->out.error)
		kw_complain("cannot continue: %s", strerror(-rc));
	return rc;
}

void kw_answer_close(struct kw_answer *a)
{
	int rc = a->printer && !a->out.error ? kw_printer_finish(a->printer) : 0;

	if (rc)
		kw_answer_failed(a, rc);
	if (a->options->summary)
		kw_summary_print(&a->summary, a->options->format, a->flags, &a->out);
	a->trouble |= a->summary.failed;
	if (kw_output_close(&a->out))
		a->trouble = true;
	kw_progress_hide();
}

void kw_answer_deinit(struct kw_answer *a)
{
	kw_printer_destroy(a->printer);
	kw_summary_deinit(&a->summary);
}

/* Whoever starts QEMU decides where it speaks. */
static void say_where_logs_are(void)
{
	static const char *const places[][2] = {
		{ "libvirt", "/var/log/libvirt/qemu/GUEST.log" },
		{ "Proxmox VE", "the journal: 'kvmwhy journal -b'" },
		{ "OpenStack", "on the compute node, /var/log/libvirt/qemu/instance-*.log, and "
			       "nova-compute's log for the name" },
		{ "KubeVirt", "'kubectl logs VIRT-LAUNCHER-POD -c compute'" },
		{ "plain QEMU", "its stderr; of a systemd unit, 'kvmwhy journal -u UNIT'" },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		kw_complain("%s: %s", places[i][0], places[i][1]);
}

void kw_answer_nothing(const char *what, uint64_t bytes, uint64_t harmless)
{
	if (!bytes)
		kw_complain("nothing to explain: %s is empty", what);
	else
		kw_complain("no failure of KVM recognised in %s, bytes read: %" PRIu64, what,
			    bytes);
	if (harmless)
		kw_complain("%" PRIu64 " harmless message%s not reported: --all shows %s", harmless,
			    harmless == 1 ? " was" : "s were", harmless == 1 ? "it" : "them");
	kw_complain("looked for: 'kvm run failed', 'KVM internal error', 'KVM: entry failed', "
		    "register dumps of QEMU, kvmtool, crosvm, Cloud Hypervisor and Firecracker; "
		    "KVM's lines, dump_vmcs and dump_vmcb blocks of the host's kernel log");
	kw_complain("collect: what the VMM wrote to stderr and the host's kernel log "
		    "('journalctl -k' or 'dmesg') from the time of the failure, then run 'kvmwhy "
		    "explain' on both. Where the VMM's stderr is:");
	say_where_logs_are();
}
