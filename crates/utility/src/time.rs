//! `time_sleep`: waits after it is created, or before it is gone, so that others come later.

use std::time::Duration;

use async_trait::async_trait;
use smform_provider::{Context, CreateOutcome, Imported, ProviderError, ResourceType, UpdateOutcome};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostic, Diagnostics, Type, Value};

use crate::kept::{set, text, trigger};

/// How long one wait goes without looking whether the user asked to stop.
const LOOK: Duration = Duration::from_secs(1);

pub struct Sleep;

#[async_trait]
impl ResourceType<()> for Sleep {
    fn name(&self) -> &'static str {
        "time_sleep"
    }

    fn schema(&self) -> Schema {
        let duration = |description| {
            Attribute::optional(Type::String)
                .with(Constraint::Text("a number with a unit, one of ms, s, m or h, such as 30s", |text| {
                    duration(text).is_some()
                }))
                .describe(description)
        };
        let mut block = Block::new(
            [
                ("create_duration", duration("How long to wait when it is created.")),
                ("destroy_duration", duration("How long to wait when it is destroyed.")),
                ("id", Attribute::computed(Type::String).describe("When it was created.")),
                ("triggers", trigger("A change makes a new one, which waits again.")),
            ],
            [],
        );
        block.description = "A wait between what it depends on and what depends on it.";
        Schema { version: 0, block }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let absent = |name| config.get(name).is_none_or(Value::is_null);
        if absent("create_duration") && absent("destroy_duration") {
            let detail = "Give create_duration, destroy_duration or both.";
            return Diagnostic::error("No duration", detail).into();
        }
        Diagnostics::new()
    }

    async fn read(&self, prior: &Value, _: &Context<'_, ()>) -> Result<Option<Value>, ProviderError> {
        Ok(Some(prior.clone()))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, ()>) -> CreateOutcome {
        let waited = wait(text(planned, "create_duration"), cx).await;
        let now = jiff::Timestamp::try_from(cx.run.clock().now()).unwrap_or_default();
        let made = set(planned.clone(), "id", Value::string(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
        match waited {
            Ok(()) => CreateOutcome::Complete(made),
            Err(error) => CreateOutcome::Failed(error),
        }
    }

    async fn update(&self, _: &Value, planned: &Value, _: &Context<'_, ()>) -> UpdateOutcome {
        UpdateOutcome::Complete(planned.clone())
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, ()>) -> Result<(), ProviderError> {
        wait(text(prior, "destroy_duration"), cx).await
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, ()>) -> Result<Option<Imported>, ProviderError> {
        let (create, destroy) = identifier.split_once(',').unwrap_or((identifier, ""));
        if (create.is_empty() && destroy.is_empty())
            || [create, destroy].iter().any(|text| !text.is_empty() && duration(text).is_none())
        {
            return Err(ProviderError::new(
                "Malformed import identifier",
                format!("{identifier:?} is not CREATE_DURATION,DESTROY_DURATION, such as 30s,10s."),
            ));
        }
        let optional = |text: &str| if text.is_empty() { Value::null(Type::String) } else { Value::string(text) };
        let now = jiff::Timestamp::try_from(cx.run.clock().now()).unwrap_or_default();
        let mut value = self.schema().block.empty();
        value = set(value, "create_duration", optional(create));
        value = set(value, "destroy_duration", optional(destroy));
        value = set(value, "id", Value::string(now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()));
        Ok(Some(Imported::from(value)))
    }
}

async fn wait(text: &str, cx: &Context<'_, ()>) -> Result<(), ProviderError> {
    let mut left = duration(text).unwrap_or_default();
    while !left.is_zero() {
        if cx.run.is_cancelled() {
            return Err(ProviderError::new(
                "Interrupted",
                "The wait was not finished. It begins again with the next run.",
            ));
        }
        let step = left.min(LOOK);
        cx.run.clock().sleep(step).await;
        left = left.saturating_sub(step);
    }
    Ok(())
}

/// A duration as the provider of Terraform reads it: one number with one unit.
fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(at);
    let plain = number.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
        && number.starts_with(|c: char| c.is_ascii_digit());
    let number: f64 = number.parse().ok().filter(|_| plain)?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_one_number_and_one_unit() {
        assert_eq!(duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(duration("1.5m"), Some(Duration::from_secs(90)));
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["", "30", "s", "-1s", "1e3s", "1h30m", "1d", "99999999999999999999h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
