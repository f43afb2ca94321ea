//! `aws_iam_role`.

pub(super) mod policies;
mod schema;

use async_trait::async_trait;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    UniqueName, UpdateOutcome,
};
use smform_types::schema::Schema;
use smform_types::{Diagnostic, Diagnostics, Path, Refinement, Step, Type, Value};

use self::policies::Policies;
use super::document::{decoded, means_the_same, same};
use super::{PROPAGATION, date, found, is_concurrent, is_missing};
use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::retry::while_passing;
use crate::rpc::{Element, Form, Rpc};
use crate::settle::{fill, settle};
use crate::tags;
use crate::taken::{self, in_any_case, unique};
use crate::waiters::Wait;

/// The resource type.
pub(crate) struct Role {
    schema: Schema,
}

/// The role of a name; nothing when there is none.
pub(super) async fn describe(client: &Rpc, name: &str) -> Result<Option<Element>, Failure> {
    let answer = found(client.query("GetRole", Form::new().text("RoleName", Some(name))).await)?;
    Ok(answer.and_then(|answer| answer.child("Role").cloned()))
}

/// Who may assume a role, as JSON.
pub(super) fn trust(role: &Element) -> String {
    decoded(role.text("AssumeRolePolicyDocument").unwrap_or_default())
}

/// Whether the trust names somebody whom IAM does not see yet, or somebody else is changing the role.
fn is_early(failure: &Failure) -> bool {
    failure.is("MalformedPolicyDocument", "Invalid principal in policy") || is_concurrent(failure)
}

impl Role {
    pub(crate) fn new() -> Role {
        Role { schema: schema::schema() }
    }

    /// The role as it is now, in the form of `remembered`.
    async fn live(
        &self,
        client: &Rpc,
        name: &str,
        remembered: &Value,
        clients: &Clients,
    ) -> Result<Option<Value>, Failure> {
        let Some(role) = describe(client, name).await? else { return Ok(None) };
        let policies = match policies::live(client, name).await {
            Err(failure) if is_missing(&failure) => return Ok(None),
            listed => listed?,
        };
        let boundary = role.child("PermissionsBoundary").and_then(|boundary| boundary.text("PermissionsBoundaryArn"));
        let session = role.text("MaxSessionDuration").and_then(|seconds| seconds.parse().ok());
        let (own, all) = clients.tags.visible(&role.tags("Tags"), remembered.get("tags"));
        let managed = policies.managed.iter().map(Value::string);
        let live = Builder::new(&self.schema.block)
            .text("id", role.text("RoleName"))
            .text("arn", role.text("Arn"))
            .text("unique_id", role.text("RoleId"))
            .text("create_date", role.text("CreateDate").map(date).as_deref())
            .text("name", role.text("RoleName"))
            .value("name_prefix", naming::prefix_value(name))
            .text("assume_role_policy", Some(&trust(&role)))
            .text("description", role.text("Description"))
            .text("path", role.text("Path"))
            .int("max_session_duration", session)
            .text("permissions_boundary", boundary)
            .flag("force_detach_policies", Some(Fields(remembered).flag("force_detach_policies") == Some(true)))
            .value("managed_policy_arns", Value::set(Type::String, managed))
            .blocks("inline_policy", &policies.inline, |block, (name, document)| {
                block.text("name", Some(name)).text("policy", Some(document))
            })
            .value("tags", own)
            .value("tags_all", all)
            .finish();
        let settled = settle(&self.schema.block, remembered, live, &same);
        // One empty block says that there shall be none.
        let says_none = Fields(remembered).blocks("inline_policy").any(|block| block.text("name").is_none());
        Ok(Some(match remembered.get("inline_policy") {
            Some(empty) if says_none && policies.inline.is_empty() => with(settled, "inline_policy", empty.clone()),
            _ => settled,
        }))
    }

