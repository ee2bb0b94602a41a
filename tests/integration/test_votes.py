# SPDX-License-Identifier: LGPL-2.1-or-later
"""Votes: what instances make of a new version decides whether it stays."""
import json
import os
import unittest

import reconf
import scene
from program import Program

# Longer than any case takes: nobody is found silent by accident.
LONG = 60000


class VoteCase(scene.TestCase):
    """Version 1 of the config a holds a: 1, and there are no instances yet."""

    options = {}

    def setUp(self):
        super().setUp()
        self.config = self.watch(**{'ack_ms': LONG, 'on_failure': 'rollback', **self.options})

    def join(self, **settings):
        """Another connection that has a vote."""
        return self.bus.connect().register_instance('a', **{'ack': True, **settings})[0]

    def change(self, value=2):
        """Waits for no answer: where instances have little time, the version may be gone when that comes."""
        self.save('a.yaml', f'a: {value}\n')
        return self.config.wait_changed()[1]

    def assert_back(self, *words, version=2, to=1):
        """It went back for this reason, and everybody can know."""
        stage, problems = self.config.wait_signal('ReloadFailed').arguments
        self.assertEqual((stage, len(problems)), ('instance', 1))
        for word in words:
            self.assertIn(str(word), problems[0][3])
        _, number, previous, changes, details = self.config.wait_changed()
        self.assertEqual((number, previous), (version + 1, version))
        self.assertEqual([change[3] for change in changes], [to])
        self.assertEqual((details['origin'], details['message']), ('failure', problems[0][3]))
        self.assertEqual(self.path('a.yaml').read_text(), f'a: {to}\n')
        newest, before = self.config.history()[:2]
        self.assertEqual((newest[0], newest[2], newest[4], newest[5]['message']),
                         (version + 1, 'failure', 'active', problems[0][3]))
        self.assertEqual((before[0], before[4]), (version, 'rolled-back'))

    def assert_stays(self, version=2):
        """Whatever would have to come of it has come."""
        self.assertEqual([heard.member for heard in self.still()
                          if heard.member in ('ConfigChanged', 'ReloadFailed')], [])
        self.assertEqual(self.config.get_property('Version'), version)
        self.assertEqual(self.config.history()[0][4], 'active')


class Failing(VoteCase):
    def test_failed(self):
        """The reason names the program, and quotes it."""
        shop = Program(self)
        path, _ = shop.register('a', ack=True)
        self.change()
        shop.report(path, 2, 'failed', 'port 80 is taken')
        self.assert_back('webshop', f'pid {shop.pid}', 'version 2', 'port 80 is taken')

    def test_order(self):
        shop = self.join()
        self.save('a.yaml', 'a: 2\n')
        self.config.reload()
        shop.report(2, 'failed', 'no')
        shop.client.wait_signal('ConfigChanged', lambda heard: heard.arguments[1] == 3)
        told = [(heard.member, heard.arguments[1]) for heard in self.client.settle()
                if heard.interface == reconf.CONFIG and heard.member != 'ReloadFailed']
        self.assertEqual(told, [('ConfigChanged', 2), ('InstanceStateChanged', 'failed'), ('ConfigChanged', 3),
                                ('InstanceStateChanged', 'pending')])
        members = [heard.member for heard in self.client.heard if heard.interface == reconf.CONFIG]
        self.assertEqual(members.index('ReloadFailed'), 2)

    def test_died(self):
        shop = Program(self)
        shop.register('a', ack=True)
        self.change()
        shop.kill()
        self.assert_back('webshop', f'pid {shop.pid}', 'left')

    def test_left(self):
        shop = self.join()
        self.change()
        shop.client.close()
        self.assert_back('left before it reported on version 2')

    def test_unregistered(self):
        shop = self.join()
        self.change()
        shop.call('Unregister')
        self.assert_back('left before it reported on version 2')

    def test_one_of_many(self):
        instances = [self.join() for _ in range(3)]
        self.change()
        instances[0].report(2)
        instances[1].report(2, 'failed')
        self.assert_back('could not apply version 2')

    def test_applied_first(self):
        """Until all have applied it, any may still fail."""
        shop, _ = self.join(), self.join()
        self.change()
        shop.report(2)
        shop.report(2, 'failed', 'after all')
        self.assert_back('after all')

    def test_without_acknowledging(self):
        shop = self.join(ack=False)
        self.change()
        shop.report(2, 'failed', 'no')
        shop.client.close()
        self.assert_stays()

    def test_stops_acknowledging(self):
        shop = self.join()
        self.change()
        shop.client.register_instance('a')
        shop.report(2, 'failed', 'no')
        shop.client.close()
        self.assert_stays()

    def test_first_version(self):
        """There is nothing to go back to."""
        self.join().report(1, 'failed', 'no')
        self.assert_stays(1)

    def test_what_comes_late(self):
        """A report about what is gone already is noted, and so is one about what was gone back to."""
        shop, other = self.join(), self.join()
        self.change()
        shop.report(2, 'failed', 'no')
        self.assert_back('no')
        other.report(2, 'failed', 'not here either')
        rows = {row[0]: row for row in self.config.call('ListInstances')}
        self.assertEqual((rows[other.path][5], rows[other.path][7]['message']), ('pending', 'not here either'))
        other.report(3, 'failed', 'nor this')
        shop.client.close()
        self.assert_stays(3)

    def test_new_version_meanwhile(self):
        """What it goes back to is the last that all have taken."""
        shop = self.join()
        self.change(2)
        self.change(3)
        shop.report(2, 'failed', 'too late')
        self.assertEqual(self.config.get_property('Version'), 3)
        shop.report(3, 'failed', 'no')
        self.assert_back('version 3', 'no', version=3)

    def test_again_and_again(self):
        """One that went back does not keep the next from being tried."""
        shop = self.join()
        for version in (2, 4):
            self.change(2)
            shop.report(version, 'failed', 'no')
            self.assert_back('no', version=version)
            shop.report(version + 1)

    def test_unregistered_config(self):
        self.join()
        self.change()
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.assertEqual(self.client.manager('ListInstances', '(s)', ''), [])
        self.assertEqual(self.path('a.yaml').read_text(), 'a: 2\n')


