//! A plan as people review it.

use std::collections::BTreeMap;
use std::sync::Arc;

use smform_engine::plan::relevant::notable_drift;
use smform_engine::plan::{Action, Change, Counts, Drift, Mode, OutputChange, Plan, Replacement};
use smform_engine::providers::Providers;
use smform_types::schema::Schema;
use smform_types::{InstanceAddress, Marks, Path, Type};

use super::diff::{self, Diff, Options, render};
use super::heading;
use super::style::{Paint, Style, wrap};

/// A plan with what is needed to print it.
#[derive(Clone, Copy)]
pub struct PlanView<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// For the schemas.
    pub providers: &'a Providers,
    /// Colour.
    pub style: Style,
    /// Columns.
    pub width: usize,
    /// Whether planning ended in an error, so that the plan is partial.
    pub errored: bool,
    /// Whether no hints about next steps are wanted.
    pub automation: bool,
}

/// The schema of an instance's type, when a provider offers it.
#[must_use]
pub fn schema_of<'p>(providers: &'p Providers, address: &InstanceAddress) -> Option<&'p Schema> {
    let (mode, type_name) = (address.resource.mode, &*address.resource.type_name);
    providers.offering(mode, type_name)?.resource_schema(mode, type_name)
}

/// The difference that a change makes.
#[must_use]
pub fn diff_of(change: &Change, providers: &Providers) -> Diff {
    let after = if matches!(change.action, Action::Delete) { None } else { change.after.as_ref() };
    let after = if change.action == Action::Forget { change.before.as_ref() } else { after };
    match schema_of(providers, &change.object.address) {
        Some(schema) => diff::block(&schema.block, change.before.as_ref(), after, &change.replace_paths),
        None => diff::value(change.before.as_ref(), after, &Type::Dynamic, &change.replace_paths, &Path::root()),
    }
}

/// The changes that are worth showing, in order of address.
pub fn shown(plan: &Plan) -> impl Iterator<Item = &Change> {
    plan.listed().into_iter().filter(|change| change.is_listed())
}

/// The symbol of an action, three columns wide.
#[must_use]
pub fn symbol(action: Action, style: Style) -> String {
    let (plus, minus) = (style.paint(Paint::Green, "+"), style.paint(Paint::Red, "-"));
    match action {
        Action::NoOp => "   ".to_owned(),
        Action::Create => format!("  {plus}"),
        Action::Update => format!("  {}", style.paint(Paint::Yellow, "~")),
        Action::Delete => format!("  {minus}"),
        Action::Replace(Replacement::DeleteFirst) => format!("{minus}/{plus}"),
        Action::Replace(Replacement::CreateFirst) => format!("{plus}/{minus}"),
        Action::Read => format!(" {}", style.paint(Paint::Cyan, "<=")),
        Action::Forget => format!(" {}", style.paint(Paint::Red, ".")),
    }
}

/// One change: comment and body.
#[must_use]
pub fn change(change: &Change, providers: &Providers, style: Style) -> String {
    // What is imported as it is, is shown as a whole.
    let whole = change.importing.is_some() && change.action == Action::NoOp;
    let body = render(&diff_of(change, providers), 0, Options { show_unchanged: whole, ..Options::plan(style) });
    format!(
        "{}\n{} {} {body}\n",
        heading::planned(change, style),
        symbol(change.action, style),
        heading::header(&change.object)
    )
}

fn drift(drift: &Drift, providers: &Providers, style: Style) -> String {
    let address = &drift.object.address;
    let difference = match schema_of(providers, address) {
        Some(schema) => diff::block(&schema.block, Some(&drift.before), drift.after.as_ref(), &[]),
        None => diff::value(Some(&drift.before), drift.after.as_ref(), &Type::Dynamic, &[], &Path::root()),
    };
    format!(
        "{}\n{} {} {}\n",
        heading::drifted(drift, style),
        symbol(drift.action(), style),
        heading::header(&drift.object),
        render(&difference, 0, Options::plan(style))
    )
}

/// The difference of one root output.
#[must_use]
pub fn output_diff(change: &OutputChange) -> Diff {
    let hidden = |value: &Option<smform_types::Value>| {
        let present = value.clone().filter(|value| !value.is_null());
        present.map(|value| if change.sensitive { value.with_marks(Marks::SENSITIVE) } else { value })
    };
    let (before, after) = (hidden(&change.before), hidden(&change.after));
    diff::value(before.as_ref(), after.as_ref(), &Type::Dynamic, &[], &Path::root())
}

/// The lines of the outputs that change; nothing when none does. Names of all outputs count for the alignment.
#[must_use]
pub fn outputs(outputs: &BTreeMap<Arc<str>, OutputChange>, style: Style) -> String {
    // In bytes, as Terraform counts them.
    let widest = outputs.keys().map(|name| name.len()).max().unwrap_or(0);
    let lines = outputs.iter().filter_map(|(name, change)| {
        let diff = output_diff(change);
        let action = match diff.action {
            diff::Action::NoOp => return None,
            diff::Action::Create => Action::Create,
            diff::Action::Update => Action::Update,
            diff::Action::Delete => Action::Delete,
        };
        let value = render(&diff, 0, Options::plan(style));
        Some(format!("{} {name:<widest$} = {value}\n", symbol(action, style)))
    });
    lines.collect()
}

/// The summary line of a plan. Other programs read it.
#[must_use]
pub fn summary(counts: Counts, style: Style) -> String {
    let import = if counts.import > 0 { format!("{} to import, ", counts.import) } else { String::new() };
    let Counts { add, change, destroy, .. } = counts;
    format!("{} {import}{add} to add, {change} to change, {destroy} to destroy.\n", style.bold("Plan:"))
}

