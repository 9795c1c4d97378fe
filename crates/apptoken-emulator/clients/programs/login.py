"""A login with an app token from the environment, for the programs beside it."""

import hashlib
import os

from KalturaClient import KalturaClient, KalturaConfiguration


def log_in():
    """A client with a session of the app token."""
    configuration = KalturaConfiguration()
    configuration.serviceUrl = os.environ["KALTURA_SERVICE_URL"]
    client = KalturaClient(configuration)
    widget = client.session.startWidgetSession("_" + os.environ["KALTURA_PARTNER_ID"])
    client.setKs(widget.ks)
    hash_type = os.environ["KALTURA_APP_TOKEN_HASH_TYPE"].lower()
    token_hash = hashlib.new(hash_type, (widget.ks + os.environ["KALTURA_APP_TOKEN"]).encode()).hexdigest()
    session = client.appToken.startSession(os.environ["KALTURA_APP_TOKEN_ID"], token_hash)
    client.setKs(session.ks)
    return client
