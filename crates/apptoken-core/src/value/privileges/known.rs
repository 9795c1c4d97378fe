//! The privileges that the server knows, by name.

use crate::error::Error;
use crate::value::privileges::Privileges;

/// What an app token of a service usually needs. Privileges that the server knows can only stand on the token: it drops
/// them from what a login asks.
impl Privileges {
    /// `list:*`: lists objects of all users, not only of the session's own.
    #[must_use]
    pub fn list_all(self) -> Self {
        self.set("list", "*")
    }

    /// `edit:<entry>`: changes this entry, or any with `*`.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn edit(self, entry: &str) -> Result<Self, Error> {
        self.with("edit", &[entry])
    }

    /// `sview:<entry>`: views this entry, or any with `*`, whatever its access control says.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn view(self, entry: &str) -> Result<Self, Error> {
        self.with("sview", &[entry])
    }

    /// `download:<entry>`: downloads this entry, or any with `*`.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn download(self, entry: &str) -> Result<Self, Error> {
        self.with("download", &[entry])
    }

    /// `enableentitlement`: sees only what the user is entitled to.
    #[must_use]
    pub fn enable_entitlement(self) -> Self {
        self.set_bare("enableentitlement")
    }

    /// `disableentitlement`: sees everything, whatever the user is entitled to.
    #[must_use]
    pub fn disable_entitlement(self) -> Self {
        self.set_bare("disableentitlement")
    }

    /// `privacycontext:<context>`: is entitled within this context, such as one portal.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn privacy_context(self, context: &str) -> Result<Self, Error> {
        self.with("privacycontext", &[context])
    }

    /// `setrole:<role>`: may do what this role permits, instead of what the user's own roles do.
    ///
    /// Takes a role's id or its name for programs. The server does not check it: a role that does not exist shows at the
    /// session's first use, as `INVALID_OBJECT_ID`.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn set_role(self, role: &str) -> Result<Self, Error> {
        self.with("setrole", &[role])
    }

    /// `actionslimit:<n>`: can be used so many times.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for 0, which the server refuses.
    pub fn actions_limit(self, limit: u32) -> Result<Self, Error> {
        if limit == 0 {
            return Err(Error::invalid_input("the limit of actions must be at least 1"));
        }
        Ok(self.set("actionslimit", &alloc::format!("{limit}")))
    }

    /// `iprestrict:<address>`: can be used from these addresses only. The server compares exact addresses, not ranges.
    #[must_use]
    pub fn restrict_to_addresses(mut self, addresses: &[core::net::IpAddr]) -> Self {
        for address in addresses {
            self = self.set("iprestrict", &alloc::format!("{address}"));
        }
        self
    }

    /// `appid:<name>-<domain>`: names the application in analytics. A login may ask for it too.
    ///
    /// # Errors
    ///
    /// Like [`with`](Self::with).
    pub fn app_id(self, name_and_domain: &str) -> Result<Self, Error> {
        self.with("appid", &[name_and_domain])
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.append(name, core::iter::once(value));
        self
    }

    fn set_bare(mut self, name: &str) -> Self {
        self.append(name, core::iter::empty());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn privileges_are_written_by_their_names() {
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
}
