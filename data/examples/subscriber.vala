/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Follows a config file while running, and tells what each change of it is: subscriber FILE
 *
 * valac --pkg reconf-1 subscriber.vala
 */

string show(Variant? value)
{
        return value != null ? value.print(false) : "nothing";
}

void on_changed(Reconf.Config config, Reconf.Change change)
{
        for (uint i = 0; i < change.get_n_items(); i++) {
                var before = show(change.get_old_value(i));
                var after = show(change.get_new_value(i));

                print("%s: %s -> %s\n", change.get_path(i), before, after);
        }
}

/* The file has been saved and is no good: what was read last stays. */
void on_reload_failed(Reconf.Config config, string stage, Variant problems)
{
        foreach (var problem in problems)
                print("Not reloaded (%s), line %u: %s\n", stage, problem.get_child_value(1).get_uint32(),
                      problem.get_child_value(3).get_string());
}

void apply_timeout(Reconf.Config config, Reconf.Change? change = null)
{
        print("Timeout: %" + int64.FORMAT + " s\n", config.get_int("server.timeout", 30));
}

int main(string[] args)
{
        if (args.length != 2) {
                printerr("Usage: subscriber FILE\n");
                return 1;
        }
        try {
                var client = new Reconf.Client.sync(BusType.SESSION);
                var config = client.watch_file_sync(args[1]);

                config.changed.connect(on_changed);
                config.changed["server.timeout"].connect(apply_timeout);
                config.reload_failed.connect(on_reload_failed);
                apply_timeout(config);
                new MainLoop().run();
        } catch (Error error) {
                printerr("%s\n", error.message);
                return 1;
        }
        return 0;
}
