//! The classes of objects: their properties, and which classes can stand for others.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalog::action::{ParameterKind, words};
use crate::catalog::{enums, rows};
use crate::objects::{Access, Class, Property, PropertyKind};

/// A class of the table.
pub(crate) struct CatalogClass {
    pub(crate) class: &'static Class,
    /// The classes that it extends.
    ancestors: Vec<&'static str>,
}

static CLASSES: LazyLock<HashMap<&'static str, CatalogClass>> = LazyLock::new(|| {
    let all = rows(include_str!("../../data/classes.tsv"));
    all.filter_map(|mut columns| {
        let name = columns.next()?;
        let ancestors = words(columns.next()?, ',').collect();
        let properties: Vec<Property> = words(columns.next()?, ' ').filter_map(property).collect();
        // Read once and never freed, as the classes that are constants.
        let class = Box::leak(Box::new(Class { name, properties: properties.leak() }));
        Some((name, CatalogClass { class, ancestors }))
    })
    .collect()
});

/// The classes that can stand for an abstract one.
static SUBCLASSES: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let all = rows(include_str!("../../data/subclasses.tsv"));
    all.filter_map(|mut columns| Some((columns.next()?, words(columns.next()?, ',').collect()))).collect()
});

/// The class with this name, if its properties are known.
pub(crate) fn find(name: &str) -> Option<&'static Class> {
    CLASSES.get(name).map(|each| each.class)
}

/// The class that `object_type` names, if it extends `declared`.
pub(crate) fn subclass(declared: &str, object_type: &str) -> Option<&'static Class> {
    CLASSES.get(object_type).filter(|each| each.ancestors.contains(&declared)).map(|each| each.class)
}

/// The classes that can stand for an abstract one.
pub(crate) fn implementations(abstract_class: &str) -> &'static [&'static str] {
    SUBCLASSES.get(abstract_class).map_or(&[], Vec::as_slice)
}

/// Whether a class can stand for the abstract one.
pub(crate) fn implements(class: &str, abstract_class: &str) -> bool {
    SUBCLASSES.get(abstract_class).is_some_and(|classes| classes.contains(&class))
}

/// Reads a property such as `fileExt:string!i`.
fn property(text: &'static str) -> Option<Property> {
    let (name, rest) = text.split_once(':')?;
    let mut marks = rest.split('!');
    let mut property = Property::new(name, kind(marks.next()?));
    for mark in marks {
        match mark {
            "r" => property.access = Access::Never,
            "i" => property.access = Access::OnlyInsert,
            "m" => property.is_mandatory = true,
            _ => {}
        }
    }
    Some(property)
}

fn kind(text: &'static str) -> PropertyKind {
    match (text, ParameterKind::of(text)) {
        ("time", _) => PropertyKind::Time,
        ("e/KalturaNullableBoolean", _) => PropertyKind::NullableBool,
        // A client may give one text in place of the list of texts by language.
        ("a/KalturaMultiLingualStringArray", _) => PropertyKind::TextOrList,
        ("KalturaSearchItem", _) => PropertyKind::Abstract("KalturaSearchItem"),
        (_, ParameterKind::Int) => PropertyKind::Int,
        (_, ParameterKind::Float) => PropertyKind::Float,
        (_, ParameterKind::Bool) => PropertyKind::Bool,
        (_, ParameterKind::NumberEnum(name)) => enums::numbers(name).map_or(PropertyKind::Int, PropertyKind::Enum),
        (_, ParameterKind::TextEnum(name)) => enums::texts(name).map_or(PropertyKind::Text, PropertyKind::TextEnum),
        (_, ParameterKind::Array | ParameterKind::File) => PropertyKind::List,
        (_, ParameterKind::Text | ParameterKind::Object(_) | ParameterKind::Abstract(_)) => PropertyKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_classes_is_read() {
        assert_eq!((CLASSES.len(), SUBCLASSES.len()), (24, 20));
        let media = find("KalturaMediaEntry").unwrap();
        let of = |name| media.properties.iter().find(|property| property.name == name).unwrap();
        assert!(of("id").access == Access::Never && of("mediaType").access == Access::OnlyInsert);
        assert!(of("mediaType").is_mandatory && !of("name").is_mandatory);
        assert!(matches!(of("mediaType").kind, PropertyKind::Enum(of) if of.name == "KalturaMediaType"));
    }

    #[test]
    fn a_subclass_counts_if_it_extends_the_declared_class() {
        assert!(subclass("KalturaAssetFilter", "KalturaCaptionAssetFilter").is_some());
        assert!(subclass("KalturaCategoryFilter", "KalturaCaptionAssetFilter").is_none());
        assert!(
            implements("KalturaUrlResource", "KalturaResource") && !implements("KalturaMediaEntry", "KalturaResource")
        );
        assert!(!implements("KalturaContentResource", "KalturaResource"));
    }
}
