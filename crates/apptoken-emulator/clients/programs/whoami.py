# pip install KalturaApiClient lxml; with the variables of env
import hashlib, os
from KalturaClient import KalturaClient, KalturaConfiguration

configuration = KalturaConfiguration()
configuration.serviceUrl = os.environ["KALTURA_SERVICE_URL"]
client = KalturaClient(configuration)
widget = client.session.startWidgetSession("_" + os.environ["KALTURA_PARTNER_ID"])
client.setKs(widget.ks)
text = widget.ks + os.environ["KALTURA_APP_TOKEN"]
token_hash = hashlib.sha256(text.encode()).hexdigest()
session = client.appToken.startSession(os.environ["KALTURA_APP_TOKEN_ID"], token_hash)
client.setKs(session.ks)
print(session.userId)
