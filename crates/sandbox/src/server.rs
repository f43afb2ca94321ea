//! The sandbox over loopback HTTP, for clients that take an endpoint URL: the AWS CLI, boto3, the SDKs.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::control;
use crate::sandbox::{BODY_LIMIT, Dropped, Sandbox};

/// Why the sandbox cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener can be reached from other machines.
    #[error("the sandbox serves loopback addresses only, such as 127.0.0.1; {0} is not one")]
    NotLoopback(SocketAddr),
    /// The listener cannot be used.
    #[error("cannot serve the sandbox: {0}")]
    Listener(#[from] io::Error),
}

/// How long a client may take over the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Serves the sandbox on a loopback listener until `shutdown` completes; then open connections are closed.
pub async fn serve(
    listener: TcpListener,
    sandbox: Sandbox,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    // Replies are small and wait for nothing.
                    let _ = stream.set_nodelay(true);
                    let sandbox = sandbox.clone();
                    connections.spawn(async move {
                        let service = service_fn(|request| answer(&sandbox, request));
                        let connection = http1::Builder::new()
                            .timer(TokioTimer::new())
                            .header_read_timeout(HEAD_TIMEOUT)
                            .serve_connection(TokioIo::new(stream), service);
                        if let Err(error) = connection.await {
                            tracing::debug!(%error, "a sandbox connection ended early");
                        }
                    });
                }
                // A client that is gone again, or too many open files: neither ends the server.
                Err(error) => {
                    tracing::warn!(%error, "the sandbox could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
}

/// An error here makes hyper close the connection without a reply.
async fn answer(sandbox: &Sandbox, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
    let (head, body) = request.into_parts();
    // One byte more than the limit, so that the sandbox itself can refuse what is too large in the right protocol.
    let body = match Limited::new(body, BODY_LIMIT + 1).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Bytes::from(vec![b' '; BODY_LIMIT + 1]),
        Err(_) => return Err(Dropped),
    };
    let request = Request::from_parts(head, body);
    if request.uri().path().starts_with(control::PREFIX) {
        return Ok(control::answer(sandbox, &request).map(Full::new));
    }
    sandbox.handle(request).await.map(|response| response.map(Full::new))
}
