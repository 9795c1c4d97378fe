//! Where sessions are kept for other runs: the folder of this user, or the Redis of the setting `session-store`.

use std::path::PathBuf;
use std::sync::Arc;

use apptoken::store::{FileStore, SessionStore};

use super::folders;
use super::settings::{Key, Settings};
use crate::console::Console;
use crate::failure::{Code, Failure};
use crate::values::without_password;

pub(crate) type Store = Arc<dyn SessionStore + Send + Sync>;

/// The store of the settings. `None` if the folder cannot be used: then each run logs in, which is slower, but works.
pub(crate) fn open(settings: &Settings, console: &Console) -> Result<Option<Store>, Failure> {
    if let Some(url) = settings.find(Key::SessionStore)? {
        return open_shared(&url.value, settings).map(Some);
    }
    let folder = open_folder();
    Ok(folder
        .map_err(|failure| console.warning(&format!("sessions are not cached: {}", failure.what())))
        .ok()
        .map(|(_, store)| store))
}

/// The folder of cached sessions, and its store.
pub(crate) fn open_folder() -> Result<(PathBuf, Store), Failure> {
    let folder = folders::sessions()?;
    let shown = folder.display().to_string();
    let failed = |why: String| {
        Failure::new(Code::Failure, format!("{shown}: {why}"))
            .cure(format!("chmod 700 {shown}, or set XDG_CACHE_HOME to a folder of your own"))
    };
    folders::create(&folder).map_err(|error| failed(error.to_string()))?;
    let store = FileStore::new(&folder).map_err(|error| failed(error.to_string()))?;
    Ok((folder, Arc::new(store)))
}

/// The URL of a shared store as messages show it. What has no scheme can be a password that was set by mistake.
pub(crate) fn shown(url: &str) -> String {
    if url.contains("://") { without_password(url) } else { "[hidden]".to_owned() }
}

/// The store that several machines share. Nothing is sent yet.
#[cfg(feature = "redis")]
pub(crate) fn open_shared(url: &str, settings: &Settings) -> Result<Store, Failure> {
    let builder = apptoken_store_redis::RedisStore::builder(url);
    let builder = match settings.root_certificates()? {
        Some(roots) => builder.root_certificates(roots),
        None => builder,
    };
    let store = builder.build().map_err(|error| {
        Failure::configuration(format!("{}: {error}", Key::SessionStore.name()))
            .cure("correct the value; apptoken config show says where each one comes from")
    })?;
    Ok(Arc::new(store))
}

#[cfg(not(feature = "redis"))]
pub(crate) fn open_shared(_: &str, _: &Settings) -> Result<Store, Failure> {
    Err(Failure::configuration("session-store: this build of apptoken has no store that machines share")
        .cure("cargo install apptoken-cli --features redis, or remove the setting (KALTURA_SESSION_STORE)"))
}
