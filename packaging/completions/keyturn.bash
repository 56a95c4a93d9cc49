# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# bash completion for keyturn. Names of accounts, hosts, services and tools come from keyturn itself,
# which asks nobody for them and opens no keyring.

# _keyturn_offer KIND: the words of that kind that begin with $plain, quoted for the shell.
_keyturn_offer()
{
	local candidate

	while IFS= read -r candidate; do
		[[ $candidate == "$plain"* ]] || continue
		[[ $word == [\"\']* ]] || printf -v candidate %q "$candidate"
		COMPREPLY+=("$candidate")
	done < <(command keyturn complete "$1" 2>/dev/null </dev/null)
}

# _keyturn_run: the words behind "run --" are another command's.
_keyturn_run()
{
	local i

	for ((i = 2; i < at; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if declare -F _command_offset >/dev/null; then
			_command_offset $((i + 1))
		elif ((i + 1 == at)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		fi
		return 0
	done
	return 1
}

# _keyturn_cut: readline replaces the last piece of the word alone, as from an @ or behind a colon.
_keyturn_cut()
{
	local i before=${word%"$piece"}

	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$before"}
	done
}

_keyturn()
{
	local line=${COMP_LINE:0:${COMP_POINT:-0}} at=$COMP_CWORD
	local word=${COMP_WORDS[COMP_CWORD]} piece plain previous words= kind=
	local asks='--min-valid --session-name --duration --scope-file --from-env --env-file
		--config --kind'

	COMPREPLY=()
	while [[ -n $line && -n $word && $line != *"$word" ]]; do
		word=${word%?}
	done
	piece=${2-$word}
	# --site=coze.cn and NAME@HOST are several words to bash.
	while ((at > 1)) && [[ -n $line && $line == *"${COMP_WORDS[at - 1]}$word" ]]; do
		word=${COMP_WORDS[at - 1]}$word
		((at--))
	done
	previous=${COMP_WORDS[at - 1]}
	if [[ $word == --*=* ]]; then
		previous=${word%%=*}
		word=${word#*=}
	fi
	plain=${word//\\/}
	plain=${plain#[\"\']}

	if [[ ${COMP_WORDS[1]} == run ]] && _keyturn_run; then
		return
	fi
	case $previous in
	--*-file | --config | --log | --socket) kind=file ;;
	--site)
		[[ ${COMP_WORDS[1]} != list ]] || kind=hosts
		[[ -n $kind ]] || words='coze.cn coze.com'
		;;
	--host) kind=hosts ;;
	--like | --subject-account | --account) kind=accounts ;;
	--provider) kind=providers ;;
	--authtype) words=bearer ;;
	--expires | --lifetime) words=never ;;
	--client-auth) words='basic post none private-key-jwt' ;;
	--old-token) words='lives dies' ;;
	--tool) kind=run-tools ;;
	--kind)
		words='web pkce device jwt oauth client-credentials token-exchange'
		[[ ${COMP_WORDS[1]} != list ]] || words="pat sat password $words"
		;;
	--subject-token-type) words='access_token id_token jwt refresh_token saml1 saml2' ;;
	--for) words='90s 30m 8h 2d' ;;
	--allow | --allow-origin | --max-requests | --api-base | --www-base | --git-username | --peer-uid | --min-valid | --env | --name | --credential | \
		--*-id | --redirect-uri | --issuer | --scope | --resource | --session-name | --duration | --custom-consumer | \
		--*-endpoint | --param | --token-param)
		return
		;;
	*)
		case ${COMP_WORDS[1]} in
		login | token | header | run | lend | show | set | default | logout | status | refresh | reject)
			[[ $word == -* ]] || kind=accounts
			;;
		providers) [[ $word == -* ]] || kind=providers ;;
		setup) [[ $word == -* ]] || kind=tools ;;
		scan | unbind | allow) [[ $word == -* ]] || kind=directory ;;
		bind)
			[[ $word == -* ]] || kind=accounts
			[[ $kind != accounts || $at -eq 2 ]] || kind=directory
			;;
		esac
		case ${COMP_WORDS[1]} in
		login)
			words='--with-token --kind --site --api-base --www-base --issuer --host
				--scope --resource --provider --authorization-endpoint --token-endpoint
				--device-endpoint --revocation-endpoint --userinfo-endpoint --client-auth
				--param --token-param --lifetime --old-token --no-pkce --client-id
				--client-secret-file --private-key-file --public-key-id
				--subject-token-file --subject-account --subject-token-type --redirect-uri
				--workspace-id --no-browser --paste --account-id
				--enterprise-id --session-name --duration --scope-file --device-id
				--custom-consumer --config --from-env --env-file --like --ca-file
				--check --replace --force --expires --authtype --git-username'
			;;
		token) words="$asks --json" ;;
		header) words="$asks --json" ;;
		run)
			words="$asks --env --tool --app --proxy --allow --max-requests --for --allow-origin --log --sealed
				--keep --read-only --write --"
			;;
		lend)
			words='--socket --peer-uid --placeholder --session-name --duration --scope-file --for --allow
				--max-requests --allow-origin --log'
			;;
		list) words='--site --kind --ends --json' ;;
		status) words='--all --json' ;;
		show | doctor | providers | scan | bind | which) words=--json ;;
		set)
			words='--expires --accept --name --client-secret-file --private-key-file
				--public-key-id --git-username --authtype --scope --ca-file'
			;;
		default) words='--host --unset --json' ;;
		refresh) words='--due --prefetch --all' ;;
		reject) words='--session-name --current' ;;
		import)
			words='shell environment.d dotenv coze-app coze-cli cozepy git gh docker netrc npm pip
				uv cargo mcp oidc-agent pizauth desktop --dry-run --remove --yes --site --host --json'
			;;
		setup) words='--account --undo --print --yes' ;;
		lock) words=--desktop ;;
		unlock) words=--resync ;;
		vault)
			words='create status keys add-key remove-key rekey backup restore
				change-passphrase --key-file --key-command
				--credential --passphrase-file --login --machine --ssh-agent --fido2 --confirm
				--recovery --no-recovery --name --force --json'
			;;
		esac
		;;
	esac
	if ((at == 1)) || { ((at == 2)) && [[ $previous == help ]]; }; then
		kind=
		words='login token header run lend list show set default logout status refresh reject
			bind unbind allow which lock unlock setup providers scan import aws cargo goauth google kubernetes netrc npm sasl vault doctor get store erase capability help --version'
	fi
	case $kind in
	file | directory)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -A "$kind" -- "$word")
		;;
	?*) _keyturn_offer "$kind" ;;
	*) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
	esac
	_keyturn_cut
}
complete -F _keyturn keyturn
