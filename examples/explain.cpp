// SPDX-License-Identifier: MIT
// A vCPU of a VMM in C++ whose KVM_RUN failed with EPERM, explained: the one line for the log of a
// thread that is about to end, and the whole answer. A VMM has the structures from KVM_GET_REGS and
// its like.
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <kvmwhy/kvmwhy.h>
#include <linux/kvm.h>

static std::string reason(const kw_vcpu_state &state)
{
	static std::uint8_t scratch[KW_REASON_SCRATCH]; // before there is no memory left
	char line[512];

	kw_vcpu_reason(&state, nullptr, scratch, sizeof(scratch), line, sizeof(line));
	return line;
}

static std::string answer(const kw_vcpu_state &state)
{
	char *text = nullptr;
	int err = kw_vcpu_explain(&state, nullptr, "text", &text);
	std::unique_ptr<char, decltype(&std::free)> owner(text, std::free);

	return err ? "kw_vcpu_explain: " + std::to_string(err) + "\n" : text;
}

int main()
{
	const std::vector<std::uint8_t> code = { 0x89, 0xf9, 0x89, 0xf0, 0x0f, 0x30, 0xc3 };
	kvm_regs regs{};
	kvm_sregs sregs{};
	kw_vcpu_state state{};

	regs.rip = 0xffffffff81060964;
	regs.rcx = 0x404;
	regs.rax = 0xfffffffe;
	regs.rdx = 0xffffffff;
	regs.rflags = 2;
	sregs.cr0 = 0x80050033;
	sregs.cr4 = 0x6f0;
	sregs.efer = 0xd01;
	sregs.cs.type = 11;
	sregs.cs.s = sregs.cs.l = sregs.cs.present = sregs.cs.g = 1;
	sregs.cs.limit = 0xffffffff;

	state.size = sizeof(state);
	state.error = EPERM;
	state.number = 0;
	state.regs = &regs;
	state.regs_size = sizeof(regs);
	state.sregs = &sregs;
	state.sregs_size = sizeof(sregs);
	state.code = code.data();
	state.code_size = code.size();
	state.code_at = 4;
	state.code_known = (1u << code.size()) - 1;
	std::cout << reason(state) << "\n\n" << answer(state);
}
