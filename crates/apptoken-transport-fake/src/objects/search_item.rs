//! Search conditions in filters. The server accepts them in every filter, but they have no effect on its lists of tokens,
//! users and roles (observed).

use crate::objects::{Class, Enum, Property, PropertyKind, TextEnum};

pub(crate) const OPERATOR: Class = Class {
    name: "KalturaSearchOperator",
    properties: &[
        Property::new("type", PropertyKind::Enum(&OPERATOR_TYPE)),
        Property::new("items", PropertyKind::AbstractList("KalturaSearchItem")),
    ],
};

pub(crate) const CONDITION: Class = Class { name: "KalturaSearchCondition", properties: &[FIELD, VALUE] };

pub(crate) const COMPARABLE_CONDITION: Class = Class {
    name: "KalturaSearchComparableCondition",
    properties: &[FIELD, VALUE, Property::new("comparison", PropertyKind::TextEnum(&COMPARISON))],
};

pub(crate) const MATCH_CONDITION: Class = Class {
    name: "KalturaSearchMatchCondition",
    properties: &[FIELD, VALUE, Property::new("not", PropertyKind::Bool)],
};

const FIELD: Property = Property::text("field");
const VALUE: Property = Property::text("value");

const OPERATOR_TYPE: Enum = Enum { name: "KalturaSearchOperatorType", values: &[1, 2] };
const COMPARISON: TextEnum =
    TextEnum { name: "KalturaSearchConditionComparison", values: &["1", "2", "3", "4", "5", "6"] };
