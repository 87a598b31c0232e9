#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The real failures next to the project in, one verdict per case and the required bounds out. The
logs are not ours to commit: KW_CORPUS names their folder, else ../shared/corpus is looked for. Its
manifest.tsv has what is known about each case: the guest's mode, the faulting instruction and the
cause concluded in the thread it comes from. `kvmwhy explain` is compared with it. usage: shared.py
[--report] KVMWHY [FOLDER]
"""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys

SKIP = 77
CAUSES_PERCENT = 80

# What the first letter of a manifest's kind means. Kinds d and e contain several classes.
CLASS_OF_LETTER = {"a": "kvm-run-failed", "b": "internal-error", "c": "entry-failed"}

# For those, the first row whose words are in the kind.
CLASS_OF_WORDS = [
    ("dump_vmcs", "vmcs-dump"),
    ("VMCB dump", "vmcb-dump"),
    ("unknown exit reason", "unknown-exit"),
    ("x86 register dump, AP", "unknown-exit"),
    ("KVM_EXIT_FAIL_ENTRY", "entry-failed"),
    ("InternalError", "internal-error"),
    ("KVM_RUN failed", "kvm-run-failed"),
    ("kvmtool on RISC-V", "kvm-run-failed"),
    ("crosvm on Gunyah", "vmm-error"),
    ("", "msr-message"),
]

MODES = {
    "16 real": ("real16",),
    "16 real SMM": ("real16",),
    "16 prot": ("protected16", "compat16"),
    "32": ("protected32", "compat32"),
    "64": ("long64",),
}

# The manifest knows the mode from elsewhere: nothing in this text shows it.
MODE_NOT_IN_TEXT = {"b_suberr3_annotated": "no register is in the text"}

# Words of the manifest's cause, and the rules one of which must be among the findings.
CAUSES = [
    ("MC1_CTL (0x404) with bit 0 cleared", "mc-ctl-correctable-eperm"),
    ("as a_unixware_eperm", "mc-ctl-correctable-eperm"),
    ("/dev/shm that is smaller than the guest", "efault-guest-ram-backing"),
    ("zero page refcount leak", "efault-host-memory-bug"),
    ("SMT on", "ebusy-power-smt"),
    ("KVM_BUG_ON(nested_run_pending)", "eio-nested-run-pending"),
    ("as b_spr_vpassist_suberr3", "delivery-wrmsr-vp-assist"),
    ("as b_cxl_suberr3_bigheap", "delivery-page-table-root-mmio"),
    ("FPU state written to CXL memory", "emulator-lacks-insn-mmio"),
    ("far jump right after clearing CR0.PE", "real-mode-invalid-state"),
    ("firmware jumped to nowhere", "runs-zeros"),
    ("unrestricted_guest=N", "real-mode-invalid-state"),
    ("SeaBIOS built with -fcf-protection", "endbr-real-mode"),
    ("runs off into VGA hole", "runs-in-vga-hole"),
    ("nested KVM, RSM", "rsm-nested-smm"),
    ("bhyve nested under KVM", "nested-vmx-insn vcpu-all-zero"),
    ("emulator cannot do the MOVDQA store", "emulator-lacks-insn"),
    ("CR3 carrying the encryption bit", "rsm-cr3-encryption-bit"),
    ("nested state restored before SMM flag", "delivery-page-table-root-smram"),
    ("execution of unmapped address", "fetch-without-memory"),
    ("registers half-reset after migration", "entry-half-restored"),
    ("KVM_SET_SREGS refused CR4.OSXSAVE", "entry-half-restored"),
    ("on one of three nodes (outer hypervisor)", "entry-no-error-number"),
    ("MBR missing", "entry-boot-record"),
    ("MBR/boot loader not written", "entry-boot-record"),
    ("VMPTRLD failed", "entry-vmcs-not-loaded"),
    ("exact control unknown", "entry-controls"),
    ("as d_pve_win2022_smm_journal", "entry-smm-event"),
    ("LBR virtualisation turned off", "entry-sev-es-lbr"),
    ("LOAD_IA32_PERF_GLOBAL_CTRL set in exit controls", "entry-controls"),
    ("suspected defective CPU", "entry-vmresume-not-launched"),
    ("L1 hypervisor rejects VMPTRLD", "vcpu-all-zero entry-no-error-number"),
    ("type 2, accessed bit clear", "vmcs-data-segment-accessed"),
    ("TR is unusable", "vmcs-tr-unusable"),
    ("while not in IA-32e mode", "vmcs-rip-wide"),
    ("keeps blocking-by-STI set", "vmcs-sti-blocking-if-clear"),
    ("event_inj=800003ff (valid", "vmcb-event-inj"),
    ("NULL deref in kvm_write_guest_virt_system", "msr-host-bug"),
    ("DEBUGCTL LBR/BTF bits KVM does not support", "msr-debugctl-bits"),
    ("touches AMD MSR 0xc0011023", "msr-noise msr-ignored"),
    ("noise", "msr-noise msr-dropped"),
    ("harmless", "msr-noise msr-dropped"),
    ("not a failure by itself", "msr-noise msr-dropped"),
    ("RAPL MSR 0x641 read", "msr-noise msr-dropped"),
    ("PVH entry with ESP=0", "stack-below-zero"),
    ("treated as exit reason 0", "exit-unknown-zero"),
    ("guest asked to terminate", "sev-guest-terminated"),
    ("new Xen exit not known to QEMU", "exit-foreign-number"),
]

# Causes known only from elsewhere.
NOT_VISIBLE = [
    ("asymmetric AArch32 cores", "not x86"),
    ("over-strict new check", "not x86"),
    ("guest ran with host LPID", "not x86"),
    ("THP patch", "not x86"),
    ("Gunyah page-fault exit", "not x86, not KVM"),
    ("a core whose PMU differs", "not x86"),
    ("PMU requested but not initialised", "not x86"),
    ("illegal instruction trapped to HS", "not x86"),
    ("guest memory on /dev/mem", "not x86"),
    ("fetch fault during EPT misconfig", "a defect of the kernel; neither exit reason nor code is in the text"),
    ("microcode defect", "one line, without extra data"),
    ("L0 is QEMU TCG", "nothing names the outer hypervisor"),
    ("seen in the dmesg of the same report", "the dmesg is another case"),
    ("PAE root built with shadow_me_mask", "the PDPTEs are not in the text"),
    ("KVM returned -ENOENT to userspace", "the return value is not in the text"),
]

# "as above" and "same" refer to a line that may be missing; corpus-notes.md has what is meant.
MEANT = {
    "a_lp1243287_arm_enosys_devmem": "not x86: guest memory on /dev/mem",
    "b_lp1175089_freebsd_libvirt": "BTX loader far jump right after clearing CR0.PE",
    "b_lp1813165_rsm_nested": "nested KVM, RSM",
    "b_lp1876678_bhyve_vmlaunch": "bhyve nested under KVM",
    "b_lp1876678_bhyve_vmlaunch_2": "bhyve nested under KVM",
    "d_ubuntuforum_two_lines_c0010117": "noise",
    "f_aarch64_asym32_einval_quoted": "asymmetric AArch32 cores",
    "f_cxl_suberr3_quoted": "as b_cxl_suberr3_bigheap",
    "f_lp921208_pointsec_tab_indent": "unknown",
    "f_ml26095107_osxsave_gt_lines": "KVM_SET_SREGS refused CR4.OSXSAVE",
    "f_s390x_enomem_quoted5": "THP patch",
}

# Not users' failures: made for a test, by a fuzzer or as an example.
NO_CAUSE = ("fuzzer", "example made to show", "experimental kernel patch")

# What a certain finding may say besides the cause: these repeat what the text shows and blame
# nothing.
DESCRIBES = set("""
    not-x86 tcg-log eio-vm-dead emulation-failure emulation-no-code emulation-collect runs-zeros
    fetch-without-memory entry-vm-instruction-error entry-svm-invalid vmm-assertion vmcs-cut
    vmcs-collect vmcs-entry-worked msr-ignored encrypted-registers
