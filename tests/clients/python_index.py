# SPDX-License-Identifier: MIT
"""pypiserver with a htpasswd: python_index.py DIRECTORY HTPASSWD. A wrong password is a 401 here, as
RFC 9110 has it and as other indexes say; pypiserver's own 403 would be the end for pip."""

import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pypiserver


def say_unauthorized(application):
    def answer(environ, start_response):
        def start(status, headers, *rest):
            if status.startswith("403"):
                status = "401 Unauthorized"
                headers = [*headers, ("WWW-Authenticate", 'Basic realm="index"')]
            return start_response(status, headers, *rest)

        return application(environ, start)

    return answer


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass


directory, users = sys.argv[1:]
application = pypiserver.app(
    roots=[directory], password_file=users, authenticate=["update", "download", "list"]
)
server = make_server("127.0.0.1", 0, say_unauthorized(application), handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
