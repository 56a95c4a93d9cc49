# SPDX-License-Identifier: MIT
#
# fish completion for keyturn. Names of accounts, hosts, services and tools come from keyturn itself,
# which asks nobody for them and opens no keyring.

# The words of a kind.
function __keyturn_offer
    command keyturn complete $argv[1] 2>/dev/null </dev/null
end

# True behind one of these commands; not behind "--", where another command's words are.
function __keyturn_is
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    test (count $words) -gt 1; and contains -- $words[2] $argv; and not contains -- -- $words
end

function __keyturn_has_no_command
    test (count (commandline --tokenize --current-process --cut-at-cursor)) -eq 1
end

function __keyturn_runs
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    test (count $words) -gt 1; and test $words[2] = run; and contains -- -- $words
end

complete -c keyturn -f
complete -c keyturn -n __keyturn_runs -x -a '(__fish_complete_subcommand --fcs-skip=(contains --index -- -- (commandline --tokenize --current-process --cut-at-cursor)))'

for row in 'login:keep a login' 'token:print the access token' 'header:print the Authorization header' \
        'run:run a command with the token in its environment' \
        'lend:let a container or an SSH session use an account' 'list:list the accounts' \
        'show:tell about one account' 'set:change what is known of an account' \
        'default:print or set the default account' 'logout:forget an account here' \
        'status:ask the service whether the token works' 'refresh:renew an access token now' \
        'reject:the service refused the token on stdin' 'lock:close the vault' \
        'bind:have an account answer in a directory' 'unbind:take a binding back' \
        'allow:obey a directory\'s file' 'which:tell who answers here, and why' \
        'unlock:open the keyring' 'vault:make and look after an encrypted directory' \
        'aws:answer credential_process' 'cargo:answer cargo' 'goauth:answer go' \
        'google:answer libraries of Google' 'kubernetes:answer kubectl' \
        'netrc:print a netrc for a pipe' 'npm:print what pnpm sends' \
        'sasl:print the response of a mail login' 'setup:have a tool ask keyturn' \
        'providers:list the services that login knows' 'scan:find tokens in plain text' 'import:move them into the keyring' \
        'doctor:tell what is wrong' 'get:answer git' 'store:keep what git describes' \
        'erase:drop what git describes' 'capability:tell git what is spoken' \
        'help:explain a command'
    set -l parts (string split --max 1 : $row)
    complete -c keyturn -n __keyturn_has_no_command -a $parts[1] -d $parts[2]
    test $parts[1] = help; or complete -c keyturn -n '__keyturn_is help' -a $parts[1] -d $parts[2]
end

# __keyturn_option COMMANDS OPTION DESCRIPTION [VALUE...]: a flag, or what complete has for its value.
function __keyturn_option
    complete -c keyturn -n "__keyturn_is $argv[1]" -l $argv[2] -d $argv[3] $argv[4..]
end

complete -c keyturn -n '__keyturn_is login token header run lend show set default logout status refresh reject bind' \
    -a '(__keyturn_offer accounts)'
complete -c keyturn -n '__keyturn_is providers' -a '(__keyturn_offer providers)'
complete -c keyturn -n '__keyturn_is setup' -a '(__keyturn_offer tools)'
complete -c keyturn -n '__keyturn_is import' -F -a 'shell environment.d dotenv coze-app coze-cli cozepy git gh docker netrc npm pip uv cargo mcp oidc-agent pizauth desktop'
complete -c keyturn -n '__keyturn_is scan bind unbind allow' -a '(__fish_complete_directories)'
complete -c keyturn -n '__keyturn_is vault' -a 'create status keys add-key remove-key rekey backup restore change-passphrase'

__keyturn_option 'token header run' min-valid 'good for so many seconds' -x
__keyturn_option 'login token header run' from-env 'take COZE_* from the environment'
__keyturn_option 'login token header run' env-file 'take COZE_* from a file' -r -F
__keyturn_option 'login token header run' config 'take the file that the console exports' -r -F
__keyturn_option 'login token header run' kind 'which of several apps' -x \
    -a 'web pkce device jwt oauth client-credentials token-exchange'
__keyturn_option 'login token header run lend reject' session-name 'session of a service app' -x
__keyturn_option 'login token header run lend' duration 'life of a service app\'s token' -x
__keyturn_option 'login token header run lend' scope-file 'what it may do, JSON' -r -F
__keyturn_option 'token header list show status default doctor providers scan import vault bind which' json 'print one JSON object'

__keyturn_option run env 'name of the variable' -x
__keyturn_option run app 'settings of the app'
__keyturn_option run sealed 'no keyring, agent or other process' -f -a basic
__keyturn_option run keep 'stays in the seal' -r -F
__keyturn_option run read-only 'the home, in the seal'
__keyturn_option run write 'can be changed all the same' -r -F
__keyturn_option run tool 'what reads it' -x -a '(__keyturn_offer run-tools)'
__keyturn_option run proxy 'a placeholder, and an address that knows the token'
__keyturn_option 'run lend' allow 'this method and path alone' -x
__keyturn_option 'run lend' max-requests 'no more than so many' -x
__keyturn_option 'run lend' allow-origin 'pages of this origin may ask' -x
__keyturn_option 'run lend' for 'no longer than that' -x -a '90s 30m 8h 2d'
__keyturn_option 'run lend' log 'a line for each request' -r -F
__keyturn_option lend socket 'the socket' -r -F
__keyturn_option lend peer-uid 'processes of this user may come too' -x
__keyturn_option lend placeholder 'print a word that requests must have'

