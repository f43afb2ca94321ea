//! The sandbox itself: opening it, and answering requests.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use crate::ask::{Answer, Ask, Protocol, protocol_of, understand, unknown_action};
use crate::calls::{Call, CallLog};
use crate::clock::{self, Anchor, Clock};
use crate::faults::{After, Before, Fate, Faults, Script, Subject};
use crate::services::runtime::{self, Invocations};
use crate::services::sagemaker::{self, lifecycle};
use crate::services::{Context, cloudwatch, scaling, sts};
use crate::settings::Settings;
use crate::store::{self, OpenError, Store};
use crate::wire::query::Dialect;
use crate::wire::scope::{self, Scope};
use crate::wire::{ApiError, json11, query, request_id};
use crate::world::World;

/// The largest request body that is read, in bytes.
pub const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// How a sandbox is opened. The default lives in memory, in real time, without faults.
#[derive(Clone, Debug)]
pub struct Options {
    /// The state file; in memory only if absent.
    pub path: Option<PathBuf>,
    /// Virtual seconds per real second, from 0 (time moves only by [`Sandbox::advance`]) to a thousand million; what
    /// the state file says, or 1, if absent.
    pub speed: Option<f64>,
    /// Settings that replace the saved ones.
    pub settings: Option<Settings>,
    /// What is to go wrong.
    pub faults: Script,
    /// How long to wait for another process that has the state open.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options { path: None, speed: None, settings: None, faults: Script::default(), patience: Duration::from_secs(5) }
    }
}

/// The connection is cut without a reply, as a fault demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox cut the connection, as its fault script demands")]
pub struct Dropped;

/// An imitated AWS account. Clones share it.
///
/// ```
/// use smform_sandbox::{Options, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sandbox = Sandbox::open(Options { speed: Some(60.0), ..Options::default() })?;
/// let request = http::Request::post("https://api.sagemaker.us-east-1.amazonaws.com/")
///     .header("x-amz-target", "SageMaker.ListModels")
///     .header("authorization", "AWS4-HMAC-SHA256 Credential=AK/20260102/us-east-1/sagemaker/aws4_request, Signature=0")
///     .body("{}".into())?;
/// let response = sandbox.handle(request).await?;
/// assert_eq!(&response.body()[..], br#"{"Models":[]}"#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Sandbox {
    clock: Clock,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    world: World,
    store: Option<Store>,
    faults: Faults,
    calls: CallLog,
    invocations: Invocations,
}

impl Sandbox {
    /// Opens a sandbox. Blocks for at most [`Options::patience`] while another process has the state file open. The
    /// file is locked as long as the sandbox or a clone of it lives, and is first written by the first change.
    pub fn open(options: Options) -> Result<Sandbox, OpenError> {
        if let Some(speed) = options.speed.filter(|speed| !clock::is_speed(*speed)) {
            return Err(OpenError::Invalid(format!("the sandbox speed is {speed}; it must be from 0 to 1000000000")));
        }
        if let Some(problem) = options.settings.as_ref().and_then(Settings::problem) {
            return Err(OpenError::Invalid(format!("the sandbox settings cannot be used: {problem}")));
        }
        let faults = Faults::new(options.faults).map_err(OpenError::Invalid)?;
        let (store, world, calls) = match &options.path {
            None => (None, None, CallLog::in_memory()),
            Some(path) => {
                let (store, world) = Store::open(path, options.patience)?;
                let log = store::beside(path, "calls.jsonl");
                let calls = CallLog::open(&log).map_err(|source| OpenError::Io {
                    what: "open the call log",
                    path: log,
                    source,
                })?;
                (Some(store), world, calls)
            }
        };
        let mut world = world.unwrap_or_else(|| World::new(Anchor::starting_now(1.0)));
        let clock = Clock::new(world.clock);
        let changed = options.speed.is_some_and(|speed| speed != world.clock.speed()) || options.settings.is_some();
        if let Some(speed) = options.speed {
            clock.set_speed(speed);
        }
        if let Some(settings) = options.settings {
            world.settings = settings;
        }
        world.clock = clock.anchor();
        let inner = Inner { world, store, faults, calls, invocations: Invocations::default() };
        if changed && let Some(Err(source)) = inner.store.as_ref().map(|store| store.save(&inner.world)) {
            let path = options.path.unwrap_or_default();
            return Err(OpenError::Io { what: "write the sandbox state", path, source });
        }
        Ok(Sandbox { clock, inner: Arc::new(Mutex::new(inner)) })
    }