    async fn make(&self, client: &Rpc, name: &str, planned: &Value, cx: &Context<'_, Clients>) -> Result<(), Failure> {
        let fields = Fields(planned);
        let duration = fields.int("max_session_duration").map(|seconds| seconds.to_string());
        let form = Form::new()
            .text("RoleName", Some(name))
            .text("Path", fields.text("path"))
            .text("AssumeRolePolicyDocument", fields.text("assume_role_policy"))
            .text("Description", fields.text("description"))
            .text("MaxSessionDuration", duration.as_deref())
            .text("PermissionsBoundary", fields.text("permissions_boundary"))
            .tags(&tags::all_of(planned));
        let waiting = "waiting for whom the role trusts to become visible";
        let made = while_passing(cx.run, PROPAGATION, is_early, waiting, || {
            let form = form.clone();
            async move { client.query("CreateRole", form).await.map(drop) }
        });
        made.await
    }

    /// Waits until IAM shows a new role, with its ARN, and gives it its policies.
    async fn furnish(
        &self,
        client: &Rpc,
        name: &str,
        planned: &Value,
        cx: &Context<'_, Clients>,
    ) -> Result<(), Failure> {
        let mut wait = Wait::new(cx.run, PROPAGATION);
        while !describe(client, name)
            .await?
            .is_some_and(|role| role.text("Arn").is_some_and(|arn| arn.starts_with("arn:")))
        {
            if wait.pause().await.is_err() {
                break;
            }
        }
        policies::change(client, name, &Policies::default(), &policies::of_object(planned), cx.run).await
    }

