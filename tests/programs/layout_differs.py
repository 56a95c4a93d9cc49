# SPDX-License-Identifier: MIT
#
# Where clang-format would lay code out in another way, but for the choice where a line breaks:
#
#	clang-format -output-replacements-xml FILE... | layout_differs.py FILE...
#
# A blank between two tokens of one line, and how far a statement is indented. Prints FILE:LINE and
# what stands there.

import html
import re
import sys

DOCUMENT = b"<?xml version='1.0'?>"
REPLACEMENT = re.compile(
    rb"<replacement offset='(\d+)' length='(\d+)'>(.*?)</replacement>", re.DOTALL
)


def differs(text, start, end, wanted):
    """Whether it does although both break the line there, or neither."""
    found = text[start:end].decode()
    if ("\n" in found) != ("\n" in wanted):
        return False
    if "\n" not in found:
        return (found == "") != (wanted == "")
    # A line that goes on stands where its break put it.
    return "\\" not in found and text[:start].rstrip().endswith((b";", b"{", b"}"))


files = sys.argv[1:]
documents = sys.stdin.buffer.read().split(DOCUMENT)[1:]
if len(documents) != len(files):
    sys.exit(f"{len(files)} files, and clang-format told of {len(documents)}")
for name, document in zip(files, documents):
    with open(name, "rb") as file:
        text = file.read()
    for offset, length, wanted in REPLACEMENT.findall(document):
        start, end = int(offset), int(offset) + int(length)
        if differs(text, start, end, html.unescape(wanted.decode())):
            line = text.count(b"\n", 0, end) + 1
            shown = text[max(start - 20, 0) : end + 20].decode(errors="replace")
            print(f"{name}:{line}: {shown!r}")
