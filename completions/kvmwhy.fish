# SPDX-License-Identifier: MIT
# Completion of kvmwhy(1) for fish: commands, options, their words, rule ids, files.

set -l commands explain msr insn rule version help
set -l first "not __fish_seen_subcommand_from $commands"
set -l explain "not __fish_seen_subcommand_from msr insn rule version help"

complete -c kvmwhy -n $first -a explain -d 'say why a KVM guest died, from its log'
complete -c kvmwhy -n $first -a msr -d 'describe an MSR, a value of it, and what KVM does with it'
complete -c kvmwhy -n $first -a insn -d 'disassemble bytes of code'
complete -c kvmwhy -n $first -a rule -d 'print the page of a rule, or list the rules'
complete -c kvmwhy -n $first -a version -d 'print the versions of the tool and of the library'
complete -c kvmwhy -n $first -a help -d 'print the help of a command'
complete -c kvmwhy -n $first -l version -s V -d 'print the versions'
complete -c kvmwhy -l help -s h -d 'print a summary'

complete -c kvmwhy -n $explain -l format -x -a 'text json ndjson html' -d 'format of the output'
complete -c kvmwhy -n $explain -l host-kernel -x -a '(uname -r)' -d 'kernel of the host'
complete -c kvmwhy -n $explain -l vendor -x -a 'intel amd' -d 'vendor of the host\'s CPU'
complete -c kvmwhy -n $explain -l all -d 'report harmless messages, too'
complete -c kvmwhy -n $explain -l color -x -a 'auto always never' -d 'colour the text'
complete -c kvmwhy -n $explain -l output -s o -r -d 'write to a file'

complete -c kvmwhy -n '__fish_seen_subcommand_from msr insn rule version help' -f
complete -c kvmwhy -n '__fish_seen_subcommand_from msr' -l kernel -x -a '(uname -r)' -d 'kernel of the host'
complete -c kvmwhy -n '__fish_seen_subcommand_from msr' -l vendor -x -a 'intel amd' -d 'vendor of the CPU'
complete -c kvmwhy -n '__fish_seen_subcommand_from msr insn' -l format -x -a 'text json' -d 'format of the output'
complete -c kvmwhy -n '__fish_seen_subcommand_from insn' -l mode -x -a '16 32 64' -d 'mode of the code'
complete -c kvmwhy -n '__fish_seen_subcommand_from rule' -a '(kvmwhy rule 2>/dev/null | string split -f 1 " ")'
complete -c kvmwhy -n '__fish_seen_subcommand_from help' -a "$commands"
