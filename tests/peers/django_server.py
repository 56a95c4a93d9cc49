#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# django-oauth-toolkit as its manual sets it up, on a loopback port of the kernel's choice:
#
#   django_server.py DIR [SETTING=VALUE...]
#
# SETTING is one of OAUTH2_PROVIDER. DIR/server.json says where; the person is tester, with the
# password of that name. GET /reuse presents a refresh token twice, and tells both statuses; POST
# /end is a site's administrator who ends every login.

import json
import os
import subprocess
import sys

import django
from django.conf import settings

directory = sys.argv[1]
key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True, check=True).stdout
own = {name: int(value) for name, value in (word.split("=") for word in sys.argv[2:])}
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

settings.configure(
    SECRET_KEY="of tests",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1"],
    USE_TZ=True,
    LOGIN_URL="/admin/login/",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }],
    STATIC_URL="static/",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(directory, "database"),
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }},
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": key,
        "SCOPES": {"openid": "who you are", "read": "reading"},
        "DEVICE_FLOW_INTERVAL": 1,
        "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
        "OAUTH_DEVICE_VERIFICATION_URI": "http://127.0.0.1/device/",
        **own,
    },
)
django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from oauth2_provider import models  # noqa: E402
from oauth2_provider.settings import oauth2_settings  # noqa: E402


def post(**fields):
    return Client(SERVER_NAME="127.0.0.1").post("/token/", fields)


def reuse(request):
    first = post(grant_type="password", client_id="reuse", username="tester", password="tester")
    again = {"grant_type": "refresh_token", "client_id": "reuse",
             "refresh_token": first.json()["refresh_token"]}
    statuses = [str(post(**again).status_code) for time in (1, 2)]
    return HttpResponse("\n".join(statuses) + "\n")


@csrf_exempt
def end(request):
    for token in models.get_refresh_token_model().objects.filter(revoked=None):
        token.revoke()
    models.get_access_token_model().objects.all().delete()
    return HttpResponse("")


urlpatterns = [
    path("admin/", admin.site.urls),
    path("reuse", reuse),
    path("end", end),
    path("", include("oauth2_provider.urls")),
]


def make_clients(user):
    application = models.get_application_model()
    for name, grant in (
            ("native", application.GRANT_AUTHORIZATION_CODE),
            ("device", application.GRANT_DEVICE_CODE),
            ("reuse", application.GRANT_PASSWORD)):
        application.objects.create(
            name=name, client_id=name, user=user, client_type=application.CLIENT_PUBLIC,
            authorization_grant_type=grant, algorithm=application.RS256_ALGORITHM,
            redirect_uris="http://127.0.0.1/callback")


class Handler(WSGIRequestHandler):
    def log_message(self, *words):
        pass


call_command("migrate", verbosity=0)
make_clients(User.objects.create_superuser("tester", password="tester"))
server = ThreadedWSGIServer(("127.0.0.1", 0), Handler)
server.set_app(get_wsgi_application())
base = f"http://127.0.0.1:{server.server_port}"
oauth2_settings.OAUTH_DEVICE_VERIFICATION_URI = base + "/device/"
with open(os.path.join(directory, "new.json"), "w", encoding="utf-8") as file:
    json.dump({"issuer": base}, file)
os.rename(os.path.join(directory, "new.json"), os.path.join(directory, "server.json"))
server.serve_forever()
