# SPDX-License-Identifier: LGPL-2.1-or-later
#
# bash completion for reconfctl
#
# What there is to choose from, the program itself knows: see client/ctl/verb-complete.c.

# Candidates, one a line, without their descriptions.
__reconfctl_complete() {
    reconfctl "${scope[@]}" complete "$@" 2>/dev/null | cut -f1
}

__reconfctl_machines() {
    machinectl list --no-legend --no-pager 2>/dev/null | cut -d' ' -f1
}

# The words from that index on are a command line of their own.
__reconfctl_command() {
    local COMP_WORDS=("${words[@]}") COMP_CWORD=$cword
    _command_offset "$1"
}

_reconfctl() {
    local cur prev words cword
    local scope=() arguments=() word i line plain prefix alone= command=

    _get_comp_words_by_ref -n ':=@"' cur prev words cword || return

    # What was typed before: the bus, the verb and what follows it.
    for ((i = 1; i < cword; i++)); do
        word=${words[i]}
        [[ $word == --schema* || $word == --infer ]] && alone=1
        case $word in
        --user | --system | --host=* | --machine=* | -[HM]?*) scope+=("$word") ;;
        --host | --machine | -[HM]) scope+=("$word" "${words[++i]}") ;;
        --json) [[ ${words[i + 1]} == @(short|pretty|off) ]] && ((i++)) ;;
        -o | -m | --option | --message | --steps | --directory | --pattern | --schema | --on-invalid | \
            --format | --merge | --env-separator | --debounce-ms | --poll-ms | --max-versions | --max-size | --hot-reload | --priority | \
            --signal | --settle | --name | --on-failure | --ack-ms | --voters | --confirm-ms | --confirm-by | \
            --confirm | --extend | --since)
            ((i++))
            ;;
        -*) ;;
        *)
            arguments+=("$word")
            if [[ ${arguments[0]} == run && ${#arguments[@]} -eq 3 ]]; then
                command=$i
                break
            fi
            ;;
        esac
    done
    local verb=${arguments[0]}

    # What follows the command of run is the command's own.
    if [[ $command ]]; then
        __reconfctl_command "$command"
        return
    fi

    # A backslash or quote that the shell takes away is no part of what is looked for.
    plain=${cur//[\\\']/}
    COMPREPLY=()

    local candidates=()
    case $cur in
    --directory=*)
        cur=${cur#*=}
        _filedir -d
        return
        ;;
    --schema=*)
        cur=${cur#*=}
        _filedir
        return
        ;;
    --host=*)
        _known_hosts_real -a -- "${cur#*=}"
        return
        ;;
    --machine=*) mapfile -t candidates < <(__reconfctl_machines | sed s/^/--machine=/) ;;
    --on-invalid=*) candidates=(--on-invalid={keep,revert}) ;;
    --on-failure=*) candidates=(--on-failure={keep,rollback}) ;;
    --voters=*) candidates=(--voters={writers,readers}) ;;
    --confirm-by=*) candidates=(--confirm-by={caller,instances}) ;;
    --json=*) candidates=(--json={short,pretty,off}) ;;
    --format=*) candidates=(--format={yaml,json,env,ini}) ;;
    --merge=*) candidates=(--merge={deep,append,replace}) ;;
    --hot-reload=*) candidates=(--hot-reload={on,off}) ;;
    --since=*) candidates=(--since={today,yesterday}) ;;
    --signal=*) mapfile -t candidates < <(__reconfctl_complete signals | sed s/^/--signal=/) ;;
    --*=*) return ;;
    -*) mapfile -t candidates < <(__reconfctl_complete options "$verb") ;;
    *)
        case $prev in
        -o | --option) mapfile -t candidates < <(__reconfctl_complete settings) ;;
        --on-invalid) candidates=(keep revert) ;;
        --on-failure) candidates=(keep rollback) ;;
        --voters) candidates=(writers readers) ;;
        --confirm-by) candidates=(caller instances) ;;
        --format) candidates=(yaml json env ini) ;;
        --merge) candidates=(deep append replace) ;;
        --hot-reload) candidates=(on off) ;;
        --since) candidates=(today yesterday) ;;
        --signal) mapfile -t candidates < <(__reconfctl_complete signals) ;;
        --directory)
            _filedir -d
            return
            ;;
        --schema)
            _filedir
            return
            ;;
        -H | --host)
            _known_hosts_real -a -- "$cur"
            return
            ;;
        -M | --machine) mapfile -t candidates < <(__reconfctl_machines) ;;
        -m | --message | --steps | --pattern | --settle | --name | --confirm | --extend | --confirm-ms | --ack-ms)
            return
            ;;
        *)
            case $verb,${#arguments[@]} in
            ,*) mapfile -t candidates < <(__reconfctl_complete verbs) ;;
            get,2) mapfile -t candidates < <(__reconfctl_complete paths "${arguments[1]}" "$plain") ;;
            diff,[23] | rollback,2 | confirm,2 | label,2)
                mapfile -t candidates < <(__reconfctl_complete versions "${arguments[1]}")
                ;;
            retry,2) mapfile -t candidates < <(__reconfctl_complete instances "${arguments[1]}") ;;
            validate,* | schema,1)
                # Files, once an option says that they stand for themselves.
                if [[ $alone || ${#arguments[@]} -gt 1 ]]; then
                    _filedir
                    return
                fi
                mapfile -t candidates < <(__reconfctl_complete configs)
                ;;
            audit,1 | get,1 | diff,1 | history,1 | rollback,1 | confirm,1 | label,1 | instances,1 | retry,1 | statistics,1 | \
                run,1 | list,* | status,* | watch,* | reload,* | unregister,*)
                mapfile -t candidates < <(__reconfctl_complete configs)
                ;;
            hot-reload,*) mapfile -t candidates < <(printf 'on\noff\n' && __reconfctl_complete configs) ;;
            run,2)
                __reconfctl_command "$cword"
                return
                ;;
            register,1) return ;;
            register,*)
                _filedir
                return
                ;;
            esac
            ;;
        esac
        ;;
    esac

    for line in "${candidates[@]}"; do
        [[ $line == "$plain"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
    done
    # More is to follow where a value or a deeper place does.
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[=.] ]]; then
        compopt -o nospace
    fi

    # readline replaces only what is behind the last of the characters at which it breaks words.
    for word in : = @; do
        if [[ $COMP_WORDBREAKS == *"$word"* && $cur == *"$word"* ]]; then
            prefix=${cur%"${cur##*"$word"}"}
            COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
            cur=${cur#"$prefix"}
        fi
    done
}

complete -F _reconfctl reconfctl
