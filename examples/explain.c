// SPDX-License-Identifier: MIT
#include <kvmwhy/kvmwhy.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	static char log[1 << 20], *answer;
	int count = kw_explain_text(log, fread(log, 1, sizeof(log), stdin), NULL, "text", &answer);

	if (count >= 0)
		fputs(answer, stdout);
	free(answer);
	return count < 0 ? 2 : !count;
}