@unittest.skipIf(os.geteuid() != 0, 'the service of the system is for root')
class OnSystemBus(VoteCase):
    """Where not everybody has a vote, root has."""

    bus_kind = 'system'

    def test_failed(self):
        instances = [self.join() for _ in range(3)]
        self.assertEqual([row[7]['vote'] for row in self.config.call('ListInstances')], [True] * 3)
        self.change()
        instances[2].report(2, 'failed', 'no')
        self.assert_back('no')

    def test_silent(self):
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.config = self.watch(on_failure='rollback', ack_ms=100)
        first = self.config.get_property('Version')
        self.join()
        self.change()
        self.assert_back('said nothing', version=first + 1)


class Silent(VoteCase):
    options = {'ack_ms': 100}

    def test_silent(self):
        shop = Program(self)
        shop.register('a', ack=True)
        self.change()
        self.assert_back('webshop', f'pid {shop.pid}', 'said nothing within 100 ms')

    def test_several(self):
        for _ in range(3):
            self.join()
        self.join().report(1)
        self.change()
        self.assert_back('and 3 more said nothing')

    def test_nobody(self):
        self.change()
        self.assert_stays()
        # Time is over.
        shop = self.join()
        shop.report(2, 'failed', 'no')
        self.assert_stays()

    def test_came_meanwhile(self):
        """One that was not there is not waited for."""
        self.save('a.yaml', 'a: 2\n')
        self.config.reload()
        self.join()
        self.forget()
        self.assert_stays()

    def test_has_failed_before(self):
        """Under on-failure=keep nothing is done, whoever says what."""
        other = self.watch('b.yaml', 'b: 1\n', 'b', ack_ms=100, on_failure='keep')
        shop, _ = self.bus.connect().register_instance('b', ack=True)
        self.bus.connect().register_instance('b', ack=True)
        self.save('b.yaml', 'b: 2\n')
        other.reload()
        shop.report(2, 'failed', 'no')
        self.forget()
        self.assertEqual([heard.member for heard in self.still() if heard.interface == reconf.CONFIG], [])
        self.assertEqual(other.get_property('Version'), 2)


class Taken(VoteCase):
    def test_all_applied(self):
        instances = [self.join() for _ in range(2)]
        self.change()
        for instance, status in zip(instances, ('applied', 'partial')):
            instance.report(2, status)
        # It is settled: nothing that happens now brings it back.
        instances[0].report(2, 'failed', 'no')
        instances[1].client.close()
        self.assert_stays()

    def test_leaves_after_its_report(self):
        first, second = self.join(), self.join()
        self.change()
        first.report(2)
        first.client.close()
        reconf.wait_until(lambda: len(self.config.call('ListInstances')) == 1, 'one to go')
        second.report(2)
        second.report(2, 'failed', 'no')
        self.assert_stays()

    def test_came_meanwhile(self):
        """A program that was started anew takes part."""
        self.change()
        shop = self.join()
        shop.report(2, 'failed', 'no')
        self.assert_back('no')

    def test_came_meanwhile_and_left(self):
        self.change()
        self.join().client.close()
        self.assert_back('left')

    def test_is_waited_for_though_it_came_late(self):
        first = self.join()
        self.change()
        late = self.join()
        first.report(2)
        late.report(2, 'failed', 'no')
        self.assert_back('no')


