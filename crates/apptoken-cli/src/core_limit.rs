//! No core files of this process: they would hold its secrets.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit for core files that this process inherited.
#[derive(Clone, Copy)]
pub(crate) struct CoreLimit(Rlimit);

impl CoreLimit {
    /// Sets the soft limit to 0, so that the inherited one can be given back.
    pub(crate) fn set_to_zero() -> Self {
        let inherited = getrlimit(Resource::Core);
        // A limit can always be lowered.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..inherited });
        Self(inherited)
    }

    /// Restores the inherited limit, for a program that takes this process's place.
    pub(crate) fn restore(self) {
        let _ = setrlimit(Resource::Core, self.0);
    }
}
