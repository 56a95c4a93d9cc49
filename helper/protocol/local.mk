# SPDX-License-Identifier: MIT
# The door and the keeper have objects of their own of these.
PROTOCOL_SOURCES = \
	helper/protocol/git.c \
	helper/protocol/header.c \
	helper/protocol/protocol.h \
	helper/protocol/table.c \
	helper/protocol/token.c

# These take JSON and are the keeper's alone.
TOOL_SOURCES = \
	helper/protocol/aws.c \
	helper/protocol/bazel.c \
	helper/protocol/cargo.c \
	helper/protocol/docker.c \
	helper/protocol/goauth.c \
	helper/protocol/google.c \
	helper/protocol/keyring.c \
	helper/protocol/kubernetes.c \
	helper/protocol/netrc.c \
	helper/protocol/npm.c \
	helper/protocol/sasl.c \
	helper/protocol/terraform.c \
	helper/protocol/tool.c helper/protocol/tool.h

libhelper_a_SOURCES += $(PROTOCOL_SOURCES) $(TOOL_SOURCES)
