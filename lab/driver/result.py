# SPDX-License-Identifier: MIT
"""What an emulator returns from one boot of L1."""

import dataclasses


@dataclasses.dataclass
class Result:
    """The outcome of one boot. ended: done, timeout, died, flood; process.py explains them.
    """
    how: str                # emulator, its version, the model of the processor
    console: str            # the kernel's console
    stream: list            # the lines of the second serial port: l1.py has the format
    oracle: str             # what the emulator itself said about failed VM-entry checks
    ended: str
