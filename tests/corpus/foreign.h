/* SPDX-License-Identifier: MIT */
/* Lines of other speakers: none of them may change the answer to a failure that it stands in. */
#ifndef KW_TESTS_FOREIGN_H
#define KW_TESTS_FOREIGN_H

#include "base/str.h"

struct foreign {
	const char *name;
	struct kw_str line;
	bool fails; /* is a failure of its own, so a further answer is right */
};

static const struct foreign foreign[] = {
	{ "ends in =20", KW_STR("vcpus=20"), false },
	{ "ends in =", KW_STR("the rest follows="), false },
	{ "holds =3D", KW_STR("Temperature=3D 41"), false },
	{ "is quoted-printable", KW_STR("a=3Db caf=C3=A9 c=20\nd=3De f=\n"), false },
	{ "[...]", KW_STR("[...]"), false },
	{ "[…]", KW_STR("[\xe2\x80\xa6]"), false },
	{ "JSON", KW_STR("{\"level\":\"info\",\"msg\":\"sync\\ndone\",\"n\":[1,{\"a\":null}]}"),
	  false },
	{ "torn JSON", KW_STR("{\"log\":\"half of"), false },
	{ "QMP",
	  KW_STR("{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}"),
	  false },
	{ "logrus", KW_STR("time=\"2026-01-01T05:08:37Z\" level=info msg=\"pod \\\"a\\\" ready\""),
	  false },
	{ "CRI", KW_STR("2026-01-01T05:08:37.123456789Z stdout P part"), false },
	{ "our own mark", KW_STR("kvmwhy watch: 12 failures were not written"), false },
	{ "our own end", KW_STR("kvmwhy watch: failure 7 ends"), false },
	{ "our own log", KW_STR("kvmwhy watch: log: [   12.345678] eth0: link up"), false },
	{ "another monitor",
	  KW_STR("[ERROR:src/linux/vcpu.rs:1] vcpu hit unknown error: Bad address (os error 14)"),
	  true },
	{ "a kernel message", KW_STR("[ 1234.567890] perf: interrupt took too long (2501 > 2500)"),
	  false },
	{ "rows of hex",
	  KW_STR("00000000: 7f45 4c46 0201 0100 0000 0000 0000 0000  .ELF............"), false },
	{ "register-like", KW_STR("RAX=zz RIP=what CS =none EFER=?"), false },
	{ "a guest's console",
	  KW_STR("Linux version 6.1.0 (gcc 12) #1 SMP: Command line: root=/dev/vda1 ro"), false },
	{ "empty", KW_STR(""), false },
	{ "blanks", KW_STR(" \t  "), false },
	{ "NULs", KW_STR("\0\0\0\0"), false },
	{ "no UTF-8", KW_STR("\xff\xfe \xc3\x28 \xed\xa0\x80"), false },
	{ "ESC", KW_STR("\033[31mred\033[0m \033]0;title\a\033["), false },
	{ "HTML", KW_STR("<p>&lt;&amp;&gt;</p><table>"), false },
	{ "backslashes", KW_STR("C:\\new\\table\\u00"), false },
};

enum { NFOREIGN = sizeof(foreign) / sizeof(foreign[0]) };

#endif
