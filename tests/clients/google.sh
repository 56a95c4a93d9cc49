# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: Google's own libraries for Python and Node.js, whose token service is
# google_sts.py.

google_here=$KEYTURN_CLIENTS_DIR/google
registries_google='pypi npm'

get_google()
{
	[ -x "$google_here/venv/bin/python" ] || python3 -m venv "$google_here/venv" || return 1
	HOME=$caller_home "$google_here/venv/bin/python" -m pip install --quiet \
		--disable-pip-version-check google-auth==2.63.0 requests==2.34.2 &&
		HOME=$caller_home npm install --silent --no-fund --no-audit --prefix "$google_here" \
			google-auth-library@9.15.1
}

# google_account ACCOUNT: the file of the libraries.
google_account()
{
	cat >"$work/google.json" <<-JSON
	{
	  "type": "external_account",
	  "audience": "//iam.googleapis.com/projects/1/locations/global/pools/p/providers/k",
	  "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
	  "token_url": "http://127.0.0.1:$sts/v1/token",
	  "credential_source": {
	    "executable": {"command": "$builddir/tests/bin/keyturn google $1", "timeout_millis": 30000}
	  }
	}
	JSON
}

google_python()
{
	call env GOOGLE_CLOUD_PROJECT=any GOOGLE_APPLICATION_CREDENTIALS="$work/google.json" \
		GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 "$google_here/venv/bin/python" -c '
import google.auth, google.auth.transport.requests
credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
credentials.refresh(google.auth.transport.requests.Request())
print(credentials.token)'
}

google_node()
{
	call env GOOGLE_CLOUD_PROJECT=any GOOGLE_APPLICATION_CREDENTIALS="$work/google.json" \
		NODE_PATH="$google_here/node_modules" GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 node -e '
const { GoogleAuth } = require("google-auth-library");
new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloud-platform" }).getAccessToken()
	.then(console.log, (error) => { console.error(error.message); process.exit(1); });'
}

try_google()
{
	jwt=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJib3QifQ.c2ln
	serve sts python3 "$srcdir/tests/clients/google_sts.py" "$jwt"
	sts=$port
	printf '%s\n' "$jwt" | keyturn login pool --api-base https://issuer.example.com --with-token \
		--force 2>>"$work/stage.log"
	store_token opaque coze.com pat_opaque

	for language in python node; do
		begin "google-auth for $language exchanges the account's token"
		google_account pool
		"google_$language"
		expect_status 0
		expect_output ya29.from-the-token-service

		begin "google-auth for $language tells the failure, in keyturn's own words"
		google_account nobody
		"google_$language"
		must [ "$status" -ne 0 ]
		expect_said 'no account nobody is stored'
		google_account opaque
		"google_$language"
		must [ "$status" -ne 0 ]
		expect_said 'is no JWT'
		expect_unsaid pat_opaque
	done
	must [ "$(grep -c '^exchanged$' "$work/sts.log")" -eq 2 ]
}
