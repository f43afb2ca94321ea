//! The sandbox behind the commands: as the AWS provider's transport, as its clock, and as a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use smform_aws::{Settings, Transport};
use smform_cli::{SandboxHost, SandboxOptions, Sandboxed};
use smform_provider::Clock;
use smform_sandbox::faults::Script;
use smform_sandbox::{Options, Sandbox};
use smform_types::Diagnostic;
use tokio_util::sync::CancellationToken;

use crate::providers;

/// How fast a new sandbox is: an endpoint is in service after seconds, and its life can still be watched.
const DEFAULT_SPEED: f64 = 60.0;

/// Opens and serves sandboxes.
pub struct Host;

struct InProcess(Sandbox);

#[async_trait]
impl Transport for InProcess {
    async fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        self.0.handle(request).await.map_err(|dropped| dropped.to_string())
    }
}

struct SandboxClock(Sandbox);

#[async_trait]
impl Clock for SandboxClock {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from(self.0.clock().now().as_millis()).unwrap_or(0);
        UNIX_EPOCH + Duration::from_millis(millis)
    }

    async fn sleep(&self, duration: Duration) {
        self.0.clock().sleep(duration).await;
    }
}

fn unusable(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error("The sandbox cannot be used", format!("{error}."))
}

fn open(options: &SandboxOptions) -> Result<Sandbox, Diagnostic> {
    let path = Some(options.file.clone()).filter(|file| !file.as_os_str().is_empty());
    let is_new = path.as_ref().is_none_or(|path| !path.exists());
    let faults = options.faults.as_deref().map(Script::load).transpose().map_err(unusable)?.unwrap_or_default();
    let speed = options.speed.or(is_new.then_some(DEFAULT_SPEED));
    Sandbox::open(Options { path, speed, faults, ..Options::default() }).map_err(unusable)
}

#[async_trait]
impl SandboxHost for Host {
    fn open(&self, options: &SandboxOptions) -> Result<Sandboxed, Diagnostic> {
        let sandbox = open(options)?;
        let settings = Settings { transport: Some(Arc::new(InProcess(sandbox.clone()))), ..Settings::default() };
        Ok(Sandboxed { providers: providers::all(settings), clock: Arc::new(SandboxClock(sandbox)) })
    }

    async fn serve(
        &self,
        listen: SocketAddr,
        options: &SandboxOptions,
        ready: &(dyn Fn(SocketAddr) + Send + Sync),
        cancel: CancellationToken,
    ) -> Result<(), Diagnostic> {
        let sandbox = open(options)?;
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .map_err(|error| unusable(format!("it cannot listen on {listen}: {error}")))?;
        ready(listener.local_addr().map_err(unusable)?);
        smform_sandbox::serve(listener, sandbox, cancel.cancelled_owned()).await.map_err(unusable)
    }
}