class Restarting(VoteCase):
    """A change that takes a restart: whoever leaves does as it should."""

    def setUp(self):
        super(VoteCase, self).setUp()
        schema = self.write('schema.json', json.dumps({'properties': {'a': {'x-restart': True}}}))
        self.config = self.watch(ack_ms=LONG, on_failure='rollback', schema=str(schema))

    def test_leaving_is_no_failure(self):
        shop = Program(self)
        shop.register('a', ack=True)
        self.change()
        shop.kill()
        self.assert_stays()

    def test_comes_again_and_fails(self):
        shop = self.join()
        self.change()
        shop.client.close()
        self.join().report(2, 'failed', 'no')
        self.assert_back('no')

    def test_comes_again_and_applies(self):
        shop, other = self.join(), self.join()
        self.change()
        shop.client.close()
        other.report(2)
        # It is not settled before the one that left was back.
        again = self.join()
        again.report(2)
        again.report(2, 'failed', 'no')
        self.assert_stays()

    def test_comes_again_and_fails_after_all_others(self):
        shop, other = self.join(), self.join()
        self.change()
        shop.client.close()
        reconf.wait_until(lambda: len(self.config.call('ListInstances')) == 1, 'one to go')
        other.report(2)
        self.join().report(2, 'failed', 'no')
        self.assert_back('no')

    def test_still_fails_by_saying_so(self):
        shop = self.join()
        self.change()
        shop.report(2, 'failed', 'no')
        self.assert_back('no')


class Confirming(VoteCase):
    """confirm-by=instances: what all have applied needs nobody else."""

    options = {'on_failure': 'keep', 'confirm_ms': LONG, 'confirm_by': 'instances', 'ack_ms': 100}

    def assert_unconfirmed(self):
        self.assertEqual(self.state(self.config), 'unconfirmed')
        self.assertGreater(self.config.get_property('ConfirmDeadline'), 0)

    def assert_confirmed(self):
        self.assertEqual(self.state(self.config), 'active')
        self.assertEqual(self.config.get_property('ConfirmDeadline'), 0)
        self.assertEqual(self.config.get_property('Version'), 2)

    def test_all(self):
        instances = [self.join() for _ in range(2)]
        self.change()
        instances[0].report(2)
        self.assert_unconfirmed()
        instances[1].report(2, 'partial', 'nearly')
        self.assert_confirmed()

    def test_one_leaves(self):
        """Who is not there any longer has not to apply it."""
        first, second = self.join(), self.join()
        self.change()
        first.report(2)
        second.client.close()
        self.wait_state(self.config, 'active')
        self.assert_confirmed()

    def test_after_the_time(self):
        """ack-ms is about failing: whoever is slow may still confirm."""
        shop = self.join()
        self.change()
        self.still()
        self.assert_unconfirmed()
        shop.report(2)
        self.assert_confirmed()

    def test_nobody_is_not_all(self):
        self.change()
        self.still()
        self.assert_unconfirmed()
        self.join(ack=False).report(2)
        self.assert_unconfirmed()
        self.join().report(2)
        self.assert_confirmed()

    def test_mended(self):
        shop = self.join()
        self.change()
        shop.report(2, 'failed', 'no')
        self.assert_unconfirmed()
        shop.report(2)
        self.assert_confirmed()

    def test_last_to_apply_stops_acknowledging(self):
        first, second = self.join(), self.join()
        self.change()
        first.report(2)
        second.client.register_instance('a')
        self.assert_confirmed()


class ConfirmingOrBack(Confirming):
    options = {**Confirming.options, 'on_failure': 'rollback', 'ack_ms': LONG}

    test_after_the_time = test_one_leaves = None

    def test_mended(self):
        """It goes back at once, and what is said then comes too late."""
        shop = self.join()
        self.change()
        shop.report(2, 'failed', 'no')
        self.assert_back('no')
        self.assertEqual(self.state(self.config), 'active')


class BothToConfirm(VoteCase):
    """confirm-by=caller: programs may object until somebody has confirmed."""

    options = {'confirm_ms': LONG}

    def setUp(self):
        super().setUp()
        self.shop = self.join()
        self.change()
        self.shop.report(2)
        self.assertEqual(self.state(self.config), 'unconfirmed')

    def test_fails_later(self):
        self.shop.report(2, 'failed', 'ran out of memory')
        self.assert_back('ran out of memory')

    def test_leaving_later_is_no_objection(self):
        self.shop.client.close()
        self.assert_stays()

    def test_another_fails_later(self):
        self.join().report(2, 'failed', 'no')
        self.assert_back('no')

    def test_confirmed(self):
        self.config.call('Confirm', '(t)', 2)
        self.shop.report(2, 'failed', 'no')
        self.assert_stays()
