use apptoken_core::Privileges;

use crate::script::split_once;

/// Two lists of privileges, one per line: parsed, written, rebuilt item by item, and compared with each other.
///
/// Valid is a first list that can be rebuilt.
pub fn privileges(input: &[u8]) -> bool {
    let (requested, granted) = split_once(input, b"\n");
    let (requested, granted) = (String::from_utf8_lossy(requested), String::from_utf8_lossy(granted));
    let (requested, granted) = (Privileges::parse(&requested), Privileges::parse(&granted));
    for list in [&requested, &granted] {
        assert_eq!(Privileges::parse(&list.to_string()), *list, "{list}");
        assert!(list.without(list).is_empty());
    }
    check_difference(&requested, &granted);
    let built = rebuild(&requested);
    assert!(built.as_ref().is_none_or(|built| *built == requested));
    built.is_some()
}

fn rebuild(list: &Privileges) -> Option<Privileges> {
    list.iter().try_fold(Privileges::new(), |built, privilege| {
        let values: Vec<_> = privilege.values().collect();
        built.with(privilege.name(), &values).ok()
    })
}

/// The difference is exactly what was requested and not granted.
fn check_difference(requested: &Privileges, granted: &Privileges) {
    let missing = requested.without(granted);
    for privilege in requested.iter() {
        let values = |list: &Privileges| Some(list.values(privilege.name())?.map(str::to_owned).collect::<Vec<_>>());
        let requested: Vec<_> = privilege.values().map(str::to_owned).collect();
        let found = values(&missing);
        match values(granted) {
            None if privilege.name().is_empty() && requested.is_empty() => assert!(found.is_none()),
            None => assert_eq!(found, Some(requested)),
            Some(there) => {
                let expected: Vec<_> = requested.into_iter().filter(|value| !there.contains(value)).collect();
                assert_eq!(found, Some(expected).filter(|expected| !expected.is_empty()));
            }
        }
    }
    assert!(missing.iter().all(|privilege| requested.values(privilege.name()).is_some()));
}
