//! The scripted provider: `test_thing`, whose service is a table in memory.
//!
//! A thing has a `name` (generated when only `name_prefix` is given), an `image` that cannot be changed in place, a
//! `size` that can, and a list of `uses` for references. Failures are scripted per operation and name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use smform_provider::{
    Clock, Configure, Context, CreateOutcome, DataSource, Former, Identity, Imported, PlanRequest, PlanResponse,
    PlannedObject, ProviderError, Registry, ReplaceOrder, ResourceType, SameName, UniqueName, UpdateOutcome, Use,
    Whole, plan_by_schema,
};
use smform_types::schema::{Attribute, Block, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type, Value};

use crate::gate::Gate;

/// The service behind the provider.
#[derive(Clone, Default)]
pub struct Service {
    table: Arc<Mutex<Table>>,
    /// Passed before and after every changing call.
    pub gate: Gate,
}

#[derive(Default)]
struct Table {
    things: BTreeMap<String, Value>,
    calls: Vec<String>,
    failing: BTreeSet<String>,
    partial: BTreeSet<String>,
    silent: BTreeSet<&'static str>,
    is_unheard: bool,
    judges: bool,
    judged: Vec<String>,
    users: BTreeMap<String, Vec<String>>,
    moving: BTreeMap<String, String>,
    generated: usize,
}

impl Service {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes every call of an operation on a name fail: `fail("create", "a")`.
    pub fn fail(&self, operation: &str, name: &str) {
        self.table().failing.insert(format!("{operation} {name}"));
    }

    /// Makes the operation succeed in part: the object is there, but not as wanted.
    pub fn fail_in_part(&self, operation: &str, name: &str) {
        self.table().partial.insert(format!("{operation} {name}"));
    }

    /// Makes the answer to every creation get lost: the object is there, and the call fails.
    pub fn lose_answers(&self) {
        self.table().is_unheard = true;
    }

    /// Makes providers from now on judge each thing beside all others, in the plan and right before it is made: one that
    /// uses a thing for which the operation `use` fails is refused.
    pub fn judge(&self) {
        self.table().judges = true;
    }

    /// What was judged so far, such as `b uses [a] beside [a, c uses [a]]`; a name or use that is not known is `?`.
    #[must_use]
    pub fn judged(&self) -> Vec<String> {
        self.table().judged.clone()
    }

    /// Makes every call of an operation wait for an answer that never comes: `configure` or `read`.
    pub fn fall_silent(&self, operation: &'static str) {
        self.table().silent.insert(operation);
    }

    /// Waits for ever when the operation is silent.
    async fn answer(&self, operation: &'static str) {
        let silent = self.table().silent.contains(operation);
        if silent {
            std::future::pending::<()>().await;
        }
    }

    /// Has the service tell that something uses a thing, which no configuration says.
    pub fn use_by(&self, name: &str, user: &str) {
        self.table().users.entry(name.to_owned()).or_default().push(user.to_owned());
    }

    /// Has somebody move a thing to another place.
    pub fn lead(&self, name: &str, to: &str) {
        self.table().moving.insert(name.to_owned(), to.to_owned());
    }

    /// Forgets all scripted failures.
    pub fn heal(&self) {
        let mut table = self.table();
        table.failing.clear();
        table.partial.clear();
        table.is_unheard = false;
    }

