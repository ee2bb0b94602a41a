# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts single test cases: summary.py [BUILD-DIRECTORY | STEP=ok | STEP=failed] ...

Reads what meson wrote down of its last test run in each directory; a step counts as one case. A directory without
such a record, and a test that went wrong in no single case (a crash, a timeout), count as one failed case. The last
line is the verdict; the exit status tells the same.
"""
import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

NOT_IN_XML = re.compile(r'[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')
GOOD = ('OK', 'SKIP', 'EXPECTEDFAIL')


def judge(element):
    if element.find('skipped') is not None:
        return 'skipped'
    if element.find('failure') is not None or element.find('error') is not None:
        return 'failed'
    return 'passed'


def cases(directory):
    """Yields (name, verdict) for each case."""
    logs = directory / 'meson-logs'
    try:
        # What a test printed stands in it as it is, control characters and all, and XML has no way to hold those.
        record = (logs / 'testlog.junit.xml').read_text(errors='replace')
        suites = xml.fromstring(NOT_IN_XML.sub('?', record).encode())
        tests = [json.loads(line) for line in (logs / 'testlog.json').read_text().splitlines()]
    except FileNotFoundError:
        yield f'{directory}: tests did not run', 'failed'
        return

    failed = ''
    for suite in suites.iter('testsuite'):
        for case in suite.iter('testcase'):
            name, verdict = f'{suite.get("name")}: {case.get("name")}', judge(case)
            if verdict == 'failed':
                failed += name + '\n'
            yield f'{directory}: {name}', verdict
    # meson's list of cases says nothing of a program that ends badly between them; its list of tests does.
    for test in tests:
        if test['result'] not in GOOD and test['name'] not in failed:
            yield f'{directory}: {test["name"]}: {test["result"]}', 'failed'


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
