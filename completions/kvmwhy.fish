# SPDX-License-Identifier: MIT
# Completion of kvmwhy(1) for fish: commands, options, their words, rule ids, files.

set -l commands explain msr insn rule check inject version help
set -l first "not __fish_seen_subcommand_from $commands"
set -l explain "not __fish_seen_subcommand_from msr insn rule check inject version help"

complete -c kvmwhy -n $first -a explain -d 'say why a KVM guest died, from its log'
complete -c kvmwhy -n $first -a msr -d 'describe an MSR, a value of it, and what KVM does with it'
complete -c kvmwhy -n $first -a insn -d 'disassemble bytes of code'
complete -c kvmwhy -n $first -a rule -d 'print the page of a rule, or list the rules'
complete -c kvmwhy -n $first -a check -d 'print a check of VM entry, or list the checks'
complete -c kvmwhy -n $first -a inject -d 'make a guest\'s accesses to MSRs fail, or a VMM\'s KVM_RUN'
complete -c kvmwhy -n $first -a version -d 'print the versions of the tool and of the library'
complete -c kvmwhy -n $first -a help -d 'print the help of a command'
complete -c kvmwhy -n $first -l version -s V -d 'print the versions'
complete -c kvmwhy -l help -s h -d 'print a summary'

complete -c kvmwhy -n $explain -l format -x -a 'text json ndjson html' -d 'format of the output'
complete -c kvmwhy -n $explain -l host-kernel -x -a '(uname -r)' -d 'kernel of the host'
complete -c kvmwhy -n $explain -l vendor -x -a 'intel amd' -d 'vendor of the host\'s CPU'
complete -c kvmwhy -n $explain -l kvm-run -r -d 'kvm_run page of a vCPU'
complete -c kvmwhy -n $explain -l all -d 'report harmless messages, too'
complete -c kvmwhy -n $explain -l checks -d 'list every check of VM entry that was asked'
complete -c kvmwhy -n $explain -l color -x -a 'auto always never' -d 'colour the text'
complete -c kvmwhy -n $explain -l output -s o -r -d 'write to a file'

complete -c kvmwhy -n '__fish_seen_subcommand_from msr insn rule check inject version help' -f
complete -c kvmwhy -n '__fish_seen_subcommand_from msr' -l kernel -x -a '(uname -r)' -d 'kernel of the host'
complete -c kvmwhy -n '__fish_seen_subcommand_from msr' -l vendor -x -a 'intel amd' -d 'vendor of the CPU'
complete -c kvmwhy -n '__fish_seen_subcommand_from msr insn check' -l format -x -a 'text json' -d 'format of the output'
complete -c kvmwhy -n '__fish_seen_subcommand_from insn' -l mode -x -a '16 32 64' -d 'mode of the code'
complete -c kvmwhy -n '__fish_seen_subcommand_from rule' -a '(kvmwhy rule 2>/dev/null | string split -f 1 " ")'
complete -c kvmwhy -n '__fish_seen_subcommand_from check' -a '(kvmwhy check 2>/dev/null | string replace -rf "^  (\S+) .*" "\$1")'
set -l inject '__fish_seen_subcommand_from inject'
complete -c kvmwhy -n $inject -a 'wrmsr rdmsr status off'
complete -c kvmwhy -n $inject -l msr -x -d 'index or name of an MSR, or a range'
complete -c kvmwhy -n $inject -l value -x -d 'writes of this value'
complete -c kvmwhy -n $inject -l value-mask -x -d 'compare only these bits'
complete -c kvmwhy -n $inject -l pid -x -a '(__fish_complete_pids)' -d 'the VM of this process'
complete -c kvmwhy -n $inject -l vcpu -x -d 'the vCPU with this number'
complete -c kvmwhy -n $inject -l errno -x -a 'EPERM ENOENT EIO ENOMEM EFAULT EBUSY EINVAL ENOSPC EHWPOISON' -d 'KVM_RUN fails with it'
complete -c kvmwhy -n $inject -l gp -d 'the guest gets #GP'
complete -c kvmwhy -n $inject -l like -x -a 5.10.100 -d 'as set_msr_mce() of this Linux'
complete -c kvmwhy -n $inject -l probability -x -d 'percent'
complete -c kvmwhy -n $inject -l interval -x -d 'one access in so many'
complete -c kvmwhy -n $inject -l times -x -d 'end after so many failures'
complete -c kvmwhy -n $inject -l space -x -d 'let so many accesses pass first'
complete -c kvmwhy -n $inject -l seed -x -d 'start the sequence anew'
complete -c kvmwhy -n $inject -l verbose -x -a '0 1 2' -d 'the kernel\'s log'
complete -c kvmwhy -n $inject -l preload -x -d 'run a VMM whose KVM_RUN fails as this says'
complete -c kvmwhy -n $inject -l log -r -F -d 'a line of JSON for each failure'
complete -c kvmwhy -n $inject -l dry-run -d 'print what would be written'
complete -c kvmwhy -n $inject -l debugfs -x -a '(__fish_complete_directories)' -d 'where debugfs is mounted'
complete -c kvmwhy -n '__fish_seen_subcommand_from help' -a "$commands"
