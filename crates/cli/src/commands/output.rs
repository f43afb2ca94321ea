//! `output`: root outputs of the state.

use serde_json::{Map, Value as Json};
use smform_lang::eval::render_value;
use smform_types::json::to_text;
use smform_types::{Diagnostic, Value, ValueKind};

use crate::args::Output;
use crate::errors::{Exit, Failure};
use crate::render::diagnostics::{Layout, render};
use crate::render::state::outputs;
use crate::session::Session;

pub fn run(session: &Session, args: &Output) -> Result<Exit, Failure> {
    if args.json && args.raw {
        return Err(Failure::error("Invalid output format", "Give -json or -raw, not both."));
    }
    if args.raw && args.name.is_none() {
        return Err(Failure::error("Output name required", "-raw prints a single output: give its name."));
    }
    let (state, stored, _) = session.read_state(&args.state)?;
    let print = |text: &str| session.console.out(text);
    if state.outputs.is_empty() && !(args.json && args.name.is_some()) {
        if args.json {
            print("{}\n");
            return Ok(Exit::Success);
        }
        let detail =
            "The state holds no outputs: there are none in the configuration, or they have not been applied yet.";
        let layout = Layout { style: session.style(args.no_color), width: session.console.width };
        print(&render(&Diagnostic::warning("No outputs found", detail), &Default::default(), layout));
        return Ok(Exit::Success);
    }
    let Some(name) = &args.name else {
        if args.json {
            let all = state.outputs.iter().map(|(name, output)| {
                let entry = [
                    ("sensitive", output.sensitive.into()),
                    ("type", output.ty.clone()),
                    ("value", output.value.clone()),
                ];
                (name.clone(), Json::Object(entry.map(|(name, json)| (name.to_owned(), json)).into_iter().collect()))
            });
            print(&format!("{}\n", to_text(&Json::Object(all.collect::<Map<String, Json>>()), Some(2))));
        } else {
            print(&outputs(&stored.outputs));
        }
        return Ok(Exit::Success);
    };
    let (Some(output), Some(value)) = (state.outputs.get(name), stored.outputs.get(name.as_str())) else {
        let hint = smform_types::suggest::did_you_mean(name, state.outputs.keys().map(String::as_str));
        let detail = format!("The state has no output \"{name}\".{hint} If it is new, apply first.");
        return Err(Failure::error(format!("Output \"{name}\" not found"), detail));
    };
    let value = value.clone().unmark_deep().0;
    if args.json {
        print(&format!("{}\n", to_text(&output.value, None)));
    } else if args.raw {
        print(&raw(name, &value)?);
    } else {
        print(&format!("{}\n", render_value(&value)));
    }
    Ok(Exit::Success)
}

fn raw(name: &str, value: &Value) -> Result<String, Failure> {
    match value.kind() {
        ValueKind::String(text) => Ok(text.to_string()),
        ValueKind::Number(number) => Ok(number.to_string()),
        ValueKind::Bool(value) => Ok(value.to_string()),
        _ => {
            let kind = value.ty().friendly();
            let detail =
                format!("-raw prints strings, numbers and bools; output \"{name}\" is {kind}. Use -json instead.");
            Err(Failure::error("Unsupported value for raw output", detail))
        }
    }
}
