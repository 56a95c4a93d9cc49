# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# bash completion for keyturn; account names are not completed, since that would open the keyring.

_keyturn()
{
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=
	local asks='--min-valid --session-name --duration --scope-file --from-env --env-file
		--config --kind'

	case $previous in
	--*-file | --config)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--site) words='coze.cn coze.com' ;;
	--authtype) words=bearer ;;
	--expires | --lifetime) words=never ;;
	--client-auth) words='basic post none private-key-jwt' ;;
	--old-token) words='lives dies' ;;
	--tool)
		words='coze cozeloop coze-cli mcp vite vue openai github github-enterprise gitlab
			huggingface'
		;;
	--kind) words='web pkce device jwt oauth client-credentials token-exchange' ;;
	--subject-token-type) words='access_token id_token jwt refresh_token saml1 saml2' ;;
	--api-base | --www-base | --git-username | --min-valid | --env | --name | --credential | \
		--*-id | --redirect-uri | --issuer | --host | --scope | --resource | --session-name | --duration | --custom-consumer | --like | \
		--subject-account | \
		--provider | --*-endpoint | --param | --token-param)
		return
		;;
	*)
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
		run) words="$asks --env --tool --app --" ;;
		list) words='--site --kind --ends --json' ;;
		status) words='--all --json' ;;
		show | doctor | providers | scan) words=--json ;;
		set)
			words='--expires --accept --name --client-secret-file --private-key-file
				--public-key-id --git-username --authtype --scope --ca-file'
			;;
		default) words='--host --unset --json' ;;
		refresh) words='--due --prefetch --all' ;;
		reject) words='--session-name --current' ;;
		setup) words='git docker go cargo --undo --print --yes' ;;
		lock) words=--desktop ;;
		unlock) words=--resync ;;
		vault)
			words='create status change-passphrase --key-file --credential
				--passphrase-file --login --json'
			;;
		esac
		;;
	esac
	if [ "$COMP_CWORD" -eq 1 ] || { [ "$COMP_CWORD" -eq 2 ] && [ "$previous" = help ]; }; then
		words='login token header run list show set default logout status refresh reject lock
			unlock setup providers scan aws cargo goauth kubernetes netrc npm sasl vault doctor get store erase capability help --version'
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _keyturn keyturn
