# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program of a window with a status indicator, by what it looks like."""
import shutil

import example
import reconf
import screen


class StatusWindow(example.TestCase):
    COLOURS = {'connecting': 0x865e00, 'connected': 0x1b7f4f, 'disconnected': 0x5e5c64, 'error': 0xc01c28}
    # Columns of the indicator.
    ICON, LABEL = slice(8, 28), slice(28, -8)
    SETTINGS = ('{log: {level: info}, server: {timeout: 30, rate-limit: {requests: 100}},'
                ' database: {pool: {size: %s}}, features: {dark-mode: %s}}\n')

    def setUp(self):
        super().setUp()
        if not shutil.which('Xvfb'):
            self.skipTest('there is no Xvfb')
        self.screen = screen.Screen(self)

    def open(self, *options, dark='false', **environment):
        return self.open_file(self.settings(self.SETTINGS % (10, dark)), *options, **environment)

    def open_file(self, path, *options, **environment):
        return self.example('status-window', *options, path, **self.screen.environment | environment)

    def wait_status(self, status, name=None):
        """A picture in which the indicator has that colour, and no other."""
        def look(picture):
            counts = {other: picture.count(colour) for other, colour in self.COLOURS.items()}
            return counts.pop(status) > 200 and not any(counts.values())
        picture = self.screen.wait(look, f'the indicator to be {status}')
        picture.leave(name or status)
        return picture

    def is_dark(self, picture):
        return picture.background() and picture.background() & 0xff < 0x80

    def test_values(self):
        self.open()
        first = self.wait_status('connected')
        self.save('shop.yaml', self.SETTINGS % (2500, 'false'))
        second = self.screen.wait(lambda picture: picture != first, 'another value')
        second.leave('another-value')
        self.assertEqual(second.box(self.COLOURS['connected']), first.box(self.COLOURS['connected']))
        # A longer value moves nothing.
        self.assertEqual(second.box(self.text_colour(second))[::2], first.box(self.text_colour(first))[::2])
        self.save('shop.yaml', self.SETTINGS % (10, 'false'))
        self.screen.wait(lambda picture: picture == first, 'the value that it was')
        self.save('shop.yaml', self.SETTINGS % (10, 'true'))
        self.assertFalse(self.is_dark(first))
        self.screen.wait(self.is_dark, 'a dark window')
        dark = self.wait_status('connected', 'dark')
        self.assertEqual(dark.box(self.COLOURS['connected']), first.box(self.COLOURS['connected']))

    def text_colour(self, picture):
        """That of the letters' inner parts, of which there is more than of what their edges are."""
        others = {screen.BLACK, picture.background(), 0xffffff, *self.COLOURS.values()}
        return max(set(picture.pixels) - others, key=picture.count)

    def test_looks(self):
        """Each status has an icon and a label of its own."""
        looks = {}

        def look(status):
            picture = self.wait_status(status)
            looks[status] = [picture.drawn(self.COLOURS[status], columns, 6) for columns in (self.ICON, self.LABEL)]

        program = self.open('--stay-away')
        look('connected')
        self.bus.end_daemon()
        look('disconnected')
        program.kill()
        program = self.open()
        self.wait_status('connected')
        self.bus.stop()
        look('connecting')
        program.kill()
        self.bus.start()
        self.open('--attempts=1')
        self.wait_status('connected')
        self.bus.stop()
        look('error')
        icons, labels = zip(*looks.values())
        for parts in (icons, labels):
            self.assertEqual(len(set(parts)), len(self.COLOURS))
            self.assertTrue(all(any(map(any, part)) for part in parts))

    def test_service_killed(self):
        self.open()
        first = self.wait_status('connected')
        self.restart_meanwhile(self.SETTINGS % (2500, 'false'))
        self.screen.wait(lambda picture: picture.box(self.COLOURS['connected']) and picture != first,
                         'what it missed')
        self.save('shop.yaml', self.SETTINGS % (10, 'false'))
        self.screen.wait(lambda picture: picture == first, 'all to be as before')

    def test_bus_goes_and_comes(self):
        self.open()
        first = self.wait_status('connected')
        self.bus.stop()
        away = self.wait_status('connecting')
        # In other words, too, which are not as wide.
        self.assertNotEqual(away.box(self.COLOURS['connecting']), first.box(self.COLOURS['connected']))
        self.bus.start()
        self.screen.wait(lambda picture: picture == first, 'all to be as before')

    def test_disconnected(self):
        self.open('--stay-away')
        self.wait_status('connected')
        self.bus.end_daemon()
        self.wait_status('disconnected')
        # The service is called by somebody else.
        self.client.config('shop')
        self.wait_status('connected')

    def test_bus_stays_away(self):
        program = self.open('--attempts=1')
        self.wait_status('connected')
        self.bus.stop()
        self.wait_status('error')
        self.assertIsNone(program.process.poll())

    def test_only_on_error(self):
        self.open('--only-on-error', '--attempts=1', '--position=top-left', dark='true')
        # Values are there, so it is connected.
        picture = self.screen.wait(self.is_dark, 'the window')
        self.assertEqual([picture.count(colour) for colour in self.COLOURS.values()], [0] * 4)
        self.bus.stop()
        self.wait_status('error', 'only-on-error')

    def test_positions(self):
        """In each corner of the window, as far from its sides."""
        boxes = {}
        for position in ('top-left', 'top-right', 'bottom-left', 'bottom-right'):
            program = self.open(f'--position={position}')
            boxes[position] = self.wait_status('connected', position).box(self.COLOURS['connected'])
            program.kill()
            self.screen.wait(lambda picture: not picture.box(self.COLOURS['connected']), 'the window to go')
        left, top, right, bottom = boxes['top-left']
        width, height = right - left, bottom - top
        far_left, far_top = boxes['bottom-right'][:2]
        self.assertEqual(boxes, {
            'top-left': (left, top, left + width, top + height),
            'top-right': (far_left, top, far_left + width, top + height),
            'bottom-left': (left, far_top, left + width, far_top + height),
            'bottom-right': (far_left, far_top, far_left + width, far_top + height)})
        self.assertLess(left + width, far_left)
        self.assertLess(top + height, far_top)
        self.open('--position=top-left', '--compact')
        compact = self.wait_status('connected', 'compact').box(self.COLOURS['connected'])
        self.assertEqual((*compact[:2], compact[3]), (left, top, bottom))
        self.assertLess(compact[2] - left, width / 2)

    def test_without_service(self):
        program = self.open(DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent')
        program.wait_for('Without the service')
        first = self.wait_status('connected')
        self.save('shop.yaml', self.SETTINGS % (2500, 'false'))
        self.screen.wait(lambda picture: picture != first, 'another value')
        self.save('shop.yaml', self.SETTINGS % (10, 'false'))
        self.screen.wait(lambda picture: picture == first, 'the value that it was')

    def test_no_such_file(self):
        program = self.open_file(self.path('none.yaml'))
        self.wait_status('error', 'no-such-file')
        program.wait_for('none.yaml')

    def test_wrong_option(self):
        for option in ('--position=middle', '--nonsense', 'another'):
            program = self.open(option)
            program.wait_for('top-left|nonsense|Which file')
            reconf.wait_until(lambda: program.process.poll() == 1, 'it to end')