    /// The changing calls so far, in order, such as `create a`.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.table().calls.clone()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.table().calls.clear();
    }

    /// The names of what exists.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.table().things.keys().cloned().collect()
    }

    /// Makes a thing behind everybody's back, with a name, an image and the size 1.
    pub fn make(&self, name: &str, image: &str) {
        let null = |ty: Type| Value::null(ty);
        let thing = Value::object([
            ("id", Value::string(name)),
            ("name", Value::string(name)),
            ("name_prefix", null(Type::String)),
            ("image", Value::string(image)),
            ("size", Value::number(1)),
            ("uses", null(Type::list(Type::String))),
            ("parent", null(Type::String)),
            ("password", null(Type::String)),
            ("tags", null(Type::map(Type::String))),
        ]);
        self.table().things.insert(name.to_owned(), thing);
    }

    /// Removes a thing behind everybody's back.
    pub fn lose(&self, name: &str) {
        self.table().things.remove(name);
    }

    /// Changes the size of a thing behind everybody's back.
    pub fn resize(&self, name: &str, size: i64) {
        self.assign(name, "size", &Value::number(size));
    }

    /// Changes an attribute of a thing behind everybody's back.
    pub fn assign(&self, name: &str, attribute: &str, value: &Value) {
        if let Some(thing) = self.table().things.get_mut(name) {
            *thing = thing.clone().update_at(&Path::attribute(attribute).0, &mut |_| value.clone());
        }
    }

    /// Notes a call; how it is scripted to end.
    fn call(&self, operation: &str, name: &str) -> Ending {
        let mut table = self.table();
        let call = format!("{operation} {name}");
        table.calls.push(call.clone());
        if table.failing.contains(&call) {
            Ending::Failed
        } else if table.partial.contains(&call) {
            Ending::Partial
        } else {
            Ending::Complete
        }
    }
}

enum Ending {
    Complete,
    Partial,
    Failed,
}

fn scripted(operation: &str, name: &str) -> ProviderError {
    ProviderError::new(format!("Cannot {operation} {name}"), "The script says so.")
}

struct Connect(Service);

#[async_trait]
impl Configure<Service> for Connect {
    async fn configure(&self, _: Value, _: Arc<dyn Clock>) -> Result<(Service, Option<Identity>), Diagnostics> {
        self.0.answer("configure").await;
        Ok((self.0.clone(), None))
    }
}

/// The provider over a service.
#[must_use]
pub fn provider(service: &Service) -> Registry<Service> {
    Registry::new(
        "registry.terraform.io/smform/test",
        Schema::default(),
        Box::new(Connect(service.clone())),
        vec![Box::new(Thing { is_judged: service.table().judges })],
        vec![Box::new(ThingData)],
    )
}

struct Thing {
    is_judged: bool,
}

/// A thing by its name and what it uses.
fn described(thing: &Value) -> String {
    let name = text(thing, "name").unwrap_or_else(|| "?".to_owned());
    let uses = uses(thing);
    if uses.is_empty() { name } else { format!("{name} uses [{}]", uses.join(", ")) }
}

fn uses(thing: &Value) -> Vec<String> {
    let items = thing.get("uses").and_then(Value::as_slice).unwrap_or_default();
    items.iter().map(|item| item.as_str().unwrap_or("?").to_owned()).collect()
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(Value::as_str).map(str::to_owned)
}

