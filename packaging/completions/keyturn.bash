# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# bash completion for keyturn; account names are not completed, since that would open the keyring.

_keyturn()
{
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=

	case $previous in
	--key-file | --passphrase-file | --env-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--site) words='coze.cn coze.com' ;;
	--authtype) words=bearer ;;
	--expires) words=never ;;
	--api-base | --git-username | --min-valid | --env | --name | --credential) return ;;
	*)
		case ${COMP_WORDS[1]} in
		login) words='--with-token --site --api-base --expires --authtype --git-username' ;;
		token) words='--min-valid --json --from-env --env-file' ;;
		header) words='--min-valid --from-env --env-file' ;;
		run) words='--min-valid --env --from-env --env-file --' ;;
		list | show | doctor) words=--json ;;
		set) words='--expires --accept --name' ;;
		refresh) words='--due --all' ;;
		reject) words=--current ;;
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
			unlock vault doctor get store erase capability help --version'
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _keyturn keyturn
