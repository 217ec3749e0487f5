"""An OAuth2 server whose protocol is Authlib's, so that aiflow is not only tried against what we wrote ourselves.

    python3 -m venv v && v/bin/pip install -r requirements.txt
    v/bin/python server.py --redirect-uri http://127.0.0.1:7020/aflow/api/oauth2/callback

It takes a free port, prints `port N`, and serves until its standard input ends. Authorization codes with PKCE S256,
form-encoded tokens, and a userinfo that speaks as OpenID Connect does (`sub`, `name`, `phone_number`, `email`).
"""

import argparse
import os
import secrets
import sys
import threading
import time

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # Plain HTTP on loopback.

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector, current_token  # noqa: E402
from authlib.oauth2 import OAuth2Error  # noqa: E402
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, TokenMixin, grants  # noqa: E402
from authlib.oauth2.rfc6750 import BearerTokenValidator  # noqa: E402
from authlib.oauth2.rfc7636 import CodeChallenge  # noqa: E402
from flask import Flask, jsonify, redirect, render_template_string, request, session, url_for  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

PEOPLE = {
    "wangwu": {
        "password": "wangwu-password",
        "claims": {
            "sub": "248289761003",
            "name": "王五",
            "preferred_username": "wangwu",
            "phone_number": "13800138002",
            "email": "wangwu@example.com",
        },
    },
}

LOGIN = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
<p id="mistake">{{ mistake }}</p>
<form method="post"><label>User <input name="username"></label> <label>Password <input name="password" type="password">
</label> <button id="sign-in">Sign in</button></form></body></html>"""

CONSENT = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Consent</title></head><body>
<p>{{ client }} wants to know who you are.</p>
<form method="post"><button id="allow" name="confirm" value="yes">Allow</button>
<button id="deny" name="confirm" value="no">Deny</button></form></body></html>"""


class Person:
    def __init__(self, username):
        self.username = username

    def get_user_id(self):
        return self.username


class Client(ClientMixin):
    def __init__(self, client_id, client_secret, redirect_uri):
        self.client_id, self.client_secret, self.redirect_uri = client_id, client_secret, redirect_uri

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return self.redirect_uri

    def get_allowed_scope(self, scope):
        return " ".join(word for word in (scope or "").split() if word in ("openid", "profile", "phone", "email"))

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret):
        return secrets.compare_digest(self.client_secret, client_secret)

    def check_endpoint_auth_method(self, method, endpoint):
        return method in ("client_secret_post", "client_secret_basic")

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class Code(AuthorizationCodeMixin):
    def __init__(self, request, code):
        payload = request.payload
        self.code, self.username = code, request.user.username
        self.redirect_uri, self.scope = payload.redirect_uri, payload.scope
        self.code_challenge = payload.data.get("code_challenge")
        self.code_challenge_method = payload.data.get("code_challenge_method")
        self.expires_at = time.time() + 60

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


class Token(TokenMixin):
    def __init__(self, token, username):
        self.scope, self.username = token.get("scope", ""), username
        self.expires_at = time.time() + token["expires_in"]

    def check_client(self, client):
        return True

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return 3600

    def is_expired(self):
        return time.time() >= self.expires_at

    def is_revoked(self):
        return False


CODES, TOKENS = {}, {}


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post", "client_secret_basic"]

    def save_authorization_code(self, code, request):
        CODES[code] = Code(request, code)

    def query_authorization_code(self, code, client):
        found = CODES.get(code)
        return found if found and time.time() < found.expires_at else None

    def delete_authorization_code(self, authorization_code):
        CODES.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code):
        return Person(authorization_code.username)


class OnlyS256(CodeChallenge):
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]


class Bearer(BearerTokenValidator):
    def authenticate_token(self, token_string):
        return TOKENS.get(token_string)


def build(client):
    app = Flask(__name__)
    app.secret_key = secrets.token_bytes(32)
    app.config["SESSION_COOKIE_NAME"] = "authlib_session"

    def save_token(token, request):
        TOKENS[token["access_token"]] = Token(token, request.user.username)

    server = AuthorizationServer(
        app, query_client=lambda client_id: client if client_id == client.client_id else None, save_token=save_token
    )
    server.register_grant(CodeGrant, [OnlyS256(required=True)])
    protect = ResourceProtector()
    protect.register_token_validator(Bearer())

    @app.route("/login", methods=["GET", "POST"])
    def login():
        mistake = ""
        if request.method == "POST":
            username = request.form.get("username", "")
            person = PEOPLE.get(username)
            if person and secrets.compare_digest(person["password"], request.form.get("password", "")):
                session["username"] = username
                return redirect(session.pop("next", "/"))
            mistake = "Unknown user or wrong password."
        return render_template_string(LOGIN, mistake=mistake)

    @app.route("/oauth/authorize", methods=["GET", "POST"])
    def authorize():
        if "username" not in session:
            session["next"] = request.full_path
            return redirect(url_for("login"))
        person = Person(session["username"])
        try:
            grant = server.get_consent_grant(end_user=person)
        except OAuth2Error as error:
            return jsonify(dict(error.get_body())), error.status_code
        if request.method == "GET":
            return render_template_string(CONSENT, client=grant.client.client_id)
        allowed = request.form.get("confirm") == "yes"
        return server.create_authorization_response(grant_user=person if allowed else None, grant=grant)

    @app.route("/oauth/token", methods=["POST"])
    def token():
        return server.create_token_response()

    @app.route("/oauth/userinfo", methods=["GET", "POST"])
    @protect("openid")
    def userinfo():
        return jsonify(PEOPLE[current_token.username]["claims"])

    return app


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--client-id", default="aiflow")
    parser.add_argument("--client-secret", default="aiflow-client-secret")
    parser.add_argument("--redirect-uri", required=True)
    arguments = parser.parse_args()
    app = build(Client(arguments.client_id, arguments.client_secret, arguments.redirect_uri))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"port {server.port}", flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
