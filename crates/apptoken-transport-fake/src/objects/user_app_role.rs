use crate::objects::{Class, Property, PropertyKind};

pub(crate) const CLASS: Class = Class {
    name: "KalturaUserAppRole",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::only_insert("appGuid", PropertyKind::Text),
        Property::new("userRoleId", PropertyKind::Int),
        Property::read_only("createdAt", PropertyKind::Time),
        Property::read_only("updatedAt", PropertyKind::Time),
        Property::only_insert("userId", PropertyKind::Text),
    ],
};
