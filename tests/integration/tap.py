# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the test cases of one module and prints TAP: tap.py MODULE [PATTERN ...]

unittest's own report is for people; TAP gives meson each case by itself. Patterns are those of unittest -k.
"""
import importlib
import signal
import sys
import traceback
import unittest


def comment(text):
    """On standard error, which meson shows of a test that failed."""
    for line in text.rstrip('\n').split('\n'):
        print('#', line, file=sys.stderr, flush=True)


class TapResult(unittest.TestResult):
    """Counts a case once, also where a subtest of it fails."""

    def __init__(self):
        super().__init__()
        self.number = 0
        self.line = None

    def startTest(self, test):
        super().startTest(test)
        self.number += 1
        self.line = f'ok {self.number} {test.id()}'

    def fail(self, test, problem):
        self.line = f'not ok {self.number} {test.id()}'
        comment(''.join(traceback.format_exception(*problem)))

    def outside(self, test, tell):
        """What happens in the set-up of a class or module belongs to no case: it counts as one."""
        alone = self.line is None
        self.number += alone
        tell()
        if alone:
            self.stopTest(test)

    def addError(self, test, problem):
        super().addError(test, problem)
        self.outside(test, lambda: self.fail(test, problem))

    def addFailure(self, test, problem):
        super().addFailure(test, problem)
        self.fail(test, problem)

    def addSubTest(self, test, subtest, problem):
        super().addSubTest(test, subtest, problem)
        if problem is not None:
            comment(str(subtest))
            self.fail(test, problem)

    def skip(self, test, reason):
        self.line = f'ok {self.number} {test.id()} # SKIP {reason}'

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.outside(test, lambda: self.skip(test, reason))

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.line = f'not ok {self.number} {test.id()}'

    def stopTest(self, test):
        super().stopTest(test)
        print(self.line, flush=True)
        self.line = None


def main():
    # What started us may ignore these, as nohup does and a shell in the background; so would all that is started here.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f'*{pattern}*' for pattern in sys.argv[2:]] or None
    suite = loader.loadTestsFromModule(importlib.import_module(sys.argv[1]))
    result = TapResult()
    suite.run(result)
    print(f'1..{result.number}')
    return 0 if result.wasSuccessful() and result.number > 0 else 1


sys.exit(main())
