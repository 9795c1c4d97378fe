"""Tests the official Python client, for every account of a configuration: app tokens with every hash type, and media
with sessions that are good, expired and forbidden, and with answers of the test's own.

Usage: client.py SERVICE_URL CONFIG
"""

import hashlib
import json
import sys
import urllib.request

from KalturaClient import KalturaClient, KalturaConfiguration
from KalturaClient.exceptions import KalturaException
from KalturaClient.Plugins.Core import (
    KalturaAppToken,
    KalturaAppTokenFilter,
    KalturaEntryStatus,
    KalturaMediaEntryFilter,
    KalturaSessionType,
    KalturaUserRole,
)

HASH_TYPES = ("MD5", "SHA1", "SHA256", "SHA512")
PRIVILEGES = "list:*,appid:clients"
READY = KalturaMediaEntryFilter(statusEqual=KalturaEntryStatus(KalturaEntryStatus.READY))
PRECONVERT = KalturaMediaEntryFilter(statusEqual=KalturaEntryStatus(KalturaEntryStatus.PRECONVERT))


class AccountTest:
    """A test of one account."""

    def __init__(self, service_url, account):
        self.configuration = KalturaConfiguration()
        self.configuration.serviceUrl = service_url
        self.account = account

    def client(self, ks=None):
        client = KalturaClient(self.configuration)
        if ks:
            client.setKs(ks)
        return client

    def start(self, expiry, privileges=""):
        """A client with an admin session."""
        ks = self.client().session.start(
            self.account["adminSecret"], "clients", KalturaSessionType.ADMIN, self.account["id"], expiry, privileges
        )
        return self.client(ks)

    def error_code(self, call):
        """The code of the error that a call raises."""
        try:
            answer = call()
        except KalturaException as error:
            return error.code
        return f"no error but {answer!r}"


class AppTokenTest(AccountTest):
    """The test of app tokens with one hash type."""

    def __init__(self, service_url, account, hash_type):
        super().__init__(service_url, account)
        self.hash_type = hash_type

    def token_hash(self, ks, token):
        return hashlib.new(self.hash_type.lower(), (ks + token.token).encode()).hexdigest()

    def widget(self):
        return self.client().session.startWidgetSession(f"_{self.account['id']}").ks

    def login(self, token):
        ks = self.widget()
        return self.client(ks).appToken.startSession(token.id, self.token_hash(ks, token))

    def run(self):
        """Yields (what is tested, the expected value, the actual value)."""
        admin = self.start(3600)
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


class MediaTest(AccountTest):
    """The test of media, which the emulator does not store."""

    def control(self, method, path, body=None):
        url = f"{self.configuration.serviceUrl}/__control/{path}"
        data = None if body is None else json.dumps(body).encode()
        urllib.request.urlopen(urllib.request.Request(url, data, method=method)).close()

    def run(self):
        """Yields (what is tested, the expected value, the actual value)."""
        admin = self.start(3600)
        found = admin.media.list(READY)
        yield "media.list", (0, []), (found.totalCount, found.objects)
        yield "media.get of an unknown id", "ENTRY_ID_NOT_FOUND", self.error_code(lambda: admin.media.get("0_unknown"))
        yield "media.list without a session", "SERVICE_FORBIDDEN", self.error_code(lambda: self.client().media.list())
        role = admin.userRole.add(KalturaUserRole(name="python: tokens only", permissionNames="APP_TOKEN_BASE"))
        restricted = self.start(3600, f"setrole:{role.id}")
        yield "media.list with another role", "SERVICE_FORBIDDEN", self.error_code(lambda: restricted.media.list())

        yield "partner.getInfo without an answer", "EMULATOR_NO_ANSWER", self.error_code(lambda: admin.partner.getInfo())
        self.control("POST", "answers", {"action": "partner.getInfo", "value": {"name": "Test account"}})
        yield "partner.getInfo with an answer", "Test account", admin.partner.getInfo().name
        entry = {"id": "0_own", "name": "Own", "duration": 7, "objectType": "KalturaMediaEntry"}
        page = {"totalCount": 1, "objects": [entry]}
        only_ready = {"filter:statusEqual": 2}
        self.control("POST", "answers", {"action": "media.list", "value": page, "when": only_ready})
        found = admin.media.list(READY)
        yield "media.list with an answer", [("0_own", "Own", 7)], [(e.id, e.name, e.duration) for e in found.objects]
        yield "media.list with another filter", 0, admin.media.list(PRECONVERT).totalCount
        gone = {"code": "ENTRY_ID_NOT_FOUND", "message": "Gone", "args": {"ENTRY_ID": "0_own"}}
        self.control("POST", "answers", {"action": "media.get", "error": gone})
        yield "media.get with an error", "ENTRY_ID_NOT_FOUND", self.error_code(lambda: admin.media.get("0_own"))

        self.control("POST", "clock/advance?seconds=3601")
        yield "media.list with an expired session", "INVALID_KS", self.error_code(lambda: admin.media.list())
        renewed = self.start(3600)
        yield "media.list with a new session", 1, renewed.media.list(READY).totalCount
        self.control("DELETE", "answers")
        yield "media.list without an answer", 0, renewed.media.list().totalCount


def main():
    service_url, config = sys.argv[1:]
    with open(config, encoding="utf-8") as file:
        accounts = json.load(file)["partners"]
    passed = failed = 0
    for account in accounts:
        tests = [(hash_type, AppTokenTest(service_url, account, hash_type)) for hash_type in HASH_TYPES]
        for name, test in [*tests, ("media", MediaTest(service_url, account))]:
            for what, expected, actual in test.run():
                if expected == actual:
                    passed += 1
                else:
                    failed += 1
                    print(f"partner {account['id']}, {name}, {what}: expected {expected!r}, got {actual!r}")
    print(f"python: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