""".split())

# If a dump breaks several checks, the manifest names only some.
ALSO_BROKEN = {"d_emulator_longmode_vmcs_80000021": {"vmcs-interrupt-if-clear"}}


def find_folder(argument):
    beside = pathlib.Path(__file__).resolve().parents[2].parent / "shared/corpus"
    for folder in (argument, os.environ.get("KW_CORPUS"), beside):
        if folder and (pathlib.Path(folder) / "manifest.tsv").is_file():
            return pathlib.Path(folder)
    return None


def expected_class(kind):
    letter = kind[2] if kind[1:2] == "/" and kind[0] == "f" else kind[0]
    if letter in CLASS_OF_LETTER:
        return CLASS_OF_LETTER[letter]
    return next(name for words, name in CLASS_OF_WORDS if words in kind)


def explain(kvmwhy, path):
    run = subprocess.run([kvmwhy, "explain", "--all", "--format", "json", path], capture_output=True, check=False)
    if run.returncode not in (0, 1):
        sys.exit(f"{path}: exit status {run.returncode}: {run.stderr.decode()}")
    return json.loads(run.stdout)


def check_mode(row, report):
    """What is wrong with the mode, "" if nothing, None if the manifest has none."""
    wanted = row["guest_mode"]
    if wanted not in MODES:
        if wanted.startswith(("not x86", "unknown (zeroed")) and "mode" in report:
            return f"{report['mode']} of a guest that has none"
        return None
    if row["name"] in MODE_NOT_IN_TEXT:
        return f"{report['mode']} without a register" if "mode" in report else None
    if report.get("mode") not in MODES[wanted]:
        return f"{report.get('mode')}, not {wanted}"
    if report.get("smm", "SMM" in wanted) != ("SMM" in wanted):
        return "SMM is wrong"
    return ""


def check_instruction(row, report):
    """Likewise for the instruction: its bytes, or what is wrong with them."""
    wanted = row["faulting_instruction"]
    bytes_wanted = re.search(r"\[([0-9a-f ]+)\]", wanted)
    state = report.get("code", {}).get("state")
    found = report.get("instruction", {}).get("bytes")
    if wanted == "not available":
        return f"{found} out of nothing" if row["guest_mode"] == "not x86" and found else None
    if bytes_wanted:
        return "" if found == bytes_wanted[1] else f"{found or state}, not {bytes_wanted[1]}"
    for start, name in (("00 00", "zeros"), ("ff", "ffs"), ("bytes unreadable", "unreadable")):
        if wanted.startswith(start):
            return "" if state == name else f"{state}, not {name}"
    return f"the manifest's {wanted} is not understood"


def accepted(row):
    """The rules for the known cause, or a text that says why there are none."""
    cause = MEANT.get(row["name"], row["cause"])
    for words, rules in CAUSES:
        if words in cause:
            return set(rules.split())
    for words, reason in NOT_VISIBLE:
        if words in cause:
            return f"not visible: {reason}"
    if any(words in cause for words in NO_CAUSE):
        return "no failure"
    return "unknown" if cause.startswith("unknown") else None


def check_cause(row, reports):
    """(outcome, note): outcome is yes, no, wrong (a certain finding contradicts), - for none, ? for
    not judged."""
    rules = accepted(row)
    if rules is None:
        return "?", f"this script has no row for it: {row['cause']}"
    findings = [finding for report in reports for finding in report["findings"]]
    known = isinstance(rules, set)
    if known or rules.startswith("not visible"):
        fine = DESCRIBES | (rules if known else set()) | ALSO_BROKEN.get(row["name"], set())
        for finding in findings:
            if finding["certainty"] == "certain" and finding["id"] not in fine:
                return "wrong", f"{finding['id']} is certain, the cause is: {row['cause']}"
    if not known:
        return "-", rules
    found = [finding for finding in findings if finding["id"] in rules]
    if found:
        return "yes", f"{found[0]['id']} [{found[0]['certainty']}]"
    return "no", "found: " + (" ".join(finding["id"] for finding in findings) or "nothing")


def check_case(row, reports):
    """One line of the table."""
    wanted = expected_class(row["kind"])
    classes = [report["class"] for report in reports]
    report = next((r for r in reports if r["class"] == wanted), reports[0] if reports else {"findings": []})
    cause, note = check_cause(row, reports)
    return {
        "name": row["name"],
        "x86": "not x86" not in row["guest_mode"] and report.get("arch") in ("x86", "unknown", None),
        "class": "" if wanted in classes else f"{' '.join(classes) or 'nothing'}, not {wanted}",
        "mode": check_mode(row, report),
        "instruction": check_instruction(row, report),
        "cause": cause,
        "note": note,
    }


def column(verdict):
    return "-" if verdict is None else "no" if verdict else "yes"


def print_table(cases):
    width = max(len(case["name"]) for case in cases)
    print(f"{'case':{width}}  class  mode  insn  cause  finding, or why there is none")
    for case in cases:
        print(f"{case['name']:{width}}  {column(case['class']):5}  {column(case['mode']):4}  "
              f"{column(case['instruction']):4}  {case['cause']:5}  {case['note']}")


def bound(title, verdicts, percent=100):
    """Prints a figure and whether it is met."""
    verdicts = [verdict for verdict in verdicts if verdict is not None]
    right = sum(not verdict for verdict in verdicts)
    met = right * 100 >= percent * len(verdicts)
    share = 100 * right / len(verdicts) if verdicts else 100
    print(f"{title}: {right} of {len(verdicts)} ({share:.0f} %, at least {percent} %)" + ("" if met else ": NOT MET"))
    return met


def check_rules(kvmwhy):
    """Every rule that this script names must exist."""
    named = {rule for _, rules in CAUSES for rule in rules.split()} | DESCRIBES
    listing = subprocess.run([kvmwhy, "rule"], capture_output=True, check=True, text=True).stdout
    missing = sorted(named - {line.split()[0] for line in listing.splitlines() if line.split()})
    for rule in missing:
        print(f"{rule}: this script names it, kvmwhy has no such rule")
    return not missing


def main(arguments):
    report = "--report" in arguments
    arguments = [argument for argument in arguments if argument != "--report"]
    folder = find_folder(arguments[1] if len(arguments) > 1 else None)
    if not folder:
        print("no real failures beside the project: set KW_CORPUS to their folder")
        return SKIP
    with open(folder / "manifest.tsv", encoding="utf-8", newline="") as manifest:
        rows = list(csv.DictReader(manifest, delimiter="\t"))
    cases = [check_case(row, explain(arguments[0], folder / f"{row['name']}.txt")) for row in rows]
    failures = [(case["name"], what, case[what]) for case in cases for what in ("class", "mode", "instruction")
                if case[what]]
    failures += [(case["name"], "cause", case["note"]) for case in cases if case["cause"] in ("no", "wrong")]
    if report:
        print_table(cases)
    for name, what, text in failures:
        print(f"{name}: {what}: {text}")
    met = [
        bound("x86 cases with the right class", [case["class"] for case in cases if case["x86"]]),
        bound("cases of other machines with the right class", [case["class"] for case in cases if not case["x86"]]),
        bound("modes", [case["mode"] for case in cases]),
        bound("instructions", [case["instruction"] for case in cases]),
        bound("no certain finding contradicts the cause", [case["cause"] == "wrong" for case in cases]),
        bound("known and visible cause among the findings",
              [case["cause"] != "yes" for case in cases if case["cause"] not in "-?"], CAUSES_PERCENT),
        check_rules(arguments[0]),
    ]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
