//! Flags that several commands share.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use clap::builder::{OsStringValueParser, TypedValueParser};
use smform_engine::plan::target::Target;
use smform_lang::config::values::VariableInput;
use smform_types::{InstanceAddress, ResourceMode};

/// How many objects are worked on at once.
const DEFAULT_PARALLELISM: u16 = 10;

/// Values of root variables. Their order counts: see [`variable_inputs`].
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Variables {
    /// Give a root variable a value; may be repeated, and the last value counts
    #[arg(long = "var", value_name = "NAME=VALUE", action = clap::ArgAction::Append)]
    pub var: Vec<String>,
    /// Take values of root variables from a file in .tfvars or JSON format; may be repeated
    #[arg(long = "var-file", value_name = "FILE", action = clap::ArgAction::Append)]
    pub var_file: Vec<PathBuf>,
}

/// The lock on the state.
#[derive(Debug, Clone, clap::Args)]
pub struct StateLock {
    /// Lock the state while this command uses it; -lock=false is safe only while nobody else works on it
    #[arg(long, default_value = "true")]
    pub lock: bool,
    /// How long to wait for a lock that another run holds, as in 30s or 5m
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub lock_timeout: Duration,
}

/// How to plan.
#[derive(Debug, Clone, clap::Args)]
pub struct Planning {
    /// Only bring the state up to date with the live objects; change none of them
    #[arg(long)]
    pub refresh_only: bool,
    /// Read the live objects before planning; -refresh=false trusts the state instead
    #[arg(long, default_value = "true")]
    pub refresh: bool,
    /// Leave out everything but this module, resource or instance and what it needs; may be repeated
    #[arg(long = "target", value_name = "ADDRESS", action = clap::ArgAction::Append, value_parser = target)]
    pub targets: Vec<Target>,
    /// Replace this instance even if nothing of it changes; may be repeated
    #[arg(long = "replace", value_name = "ADDRESS", action = clap::ArgAction::Append, value_parser = instance)]
    pub replace: Vec<InstanceAddress>,
    /// Values of variables.
    #[command(flatten)]
    pub variables: Variables,
    /// How many objects are worked on at the same time
    #[arg(long, value_name = "N", default_value = "10", allow_negative_numbers = true, value_parser = parallelism)]
    pub parallelism: u16,
    /// Ask the registries of new models that pull through a VPC whether SageMaker can pull their images
    #[arg(long)]
    pub registry_probe: bool,
    /// Ask for values of variables that have none, and for approval; -input=false fails instead
    #[arg(long, default_value = "true")]
    pub input: bool,
    /// The lock.
    #[command(flatten)]
    pub lock: StateLock,
    /// Print without colour
    #[arg(long)]
    pub no_color: bool,
    /// Print one JSON message per line, for programs
    #[arg(long)]
    pub json: bool,
    /// Show warnings by their summaries only
    #[arg(long)]
    pub compact_warnings: bool,
    /// Which state.
    #[command(flatten)]
    pub state: super::StateFile,
    /// Write the plan as JSON to a file, as well; sensitive values are in clear in it
    #[arg(long, value_name = "FILE")]
    pub json_into: Option<PathBuf>,
    /// Write the plan as Markdown to a file, as well, for a comment on a pull request
    #[arg(long, value_name = "FILE")]
    pub markdown_into: Option<PathBuf>,
}

/// A duration as in `10s`, `1m30s`, `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is not a duration, which is written like 10s or 1m30s");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(parsed).map_err(|_| wrong())
}

/// A digest, with the name of its algorithm or without.
pub(super) fn digest(text: &str) -> Result<String, String> {
    const ALGORITHM: &str = "sha256:";
    let digits = text.trim();
    let digits = digits.strip_prefix(ALGORITHM).unwrap_or(digits);
    if digits.is_empty() {
        return Err("it is empty: give the digest that `smform plan -out` has printed".to_owned());
    }
    Ok(format!("{ALGORITHM}{}", digits.to_ascii_lowercase()))
}

/// The name of a file; an empty one means as much as no flag, as Terraform has it.
pub(super) fn file_or_none() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

fn target(text: &str) -> Result<Target, String> {
    text.parse().map_err(|error: smform_types::AddressError| error.to_string())
}

fn instance(text: &str) -> Result<InstanceAddress, String> {
    let address: InstanceAddress = text.parse().map_err(|error: smform_types::AddressError| error.to_string())?;
    if address.resource.mode == ResourceMode::Managed {
        Ok(address)
    } else {
        Err("only managed resources are replaced".to_owned())
    }
}

/// How many objects are worked on at once; none means as many as without the flag.
pub(super) fn parallelism(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(0) => Ok(DEFAULT_PARALLELISM),
        Ok(number) => Ok(number),
        Err(_) => Err("it must be a whole number that is not negative".to_owned()),
    }
}

/// The values given by `-var` and `-var-file`, in the order given: the last one counts.
#[must_use]
pub fn variable_inputs(matches: &ArgMatches) -> Vec<VariableInput> {
    let mut found: Vec<(usize, VariableInput)> = Vec::new();
    if let (Ok(Some(texts)), Some(at)) = (matches.try_get_many::<String>("var"), matches_at(matches, "var")) {
        found.extend(at.into_iter().zip(texts.cloned().map(VariableInput::Argument)));
    }
    if let (Ok(Some(paths)), Some(at)) = (matches.try_get_many::<PathBuf>("var_file"), matches_at(matches, "var_file"))
    {
        found.extend(at.into_iter().zip(paths.cloned().map(VariableInput::File)));
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, input)| input).collect()
}

fn matches_at(matches: &ArgMatches, name: &str) -> Option<Vec<usize>> {
    matches.indices_of(name).map(Iterator::collect)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_writes_them() {
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        for wrong in ["", "10", "ten", "-5s", "5 parsecs"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
