use apptoken_core::Privileges;

use crate::script::split_once;

/// Two lists of privileges, a line each: read, written, built by hand, and set against each other.
///
/// Good is a first list that can be built by hand.
pub fn privileges(input: &[u8]) -> bool {
    let (asked, granted) = split_once(input, b"\n");
    let (asked, granted) = (String::from_utf8_lossy(asked), String::from_utf8_lossy(granted));
    let (asked, granted) = (Privileges::parse(&asked), Privileges::parse(&granted));
    for list in [&asked, &granted] {
        assert_eq!(Privileges::parse(&list.to_string()), *list, "{list}");
        assert!(list.without(list).is_empty());
    }
    check_difference(&asked, &granted);
    let built = by_hand(&asked);
    assert!(built.as_ref().is_none_or(|built| *built == asked));
    built.is_some()
}

fn by_hand(list: &Privileges) -> Option<Privileges> {
    list.iter().try_fold(Privileges::new(), |built, privilege| {
        let values: Vec<_> = privilege.values().iter().map(String::as_str).collect();
        built.with(privilege.name(), &values).ok()
    })
}

/// What is missing was asked and not granted, and nothing else was.
fn check_difference(asked: &Privileges, granted: &Privileges) {
    let missing = asked.without(granted);
    for privilege in asked {
        let found = missing.values(privilege.name());
        match granted.values(privilege.name()) {
            None if privilege.name().is_empty() && privilege.values().is_empty() => assert!(found.is_none()),
            None => assert_eq!(found, Some(privilege.values())),
            Some(there) => {
                let expected: Vec<_> = privilege.values().iter().filter(|value| !there.contains(value)).collect();
                assert!(expected.iter().copied().eq(found.unwrap_or_default()));
                assert_eq!(found.is_some(), !expected.is_empty());
            }
        }
    }
    assert!(missing.iter().all(|privilege| asked.values(privilege.name()).is_some()));
}
