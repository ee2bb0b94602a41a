# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts single test cases: summary.py [BUILD-DIRECTORY | STEP=ok | STEP=failed] ...

Reads what meson wrote down of its last test run in each directory; a step counts as one case. A directory without
such a record, and one with cases that ran in no end (a crash, a timeout), count as failed. The last line is the
verdict; the exit status tells the same.
"""
import collections
import pathlib
import sys
import xml.etree.ElementTree as xml


def judge(element):
    if element.find('skipped') is not None:
        return 'skipped'
    if element.find('failure') is not None or element.find('error') is not None:
        return 'failed'
    return 'passed'


def cases(directory):
    """Yields (name, verdict) for each case."""
    record = directory / 'meson-logs' / 'testlog.junit.xml'
    if not record.exists():
        yield f'{directory}: tests did not run', 'failed'
        return
    for suite in xml.parse(record).getroot().iter('testsuite'):
        verdicts = [(case.get('name'), judge(case)) for case in suite.iter('testcase')]
        for name, verdict in verdicts:
            yield f'{directory}: {suite.get("name")}: {name}', verdict
        broken = int(suite.get('errors', 0)) + int(suite.get('failures', 0))
        if broken > sum(verdict == 'failed' for _, verdict in verdicts):
            yield f'{directory}: {suite.get("name")}: ended badly', 'failed'


def main():
    count = collections.Counter()
    for argument in sys.argv[1:]:
        step, equals, verdict = argument.partition('=')
        found = [(step, 'passed' if verdict == 'ok' else 'failed')] if equals else cases(pathlib.Path(argument))
        for name, result in found:
            count[result] += 1
            if result == 'failed':
                print(f'failed: {name}')
    print(f'{count["passed"]} passed, {count["failed"]} failed, {count["skipped"]} skipped')
    return 1 if count['failed'] or not count['passed'] else 0


sys.exit(main())
