# SPDX-License-Identifier: MIT
# Packages of other languages, each built and tested by its own tools (tests/bridges.sh).
EXTRA_DIST += \
	bridges/go/README.md \
	bridges/go/cozetest/coze_test.go \
	bridges/go/cozetest/go.mod \
	bridges/go/go.mod \
	bridges/go/keyturn.go \
	bridges/go/keyturn_test.go \
	bridges/go/oauth2source/go.mod \
	bridges/go/oauth2source/source.go \
	bridges/go/transport.go \
	bridges/java/README.md \
	bridges/java/pom.xml \
	bridges/java/src/main/java/org/keyturn/CozeAuth.java \
	bridges/java/src/main/java/org/keyturn/KeyturnException.java \
	bridges/java/src/main/java/org/keyturn/TokenSource.java \
	bridges/java/src/test/java/org/keyturn/CozeCalls.java \
	bridges/java/src/test/java/org/keyturn/CozeTest.java \
	bridges/node/README.md \
	bridges/node/index.cjs \
	bridges/node/index.d.ts \
	bridges/node/index.mjs \
	bridges/node/package.json \
	bridges/node/test/coze.test.mjs \
	bridges/node/test/coze_server.mjs \
	bridges/python/README.md \
	bridges/python/pyproject.toml \
	bridges/python/src/keyturn/__init__.py \
	bridges/python/src/keyturn/coze.py \
	bridges/python/src/keyturn/http.py \
	bridges/python/src/keyturn/keyring_backend.py \
	bridges/python/src/keyturn/py.typed \
	bridges/python/tests/coze_server.py \
	bridges/python/tests/test_coze.py \
	bridges/python/tests/test_lives.py
