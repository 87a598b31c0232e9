// SPDX-License-Identifier: MIT
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	static char log[1 << 20], *answer;
	int failures = kw_explain_text(log, fread(log, 1, sizeof(log), stdin), NULL, "text", &answer);

	if (failures >= 0)
		fputs(answer, stdout);
	free(answer);
	return failures < 0 ? 2 : !failures;
}
