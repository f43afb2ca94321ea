//! Backend `http`: a state behind a small REST interface, such as GitLab's.
//!
//! The state is fetched with GET and replaced with POST. Where the server has addresses for it, the state is locked by a
//! request that carries Terraform's lock information, which the server answers with 423 or 409 and the information of the
//! holder when there is one; what is written then names the lock. Such a server keeps one state, so there are no
//! workspaces. `settings` reads the arguments and `client` makes the requests.

mod client;
mod settings;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use md5::{Digest, Md5};
use smform_state::backend::DEFAULT_WORKSPACE;
use smform_state::kind::{Argument, Kind, SettingError, Settings, Surroundings};
use smform_state::lock::{Holder, LockInfo, retry};
use smform_state::{Backend, Held, Kept, Snapshot, StateError, Workspaces};
use ureq::http::{Method, StatusCode};
use url::Url;

use client::{Answer, Client};
use settings::Wishes;

/// How often the state is brought up to date while a run goes on, as Terraform does.
const INTERVAL: Duration = Duration::from_secs(20);

/// The backend `http`.
#[derive(Debug)]
pub struct Http;

impl Kind for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn arguments(&self) -> Vec<Argument> {
        settings::arguments()
    }

    fn open(&self, given: &Settings, surroundings: &Surroundings) -> Result<Arc<dyn Workspaces>, SettingError> {
        let client = Arc::new(Client::new(Wishes::read(given, surroundings)?));
        let place = place(&client.wishes.address);
        // What follows the question mark may be a secret, but it tells states apart.
        let digest = Md5::digest(client.wishes.address.as_str());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let journal = surroundings.journal(&format!("{place}-{digest}"));
        Ok(Arc::new(OneState(HttpBackend { client, place: place.into(), journal, lock: Arc::default() })))
    }
}

/// How messages name an address.
fn place(address: &Url) -> String {
    let mut shown = address.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    shown.to_string()
}

/// The only state that an address leads to.
#[derive(Debug)]
struct OneState(HttpBackend);

impl OneState {
    fn unsupported(&self, action: &'static str) -> StateError {
        let reason = "workspaces not supported. The backend \"http\" keeps one state: give every other one an address of \
                      its own, such as with -backend-config=address=URL";
        self.0.refused(action, reason)
    }
}

impl Workspaces for OneState {
    fn names(&self) -> Result<Vec<String>, StateError> {
        Err(self.unsupported("list the workspaces of"))
    }

    fn state(&self, workspace: &str) -> Result<Arc<dyn Backend>, StateError> {
        if workspace == DEFAULT_WORKSPACE {
            return Ok(Arc::new(self.0.clone()));
        }
        Err(self.unsupported("select a workspace in"))
    }

    fn create(&self, _: &str) -> Result<(), StateError> {
        Err(self.unsupported("make a workspace in"))
    }

    fn delete(&self, _: &str) -> Result<(), StateError> {
        Err(self.unsupported("delete a workspace of"))
    }
}

/// The state at an address.
#[derive(Clone, Debug)]
struct HttpBackend {
    client: Arc<Client>,
    place: PathBuf,
    journal: PathBuf,
    /// The lock that is held, which what is written must name.
    lock: Arc<Mutex<Option<LockInfo>>>,
}

impl HttpBackend {
    fn refused(&self, action: &'static str, reason: impl Into<String>) -> StateError {
        StateError::Refused { action, path: self.place.clone(), reason: reason.into() }
    }

    fn ask(
        &self,
        action: &'static str,
        method: &Method,
        address: &Url,
        body: Option<&[u8]>,
    ) -> Result<Answer, StateError> {
        self.client.request(method, address, body).map_err(|reason| self.refused(action, reason))
    }

    fn hold(&self, info: Option<LockInfo>) -> Option<LockInfo> {
        std::mem::replace(&mut *self.lock.lock().unwrap_or_else(PoisonError::into_inner), info)
    }

    fn held(&self) -> Option<LockInfo> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn try_lock(&self, method: &Method, address: &Url, info: &LockInfo) -> Result<(), StateError> {
        const ACTION: &str = "lock the state";
        let text = serde_json::to_vec(info).unwrap_or_default();
        let answer = self.ask(ACTION, method, address, Some(&text))?;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::LOCKED | StatusCode::CONFLICT => {
                let holder: Option<LockInfo> = serde_json::from_slice(&answer.body).ok();
                let holder = holder.filter(|holder| !holder.id.is_empty());
                // A request that was repeated because its answer was lost.
                if holder.as_ref().is_some_and(|holder| holder.id == info.id) {
                    return Ok(());
                }
                let holder = Holder { path: self.place.clone(), info: holder, ends_with_process: false };
                Err(StateError::Locked(Box::new(holder)))
            }
            _ => Err(self.refused(ACTION, answer.refusal(&self.client))),
        }
    }

    fn unlock(&self, info: &LockInfo) -> Result<(), StateError> {
        const ACTION: &str = "unlock the state";
        let Some((method, address)) = &self.client.wishes.unlock else { return Ok(()) };
        let text = serde_json::to_vec(info).unwrap_or_default();
        let answer = self.ask(ACTION, method, address, Some(&text))?;
        match answer.status {
            status if status.is_success() => Ok(()),
            StatusCode::LOCKED | StatusCode::CONFLICT => {
                let holder: LockInfo = serde_json::from_slice(&answer.body).unwrap_or_default();
                let held = if holder.id.is_empty() { "another".to_owned() } else { holder.id };
                Err(StateError::OtherLock { path: self.place.clone(), given: info.id.clone(), held })
            }
            _ => Err(self.refused(ACTION, answer.refusal(&self.client))),
        }
    }
}

