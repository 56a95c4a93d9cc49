# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For tests/clients.sh: the AWS command line and botocore, against doubles of STS and S3 over TLS that
# compute each signature themselves.

aws_here=$KEYTURN_CLIENTS_DIR/aws
registries_aws=pypi

get_aws()
{
	[ -x "$aws_here/bin/python" ] || python3 -m venv "$aws_here" || return 1
	HOME=$caller_home "$aws_here/bin/python" -m pip install --quiet \
		--disable-pip-version-check awscli==1.46.3 botocore==1.44.8
}

# aws_asks PROFILE COMMAND...
aws_asks()
{
	aws_profile=$1
	shift
	call timeout 100 env AWS_CA_BUNDLE="$work/aws.pem" AWS_EC2_METADATA_DISABLED=true \
		AWS_PROFILE="$aws_profile" AWS_MAX_ATTEMPTS=1 AWS_DEFAULT_REGION=us-east-1 "$@"
}

botocore_reads()
{
	aws_asks "$1" "$aws_here/bin/python" -c '
import sys, botocore.session
from botocore.config import Config
place = Config(s3={"addressing_style": "path"})
s3 = botocore.session.Session().create_client("s3", endpoint_url=sys.argv[1], config=place)
print(s3.get_object(Bucket="parcels", Key="a b+c")["Body"].read().decode())' "https://127.0.0.1:$port"
}

try_aws()
{
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-days 2 -keyout "$work/aws.key" -out "$work/aws.pem" 2>>"$work/stage.log"
	serve aws python3 "$srcdir/tests/clients/aws_double.py" "$work/aws.key" "$work/aws.pem" cloud \
		cloud_token_1
	for account in cloud other; do
		printf '%s_token_1\n' "$account" | keyturn login "$account" --api-base \
			"https://$account.example.com" --with-token --force 2>>"$work/stage.log"
		keyturn setup aws --account "$account" --yes 2>>"$work/stage.log"
	done
	printf 'oops\n' | keyturn login cloud2 --api-base https://cloud2.example.com --with-token --force \
		--git-username cloud 2>>"$work/stage.log"
	keyturn setup aws --account cloud2 --yes 2>>"$work/stage.log"

	begin "aws signs with the account's token, as setup wired it, and with another's in vain"
	aws_asks cloud "$aws_here/bin/aws" --endpoint-url "https://127.0.0.1:$port" sts get-caller-identity
	expect_status 0
	expect_json 1 Account
	for profile in other cloud2; do
		aws_asks "$profile" "$aws_here/bin/aws" --endpoint-url "https://127.0.0.1:$port" \
			sts get-caller-identity
		must [ "$status" -ne 0 ]
		expect_said SignatureDoesNotMatch
	done

	begin 'botocore reads an object with it, and tells the failure in words of keyturn'
	botocore_reads cloud
	expect_output 'kept by the double'
	botocore_reads other
	must [ "$status" -ne 0 ]
	keyturn logout cloud 2>>"$work/stage.log"
	botocore_reads cloud
	must [ "$status" -ne 0 ]
	expect_said 'no account cloud is stored'
	expect_unsaid cloud_token_1
}
