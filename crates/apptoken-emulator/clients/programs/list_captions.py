"""Prints the first line of every caption of every entry."""

import requests
from KalturaClient.Plugins.Caption import KalturaCaptionAssetFilter, KalturaCaptionAssetStatus
from KalturaClient.Plugins.Core import KalturaMediaEntryFilter, KalturaMediaEntryOrderBy

from login import log_in

client = log_in()
by_name = KalturaMediaEntryFilter(orderBy=KalturaMediaEntryOrderBy(KalturaMediaEntryOrderBy.NAME_ASC))
for entry in client.media.list(by_name).objects:
    ready = KalturaCaptionAssetFilter(
        entryIdEqual=entry.id, statusEqual=KalturaCaptionAssetStatus(KalturaCaptionAssetStatus.READY)
    )
    for caption in client.caption.captionAsset.list(ready).objects:
        text = requests.get(client.caption.captionAsset.getUrl(caption.id), timeout=10).text
        print(f"{entry.name}, {caption.language.getValue()}: {text.splitlines()[2]}")
