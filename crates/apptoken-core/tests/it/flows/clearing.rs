//! Every change that clears a field, sent to the fake server and read back.

use apptoken_core::api::app_token::{self, AppToken, AppTokenChanges, NewAppToken, TokenExpiry};
use apptoken_core::api::user::{self, NewUser, User, UserChanges};
use apptoken_core::api::user_role::{self, NewUserRole, UserRole, UserRoleChanges};
use apptoken_core::value::Change;
use apptoken_core::{Clock as _, HashType, Privileges, SessionType};

use super::world::World;

const ALICE: &str = "alice";

fn full_user() -> NewUser {
    NewUser {
        screen_name: Some("Alice L".into()),
        first_name: Some("Alice".into()),
        last_name: Some("Liddell".into()),
        email: Some("alice@example.org".into()),
        tags: Some("one".into()),
        description: Some("a user".into()),
        partner_data: Some("data".into()),
        ..NewUser::new(ALICE)
    }
}

#[test]
fn each_field_of_a_user_can_be_cleared() {
    type Case = (&'static str, fn(&mut UserChanges), fn(&User) -> String);
    let cases: [Case; 8] = [
        ("screen name", |it| it.screen_name = Change::Clear, |it| it.screen_name.clone()),
        ("first name", |it| it.first_name = Change::Clear, |it| it.first_name.clone()),
        ("last name", |it| it.last_name = Change::Clear, |it| it.last_name.clone()),
        ("email", |it| it.email = Change::Clear, |it| it.email.clone().unwrap_or_default()),
        ("roles", |it| it.role_ids = Change::Clear, |it| it.role_ids.clone()),
        ("tags", |it| it.tags = Change::Clear, |it| it.tags.clone().unwrap_or_default()),
        ("description", |it| it.description = Change::Clear, |it| it.description.clone()),
        ("partner data", |it| it.partner_data = Change::Clear, |it| it.partner_data.clone().unwrap_or_default()),
    ];
    for (field, clear, read) in cases {
        let world = World::new();
        let role = NewUserRole::new("Importer", &["BASE_USER_SESSION_PERMISSION"]);
        let role = world.call(user_role::Add { user_role: role }).unwrap();
        let user = NewUser { role_ids: Some(role.id.to_string()), ..full_user() };
        let before = world.call(user::Add { user }).unwrap();
        assert_ne!(read(&before), "", "{field}");
        let mut changes = UserChanges::default();
        clear(&mut changes);
        world
            .call(user::Update { user_id: ALICE.into(), changes })
            .unwrap_or_else(|error| panic!("{field}: {error:#}"));
        let after = world.call(user::Get { user_id: Some(ALICE.into()) }).unwrap();
        assert_eq!(read(&after), "", "{field}");
    }
}

#[test]
fn each_field_of_a_role_can_be_cleared() {
    type Case = (&'static str, fn(&mut UserRoleChanges), fn(&UserRole) -> String);
    let cases: [Case; 4] = [
        ("system name", |it| it.system_name = Change::Clear, |it| it.system_name.clone()),
        ("description", |it| it.description = Change::Clear, |it| it.description.clone().unwrap_or_default()),
        ("permissions", |it| it.permission_names = Change::Clear, |it| it.permission_names.clone()),
        ("tags", |it| it.tags = Change::Clear, |it| it.tags.clone().unwrap_or_default()),
    ];
    for (field, clear, read) in cases {
        let world = World::new();
        let user_role = NewUserRole {
            system_name: Some("IMPORTER".into()),
            description: Some("imports".into()),
            tags: Some("one".into()),
            ..NewUserRole::new("Importer", &["BASE_USER_SESSION_PERMISSION"])
        };
        let before = world.call(user_role::Add { user_role }).unwrap();
        assert_ne!(read(&before), "", "{field}");
        let mut changes = UserRoleChanges::default();
        clear(&mut changes);
        let update = user_role::Update { user_role_id: before.id, changes };
        world.call(update).unwrap_or_else(|error| panic!("{field}: {error:#}"));
        let after = world.call(user_role::Get { user_role_id: before.id }).unwrap();
        assert_eq!(read(&after), "", "{field}");
    }
}

#[test]
fn a_role_is_renamed_and_found_by_its_new_name() {
    let world = World::new();
    let role = world.call(user_role::Add { user_role: NewUserRole::new("Importer", &["APP_TOKEN_BASE"]) }).unwrap();
    let changes = UserRoleChanges {
        name: Some("Exporter".into()),
        description: Change::Set("exports".into()),
        ..UserRoleChanges::default()
    };
    let changed = world.call(user_role::Update { user_role_id: role.id, changes }).unwrap();
    assert_eq!((&*changed.name, changed.description.as_deref()), ("Exporter", Some("exports")));
    assert_eq!(changed.permission_names, role.permission_names);
    assert_eq!((world.roles_named("Importer"), world.roles_named("Exporter")), (vec![], vec![role.id]));
}

#[test]
fn the_hash_type_of_a_token_is_changed() {
    let world = World::new();
    let id = world.token();
    let changes = AppTokenChanges { hash_type: Some(HashType::Sha512), ..AppTokenChanges::default() };
    let changed = world.call(app_token::Update { id: id.clone(), changes }).unwrap();
    let read = world.call(app_token::Get { id }).unwrap();
    assert_eq!((changed.hash_type, read.hash_type), (HashType::Sha512, HashType::Sha512));
}

/// An account without an anonymous user refuses to clear the user, which the fake's tables test.
#[test]
fn each_field_of_a_token_can_be_cleared() {
    type Case = (&'static str, fn(&mut AppTokenChanges), fn(&AppToken) -> bool);
    let cases: [Case; 4] = [
        ("expiry", |it| it.expiry = Change::Clear, |it| it.expiry.is_none()),
        ("session type", |it| it.session_type = Change::Clear, |it| it.session_type.is_none()),
        ("privileges", |it| it.session_privileges = Change::Clear, |it| it.session_privileges.is_none()),
        ("description", |it| it.description = Change::Clear, |it| it.description.is_none()),
    ];
    for (field, clear, is_clear) in cases {
        let world = World::new();
        let now = world.fake.clock().now().wall;
        let app_token = NewAppToken {
            expiry: Some(TokenExpiry::after(std::time::Duration::from_secs(3600), now).unwrap()),
            session_type: Some(SessionType::User),
            session_user_id: Some(ALICE.into()),
            session_privileges: Some(Privileges::new().list_all()),
            description: Some("a token".into()),
            ..NewAppToken::default()
        };
        let before = world.call(app_token::Add { app_token }).unwrap();
        assert!(!is_clear(&before), "{field}");
        let mut changes = AppTokenChanges::default();
        clear(&mut changes);
        let update = app_token::Update { id: before.id.clone(), changes };
        world.call(update).unwrap_or_else(|error| panic!("{field}: {error:#}"));
        assert!(is_clear(&world.call(app_token::Get { id: before.id }).unwrap()), "{field}");
    }
}
