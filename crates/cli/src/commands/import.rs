//! `import`: brings one object that exists into the state, as it is.

use std::sync::Arc;

use clap::ArgMatches;
use smform_engine::plan::ObjectKey;
use smform_engine::plan::target::Target;
use smform_engine::plan::walk::{Adopt, Options};
use smform_engine::snapshot::Recording;
use smform_engine::workflow::{self, Project};
use smform_types::{Diagnostic, InstanceAddress, ResourceMode};

use super::apply::{Performed, perform};
use super::operation::{self, Run};
use super::state::invalid;
use crate::args::{Import, Planning, StateFile, variable_inputs};
use crate::errors::{Exit, Failure};
use crate::render::style::Paint;
use crate::session::Session;

pub async fn run(session: &Session, args: Import, flags: &ArgMatches) -> Result<Exit, Failure> {
    let address: InstanceAddress = args.address.parse().map_err(invalid)?;
    if address.resource.mode == ResourceMode::Data {
        let detail = "A managed resource address is required. What a data block reads is never in the hands of smform.";
        return Err(Failure::error("Importing into a data resource is not allowed", detail));
    }
    if args.id.is_empty() {
        return Err(Failure::error("No identifier", "Give the identifier by which the service knows the object."));
    }
    let id = args.id.clone();
    let planning = planning(args, &address);
    let view = operation::view(session, &planning);
    view.begin();
    let recording = Arc::new(Recording::new(Arc::new(session.host.clone())));
    let inputs = session.inputs(variable_inputs(flags));
    let (project, found) = operation::load(session, &planning, &inputs, recording.as_ref()).await?;
    supported(session, &address)?;
    declared(&project, &address)?;
    let run = Run::begin(session, &planning, &view, &project.config, recording)?;
    let (store, stored, messages) = run.open(session, &planning.lock, "OperationTypeImport").await?;
    let key = ObjectKey { address: address.clone(), deposed: None };
    if stored.objects.contains_key(&key) {
        let detail = format!(
            "{address} is in the state already. To record another object there, take the one that is recorded out first: \
             smform state rm {}",
            smform_engine::plan::target::quoted(&address.to_string())
        );
        return Err(Failure::error("Resource already managed by smform", detail));
    }
    let options = Options {
        targets: planning.targets.clone(),
        adopt: Adopt::Objects([(address.clone(), id)].into()),
        ..Options::default()
    };
    let (planned, mut messages_of_plan) = workflow::plan(&run.world, &project, stored, &options).await;
    run.progress.close();
    messages_of_plan.extend(found);
    messages_of_plan.extend(messages);
    if !messages_of_plan.has_errors() && !planned.plan.changes.contains_key(&key) {
        let detail = format!(
            "The configuration has the resource, but no instance {address}. See its count, its for_each, and those of the \
             modules around it."
        );
        messages_of_plan.push(Diagnostic::error("Configuration for import target does not exist", detail));
    }
    operation::tell(view.as_ref(), &messages_of_plan, &project);
    if messages_of_plan.has_errors() {
        return Ok(Exit::Failure);
    }
    let Performed { mut report, stopped, .. } = perform(session, &run, &project, &planned, store, 1).await;
    // An import is of one object, and leaves nothing undone.
    let is_said = |found: &Diagnostic| found.summary != "Applied changes may be incomplete";
    report.diagnostics = std::mem::take(&mut report.diagnostics).into_iter().filter(is_said).collect();
    operation::tell(view.as_ref(), &report.diagnostics, &project);
    if stopped || report.diagnostics.has_errors() {
        return Ok(Exit::Failure);
    }
    let done = format!(
        "\n{}\n\n{address} is in the state now. Run \"smform plan\" to see how it differs from the configuration.\n\n",
        session.style(planning.no_color).paint(Paint::Green, "Import successful!")
    );
    session.console.out(&done);
    Ok(Exit::Success)
}

/// The planning that an import needs: of the one instance, and what its provider is configured from.
fn planning(args: Import, address: &InstanceAddress) -> Planning {
    Planning {
        refresh_only: false,
        refresh: true,
        targets: vec![Target::Resource(address.clone())],
        replace: Vec::new(),
        variables: args.variables,
        parallelism: 1,
        registry_probe: false,
        input: args.input,
        lock: args.lock,
        no_color: args.no_color,
        json: false,
        compact_warnings: false,
        state: StateFile { written: args.written, ..args.state },
        json_into: None,
        markdown_into: None,
    }
}

/// The type must be one of a provider: to write a block of another would be in vain.
fn supported(session: &Session, address: &InstanceAddress) -> Result<(), Failure> {
    let type_name = &*address.resource.type_name;
    if session.providers.offering(ResourceMode::Managed, type_name).is_some() {
        return Ok(());
    }
    Err(session.providers.unknown_type(ResourceMode::Managed, type_name).into())
}

/// The block must be there, since it says which provider finds the object.
fn declared(project: &Project, address: &InstanceAddress) -> Result<(), Failure> {
    let config = address.config();
    let Some(module) = project.config.modules.get(&config.module) else {
        let detail = format!("The configuration has no {}. Add the module call first.", config.module);
        return Err(Failure::error("Import to non-existent module", detail));
    };
    if module.resources.contains_key(&config.resource) {
        return Ok(());
    }
    let place = if config.module.is_root() { "the root module".to_owned() } else { config.module.to_string() };
    let detail = format!(
        "{config} does not exist in the configuration. Write its block in {place} first, without arguments if need be:\n\n\
         resource \"{}\" \"{}\" {{\n}}",
        config.resource.type_name, config.resource.name
    );
    Err(Failure::error(format!("resource address \"{config}\" does not exist in the configuration."), detail))
}