    /// Makes what can be changed as planned, step by step; `now` says how far it came.
    async fn adjust(client: &Rpc, now: &mut Value, planned: &Value, cx: &Context<'_, Clients>) -> Result<(), Failure> {
        let prior = now.clone();
        let (before, after) = (Fields(&prior), Fields(planned));
        let name = before.text("id").unwrap_or_default();
        let of_role = || Form::new().text("RoleName", Some(name));
        let done = |now: &mut Value, names: &[&str]| {
            *now = names.iter().fold(now.clone(), |now, name| match planned.get(name) {
                Some(value) => with(now, name, value.clone()),
                None => now,
            });
        };
        let (old, new) = (before.text("assume_role_policy"), after.text("assume_role_policy"));
        if old.zip(new).is_none_or(|(old, new)| !means_the_same(old, new)) {
            let waiting = "waiting for whom the role trusts to become visible";
            while_passing(cx.run, PROPAGATION, is_early, waiting, || {
                let form = of_role().text("PolicyDocument", new);
                async move { client.query("UpdateAssumeRolePolicy", form).await.map(drop) }
            })
            .await?;
            done(now, &["assume_role_policy"]);
        }
        let told = |fields: Fields<'_>| (fields.owned("description"), fields.int("max_session_duration"));
        if told(before) != told(after) {
            let (description, duration) = told(after);
            let form = of_role()
                .text("Description", Some(description.as_deref().unwrap_or_default()))
                .text("MaxSessionDuration", duration.map(|seconds| seconds.to_string()).as_deref());
            client.query("UpdateRole", form).await?;
            done(now, &["description", "max_session_duration"]);
        }
        let boundary = after.text("permissions_boundary");
        if before.text("permissions_boundary") != boundary {
            match boundary {
                Some(arn) => {
                    client.query("PutRolePermissionsBoundary", of_role().text("PermissionsBoundary", Some(arn))).await?
                }
                None => client.query("DeleteRolePermissionsBoundary", of_role()).await?,
            };
            done(now, &["permissions_boundary"]);
        }
        policies::change(client, name, &policies::of_object(&prior), &policies::of_object(planned), cx.run).await?;
        done(now, &["managed_policy_arns", "inline_policy"]);
        let change = tags::change(&prior, planned);
        if !change.remove.is_empty() {
            client.query("UntagRole", of_role().list("TagKeys", &change.remove)).await?;
        }
        if !change.put.is_empty() {
            client.query("TagRole", of_role().tags(&change.put)).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl ResourceType<Clients> for Role {
    fn name(&self) -> &'static str {
        "aws_iam_role"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = naming::check(config);
        found.extend(tags::check(config));
        let at = Path::attribute("inline_policy").then(Step::Element);
        for block in Fields(config).blocks("inline_policy") {
            for (name, other) in [("name", "policy"), ("policy", "name")] {
                if block.is_given(other) && !block.is_given(name) {
                    let detail =
                        format!("A policy of the role needs {name} beside {other}; an empty block means none.");
                    found.push(Diagnostic::error("Incomplete inline_policy", detail).of_attribute(at.attr(name)));
                }
            }
        }
        found
    }

    fn equivalent(&self, path: &Path, prior: &Value, wanted: &Value) -> bool {
        prior == wanted || same(path, prior, wanted)
    }

    async fn plan(
        &self,
        schema: &Schema,
        request: PlanRequest,
        cx: &Context<'_, Clients>,
    ) -> Result<PlanResponse, Diagnostics> {
        let name = Fields(&request.config).owned("name").filter(|_| request.prior.is_none());
        let mut response =
            naming::plan(schema, request, cx.clients, &|path, prior, wanted| self.equivalent(path, prior, wanted), &[]);
        if let Some(name) = name {
            response.planned = with(response.planned, "id", Value::string(&name));
            // What refers to the role is known by this to do so.
            if let (Some(account), true) = (&cx.clients.account, Fields(&response.planned).is_unknown("arn")) {
                let partition = cx.clients.partition(cx.clients.region_of(&response.planned));
                let path = Fields(&response.planned).text("path").unwrap_or("/");
                let arn = Refinement::with_prefix(&format!("arn:{partition}:iam::{account}:role{path}{name}"));
                response.planned = with(response.planned, "arn", Value::refined(Type::String, arn));
            }
        }
        Ok(response)
    }

    /// Roles are not told apart by the case of letters, and belong to no region.
    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "name", &[]).map(in_any_case)
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let client = cx.clients.iam();
        let holder = |name: String| async move {
            Ok(describe(&client, &name).await?.and_then(|role| role.text("RoleName").map(str::to_owned)))
        };
        taken::check(self, "Role", object, plan, cx, holder).await
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let name = Fields(prior).text("id").unwrap_or_default();
        let live = self.live(&cx.clients.iam(), name, prior, cx.clients).await;
        live.map_err(|failure| failure.into_error(format!("Role \"{name}\" could not be read")))
    }

    fn accounted(&self, _: &Schema, recorded: &Value, read: &Value, others: &[PlannedObject]) -> Value {
        policies::accounted(recorded, read, others)
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let client = cx.clients.iam();
        let name = naming::choose(planned, cx.run.clock().now());
        let refuse = |failure: Failure| {
            CreateOutcome::Failed(failure.into_error(format!("Role \"{name}\" could not be created")))
        };
        if Fields(planned).text("name").is_some() {
            // A call that is repeated after a lost answer is told that the name is taken. To know then whose the role
            // is, look before.
            match describe(&client, &name).await {
                Ok(Some(_)) => return CreateOutcome::Failed(exists(&name)),
                Err(failure) if !failure.is_denied() => return refuse(failure),
                _ => {}
            }
        }
        if let Err(error) = cx.run.intend(&name).await {
            return CreateOutcome::Failed(error);
        }
        match self.make(&client, &name, planned, cx).await {
            Ok(()) => {}
            Err(failure) if failure.code() == "EntityAlreadyExists" => {
                let found = describe(&client, &name).await.ok().flatten();
                let wanted = Fields(planned).text("assume_role_policy").unwrap_or_default();
                let is_ours = |role: Element| failure.may_be_ours() && means_the_same(&trust(&role), wanted);
                if !found.is_some_and(is_ours) {
                    return CreateOutcome::Failed(exists(&name));
                }
            }
            Err(failure) => return refuse(failure),
        }
        let named = with(with(planned.clone(), "id", Value::string(&name)), "name", Value::string(&name));
        if let Err(error) = cx.run.created(&named).await {
            return CreateOutcome::Partial(named, error);
        }
        let done = self.furnish(&client, &name, planned, cx).await;
        let live = self.live(&client, &name, planned, cx.clients).await.ok().flatten();
        let live = live.unwrap_or_else(|| with(self.schema.block.empty(), "name_prefix", naming::prefix_value(&name)));
        match done {
            Ok(()) => CreateOutcome::Complete(fill(&named, &live)),
            Err(failure) => {
                let error = failure.into_error(format!("Role \"{name}\" was created, but not all of its policies"));
                CreateOutcome::Partial(fill(&named, &live), error)
            }
        }
    }

