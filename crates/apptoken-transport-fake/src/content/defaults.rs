//! What a new object has if its request does not say otherwise, as recorded.

use serde_json::{Map, Value as Json, json};

const ENTRY: &str = "KalturaBaseEntry";

/// The defaults of a class.
pub(super) fn of(class: &str) -> Map<String, Json> {
    let mut all = match class {
        "KalturaCategory" => json!({
            "depth": 0, "entriesCount": 0, "appearInList": 1, "privacy": 1, "inheritanceType": 2, "userJoinPolicy": 3,
            "defaultPermissionLevel": 3, "directEntriesCount": 0, "contributionPolicy": 1, "membersCount": 0,
            "pendingMembersCount": 0, "privacyContext": "", "privacyContexts": "", "status": 2, "partnerSortValue": 0,
            "directSubCategoriesCount": 0, "isAggregationCategory": false, "aggregationCategories": "", "parentId": 0,
            "owner": "", "moderation": false,
        }),
        "KalturaCategoryEntry" => json!({ "status": 2 }),
        "KalturaUploadToken" => json!({ "status": 0, "autoFinalize": false }),
        "KalturaCaptionAsset" => json!({
            "size": 0, "tags": "", "sizeInBytes": 0, "description": "", "captionParamsId": 0, "languageCode": "",
            "format": "1", "status": 0, "displayOnPlayer": true, "usage": 0,
        }),
        "KalturaFlavorAsset" => json!({
            "version": "2", "size": 0, "tags": "source", "description": "", "sizeInBytes": "0", "flavorParamsId": 0,
            "width": 0, "height": 0, "bitrate": 0, "frameRate": 0, "isOriginal": true, "isWeb": false, "status": 2,
            "isDefault": false,
        }),
        "KalturaThumbAsset" => json!({ "size": 0, "tags": "", "description": "", "sizeInBytes": 0, "status": 2 }),
        _ => json!({
            "description": "", "tags": "", "categories": "", "categoriesIds": "", "status": 7, "moderationStatus": 6,
            "moderationCount": 0, "rank": 0, "totalRank": 0, "votes": 0, "version": 0, "replacementStatus": 0,
            "partnerSortValue": 0, "operationAttributes": [], "entitledUsersEdit": "", "entitledUsersPublish": "",
            "entitledUsersView": "", "capabilities": "", "displayInSearch": 2, "blockAutoTranscript": false,
        }),
    };
    let more = match class {
        ENTRY => json!({ "licenseType": -1 }),
        "KalturaMediaEntry" => json!({
            "licenseType": -1, "type": 1, "plays": 0, "views": 0, "duration": 0, "msDuration": 0, "sourceType": "6",
        }),
        "KalturaDataEntry" => json!({ "type": 6, "status": 2, "retrieveDataContentByGet": 1 }),
        "KalturaPlaylist" => json!({ "type": 5, "status": 2, "plays": 0, "views": 0, "duration": 0 }),
        _ => Json::Null,
    };
    if let (Some(all), Json::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    match all {
        Json::Object(all) => all,
        _ => Map::new(),
    }
}
