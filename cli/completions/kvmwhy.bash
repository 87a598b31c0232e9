# SPDX-License-Identifier: MIT
# Completion of kvmwhy(1) for bash: commands, options, their words, rule ids, files.

# The command is the first word; anything else belongs to explain.
_kvmwhy_command() {
	case ${COMP_WORDS[1]-} in
	explain | journal | watch | record | replay | host | msr | insn | rule | check | inject | version | help) printf '%s' "${COMP_WORDS[1]}" ;;
	*) printf explain ;;
	esac
}

_kvmwhy_options() {
	case $1 in
	watch) printf '%s' '--format --once --pid --log --redact --journal --all --via --color --help' ;;
	record) printf '%s' '--output --once --pid --redact --all --via --help' ;;
	explain | replay) printf '%s' '--format --host-kernel --vendor --kvm-run --this-host --recursive --summary --all --checks --color --no-pager --output --help' ;;
	journal) printf '%s' '--since --until --boot --unit --identifier --directory --file --format --host-kernel --vendor --summary --all --checks --color --no-pager --output --help' ;;
	msr) printf '%s' '--host-kernel --vendor --format --names --color --no-pager --help' ;;
	insn) printf '%s' '--mode --format --color --no-pager --help' ;;
	rule | check) printf '%s' '--format --color --no-pager --help' ;;
	host) printf '%s' '--format --color --no-pager --try --root --help' ;;
	inject)
		printf '%s' '--msr --value --value-mask --pid --vcpu --errno --gp --like --probability' \
			' --interval --times --space --seed --verbose --preload --log --dry-run --debugfs --help'
		;;
	*) printf '%s' '--help' ;;
	esac
}

# The words that may follow option $2 of command $1.
_kvmwhy_values() {
	case $1:$2 in
	explain:--format | replay:--format | journal:--format | watch:--format) printf '%s' 'text json ndjson html' ;;
	*:--since | *:--until) printf '%s' 'today yesterday now' ;;
	journal:-u | *:--unit) journalctl -q -F _SYSTEMD_UNIT 2>/dev/null ;;
	journal:-t | *:--identifier) journalctl -q -F SYSLOG_IDENTIFIER 2>/dev/null ;;
	*:--format) printf '%s' 'text json' ;;
	*:--via) printf '%s' 'bpf bpf-kprobe bpf-tracepoint tracefs' ;;
	*:--vendor) printf '%s' 'intel amd' ;;
	*:--color) printf '%s' 'auto always never' ;;
	*:--mode) printf '%s' '16 32 64' ;;
	*:--errno) printf '%s' 'EPERM ENOENT EIO ENOMEM EFAULT EBUSY EINVAL ENOSPC EHWPOISON' ;;
	*:--probability) printf '%s' '1 10 50 100' ;;
	*:--times) printf '%s' '1 -1' ;;
	*:--verbose) printf '%s' '0 1 2' ;;
	*:--preload) printf '%s' 'vcpu= call= one-in= times= errno= exit=' ;;
	*:--host-kernel) uname -r ;;
	esac
}

# The words that are not an option's value.
_kvmwhy_words() {
	local commands='explain journal watch record replay host msr insn rule check inject version help'

	case $1 in
	rule) kvmwhy rule 2>/dev/null | sed -n 's/^\([^ ][^ ]*\).*/\1/p' ;;
	msr) kvmwhy msr --names 2>/dev/null ;;
	check) kvmwhy check 2>/dev/null | sed -n 's/^  \([^ ][^ ]*\).*/\1/p' ;;
	inject) printf '%s' 'wrmsr rdmsr status off' ;;
	help) printf '%s' "$commands" ;;
	explain) [ "$COMP_CWORD" -ne 1 ] || printf '%s' "$commands --version" ;;
	esac
}

_kvmwhy() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local command words

	# bash treats the = of --option=word as a separate word
	if [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	elif [ "$word" = = ]; then
		word=
	fi
	command=$(_kvmwhy_command)
	if [ "$command" = inject ] && [[ " ${COMP_WORDS[*]:0:COMP_CWORD} " = *" -- "* ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$word")
		return
	fi
	case $before in
	-o | --output | --kvm-run | --log | --file)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--root | --debugfs | -D | --directory)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	esac
	words=$(_kvmwhy_values "$command" "$before")
	if [ -z "$words" ]; then
		case $word in
		-*) words=$(_kvmwhy_options "$command"; printf ' '; _kvmwhy_words "$command") ;;
		*) words=$(_kvmwhy_words "$command") ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	if [ ${#COMPREPLY[@]} -eq 0 ] && [[ $command = explain || $command = replay ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	elif [ "$COMP_CWORD" -eq 1 ] && [ "$command" = explain ]; then
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
	fi
}

complete -o filenames -F _kvmwhy kvmwhy