impl Backend for HttpBackend {
    fn place(&self) -> PathBuf {
        self.place.clone()
    }

    fn journal(&self) -> PathBuf {
        self.journal.clone()
    }

    fn read(&self) -> Result<Option<Snapshot>, StateError> {
        const ACTION: &str = "read the state";
        let answer = self.ask(ACTION, &Method::GET, &self.client.wishes.address, None)?;
        match answer.status {
            StatusCode::NOT_FOUND | StatusCode::NO_CONTENT => Ok(None),
            StatusCode::OK if !answer.is_whole() => {
                Err(self.refused(ACTION, "what has arrived does not have the checksum that the server tells"))
            }
            StatusCode::OK if answer.body.is_empty() => Ok(None),
            StatusCode::OK => Ok(Some(Snapshot { text: answer.body, version: None })),
            _ => Err(self.refused(ACTION, answer.refusal(&self.client))),
        }
    }

    // The server has no condition on what it replaces, so what can be done is to look again right before.
    fn write(&self, text: &[u8], replaced: Option<&Snapshot>) -> Result<Option<String>, StateError> {
        const ACTION: &str = "write the state";
        if !is_same(self.read()?.as_ref(), replaced) {
            return Err(StateError::Overtaken { path: self.place.clone() });
        }
        let wishes = &self.client.wishes;
        let mut address = wishes.address.clone();
        if let Some(lock) = self.held() {
            let others: Vec<(String, String)> =
                address.query_pairs().filter(|(name, _)| name != "ID").map(owned).collect();
            address.query_pairs_mut().clear().extend_pairs(others).append_pair("ID", &lock.id);
        }
        let answer = self.ask(ACTION, &wishes.update, &address, Some(text))?;
        if answer.status.is_success() { Ok(None) } else { Err(self.refused(ACTION, answer.refusal(&self.client))) }
    }

    fn interval(&self) -> Option<Duration> {
        Some(INTERVAL)
    }

    // What is replaced is the server's to keep.
    fn back_up(&self, _: &Snapshot) -> Result<(), StateError> {
        Ok(())
    }

    fn kept(&self) -> Result<Vec<Kept>, StateError> {
        Ok(Vec::new())
    }

    fn read_kept(&self, name: &str) -> Result<Vec<u8>, StateError> {
        Err(self.refused("read a version of", format!("the backend \"http\" has no version \"{name}\"")))
    }

    fn lock(&self, info: &LockInfo, timeout: Duration) -> Result<Box<dyn Held>, StateError> {
        let Some((method, address)) = &self.client.wishes.lock else {
            return Ok(Box::new(HttpLock { state: self.clone() }));
        };
        retry(timeout, || self.try_lock(method, address, info))?;
        self.hold(Some(info.clone()));
        Ok(Box::new(HttpLock { state: self.clone() }))
    }

    fn force_unlock(&self, id: &str) -> Result<(), StateError> {
        if self.client.wishes.unlock.is_none() {
            let reason = "the backend is configured without unlock_address, so that there is nothing to unlock with";
            return Err(self.refused("unlock the state", reason));
        }
        self.unlock(&LockInfo { id: id.to_owned(), ..LockInfo::default() })
    }
}

/// Whether two snapshots say the same: a server may lay out JSON in its own way.
fn is_same(one: Option<&Snapshot>, other: Option<&Snapshot>) -> bool {
    let json = |snapshot: &Snapshot| serde_json::from_slice::<serde_json::Value>(&snapshot.text).ok();
    match (one, other) {
        (Some(one), Some(other)) => {
            one.text == other.text || json(one).is_some_and(|json_one| json(other) == Some(json_one))
        }
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn owned((name, value): (std::borrow::Cow<str>, std::borrow::Cow<str>)) -> (String, String) {
    (name.into_owned(), value.into_owned())
}

/// A lock that is held, or none where the server has none.
#[derive(Debug)]
struct HttpLock {
    state: HttpBackend,
}

impl Held for HttpLock {
    fn release(&mut self) -> Result<(), StateError> {
        match self.state.hold(None) {
            Some(info) => self.state.unlock(&info),
            None => Ok(()),
        }
    }

    fn lasting(&self) -> Option<String> {
        self.state.held().map(|info| info.id)
    }
}

impl Drop for HttpLock {
    fn drop(&mut self) {
        // Whoever can tell the user of a failure has released it before.
        let _ = self.release();
    }
}
