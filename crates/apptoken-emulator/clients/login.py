"""Tests app tokens with the official Python client, for every account of a configuration and every hash type.

Usage: login.py SERVICE_URL CONFIG
"""

import hashlib
import json
import sys

from KalturaClient import KalturaClient, KalturaConfiguration
from KalturaClient.exceptions import KalturaException
from KalturaClient.Plugins.Core import KalturaAppToken, KalturaAppTokenFilter, KalturaSessionType

HASH_TYPES = ("MD5", "SHA1", "SHA256", "SHA512")
PRIVILEGES = "list:*,appid:clients"


class AppTokenTest:
    """The test of one account and one hash type."""

    def __init__(self, service_url, account, hash_type):
        self.configuration = KalturaConfiguration()
        self.configuration.serviceUrl = service_url
        self.account = account
        self.hash_type = hash_type

    def client(self, ks=None):
        client = KalturaClient(self.configuration)
        if ks:
            client.setKs(ks)
        return client

    def token_hash(self, ks, token):
        return hashlib.new(self.hash_type.lower(), (ks + token.token).encode()).hexdigest()

    def widget(self):
        return self.client().session.startWidgetSession(f"_{self.account['id']}").ks

    def login(self, token):
        ks = self.widget()
        return self.client(ks).appToken.startSession(token.id, self.token_hash(ks, token))

    def error_code(self, call):
        """The code of the error that a call raises."""
        try:
            answer = call()
        except KalturaException as error:
            return error.code
        return f"no error but {answer!r}"

    def run(self):
        """Yields (what is tested, the expected value, the actual value)."""
        anonymous = self.client()
        admin = self.client(
            anonymous.session.start(
                self.account["adminSecret"], "clients", KalturaSessionType.ADMIN, self.account["id"], 3600, ""
            )
        )
        token = admin.appToken.add(
            KalturaAppToken(
                hashType=self.hash_type,
                sessionUserId="python-client",
                sessionDuration=1800,
                sessionType=KalturaSessionType.USER,
                sessionPrivileges=PRIVILEGES,
            )
        )
        yield "appToken.add: hash type", self.hash_type, token.hashType.getValue()
        yield "appToken.get: value", token.token, admin.appToken.get(token.id).token
        yield "appToken.list: ids", [token.id], [
            found.id for found in admin.appToken.list(KalturaAppTokenFilter(idEqual=token.id)).objects
        ]
        renamed = admin.appToken.update(token.id, KalturaAppToken(description="renamed"))
        yield "appToken.update", ("renamed", 1800), (renamed.description, renamed.sessionDuration)

        session = self.login(token)
        yield "startSession: user", "python-client", session.userId
        yield "startSession: privileges", f"sessionid:{token.id},apptoken:{token.id},{PRIVILEGES}", session.privileges
        yield "session.get: user", "python-client", admin.session.get(session.ks).userId

        ks = self.widget()
        batch = self.client(ks)
        batch.startMultiRequest()
        for _ in range(2):
            batch.appToken.startSession(token.id, self.token_hash(ks, token))
        yield "multirequest: users", ["python-client"] * 2, [answer.userId for answer in batch.doMultiRequest()]

        yield "startSession with a wrong hash", "INVALID_APP_TOKEN_HASH", self.error_code(
            lambda: self.client(ks).appToken.startSession(token.id, "00")
        )
        yield "appToken.add with a widget session", "SERVICE_FORBIDDEN", self.error_code(
            lambda: self.client(ks).appToken.add(KalturaAppToken())
        )
        admin.appToken.delete(token.id)
        yield "startSession with a deleted token", "APP_TOKEN_ID_NOT_FOUND", self.error_code(lambda: self.login(token))


def main():
    service_url, config = sys.argv[1:]
    with open(config, encoding="utf-8") as file:
        accounts = json.load(file)["partners"]
    passed = failed = 0
    for account in accounts:
        for hash_type in HASH_TYPES:
            for what, expected, actual in AppTokenTest(service_url, account, hash_type).run():
                if expected == actual:
                    passed += 1
                else:
                    failed += 1
                    print(f"partner {account['id']}, {hash_type}, {what}: expected {expected!r}, got {actual!r}")
    print(f"python: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
