# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fish completion for reconfctl
#
# What there is to choose from, the program itself knows: see client/ctl/verb-complete.c.

set -g __reconfctl_valued -H -M --host --machine -o -m --option --message --steps --directory --pattern --schema --on-invalid \
    --format --merge --env-separator --debounce-ms --poll-ms --max-versions --max-size --hot-reload --priority \
    --signal --settle --name --on-failure --ack-ms --voters --confirm-ms --confirm-by --confirm --extend --since

# The words typed before the present one, without options and the values of options; behind the command of run,
# all of them.
function __reconfctl_words
    set -l skip 1
    set -l last
    set -l found
    for word in (commandline -opc)
        if test (count $found) -eq 3; and test $found[1] = run
            printf '%s\n' $word
        else if test $skip -gt 0
            set skip 0
        else if contains -- $word $__reconfctl_valued
            set skip 1
        else if test "$last" = --json; and contains -- $word short pretty off
            # The mode of --json may be a word of its own.
        else if not string match -q -- '-*' $word
            set -a found $word
            printf '%s\n' $word
        end
        set last $word
    end
end

function __reconfctl_scope
    set -l last
    for word in (commandline -opc)
        if contains -- "$last" -H -M --host --machine
            printf '%s\n' $last $word
        else if string match -qr -- '^(--user|--system|--host=.*|--machine=.*|-[HM].+)$' $word
            printf '%s\n' $word
        end
        set last $word
    end
end

function __reconfctl_complete
    reconfctl (__reconfctl_scope) complete $argv 2>/dev/null
end

function __reconfctl_arguments
    set -l words (__reconfctl_words)
    set -l count (count $words)

    if test $count -eq 0
        __reconfctl_complete verbs
        return
    end
    switch $words[1]
        case get
            if test $count -eq 1
                __reconfctl_complete configs
            else if test $count -eq 2
                __reconfctl_complete paths $words[2] (commandline -t | string unescape)
            end
        case diff rollback confirm label
            if test $count -eq 1
                __reconfctl_complete configs
            else if test $count -eq 2; or test $words[1] = diff -a $count -eq 3
                __reconfctl_complete versions $words[2]
            end
        case run
            if test $count -eq 1
                __reconfctl_complete configs
            else if test $count -gt 2; or not string match -q -- '-*' (commandline -t)
                set -e words[1..2]
                complete -C (string join -- ' ' (string escape -- $words) (commandline -t))
            end
        case retry
            if test $count -eq 1
                __reconfctl_complete configs
            else if test $count -eq 2
                __reconfctl_complete instances $words[2]
            end
        case audit history instances statistics
            test $count -eq 1; and __reconfctl_complete configs
        case list status watch reload unregister
            __reconfctl_complete configs
        case hot-reload
            printf 'on\noff\n'
            __reconfctl_complete configs
        case validate schema
            # Files, once an option says that they stand for themselves.
            if test $count -gt 1; or string match -qr -- '^--(schema|infer)' (commandline -opc)
                __fish_complete_path (commandline -t)
            else
                __reconfctl_complete configs
            end
        case register
            test $count -ge 2; and __fish_complete_path (commandline -t)
    end
end

# True if the verb typed is one of these.
function __reconfctl_verb_is
    set -l words (__reconfctl_words)
    contains -- "$words[1]" $argv
end

complete -c reconfctl -f -a '(__reconfctl_arguments)'
complete -c reconfctl -f -l system -d 'Talk to the service of the system'
complete -c reconfctl -f -l user -d 'Talk to the service of the user'
complete -c reconfctl -x -s H -l host -a '(__fish_print_hostnames)' -d 'Talk to the service of another host'
complete -c reconfctl -x -s M -l machine -d 'Talk to the service of a local container' \
    -a '(machinectl list --no-legend --no-pager 2>/dev/null | string split -f1 " ")'
