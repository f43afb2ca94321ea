//! `registry check`: asks a container registry for an image as SageMaker will.

mod planned;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use smform_registry::{Fact, Report, Request, Settings, Severity, Vantage, authorities, probe};
use smform_types::json::to_text;

use crate::args::{ConnectTo, Reach, RegistryCheck, connect_to};
use crate::errors::{Exit, Failure, file};
use crate::render::style::{Paint, Style, wrap};
use crate::session::Session;

pub use planned::check as check_planned;

pub async fn check(session: &Session, args: &RegistryCheck) -> Result<Exit, Failure> {
    let settings = settings(session, &args.reach)?;
    let request = Request {
        image: args.image.clone(),
        credentials_provider: args.credentials_provider,
        architecture: args.architecture.clone(),
        volume_gb: args.volume_size,
    };
    let report = tokio::select! {
        report = probe(&request, &settings) => report,
        () = session.cancel.cancelled() => {
            return Err(Failure::error("Interrupted", "The image was not checked to the end."));
        }
    };
    if args.json {
        session.console.out(&format!("{}\n", to_text(&as_json(&report)?, Some(2))));
    } else {
        let text = as_text(&report, session.style(args.no_color), session.console.width);
        session.console.out(&text);
    }
    Ok(if count(&report, Severity::Error) == 0 { Exit::Success } else { Exit::Failure })
}

/// How the probe works: as the flags say, and where they are silent as the environment does.
///
/// # Errors
/// When a file of authorities or a variable cannot be used.
pub fn settings(session: &Session, reach: &Reach) -> Result<Settings, Failure> {
    let variable = |name| session.variable(name).map(str::to_owned);
    let extra_authorities = match reach.ca_file.clone().or(variable("SMFORM_REGISTRY_CA_FILE").map(PathBuf::from)) {
        Some(path) => read_authorities(session, &path)?,
        None => Vec::new(),
    };
    let mut connections: BTreeMap<_, _> = BTreeMap::new();
    for text in variable("SMFORM_REGISTRY_CONNECT_TO").unwrap_or_default().split(',').filter(|text| !text.is_empty()) {
        let ConnectTo { host, port, address } = connect_to(text)
            .map_err(|why| Failure::error("Invalid SMFORM_REGISTRY_CONNECT_TO", format!("{text}: {why}.")))?;
        connections.insert((host, port), address);
    }
    connections.extend(reach.connect_to.iter().map(|to| ((to.host.clone(), to.port), to.address)));
    let inside = reach.inside_vpc || matches!(session.variable("SMFORM_REGISTRY_INSIDE_VPC"), Some("1" | "true"));
    Ok(Settings {
        vantage: if inside { Vantage::InsideVpc } else { Vantage::Outside },
        extra_authorities,
        connect_to: connections,
        now: session.clock.now(),
        ..Settings::default()
    })
}

fn read_authorities(session: &Session, path: &Path) -> Result<Vec<smform_registry::CertificateDer<'static>>, Failure> {
    let place = session.path(path);
    let pem = std::fs::read(&place).map_err(|error| file("read", path, &error))?;
    authorities(&pem)
        .map_err(|error| Failure::error("Invalid CA file", format!("{} cannot be used: {error}.", path.display())))
}

fn count(report: &Report, severity: Severity) -> usize {
    report.facts.iter().filter(|fact| fact.severity == severity).count()
}

fn as_json(report: &Report) -> Result<Json, Failure> {
    let body = serde_json::to_value(report).map_err(|error| Failure::error("Cannot write JSON", error.to_string()))?;
    let mut json = json!({
        "format_version": "1.0",
        "valid": count(report, Severity::Error) == 0,
        "error_count": count(report, Severity::Error),
        "warning_count": count(report, Severity::Warning),
        "unknown_count": count(report, Severity::Unknown),
    });
    if let (Json::Object(out), Json::Object(body)) = (&mut json, body) {
        out.extend(body);
    }
    Ok(json)
}

fn as_text(report: &Report, style: Style, width: usize) -> String {
    let mut out = format!("{}\n\n", style.bold(&report.image.replace(char::is_control, "\u{fffd}")));
    report.facts.iter().for_each(|fact| out.push_str(&line(fact, style, width)));
    if let Some(pinned) = &report.pinned {
        out.push_str(&format!("\nPinned: {pinned}\n"));
    }
    let named = |severity, one: &str, many: &str| match count(report, severity) {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let counts = [
        named(Severity::Error, "error", "errors"),
        named(Severity::Warning, "warning", "warnings"),
        named(Severity::Unknown, "unknown", "unknown"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let verdict = match report.severity() {
        Severity::Error => style.strong(Paint::Red, "SageMaker cannot pull this image as it is"),
        Severity::Unknown | Severity::Warning => style.strong(Paint::Yellow, "No error was found"),
        Severity::Info => style.strong(Paint::Green, "Everything is as it should be"),
    };
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    out.push_str(&format!("\n{verdict}{counts}.\n"));
    out
}

/// A fact: its severity, what was found, its code, and below what to do about it.
fn line(fact: &Fact, style: Style, width: usize) -> String {
    let (paint, word) = match fact.severity {
        Severity::Error => (Paint::Red, "error"),
        Severity::Warning => (Paint::Yellow, "warning"),
        Severity::Unknown => (Paint::Cyan, "unknown"),
        Severity::Info => (Paint::Green, "ok"),
    };
    let indent = " ".repeat(10);
    let wrapped = wrap(&format!("{} [{}]", fact.summary, fact.code), width.saturating_sub(10));
    let mut lines = wrapped.lines();
    let mut out = format!("{}{}\n", style.paint(paint, &format!("{word:<10}")), lines.next().unwrap_or_default());
    lines.for_each(|line| out.push_str(&format!("{indent}{line}\n")));
    for line in wrap(&fact.detail, width.saturating_sub(10)).lines() {
        out.push_str(&format!("{indent}{}\n", style.dim(line)));
    }
    out
}
