use crate::objects::{Class, Kind, Property};

pub(crate) const CLASS: Class = Class {
    name: "KalturaUserAppRole",
    properties: &[
        Property::read_only("relatedObjects", Kind::List),
        Property::only_insert("appGuid", Kind::Text),
        Property::new("userRoleId", Kind::Int),
        Property::read_only("createdAt", Kind::Time),
        Property::read_only("updatedAt", Kind::Time),
        Property::only_insert("userId", Kind::Text),
    ],
};
