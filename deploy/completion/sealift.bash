# Completion of sealift for bash: copy to /usr/share/bash-completion/completions/sealift, or source it.

# Options of a command, from its own help, so that they cannot grow apart.
_sealift_options() {
	"$1" help "${@:2}" 2>/dev/null | grep -oE -- '--[a-z0-9][a-z0-9-]*' | sort -u
}

_sealift() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local word first='' second='' skip=0 index
	COMPREPLY=()
	case $previous in
	--site | --out)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--image)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--proof) mapfile -t COMPREPLY < <(compgen -W 'none signed' -- "$current"); return ;;
	--log-policy) mapfile -t COMPREPLY < <(compgen -W 'none log witnesses' -- "$current"); return ;;
	--boot-key) mapfile -t COMPREPLY < <(compgen -W 'current next' -- "$current"); return ;;
	--holders) mapfile -t COMPREPLY < <(compgen -W '1,2 1,3 2,3' -- "$current"); return ;;
	--since)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--state)
		mapfile -t COMPREPLY < <(compgen -W 'new idle installing activating confirmed rolled-back refused failed' -- "$current")
		return
		;;
	esac
	for ((index = 1; index < COMP_CWORD; index++)); do
		word=${COMP_WORDS[index]}
		if ((skip)); then
			skip=0
		elif [[ $word == --site ]]; then
			skip=1
		elif [[ $word != -* && $word != help ]]; then
			[[ -z $first ]] && first=$word || { second=$word; break; }
		fi
	done
	if [[ -z $first ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'init pack release provision rollout device log refresh status trust revoke-key emergency help --site --json --version' -- "$current")
		return
	fi
	if [[ -z $second && $current != -* ]]; then
		case $first in
		release) word='sign publish list show' ;;
		rollout) word='plan start status pause resume abort' ;;
		device) word='list show' ;;
		log) word='verify' ;;
		trust) word='publish' ;;
		emergency) word='revoke raise-epoch activate-standby recovery' ;;
		*) word='' ;;
		esac
		if [[ -n $word ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$word" -- "$current")
			return
		fi
	fi
	if [[ $current == -* ]]; then
		case $first in
		release | rollout | device | log | trust | emergency) ;;
		*) second='' ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$(_sealift_options "${COMP_WORDS[0]}" $first $second)" -- "$current")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
complete -F _sealift sealift
