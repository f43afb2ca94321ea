//! `-registry-probe`: the images of planned models that SageMaker will pull from private registries, each asked for once.

use std::collections::BTreeMap;

use smform_engine::plan::Plan;
use smform_registry::{Code, Fact, Report, Request, Settings, Severity, probe};
use smform_types::{Diagnostic, Diagnostics, Value};
use tokio::task::JoinSet;

/// Asks the registries of all images that the plan's new models name. Every fact that matters becomes a message about
/// the model.
pub async fn check(plan: &Plan, settings: &Settings) -> Diagnostics {
    let mut wanted: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
    for change in plan.listed() {
        let address = &change.object.address;
        if address.resource.type_name.as_ref() == "aws_sagemaker_model" && change.makes() {
            for (image, provider) in change.after.iter().flat_map(images) {
                wanted.entry((image, provider)).or_default().push(address.to_string());
            }
        }
    }
    let mut running = JoinSet::new();
    for (at, ((image, credentials_provider), models)) in wanted.into_iter().enumerate() {
        let request = Request { credentials_provider, ..Request::new(image) };
        let settings = settings.clone();
        running.spawn(async move { (at, probe(&request, &settings).await, models) });
    }
    let mut reports = running.join_all().await;
    reports.sort_by_key(|(at, ..)| *at);
    let mut found = Diagnostics::new();
    for (_, report, models) in reports {
        for model in models {
            found.extend(messages(&report).into_iter().map(|message| message.about(&model)));
        }
    }
    found
}

/// The images that a model's containers pull through the VPC, and whether with a credentials provider. What is not known
/// yet, or sensitive, is passed over.
fn images(model: &Value) -> Vec<(String, bool)> {
    let blocks = ["primary_container", "container"].into_iter().filter_map(|name| model.get(name)?.as_slice());
    blocks
        .flatten()
        .filter_map(|container| {
            let image = container.get("image").filter(|image| !image.has_sensitive())?.as_str()?;
            let config = container.get("image_config")?.as_slice()?.first()?;
            let through_vpc = config.get("repository_access_mode")?.as_str()? == "Vpc";
            let auth = config.get("repository_auth_config").and_then(Value::as_slice);
            through_vpc.then(|| (image.to_owned(), auth.is_some_and(|auth| !auth.is_empty())))
        })
        .collect()
}

fn messages(report: &Report) -> Vec<Diagnostic> {
    report.facts.iter().filter_map(|fact| message(report, fact)).collect()
}

/// What is as it should be is not told, but for a tag that could be pinned.
fn message(report: &Report, fact: &Fact) -> Option<Diagnostic> {
    let rest = if fact.detail.is_empty() { String::new() } else { format!(" {}", fact.detail) };
    let detail = format!("{}: {}. [{}]{rest}", report.image, fact.summary, fact.code);
    Some(match fact.severity {
        Severity::Error => Diagnostic::error("Image cannot be pulled", detail),
        Severity::Warning => Diagnostic::warning("Image may not be pulled as intended", detail),
        Severity::Unknown => Diagnostic::warning("Image could not be checked", detail),
        Severity::Info if fact.code == Code::ReferenceFloating => Diagnostic::warning("Image by a tag", detail),
        Severity::Info => return None,
    })
}

#[cfg(test)]
mod tests {
    use smform_types::Type;

    use super::*;

    fn block(attributes: Vec<(&'static str, Value)>) -> Value {
        Value::tuple([Value::object(attributes)])
    }

    #[test]
    fn only_what_goes_through_the_vpc_is_asked_for() {
        let config = |mode: &str| block(vec![("repository_access_mode", Value::string(mode))]);
        let auth = block(vec![("repository_credentials_provider_arn", Value::string("arn"))]);
        let with_auth = block(vec![("repository_access_mode", Value::string("Vpc")), ("repository_auth_config", auth)]);
        let container =
            |image: Value, config: Value| Value::tuple([Value::object([("image", image), ("image_config", config)])]);
        let model = |container: Value| Value::object([("primary_container", container)]);
        let a = || Value::string("r.io/a:1");
        assert_eq!(images(&model(container(a(), config("Vpc")))), [("r.io/a:1".to_owned(), false)]);
        assert_eq!(images(&model(container(a(), with_auth))), [("r.io/a:1".to_owned(), true)]);
        for silent in [
            model(container(a(), config("Platform"))),
            model(container(a(), Value::tuple([]))),
            model(container(Value::unknown(Type::String), config("Vpc"))),
            model(Value::unknown(Type::Dynamic)),
            model(Value::null(Type::Dynamic)),
            Value::null(Type::Dynamic),
        ] {
            assert_eq!(images(&silent), [], "{silent:?}");
        }
    }

    #[test]
    fn facts_become_messages_by_their_severity() {
        let fact = |severity, code| Fact { severity, code, summary: "What".to_owned(), detail: "Why.".to_owned() };
        let report = Report {
            image: "r.io/a".to_owned(),
            facts: vec![
                fact(Severity::Info, Code::ApiV2),
                fact(Severity::Info, Code::ReferenceFloating),
                fact(Severity::Unknown, Code::Unreachable),
                fact(Severity::Error, Code::ManifestMissing),
            ],
            ..Report::default()
        };
        let found = messages(&report);
        let shown: Vec<_> = found.iter().map(|message| (message.is_error(), message.detail.as_str())).collect();
        assert_eq!(
            shown,
            [
                (false, "r.io/a: What. [reference-floating] Why."),
                (false, "r.io/a: What. [unreachable] Why."),
                (true, "r.io/a: What. [manifest-missing] Why."),
            ]
        );
    }
}