complete -c reconfctl -x -l json -a 'short pretty off' -d 'Print JSON'
complete -c reconfctl -f -s j -d 'Print JSON'
complete -c reconfctl -f -l no-ask-password -d 'Do not ask for a password'
complete -c reconfctl -f -l no-pager -d 'Do not pipe output into a pager'
complete -c reconfctl -f -l no-legend -d 'Print no headers and footers'
complete -c reconfctl -f -s l -l full -d 'Do not cut long columns'
complete -c reconfctl -f -s q -l quiet -d 'Print nothing but results and errors'
complete -c reconfctl -f -l show-secrets -d 'Print values that the schema marks as secret'
complete -c reconfctl -f -s h -l help -d 'Show help'
complete -c reconfctl -f -l version -d 'Show the version'

complete -c reconfctl -n '__reconfctl_verb_is register' -x -l directory -a '(__fish_complete_directories)' \
    -d 'Make each matching file of a directory a config'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l pattern -d 'Which files match'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -s o -l option \
    -a '(__reconfctl_complete settings)' -d 'Set an option by its name on the bus'
complete -c reconfctl -n '__reconfctl_verb_is register validate' -r -F -l schema \
    -d 'The JSON Schema that the files have to fit'
complete -c reconfctl -n '__reconfctl_verb_is register validate' -f -l defaults \
    -d 'Fill in what the schema gives'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l on-invalid -a 'keep revert' \
    -d 'What becomes of bad files'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l on-failure -a 'keep rollback' \
    -d 'What if an instance cannot take a version'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l ack-ms -d 'How long instances have to report'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l voters -a 'writers readers' \
    -d 'Whose reports count'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l confirm-ms \
    -d 'How long a version has to be confirmed'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l confirm-by -a 'caller instances' \
    -d 'Who confirms a version'
complete -c reconfctl -n '__reconfctl_verb_is schema' -f -l infer -d 'Draft a schema from a file'
complete -c reconfctl -n '__reconfctl_verb_is register validate schema' -x -l format -a 'yaml json env ini' \
    -d 'Format of names that do not tell'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l merge -a 'deep append replace' \
    -d 'How files are joined'
complete -c reconfctl -n '__reconfctl_verb_is register validate schema' -x -l env-separator -d 'What nests the keys of ENV files'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l debounce-ms -d 'How long bursts are waited for'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l poll-ms \
    -d 'How often to look where no events are sent'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l max-versions -d 'How many versions are kept'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l max-size -d 'The largest file'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l hot-reload -a 'on off' \
    -d 'Whether file changes apply by themselves'
complete -c reconfctl -n '__reconfctl_verb_is register' -x -l priority -d 'The higher reloads first'
complete -c reconfctl -n '__reconfctl_verb_is register' -f -l no-persist \
    -d 'Do not register again when the service starts'

complete -c reconfctl -n '__reconfctl_verb_is rollback' -x -l steps -d 'Go back so many different versions'
complete -c reconfctl -n '__reconfctl_verb_is rollback' -x -s m -l message -d 'Why, for the history'
complete -c reconfctl -n '__reconfctl_verb_is reload rollback' -x -l confirm \
    -d 'Go back unless it is confirmed in this time'
complete -c reconfctl -n '__reconfctl_verb_is confirm' -x -l extend -d 'Give it so much time from now on'
complete -c reconfctl -n '__reconfctl_verb_is instances' -f -s f -l follow -d 'Show each change'

complete -c reconfctl -n '__reconfctl_verb_is audit' -x -l since -a 'today yesterday' \
    -d 'Nothing older'

complete -c reconfctl -n '__reconfctl_verb_is run' -x -l signal -a '(__reconfctl_complete signals)' \
    -d 'What tells the program of a new version'
complete -c reconfctl -n '__reconfctl_verb_is run' -f -l restart -d 'End the program and start it again instead'
complete -c reconfctl -n '__reconfctl_verb_is run' -x -l settle -d 'How long it has to live on for'
complete -c reconfctl -n '__reconfctl_verb_is run' -x -l name -d 'What the instance is called'