#[async_trait]
impl ResourceType<Service> for Thing {
    fn name(&self) -> &'static str {
        "test_thing"
    }

    fn schema(&self) -> Schema {
        let attributes = [
            ("id", Attribute::computed(Type::String)),
            ("name", Attribute::optional_computed(Type::String).forces_replacement()),
            ("name_prefix", Attribute::optional(Type::String).forces_replacement()),
            ("image", Attribute::optional(Type::String).forces_replacement()),
            ("size", Attribute::optional(Type::Number).default_value(1)),
            ("uses", Attribute::optional(Type::list(Type::String))),
            ("parent", Attribute::optional(Type::String).forces_replacement()),
            ("password", Attribute::optional(Type::String).sensitive()),
            ("tags", Attribute::optional(Type::map(Type::String))),
        ];
        Schema { version: 0, block: Block::new(attributes, []) }
    }

    /// A rule between arguments, which no schema states.
    fn validate(&self, config: &Value) -> Diagnostics {
        match text(config, "name").filter(|name| uses(config).contains(name)) {
            Some(name) => {
                let error = Diagnostic::error("Thing uses itself", format!("\"{name}\" cannot use itself."));
                error.of_attribute(Path::attribute("uses")).into()
            }
            None => Diagnostics::new(),
        }
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Service>,
    ) -> Result<PlanResponse, Diagnostics> {
        let mut response = plan_by_schema(schema, &request, &|_, prior, wanted| prior == wanted);
        // What an earlier update has left to do is done by another one.
        response.unsettled = request.prior.is_some() && cx.run.owed().is_some();
        let name = text(&request.config, "name");
        response.order = match (&request.former, name) {
            (Former::Replaced(old), Some(name)) if text(old, "name").as_deref() == Some(&name) => {
                ReplaceOrder::SameName(SameName {
                    attribute: Path::attribute("name"),
                    instead: format!("name_prefix = \"{name}-\""),
                    users: cx.clients.table().users.get(&name).cloned().unwrap_or_default(),
                })
            }
            // What is served by a thing of this kind would be lost with it.
            _ if text(&request.config, "name_prefix").as_deref() == Some("served-") => ReplaceOrder::DeleteLast,
            _ => ReplaceOrder::CreateFirst,
        };
        // What is gone, and wanted as it was, is made under its name.
        if let Former::Gone(gone) = &request.former {
            let again = PlanRequest::new(Some(gone.clone()), request.config.clone());
            let again = plan_by_schema(schema, &again, &|_, prior, wanted| prior == wanted);
            if again.replace.is_empty() {
                response.planned = again.planned;
            }
        }
        Ok(response)
    }

    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        let name = text(object, "name")?;
        Some(UniqueName { attribute: Path::attribute("name"), key: vec![name.clone()], name })
    }

    /// A thing named `WHOLE/lost` goes with the thing `WHOLE`.
    fn goes_with_whole(&self, object: &Value) -> bool {
        text(object, "name").is_some_and(|name| name.ends_with("/lost"))
    }

    /// A thing named `WHOLE/PART` is a part of the thing `WHOLE`.
    fn part_of(&self, object: &Value) -> Option<Whole> {
        let name = text(object, "name")?;
        let (whole, _) = name.split_once('/')?;
        Some(Whole { type_name: "test_thing", key: vec![whole.to_owned()] })
    }

    /// A thing holds what it uses. Its parent is held by what holds the thing.
    fn uses(&self, object: &Value) -> Option<Vec<Use>> {
        let named = |at: Path, name: &Value, holds: bool| {
            let key = vec![name.as_str()?.to_owned()];
            Some(Use { at, of: Whole { type_name: "test_thing", key }, holds })
        };
        let items = object.get("uses").and_then(Value::as_slice).unwrap_or_default().iter().enumerate();
        let used = items.filter_map(|(at, name)| named(Path::attribute("uses").index(at), name, true));
        let parent = object.get("parent").and_then(|name| named(Path::attribute("parent"), name, false));
        Some(used.chain(parent).collect())
    }

    async fn moving(&self, prior: &Value, _: &Value, cx: &Context<'_, Service>) -> Option<String> {
        cx.clients.table().moving.get(&text(prior, "name")?).cloned()
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Service>) -> Diagnostics {
        let Some(after) = object.after.as_ref().filter(|_| self.is_judged) else { return Diagnostics::new() };
        let beside: Vec<String> = plan.iter().filter_map(|other| other.after.as_ref().map(described)).collect();
        let mut table = cx.clients.table();
        table.judged.push(format!("{} beside [{}]", described(after), beside.join(", ")));
        let refused = uses(after).into_iter().filter(|name| table.failing.contains(&format!("use {name}")));
        let refused =
            refused.map(|name| scripted("use", &name).of_attribute(Path::attribute("uses")).into_diagnostic());
        refused.collect()
    }

    fn judged_beside(&self) -> &'static [&'static str] {
        if self.is_judged { &["test_thing"] } else { &[] }
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Service>) -> Result<Option<Value>, ProviderError> {
        cx.clients.answer("read").await;
        let id = text(prior, "id").unwrap_or_default();
        Ok(cx.clients.table().things.get(&id).cloned())
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Service>) -> CreateOutcome {
        let name = match (text(planned, "name"), text(planned, "name_prefix")) {
            (Some(name), _) => name,
            (None, prefix) => {
                let mut table = cx.clients.table();
                table.generated += 1;
                format!("{}{}", prefix.unwrap_or_else(|| "thing-".to_owned()), table.generated)
            }
        };
        if let Err(error) = cx.run.intend(&name).await {
            return CreateOutcome::Failed(error);
        }
        let set =
            |value: Value, name: &str, to: &str| value.update_at(&Path::attribute(name).0, &mut |_| Value::string(to));
        let made = set(set(planned.clone(), "id", &name), "name", &name);
        cx.clients.gate.pass().await;
        match cx.clients.call("create", &name) {
            Ending::Failed => CreateOutcome::Failed(scripted("create", &name)),
            ending => {
                let is_unheard = {
                    let mut table = cx.clients.table();
                    table.things.insert(name.clone(), made.clone());
                    table.is_unheard
                };
                cx.clients.gate.pass().await;
                if is_unheard {
                    return CreateOutcome::Failed(scripted("create", &name).left_open());
                }
                if let Err(error) = cx.run.created(&made).await {
                    return CreateOutcome::Partial(made, error);
                }
                // The wait until it is ready.
                cx.clients.gate.pass().await;
                match ending {
                    Ending::Partial => CreateOutcome::Partial(made, scripted("finish", &name)),
                    _ => CreateOutcome::Complete(made),
                }
            }
        }
    }

    async fn resume(&self, begun: &Value, cx: &Context<'_, Service>) -> Result<Option<Value>, ProviderError> {
        let id = text(begun, "id").unwrap_or_default();
        let table = cx.clients.table();
        let failed = table.partial.contains(&format!("create {id}"));
        Ok(table.things.get(&id).filter(|_| !failed).cloned())
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Service>) -> UpdateOutcome {
        let name = text(prior, "id").unwrap_or_default();
        cx.clients.gate.pass().await;
        // A larger thing is painted when it has grown.
        if prior.get("size") != planned.get("size")
            && text(planned, "password").is_some()
            && let Err(error) = cx.run.owe(Some("paint")).await
        {
            return UpdateOutcome::Failed(error);
        }
        match cx.clients.call("update", &name) {
            Ending::Failed => UpdateOutcome::Failed(scripted("update", &name)),
            Ending::Partial => UpdateOutcome::Partial(prior.clone(), scripted("update", &name)),
            Ending::Complete => {
                cx.clients.table().things.insert(name.clone(), planned.clone());
                cx.clients.gate.pass().await;
                if cx.run.owed().is_some() && !matches!(cx.clients.call("paint", &name), Ending::Complete) {
                    return UpdateOutcome::Partial(planned.clone(), scripted("paint", &name));
                }
                UpdateOutcome::Complete(planned.clone())
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Service>) -> Result<(), ProviderError> {
        let name = text(prior, "id").unwrap_or_default();
        cx.clients.gate.pass().await;
        match cx.clients.call("delete", &name) {
            Ending::Complete => {
                cx.clients.table().things.remove(&name);
                cx.clients.gate.pass().await;
                Ok(())
            }
            _ => Err(scripted("delete", &name)),
        }
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Service>) -> Result<Option<Imported>, ProviderError> {
        Ok(cx.clients.table().things.get(identifier).map(|value| Imported::from(value.clone())))
    }
}

/// `data "test_thing"`: reads a thing by name.
struct ThingData;

#[async_trait]
impl DataSource<Service> for ThingData {
    fn name(&self) -> &'static str {
        "test_thing"
    }

    fn schema(&self) -> Schema {
        let attributes = [("name", Attribute::required(Type::String)), ("size", Attribute::computed(Type::Number))];
        Schema { version: 0, block: Block::new(attributes, []) }
    }

    async fn read(&self, config: &Value, cx: &Context<'_, Service>) -> Result<Value, ProviderError> {
        let name = text(config, "name").unwrap_or_default();
        let table = cx.clients.table();
        let thing = table.things.get(&name).ok_or_else(|| ProviderError::new("No such thing", name.clone()))?;
        let size = thing.get("size").cloned().unwrap_or_else(|| Value::null(Type::Number));
        Ok(Value::object([("name", Value::string(name)), ("size", size)]))
    }
}
