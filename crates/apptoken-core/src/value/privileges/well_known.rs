//! Constructors for the privileges that app tokens commonly need.

use crate::error::Error;
use crate::value::privileges::Privileges;

/// The privileges that the app token of a service commonly needs.
///
/// All except `appid` belong on the token: the server drops them without an error if a login requests them.
impl Privileges {
    /// `list:*`: lists the objects of all users, not only those of the session's user.
    #[must_use]
    pub fn list_all(self) -> Self {
        self.set("list", "*")
    }

    /// `edit:<entry>`: changes this entry, or every entry with `*`.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn edit(self, entry: &str) -> Result<Self, Error> {
        self.with("edit", &[entry])
    }

    /// `sview:<entry>`: views this entry, or every entry with `*`, regardless of access control.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn view(self, entry: &str) -> Result<Self, Error> {
        self.with("sview", &[entry])
    }

    /// `download:<entry>`: downloads this entry, or every entry with `*`.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn download(self, entry: &str) -> Result<Self, Error> {
        self.with("download", &[entry])
    }

    /// `enableentitlement`: restricts the session to the objects that the user is entitled to.
    #[must_use]
    pub fn enable_entitlement(self) -> Self {
        self.set_name("enableentitlement")
    }

    /// `disableentitlement`: gives access to all objects, regardless of the user's entitlements.
    #[must_use]
    pub fn disable_entitlement(self) -> Self {
        self.set_name("disableentitlement")
    }

    /// `privacycontext:<context>`: applies the entitlements of this context, such as one portal.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn privacy_context(self, context: &str) -> Result<Self, Error> {
        self.with("privacycontext", &[context])
    }

    /// `setrole:<role>`: gives the session the permissions of this role instead of those of the user's roles.
    ///
    /// `role` is the id or system name of the role. The server does not check it when the session starts: with an unknown
    /// role, every use of the session fails with `INVALID_OBJECT_ID`.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn set_role(self, role: &str) -> Result<Self, Error> {
        self.with("setrole", &[role])
    }

    /// `actionslimit:<n>`: limits the session to `n` calls.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for 0: the server accepts it on the token, but
    /// then refuses every call of the session.
    pub fn actions_limit(self, limit: u32) -> Result<Self, Error> {
        if limit == 0 {
            return Err(Error::invalid_input("the actions limit must be at least 1"));
        }
        Ok(self.set("actionslimit", &alloc::format!("{limit}")))
    }

    /// `iprestrict:<address>`: restricts the session to these IP addresses. The server compares exact addresses and does not
    /// support ranges.
    #[must_use]
    pub fn restrict_to_addresses(mut self, addresses: &[core::net::IpAddr]) -> Self {
        for address in addresses {
            self = self.set("iprestrict", &alloc::format!("{address}"));
        }
        self
    }

    /// `appid:<name>-<domain>`: names the application in analytics. A login can request it too.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn app_id(self, name_and_domain: &str) -> Result<Self, Error> {
        self.with("appid", &[name_and_domain])
    }

    fn set(self, name: &str, value: &str) -> Self {
        self.add(name, &[value])
    }

    fn set_name(self, name: &str) -> Self {
        self.add(name, &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn constructors_write_kalturas_names() {
        let privileges = Privileges::new()
            .list_all()
            .edit("0_abc")
            .unwrap()
            .view("*")
            .unwrap()
            .download("*")
            .unwrap()
            .enable_entitlement()
            .privacy_context("My Portal")
            .unwrap()
            .set_role("42")
            .unwrap()
            .actions_limit(3)
            .unwrap()
            .restrict_to_addresses(&["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()])
            .app_id("importer-example.org")
            .unwrap();
        assert_eq!(
            privileges.to_string(),
            "list:*,edit:0_abc,sview:*,download:*,enableentitlement,privacycontext:My Portal,setrole:42,actionslimit:3,iprestrict:10.0.0.1/10.0.0.2,appid:importer-example.org"
        );
        assert!(Privileges::new().actions_limit(0).is_err());
        assert!(Privileges::new().set_role("a,b").is_err());
    }

    #[test]
    fn entitlement_can_be_switched_off() {
        assert_eq!(Privileges::new().disable_entitlement().to_string(), "disableentitlement");
    }
}