    /// What is missing of it yet is an update.
    async fn resume(&self, begun: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        self.read(begun, cx).await
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let mut now = prior.clone();
        match Role::adjust(&cx.clients.iam(), &mut now, planned, cx).await {
            Ok(()) => UpdateOutcome::Complete(fill(planned, prior)),
            Err(failure) => {
                let name = Fields(prior).text("id").unwrap_or_default();
                UpdateOutcome::Partial(now, failure.into_error(format!("Role \"{name}\" could not be changed")))
            }
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.iam();
        let name = Fields(prior).text("id").unwrap_or_default();
        let refuse = |failure: Failure| failure.into_error(format!("Role \"{name}\" could not be deleted"));
        policies::leave_profiles(&client, name).await.map_err(refuse)?;
        let ours = match Fields(prior).flag("force_detach_policies") {
            Some(true) => match policies::live(&client, name).await {
                Err(failure) if is_missing(&failure) => return Ok(()),
                listed => listed.map_err(refuse)?,
            },
            _ => policies::of_object(prior),
        };
        policies::change(&client, name, &ours, &Policies::default(), cx.run).await.map_err(refuse)?;
        let mut wait = Wait::new(cx.run, PROPAGATION);
        loop {
            let answer = client.query("DeleteRole", Form::new().text("RoleName", Some(name))).await;
            let failure = match answer {
                Ok(_) => return Ok(()),
                Err(failure) if is_missing(&failure) => return Ok(()),
                Err(failure) => failure,
            };
            let left = match failure.code() {
                "DeleteConflict" => policies::live(&client, name).await.ok(),
                _ if is_concurrent(&failure) => Some(Policies::default()),
                _ => return Err(refuse(failure)),
            };
            match left {
                // It takes IAM a while to notice that they are gone.
                Some(left) if left == Policies::default() && wait.pause().await.is_ok() => {}
                Some(left) if left != Policies::default() => return Err(in_use(failure, name, &left)),
                _ => return Err(refuse(failure)),
            }
        }
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["assume_role_policy"]
    }

    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let live = self.live(&cx.clients.iam(), identifier, &self.schema.block.empty(), cx.clients).await;
        let live = live.map_err(|failure| failure.into_error(format!("Role \"{identifier}\" could not be read")))?;
        Ok(live.map(Imported::from))
    }
}

fn exists(name: &str) -> ProviderError {
    ProviderError::new(
        format!("Role \"{name}\" already exists"),
        format!(
            "If it is not in this state, import it with \"smform import ADDRESS {name}\", delete it, or write name_prefix \
             instead of name to get a name of its own."
        ),
    )
    .of_attribute(Path::attribute("name"))
}

fn in_use(failure: Failure, name: &str, left: &Policies) -> ProviderError {
    let left: Vec<&str> = left.inline.keys().chain(&left.managed).map(String::as_str).collect();
    let mut error = failure.into_error(format!("Role \"{name}\" could not be deleted"));
    error.detail.push_str(&format!(
        " It has policies that are not of this resource: {}. Remove them first, or set force_detach_policies = true and \
         apply before you destroy.",
        left.join(", ")
    ));
    error
}
