//! The server's own paths below `/_sandbox/`, for tests and scenarios; none of them is AWS's.
//!
//! | Request | Effect |
//! |---|---|
//! | `GET /_sandbox/calls` | the call log as a JSON list |
//! | `GET /_sandbox/operations` | every operation that is imitated, by service |
//! | `GET /_sandbox/invocations` | answered and refused invocations, by endpoint |
//! | `GET /_sandbox/clock` | `{"now", "seconds", "speed"}` |
//! | `POST /_sandbox/advance {"seconds": n}` | moves virtual time forward |
//! | `POST /_sandbox/speed {"speed": n}` | changes how fast it runs |
//! | `POST /_sandbox/maintenance {"region", "endpoint", "seconds"}` | puts an endpoint under maintenance (SystemUpdating) |
//! | `GET`, `POST /_sandbox/faults` | the fault script |
//! | `GET`, `POST /_sandbox/settings` | the settings; POST replaces all, members left out take their defaults |
//!
//! Requests that a web page makes are refused: they carry an `Origin`.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::ask;
use crate::sandbox::Sandbox;
use crate::wire::{reply, request_id};

/// The paths that are not AWS's.
pub(crate) const PREFIX: &str = "/_sandbox/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Maintenance {
    region: String,
    endpoint: String,
    seconds: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Speed {
    speed: f64,
}

/// Answers a request below [`PREFIX`].
pub(crate) fn answer(sandbox: &Sandbox, request: &Request<Bytes>) -> Response<Bytes> {
    let what = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
    let result = if request.headers().contains_key(header::ORIGIN) {
        Err((403, "requests of web pages are refused".to_owned()))
    } else {
        route(sandbox, request.method(), what, request.body())
    };
    let (status, body) = match result {
        Ok(body) => (200, body),
        Err((status, problem)) => (status, json!({ "error": problem })),
    };
    reply(status, "application/json", &request_id(), body.to_string().into_bytes())
}

fn route(sandbox: &Sandbox, method: &Method, what: &str, body: &[u8]) -> Result<Value, (u16, String)> {
    let bad = |problem: String| (400, problem);
    match (what, method.as_str()) {
        ("calls", "GET") => to_json(&sandbox.calls()),
        ("operations", "GET") => to_json(&ask::operations().into_iter().collect::<BTreeMap<_, _>>()),
        ("invocations", "GET") => Ok(sandbox.invocations()),
        ("clock", "GET") => Ok(clock(sandbox)),
        ("faults", "GET") => to_json(&sandbox.faults()),
        ("settings", "GET") => to_json(&sandbox.settings()),
        ("advance", "POST") => {
            sandbox.advance(parse::<Advance>(body)?.seconds).map_err(bad)?;
            Ok(clock(sandbox))
        }
        ("maintenance", "POST") => {
            let Maintenance { region, endpoint, seconds } = parse(body)?;
            sandbox.maintain(&region, &endpoint, seconds).map_err(bad)?;
            Ok(clock(sandbox))
        }
        ("speed", "POST") => {
            sandbox.set_speed(parse::<Speed>(body)?.speed).map_err(bad)?;
            Ok(clock(sandbox))
        }
        ("faults", "POST") => {
            sandbox.set_faults(parse(body)?).map_err(bad)?;
            to_json(&sandbox.faults())
        }
        ("settings", "POST") => {
            sandbox.set_settings(parse(body)?).map_err(bad)?;
            to_json(&sandbox.settings())
        }
        (
            "calls" | "operations" | "invocations" | "clock" | "faults" | "settings" | "advance" | "speed"
            | "maintenance",
            _,
        ) => Err((405, format!("{PREFIX}{what} does not take {method}"))),
        _ => Err((
            404,
            format!(
                "there is no {PREFIX}{what}; see calls, operations, invocations, clock, advance, speed, maintenance, faults, settings"
            ),
        )),
    }
}

fn clock(sandbox: &Sandbox) -> Value {
    let now = sandbox.clock().now();
    json!({ "now": now.to_iso8601(), "seconds": now.as_seconds(), "speed": sandbox.clock().speed() })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<Value, (u16, String)> {
    serde_json::to_value(value).map_err(|error| (500, error.to_string()))
}
