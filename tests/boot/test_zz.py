import machine, reconf, os
class Z(machine.TestCase):
    def test_stuck(self):
        self.trace('reconf.service', '/trace', '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:delay_enter=3600000000')
        self.override
        self.boot()
        self.machine.run('sh','-c','cat /etc/systemd/system/reconf.service.d/test.conf >&2')
        import time
        t=time.time()
        print('#', self.machine.unit('reconf.service','ActiveState','SubState'))
        try:
            print('#', self.client.manager('ListConfigs', timeout=3))
        except Exception as e: print('#', e)
        print('#', time.time()-t, self.machine.unit('reconf.service','ActiveState','SubState'), flush=True)
        print('#', self.read('/trace') if self.machine.path('/trace').exists() else None)
        self.machine.run('systemctl', 'kill', '--signal=ABRT', 'reconf.service')
        for i in range(20):
            print('#', time.time()-t, self.machine.unit('reconf.service','ActiveState','SubState','Result'), flush=True)
            time.sleep(0.2)
    def test_user(self):
        self.add_user('buyer', 1000)
        path = self.write('/home/buyer/shop.yaml', 'a: 1\n')
        for p in (path.parent, path): os.chown(p, 1000, 1000)
        self.boot()
        self.machine.run('loginctl', 'enable-linger', 'buyer')
        reconf.wait_until(lambda: self.machine.running_path('/run/user/1000/bus').exists(), 'the session bus')
        u=lambda *c: self.machine.run('env','XDG_RUNTIME_DIR=/run/user/1000','HOME=/home/buyer',*c, uid=1000, check=False)
        print('#', u('reconfctl','--user','register','shop','/home/buyer/shop.yaml'))
        print('#', u('systemctl','--user','show','reconf.service','-p','After','-p','Requires').stdout)
        self.machine.run('systemctl','stop','user@1000.service')
        print(''.join('# '+l+'\n' for l in self.machine.journal().splitlines()[-60:]), flush=True)
    def test_nobus(self):
        self.add_user('buyer', 1000)
        path = self.write('/home/buyer/shop.yaml', 'a: 1\n')
        for p in (path.parent, path): os.chown(p, 1000, 1000)
        for n in ('dbus.socket','dbus.service','sockets.target.wants/dbus.socket'):
            p = self.machine.path('/usr/lib/systemd/user/'+n)
            print('#', n, p.exists() or p.is_symlink())
            if p.exists() or p.is_symlink(): p.unlink()
        self.boot()
        self.machine.run('systemctl','--global','enable','reconf.service')
        self.machine.run('loginctl', 'enable-linger', 'buyer')
        u=lambda *c: self.machine.run('env','XDG_RUNTIME_DIR=/run/user/1000','HOME=/home/buyer',*c, uid=1000, check=False)
        reconf.wait_until(lambda: self.machine.running_path('/run/user/1000/systemd/private').exists(), 'the manager')
        print('#', u('reconfctl','--user','register','shop','/home/buyer/shop.yaml'))
        print('#', u('dbus-run-session','--','sh','-c','reconfctl --user register shop /home/buyer/shop.yaml; reconfctl --user get shop; echo a: 2 > /home/buyer/shop.yaml; reconfctl --user reload shop; reconfctl --user rollback shop; cat /home/buyer/shop.yaml; reconfctl --user status shop'))
        print('#', u('dbus-run-session','--','sh','-c','reconfctl --user history shop'))
        print('#', u('systemctl','--user','--no-pager','status','reconf.service').stdout)
        print(''.join('# '+l+'\n' for l in self.machine.journal().splitlines()[-60:]), flush=True)
