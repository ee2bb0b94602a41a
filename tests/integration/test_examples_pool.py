# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program of a connection pool, with servers that it connects to."""
import itertools
import socket
import socketserver
import threading

import example
import reconf


class Database(socketserver.ThreadingTCPServer):
    """Replies to each line with the same in capitals, once it is let."""
    daemon_threads = True

    def __init__(self, case):
        super().__init__(('127.0.0.1', 0), self.Handler)
        self.port = self.server_address[1]
        self.connected = self.all = 0
        self.lock = threading.Lock()
        self.gate = threading.Event()
        self.asked = 0
        self.connections = []
        thread = threading.Thread(target=self.serve_forever, args=[0.01])
        thread.start()
        case.addCleanup(thread.join)
        case.addCleanup(self.server_close)
        case.addCleanup(self.shutdown)
        case.addCleanup(self.gate.set)

    def hang_up(self):
        with self.lock:
            for connection in self.connections:
                connection.shutdown(socket.SHUT_RDWR)

    def add(self, connected=0, asked=0):
        with self.lock:
            self.connected += connected
            self.all += connected > 0
            self.asked += asked

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.server.add(connected=1)
            self.server.connections.append(self.connection)
            try:
                for line in self.rfile:
                    self.server.add(asked=1)
                    self.server.gate.wait()
                    self.wfile.write(line.upper())
            except ConnectionError:
                pass
            finally:
                self.server.add(connected=-1)


class ConnectionPool(example.TestCase):
    SETTINGS = 'database: {host: 127.0.0.1, port: %d, pool: {size: %d}}\n'

    def start(self, size, **settings):
        self.database = Database(self)
        path = self.settings(self.SETTINGS % (self.database.port, size))
        self.config = self.client.register('shop', path, **settings)
        program = self.example('connection-pool', path)
        program.wait(f'Pool: up to {size} to 127.0.0.1:{self.database.port}')
        self.wait_instance('current', 1)
        return program

    def wait_instance(self, state, version):
        def look():
            rows = self.client.manager('ListInstances', '(s)', 'shop')
            return rows and tuple(rows[0][5:7]) == (state, version) and rows[0]
        return reconf.wait_until(look, f'the instance to be {state}')

    def wait_database(self, database, **expected):
        try:
            reconf.wait_until(lambda: expected.items() <= vars(database).items(), f'{expected}')
        except AssertionError:
            raise AssertionError(f'{expected} was expected, not {vars(database)}') from None

    def save_size(self, size, port=None):
        self.save('shop.yaml', self.SETTINGS % (port or self.database.port, size))

    def test_size(self):
        program = self.start(2)
        program.tell(*[f'query {i}' for i in range(5)])
        self.wait_database(self.database, connected=2, asked=2)
        self.save_size(4)
        self.wait_database(self.database, connected=4, asked=4)
        self.wait_instance('current', 2)
        self.database.gate.set()
        replies = {program.wait_for('^QUERY') for _ in range(5)}
        self.assertEqual(replies, {f'QUERY {i}' for i in range(5)})
        self.assertEqual(self.database.all, 4)
        self.save_size(1)
        self.wait_database(self.database, connected=1)
        self.restart_meanwhile(self.SETTINGS % (self.database.port, 3))
        program.wait_for('Pool: up to 3')
        program.tell('last')
        program.wait('LAST')
        program.end()
        self.wait_database(self.database, connected=0)

    def is_refused(self, size, port=None):
        self.save_size(size, port)
        try:
            self.config.reload()
        except reconf.BusError as error:
            self.assertEqual(error.name, 'ValidationFailed')
            return error.message
        return None

    def test_refused(self):
        program = self.start(2)
        # It is asked from a moment after it was registered on. What comes before is not applied, at least.
        sizes = itertools.count(0, -1)
        message = reconf.wait_until(lambda: self.is_refused(next(sizes)), 'it to be asked')
        self.assertIn('database.pool.size has to be', message)
        self.assertIn('database.pool.size has to be', self.is_refused(1001))
        self.assertIn('database.port has to be', self.is_refused(2, 70000))
        self.save_size(3)
        program.wait_for('Pool: up to 3 ')
        self.assertEqual(program.text.count('Pool: '), 2)

    def test_bad_from_the_start(self):
        path = self.settings(self.SETTINGS % (1, 0))
        result = self.bus.run(example.BUILT / 'connection-pool', path)
        self.assertEqual(result.returncode, 1)
        self.assertIn('database.pool.size has to be', result.stderr)

    def test_another_server(self):
        program = self.start(3)
        program.tell('a', 'b')
        self.wait_database(self.database, connected=2, asked=2)
        other = Database(self)
        other.gate.set()
        self.save_size(3, other.port)
        self.wait_instance('current', 2)
        program.wait(f'Pool: up to 3 to 127.0.0.1:{other.port}')
        program.tell('c')
        program.wait('C')
        # Those in use are let finish.
        self.wait_database(self.database, connected=2)
        self.database.gate.set()
        self.assertEqual({program.wait_for('^[AB]$') for _ in range(2)}, {'A', 'B'})
        self.wait_database(self.database, connected=0)
        self.wait_database(other, connected=1)

    def test_server_that_does_not_answer(self):
        program = self.start(2)
        self.database.gate.set()
        self.save_size(2, self.unused_port())
        program.wait_for('^Settings not applied: ')
        row = self.wait_instance('failed', 1)
        self.assertIn('refused', row[7]['message'])
        program.tell('still')
        program.wait('STILL')

    def test_taken_back(self):
        self.start(2, on_failure='rollback')
        self.save_size(2, self.unused_port())
        self.wait_instance('current', 3)
        self.assertEqual(self.path('shop.yaml').read_text(), self.SETTINGS % (self.database.port, 2))

    def test_server_hangs_up(self):
        """A connection that broke makes room for another."""
        program = self.start(1)
        self.database.gate.set()
        program.tell('a')
        program.wait('A')
        self.database.hang_up()
        program.tell('b')
        program.wait_for('^b: ')
        program.tell('c')
        program.wait('C')
        self.assertEqual(self.database.all, 2)

    def unused_port(self):
        with socketserver.TCPServer(('127.0.0.1', 0), None) as server:
            return server.server_address[1]
