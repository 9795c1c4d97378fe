"""Reads all ready entries in pages of two, and sums up their durations."""

from KalturaClient.Plugins.Core import (
    KalturaEntryStatus,
    KalturaFilterPager,
    KalturaMediaEntryFilter,
    KalturaMediaEntryOrderBy,
    KalturaMediaType,
)

from login import log_in

client = log_in()
wanted = KalturaMediaEntryFilter(
    statusEqual=KalturaEntryStatus(KalturaEntryStatus.READY),
    mediaTypeEqual=KalturaMediaType(KalturaMediaType.VIDEO),
    orderBy=KalturaMediaEntryOrderBy(KalturaMediaEntryOrderBy.CREATED_AT_ASC),
)
pager = KalturaFilterPager(pageSize=2, pageIndex=1)
total = count = 0
while True:
    page = client.media.list(wanted, pager)
    for entry in page.objects:
        count += 1
        total += entry.duration
    print(f"page {pager.pageIndex}: {len(page.objects)} of {page.totalCount}")
    if len(page.objects) < pager.pageSize:
        break
    pager.pageIndex += 1
print(f"{count} entries, {total} seconds")