__keyturn_option login with-token 'read a token from stdin'
__keyturn_option login site site -x -a 'coze.cn coze.com'
__keyturn_option login api-base 'base URL of another server' -x
__keyturn_option login www-base 'where its pages are' -x
__keyturn_option login issuer 'an OAuth server' -x
__keyturn_option login host 'where its token may go' -x -a '(__keyturn_offer hosts)'
__keyturn_option login scope 'what is asked' -x
__keyturn_option login resource 'for what' -x
__keyturn_option login provider 'a known service' -x -a '(__keyturn_offer providers)'
for endpoint in authorization token device revocation userinfo
    __keyturn_option login $endpoint-endpoint 'of a server that publishes nothing' -x
end
__keyturn_option login client-auth 'how the client shows its secret' -x -a 'basic post none private-key-jwt'
__keyturn_option login param 'sent where you are asked' -x
__keyturn_option login token-param 'sent with each token request' -x
__keyturn_option login lifetime 'where the server says none' -x -a never
__keyturn_option login old-token 'at a renewal' -x -a 'lives dies'
__keyturn_option login no-pkce 'the server knows none'
__keyturn_option login client-id 'the app' -x
__keyturn_option 'login set' client-secret-file 'its secret' -r -F
__keyturn_option 'login set' private-key-file 'a service app\'s key' -r -F
__keyturn_option 'login set' public-key-id 'the key\'s fingerprint' -x
__keyturn_option login subject-token-file 'the token to exchange' -r -F
__keyturn_option login subject-account 'whose token is exchanged' -x -a '(__keyturn_offer accounts)'
__keyturn_option login subject-token-type 'what it is' -x \
    -a 'access_token id_token jwt refresh_token saml1 saml2'
__keyturn_option login redirect-uri 'where the browser ends' -x
__keyturn_option login workspace-id 'for it alone' -x
__keyturn_option login no-browser 'open nothing'
__keyturn_option login paste 'paste where the browser ends'
__keyturn_option login account-id 'in whose name' -x
__keyturn_option login enterprise-id 'in whose name' -x
__keyturn_option login device-id 'metered by' -x
__keyturn_option login custom-consumer 'metered by' -x
__keyturn_option login like 'as another account' -x -a '(__keyturn_offer accounts)'
__keyturn_option 'login set' ca-file 'trust these certificates' -r -F
__keyturn_option login check 'ask whether it works'
__keyturn_option login replace 'an account of another kind or person'
__keyturn_option login force 'a token that has not the form of one'
__keyturn_option 'login set' expires 'when it ends' -x -a never
__keyturn_option 'login set' authtype 'how git gets it' -x -a bearer
__keyturn_option 'login set' git-username 'user name for git' -x

__keyturn_option set accept 'the token is right after all'
__keyturn_option set name 'new name' -x
__keyturn_option set scope 'what is asked of its server' -x

__keyturn_option list site 'of this site or host' -x -a '(__keyturn_offer hosts)'
__keyturn_option list kind 'of this kind' -x -a 'pat sat web pkce device jwt oauth password'
__keyturn_option list ends 'ends until then' -x
__keyturn_option status all 'every account'
__keyturn_option default host 'of this site or host alone' -x -a '(__keyturn_offer hosts)'
__keyturn_option default unset 'have none any more'
__keyturn_option refresh due 'each that is due'
__keyturn_option refresh all 'every account'
__keyturn_option refresh prefetch 'what is due, and remember all'
__keyturn_option reject current 'drop whatever token is held'
__keyturn_option setup account 'whose token it gets' -x -a '(__keyturn_offer accounts)'
__keyturn_option setup undo 'take it back'
__keyturn_option setup print 'print the lines alone'
__keyturn_option setup yes 'change it unasked'
__keyturn_option import dry-run 'change nothing'
__keyturn_option import remove 'take them out of their files'
__keyturn_option import yes 'take all'
__keyturn_option import site 'of tokens that name none' -x -a 'coze.cn coze.com'
__keyturn_option import host 'of tokens whose service nothing names' -x -a '(__keyturn_offer hosts)'
__keyturn_option lock desktop 'lock the desktop keyring too'
__keyturn_option unlock resync 'give the keyring the login password'
__keyturn_option vault key-file 'opened by a key file' -r -F
__keyturn_option vault credential 'opened by a systemd credential' -x
__keyturn_option vault passphrase-file 'opened by a passphrase' -r -F
__keyturn_option vault login 'opened by the login password'
__keyturn_option vault key-command 'opened by what a program prints'
__keyturn_option vault machine 'opened by this machine'
__keyturn_option vault ssh-agent 'opened by a key of the SSH agent'
__keyturn_option vault fido2 'opened by a security key'
__keyturn_option vault confirm 'whose agent asks each time'
__keyturn_option vault recovery 'opened by a code for paper'
__keyturn_option vault force 'take away the last way that lasts'
__keyturn_option vault no-recovery 'without a code for paper'
__keyturn_option vault name 'what keys calls it' -x

functions --erase __keyturn_option