const LEGEND: [(Action, &str); 6] = [
    (Action::Create, "create"),
    (Action::Update, "update in-place"),
    (Action::Delete, "destroy"),
    (Action::Replace(Replacement::DeleteFirst), "destroy and then create replacement"),
    (Action::Replace(Replacement::CreateFirst), "create replacement and then destroy"),
    (Action::Read, "read (data resources)"),
];

/// The whole plan.
#[must_use]
pub fn plan(view: PlanView<'_>) -> String {
    let PlanView { plan, style, width, .. } = view;
    let changes: Vec<&Change> = shown(plan).collect();
    let outputs = self::outputs(&plan.outputs, style);
    let mut out = drift_section(view);
    if !plan.adopted.is_empty() {
        let note = "These objects were being created when an earlier run was cut off, and do exist. They are adopted:";
        out.push_str(&format!("\n{} {note}\n\n", style.strong(Paint::Cyan, "Note:")));
        out.extend(plan.adopted.keys().map(|object| format!("  {object}\n")));
    }
    if changes.is_empty() && outputs.is_empty() {
        if plan.mode != Mode::RefreshOnly || plan.drift.is_empty() || view.errored {
            out.push_str(&nothing(view));
        }
        return out;
    }
    if !out.is_empty() {
        out.push_str(&rule(style, width));
    }
    if !changes.is_empty() {
        out.push_str(&actions(view, &changes));
        out.push_str(&summary(plan.counts(), style));
    }
    if !outputs.is_empty() {
        out.push_str(&format!("\nChanges to Outputs:\n{outputs}"));
        if changes.iter().all(|change| change.action == Action::NoOp) {
            let note =
                "An apply only saves these new output values to the state, without changing any real infrastructure.";
            out.push_str(&format!("\n{}\n", wrap(note, width)));
        }
    }
    out
}

fn actions(view: PlanView<'_>, changes: &[&Change]) -> String {
    let PlanView { providers, style, .. } = view;
    let legend: String = LEGEND
        .iter()
        .filter(|(action, _)| changes.iter().any(|change| change.action == *action))
        .map(|(action, text)| format!("{} {text}\n", symbol(*action, style)))
        .collect();
    let mut out = String::new();
    if !legend.is_empty() {
        out.push_str(&format!("\nResource actions are indicated with the following symbols:\n{legend}"));
    }
    out.push_str(&if view.errored {
        format!("\n{}\n", style.bold("smform planned the following actions, but then encountered a problem:"))
    } else {
        "\nsmform will perform the following actions:\n".to_owned()
    });
    for change in changes {
        out.push_str(&format!("\n{}", self::change(change, providers, style)));
    }
    out.push('\n');
    out
}

fn drift_section(view: PlanView<'_>) -> String {
    let PlanView { plan, providers, style, width, .. } = view;
    let mut told = notable_drift(plan, providers).peekable();
    if told.peek().is_none() {
        return String::new();
    }
    let title = style.bold("Objects have changed outside of smform");
    let mut out = format!("\n{} {title}\n", style.strong(Paint::Cyan, "Note:"));
    let intro = "Since the last apply, these objects were changed by somebody else:";
    out.push_str(&format!("\n{}\n", wrap(intro, width)));
    for found in told {
        out.push_str(&format!("\n{}", drift(found, providers, style)));
    }
    let consequence = match plan.mode {
        Mode::RefreshOnly => {
            "This is a refresh-only plan: applying it records these values in the state, and changes no remote object."
        }
        _ => {
            "Where the configuration still says otherwise, the plan undoes these changes; ignore_changes in a lifecycle block \
             leaves an attribute alone."
        }
    };
    out.push_str(&format!("\n{}\n", wrap(consequence, width)));
    out
}

fn nothing(view: PlanView<'_>) -> String {
    let PlanView { plan, providers, style, width, .. } = view;
    if view.errored {
        let problem = style.bold("smform encountered an error while generating this plan.");
        return format!("\n{} {problem}\n\n", style.strong(Paint::Red, "Planning failed."));
    }
    let (title, detail) = match plan.mode {
        Mode::RefreshOnly if !plan.adopted.is_empty() => (
            "Your infrastructure matches the configuration.",
            "Applying this plan only records the objects above in the state.",
        ),
        Mode::RefreshOnly => (
            "Your infrastructure still matches the configuration.",
            "The real objects are what the state says; there is nothing to record.",
        ),
        Mode::Destroy => (
            "No objects need to be destroyed.",
            "The state holds no objects: none were created, or all are deleted already.",
        ),
        Mode::Normal if !plan.adopted.is_empty() => (
            "Your infrastructure matches the configuration.",
            "Applying this plan only records the objects above in the state.",
        ),
        Mode::Normal if notable_drift(plan, providers).next().is_some() => (
            "Your infrastructure matches the configuration.",
            if view.automation {
                "The configuration already says what was found above, or leaves it alone. A refresh-only apply records it in the state."
            } else {
                "The configuration already says what was found above, or leaves it alone. To record it in the state:\n  smform apply -refresh-only"
            },
        ),
        Mode::Normal => (
            "Your infrastructure matches the configuration.",
            "The real objects are what the configuration says, so no changes are needed.",
        ),
    };
    format!("\n{} {}\n\n{}\n", style.strong(Paint::Green, "No changes."), style.bold(title), wrap(detail, width))
}

/// A line across the screen.
#[must_use]
pub fn rule(style: Style, width: usize) -> String {
    format!("\n{}\n", style.dim(&"─".repeat(width.saturating_sub(1))))
}
