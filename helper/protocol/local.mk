# SPDX-License-Identifier: MIT
# The door and the keeper have objects of their own of these.
PROTOCOL_SOURCES = \
	helper/protocol/aws.c \
	helper/protocol/bazel.c \
	helper/protocol/docker.c \
	helper/protocol/git.c \
	helper/protocol/goauth.c \
	helper/protocol/header.c \
	helper/protocol/json_text.c helper/protocol/json_text.h \
	helper/protocol/keyring.c \
	helper/protocol/kubernetes.c \
	helper/protocol/netrc.c \
	helper/protocol/npm.c \
	helper/protocol/protocol.h \
	helper/protocol/sasl.c \
	helper/protocol/table.c \
	helper/protocol/terraform.c \
	helper/protocol/token.c \
	helper/protocol/tool.c helper/protocol/tool.h

# These take JSON or variables and are the keeper's alone.
TOOL_SOURCES = \
	helper/protocol/cargo.c \
	helper/protocol/google.c \
	helper/protocol/json_request.c helper/protocol/json_request.h

libhelper_a_SOURCES += $(PROTOCOL_SOURCES) $(TOOL_SOURCES)
