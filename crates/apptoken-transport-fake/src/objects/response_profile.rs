use std::collections::HashSet;

use crate::objects::{Class, Enum, Object, Property, PropertyKind};
use crate::output::{Output, Record};

pub(crate) const CLASS: Class = Class {
    name: "KalturaDetachedResponseProfile",
    properties: &[
        Property::read_only("relatedObjects", PropertyKind::List),
        Property::text("name"),
        Property::new("type", PropertyKind::Enum(&TYPE)),
        Property::text("fields"),
        Property::new("filter", PropertyKind::Abstract("KalturaRelatedFilter")),
        Property::new("pager", PropertyKind::Object(&super::filter_pager::CLASS)),
        Property::new("relatedProfiles", PropertyKind::List),
        Property::new("mappings", PropertyKind::List),
    ],
};

const TYPE: Enum = Enum { name: "KalturaResponseProfileType", values: &[INCLUDE, 2] };
const INCLUDE: i64 = 1;

/// Which properties a reply contains.
pub(crate) struct ResponseProfile {
    includes: bool,
    fields: HashSet<String>,
}

impl ResponseProfile {
    /// The profile of a request; `None` if it names no fields, because it then has no effect.
    pub(crate) fn of(object: &Object) -> Option<Self> {
        let fields = object.text("fields").filter(|fields| crate::php::cast::is_true_text(fields))?;
        let fields = fields.split(',').map(|field| field.trim().to_owned()).collect();
        Some(Self { includes: object.int("type") == Some(INCLUDE), fields })
    }

    /// Sets hidden properties to null; JSON omits them.
    pub(crate) fn apply(profile: Option<&Self>, mut record: Record) -> Record {
        let Some(profile) = profile else { return record };
        for (name, value) in &mut record.properties {
            if profile.fields.contains(&**name) != profile.includes {
                *value = Output::Null;
            }
        }
        record
    }
}