    /// The sandbox's time. Whoever waits for sandbox resources must sleep on it.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The state file, if there is one.
    pub fn path(&self) -> Option<PathBuf> {
        self.lock().store.as_ref().map(Store::path).map(Path::to_owned)
    }

    /// The latest calls since this sandbox was opened, oldest first, at most 10,000. The log file has all of them.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.recent()
    }

    /// How many invocations of endpoints were answered and how many were refused, since this sandbox was opened.
    pub fn invocations(&self) -> Value {
        self.lock().invocations.to_json()
    }

    /// The fault script in force.
    pub fn faults(&self) -> Script {
        self.lock().faults.script()
    }

    /// Replaces the fault script, with fresh counters. Fails with what is wrong with the script.
    pub fn set_faults(&self, script: Script) -> Result<(), String> {
        self.lock().faults = Faults::new(script)?;
        Ok(())
    }

    /// The settings in force.
    pub fn settings(&self) -> Settings {
        self.lock().world.settings.clone()
    }

    /// Replaces the settings. They hold for operations that start from now on. Fails with what is wrong with them, or
    /// with why they could not be saved.
    pub fn set_settings(&self, settings: Settings) -> Result<(), String> {
        match settings.problem() {
            Some(problem) => Err(problem),
            None => self.change(|world, _| world.settings = settings),
        }
    }

    /// Moves virtual time forward; a negative number is ignored. Fails if the new time could not be saved.
    pub fn advance(&self, seconds: f64) -> Result<(), String> {
        if !(0.0..=1e10).contains(&seconds) {
            return Err(format!("cannot advance by {seconds} seconds: it must be from 0 to 10000000000"));
        }
        self.change(|_, clock| clock.advance(seconds))
    }

    /// Changes how fast virtual time runs. Fails if it is not from 0 to a thousand million, or could not be saved.
    pub fn set_speed(&self, speed: f64) -> Result<(), String> {
        if !clock::is_speed(speed) {
            return Err(format!("the speed {speed} is not from 0 to 1000000000"));
        }
        self.change(|_, clock| clock.set_speed(speed))
    }

    /// Puts an endpoint that is in service under platform maintenance (status SystemUpdating) for so many virtual
    /// seconds. Fails if there is no such endpoint in that region, or it is in another status.
    pub fn maintain(&self, region: &str, endpoint: &str, seconds: f64) -> Result<(), String> {
        if !(0.0..=1e9).contains(&seconds) {
            return Err(format!("{seconds} seconds of maintenance: it must be from 0 to 1000000000"));
        }
        let mut result = Ok(());
        self.change(|world, clock| {
            let (settings, region, _) = world.region(region);
            lifecycle::settle(region, settings, clock.now());
            result = lifecycle::maintain(region, endpoint, clock.now(), seconds);
        })?;
        result
    }

    fn change(&self, change: impl FnOnce(&mut World, &Clock)) -> Result<(), String> {
        let mut inner = self.lock();
        change(&mut inner.world, &self.clock);
        inner.world.clock = self.clock.anchor();
        inner.save().map_err(|error| error.message)
    }

    /// Answers one AWS request. `Err` means that the client is to see its connection cut: the caller must give no
    /// reply at all.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Dropped> {
        let id = request_id();
        let protocol = protocol_of(&request);
        let (scope, ask) = match understand(protocol, &request) {
            Ok(understood) => understood,
            Err((operation, error)) => {
                self.log_refused(&request, protocol, operation, &error);
                return Ok(protocol.failure(&id, &error));
            }
        };
        let names = ask.names();
        let fate = self.meet(&scope, &ask, &names);
        if fate.latency > 0.0 {
            self.clock.sleep(Duration::from_secs_f64(fate.latency)).await;
        }
        let result = self.decide(&scope, &ask, fate);
        let outcome = match &result {
            Ok(Ok(_)) => "ok".to_owned(),
            Ok(Err(error)) => error.code.clone(),
            Err(Dropped) => "dropped".to_owned(),
        };
        let (service, operation) = (ask.service().to_owned(), ask.operation().to_owned());
        self.log(Call { sequence: 0, time: self.time(), service, operation, region: scope.region, names, outcome });
        Ok(match result? {
            Ok(Answer::Json(body)) => json11::success(&id, &body),
            Ok(Answer::Xml(members)) => {
                let dialect = match ask.service() {
                    "sts" => Dialect::Sts,
                    "iam" => Dialect::Iam,
                    _ => Dialect::Ec2,
                };
                query::success(dialect, ask.operation(), &id, members)
            }
            Ok(Answer::Tree(body)) => query::success_of(Dialect::CloudWatch, ask.operation(), &id, body),
            Ok(Answer::Served(served)) => runtime::success(&id, &served),
            Err(error) => protocol.failure(&id, &error),
        })
    }

    /// Counts the call against the fault script.
    fn meet(&self, scope: &Scope, ask: &Ask, names: &[String]) -> Fate {
        let inner = &mut *self.lock();
        let subject = Subject { service: ask.service(), operation: ask.operation(), region: &scope.region, names };
        let region = inner.world.regions.get(&scope.region);
        inner.faults.meet(&subject, || match (ask, region) {
            (Ask::SageMaker { input, .. }, Some(region)) => sagemaker::images(region, input),
            (Ask::SageMaker { input, .. }, None) => sagemaker::images(&Default::default(), input),
            _ => Vec::new(),
        })
    }

    /// Carries the request out, as far as the faults let it.
    fn decide(&self, scope: &Scope, ask: &Ask, fate: Fate) -> Result<Result<Answer, ApiError>, Dropped> {
        match fate.before {
            Some(Before::Drop) => return Err(Dropped),
            Some(Before::Throttle) => return Ok(Err(ask.throttled())),
            Some(Before::Error(e)) => return Ok(Err(ApiError::new(&e.code, e.message).with_status(e.status))),
            None => {}
        }
        let answer = self.carry_out(scope, ask, fate.ending);
        match fate.after {
            Some(After::Lost) => Err(Dropped),
            Some(After::Error(e)) if answer.is_ok() => Ok(Err(ApiError::new(&e.code, e.message).with_status(e.status))),
            _ => Ok(answer),
        }
    }

    fn carry_out(&self, scope: &Scope, ask: &Ask, ending: crate::faults::Ending) -> Result<Answer, ApiError> {
        let inner = &mut *self.lock();
        let now = self.clock.now();
        let (settings, region, account) = inner.world.region(&scope.region);
        cloudwatch::settle(region, settings, now);
        lifecycle::settle(region, settings, now);
        scaling::settle(region, settings, now);
        // What cannot be saved must not stay in memory either, or the caller would be told of a failure that was none.
        let before = ask.mutates().then(|| (region.clone(), account.clone()));
        let mut context = Context { scope, now, settings, region, account, ending };
        let answer = match ask {
            Ask::SageMaker { operation, input } => operation.run(&mut context, input).map(Answer::Json),
            Ask::Ec2 { operation, params } => operation.run(&mut context, params).map(Answer::Xml),
            Ask::Json { operation, input, .. } => (operation.run)(&mut context, input).map(Answer::Json),
            Ask::CloudWatch { operation, input, query } => {
                let answer = (operation.run)(&mut context, input);
                answer.map(if *query { Answer::Tree } else { Answer::Json })
            }
            Ask::Iam { operation, params } => (operation.run)(&mut context, params).map(Answer::Xml),
            Ask::Runtime(invocation) => {
                let answer = runtime::invoke(&context, invocation, &inner.invocations);
                inner.invocations.count(&scope.region, &invocation.endpoint, answer.is_ok());
                answer.map(Answer::Served)
            }
            Ask::Sts { operation, params } => sts::handle(&context, operation, params)
                .unwrap_or_else(|| Err(unknown_action(operation)))
                .map(Answer::Xml),
        };
        if answer.is_ok()
            && let Some((region, account)) = before
        {
            inner.world.clock = self.clock.anchor();
            if let Err(error) = inner.save() {
                let (_, current_region, current_account) = inner.world.region(&scope.region);
                *current_region = region;
                *current_account = account;
                return Err(error);
            }
        }
        answer
    }

    fn log(&self, call: Call) {
        self.lock().calls.add(call);
    }

    fn log_refused(&self, request: &Request<Bytes>, protocol: Protocol, operation: String, error: &ApiError) {
        let (region, service) = match scope::of(request.headers(), request.uri()) {
            Ok(scope) => (scope.region, scope.service),
            Err(_) => (String::new(), protocol.usual_service().to_owned()),
        };
        let outcome = error.code.clone();
        let names = Vec::new();
        self.log(Call { sequence: 0, time: self.time(), service, operation, region, names, outcome });
    }

    fn time(&self) -> String {
        self.clock.now().to_iso8601()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn save(&self) -> Result<(), ApiError> {
        let Some(store) = &self.store else { return Ok(()) };
        store.save(&self.world).map_err(|error| {
            let text = format!("The sandbox cannot write {}: {error}", store.path().display());
            ApiError::new("InternalFailure", text).with_status(500)
        })
    }
}
