//! Checks of what is stored.

use apptoken_core::login::store::{SessionKey, StoredSession};

use crate::expect::{NOW, OpenStore, Outcome, Place, expect_same, expect_stored, failed, store};

pub(crate) fn a_new_key_has_no_session(open: &OpenStore<'_>, check: &str) -> Outcome {
    expect_stored(&*open(), &Place::of(check).key()?, None)
}

pub(crate) fn a_stored_session_comes_back_unchanged(open: &OpenStore<'_>, check: &str) -> Outcome {
    let place = Place::of(check);
    let (key, session) = (place.key()?, place.session(1)?);
    let one = open();
    store(&*one, &key, &session)?;
    expect_stored(&*one, &key, Some(&session))?;
    expect_stored(&*open(), &key, Some(&session))
}

pub(crate) fn a_later_session_replaces_an_earlier_one(open: &OpenStore<'_>, check: &str) -> Outcome {
    let place = Place::of(check);
    let key = place.key()?;
    let stores = [open(), open()];
    for (number, one) in (0..).zip(stores.iter().cycle().take(4)) {
        let session = place.session(number)?;
        store(&**one, &key, &session)?;
        stores.iter().try_for_each(|any| expect_stored(&**any, &key, Some(&session)))?;
    }
    Ok(())
}

pub(crate) fn a_renewal_without_result_changes_nothing(open: &OpenStore<'_>, check: &str) -> Outcome {
    let place = Place::of(check);
    let (key, session, one) = (place.key()?, place.session(1)?, open());
    one.renew_exclusively(&key, crate::expect::PATIENCE, &mut |_| None).map_err(failed("renew_exclusively"))?;
    expect_stored(&*one, &key, None)?;
    store(&*one, &key, &session)?;
    one.renew_exclusively(&key, crate::expect::PATIENCE, &mut |_| None).map_err(failed("renew_exclusively"))?;
    expect_stored(&*one, &key, Some(&session))
}

pub(crate) fn each_part_of_a_key_separates_sessions(open: &OpenStore<'_>, check: &str) -> Outcome {
    let place = Place::of(check);
    let places = [
        place.clone(),
        Place { server: format!("{}:8443", place.server), ..place.clone() },
        Place { partner: 102, ..place.clone() },
        Place { app_token: "0_abcd1235".to_owned(), ..place.clone() },
        Place { user: "../alice {} \n".to_owned(), ..place },
    ];
    let one = open();
    for (number, place) in (0..).zip(&places) {
        expect_stored(&*one, &place.key()?, None)?;
        store(&*one, &place.key()?, &place.session(number)?)?;
    }
    (0..)
        .zip(&places)
        .try_for_each(|(number, place)| expect_stored(&*one, &place.key()?, Some(&place.session(number)?)))
}

pub(crate) fn a_batch_is_read_and_stored_in_its_order(open: &OpenStore<'_>, check: &str) -> Outcome {
    let places: Vec<Place> = (0..5).map(|number| Place { user: format!("user{number}"), ..Place::of(check) }).collect();
    let keys: Vec<SessionKey> = places.iter().map(Place::key).collect::<Result<_, _>>()?;
    let sessions: Vec<StoredSession> = places.iter().map(|place| place.session(1)).collect::<Result<_, _>>()?;
    let one = open();
    let [_, second, _, fourth, _] = &*sessions else { return Err("five sessions".to_owned()) };
    let [_, second_key, _, fourth_key, _] = &*keys else { return Err("five keys".to_owned()) };
    store(&*one, second_key, second)?;
    let mut given = Vec::new();
    let written = one.renew_many(&keys, &mut |stored| {
        given.push(stored);
        sessions.iter().zip(0..).map(|(session, position)| (position != 3).then(|| session.clone())).collect()
    });
    written.map_err(failed("renew_many"))?;
    let [given] = &*given else { return Err(format!("`renew` was called {} times for one batch", given.len())) };
    if given.len() != keys.len() {
        return Err(format!("`renew` got {} entries for {} keys", given.len(), keys.len()));
    }
    for (position, given) in given.iter().enumerate() {
        expect_same(given.as_ref(), (position == 1).then_some(second))?;
    }
    let _ = (fourth, fourth_key);
    for (position, (key, session)) in keys.iter().zip(&sessions).enumerate() {
        expect_stored(&*open(), key, (position != 3).then_some(session))?;
    }
    Ok(())
}

pub(crate) fn a_batch_does_not_replace_what_was_stored_meanwhile(open: &OpenStore<'_>, check: &str) -> Outcome {
    let place = Place::of(check);
    let (key, later, earlier) = (place.key()?, place.session(2)?, place.session(1)?);
    let (one, other) = (open(), open());
    let mut stored = Ok(());
    let written = one.renew_many(std::slice::from_ref(&key), &mut |_| {
        stored = store(&*other, &key, &later);
        vec![Some(earlier.clone())]
    });
    written.map_err(failed("renew_many"))?;
    stored?;
    expect_stored(&*one, &key, Some(&later))
}

pub(crate) fn removing_ended_sessions_keeps_the_others(open: &OpenStore<'_>, check: &str) -> Outcome {
    let place = Place::of(check);
    let (key, session, one) = (place.key()?, place.session(1)?, open());
    store(&*one, &key, &session)?;
    one.remove_ended(NOW.wall).map_err(failed("remove_ended"))?;
    expect_stored(&*one, &key, Some(&session))
}
