//! `aws_iam_policy`: a managed policy of the account.

use async_trait::async_trait;
use smform_provider::{
    Context, CreateOutcome, Imported, PlanRequest, PlanResponse, PlannedObject, ProviderError, ResourceType,
    UniqueName, UpdateOutcome,
};
use smform_types::schema::{Attribute, Block, Constraint, Schema};
use smform_types::{Diagnostics, Path, Type, Value};

use super::document::{decoded, managed_document, means_the_same, same};
use super::{PROPAGATION, found, is_concurrent, is_missing, name, path};
use crate::clients::Clients;
use crate::failure::Failure;
use crate::fields::{Builder, Fields, with};
use crate::naming;
use crate::retry::while_passing;
use crate::rpc::{Element, Form, Rpc};
use crate::settle::{fill, settle};
use crate::tags::{self, tags, tags_all};
use crate::taken::{self, in_any_case, unique};
use crate::waiters::Wait;

/// How many versions a policy may have.
const VERSIONS: usize = 5;

/// The resource type.
pub(crate) struct ManagedPolicy {
    schema: Schema,
}

fn of_policy(arn: &str) -> Form {
    Form::new().text("PolicyArn", Some(arn))
}

/// The policy of an ARN, and the document that is in force; nothing when there is none.
pub(super) async fn describe(client: &Rpc, arn: &str) -> Result<Option<(Element, String)>, Failure> {
    let Some(answer) = found(client.query("GetPolicy", of_policy(arn)).await)? else { return Ok(None) };
    let Some(policy) = answer.child("Policy").cloned() else { return Ok(None) };
    let version = of_policy(arn).text("VersionId", policy.text("DefaultVersionId"));
    let Some(answer) = found(client.query("GetPolicyVersion", version).await)? else { return Ok(None) };
    let document = answer.child("PolicyVersion").and_then(|version| version.text("Document"));
    Ok(Some((policy, decoded(document.unwrap_or_default()))))
}

/// The ARN of the account's policy of a name, wherever it is filed; letter case does not tell names apart.
async fn arn_of(client: &Rpc, name: &str) -> Result<Option<String>, Failure> {
    let own = client.listed("ListPolicies", Form::new().text("Scope", Some("Local")), "Policies").await?;
    let of_name = |policy: &&Element| policy.text("PolicyName").is_some_and(|found| found.eq_ignore_ascii_case(name));
    Ok(own.iter().find(of_name).and_then(|policy| policy.text("Arn")).map(str::to_owned))
}

/// Puts a document in force. The oldest version that is not in force goes when there is no room for another.
async fn put(client: &Rpc, arn: &str, document: &str, cx: &Context<'_, Clients>) -> Result<(), Failure> {
    let versions = client.listed("ListPolicyVersions", of_policy(arn), "Versions").await?;
    if versions.len() >= VERSIONS {
        let spare = versions.iter().filter(|version| version.text("IsDefaultVersion") != Some("true"));
        let oldest = spare.filter_map(|version| version.text("VersionId")).min_by_key(|id| number(id));
        client.query("DeletePolicyVersion", of_policy(arn).text("VersionId", oldest)).await?;
    }
    let waiting = "waiting for another change of the policy to end";
    let made = while_passing(cx.run, PROPAGATION, is_concurrent, waiting, || {
        let form = of_policy(arn).text("PolicyDocument", Some(document)).text("SetAsDefault", Some("true"));
        async move { client.query("CreatePolicyVersion", form).await.map(drop) }
    });
    made.await
}

/// The number in the id of a version, such as `v12`.
fn number(id: &str) -> u64 {
    id.trim_start_matches('v').parse().unwrap_or(0)
}

impl ManagedPolicy {
    pub(crate) fn new() -> ManagedPolicy {
        let told = || Attribute::computed(Type::String);
        let text = || Attribute::optional(Type::String).forces_replacement();
        let named = |longest: usize| {
            let named = Attribute::optional_computed(Type::String).forces_replacement();
            named.with(Constraint::Length(1, longest)).with(name())
        };
        let mut block = Block::new(
            [
                ("id", told().describe("The ARN.")),
                ("arn", told()),
                ("policy_id", told().describe("The id that no other policy ever has, even one of the same name.")),
                (
                    "attachment_count",
                    Attribute::computed(Type::Number).describe("To how many roles, users and groups."),
                ),
                ("name", named(128)),
                ("name_prefix", named(102)),
                ("path", text().default_value("/").with(path())),
                ("description", text().with(Constraint::Length(0, 1000))),
                (
                    "policy",
                    Attribute::required(Type::String).with(managed_document()).describe("What is allowed, as JSON."),
                ),
                (
                    "delay_after_policy_creation_in_ms",
                    Attribute::optional(Type::Number)
                        .with(Constraint::Range(1.0, 180_000.0))
                        .describe("How long to wait when the policy has been made or changed, in milliseconds."),
                ),
                ("tags", tags()),
                ("tags_all", tags_all()),
            ],
            [],
        );
        block.description = "A policy that roles can have attached.";
        ManagedPolicy { schema: Schema { version: 0, block } }
    }

    /// The policy as it is now, in the form of `remembered`.
    async fn live(
        &self,
        client: &Rpc,
        arn: &str,
        remembered: &Value,
        clients: &Clients,
    ) -> Result<Option<Value>, Failure> {
        let Some((policy, document)) = describe(client, arn).await? else { return Ok(None) };
        let name = policy.text("PolicyName").unwrap_or_default();
        let (own, all) = clients.tags.visible(&policy.tags("Tags"), remembered.get("tags"));
        let live = Builder::new(&self.schema.block)
            .text("id", Some(arn))
            .text("arn", Some(arn))
            .text("policy_id", policy.text("PolicyId"))
            .int("attachment_count", policy.text("AttachmentCount").and_then(|count| count.parse().ok()))
            .text("name", Some(name))
            .value("name_prefix", naming::prefix_value(name))
            .text("path", policy.text("Path"))
            .text("description", policy.text("Description"))
            .text("policy", Some(&document))
            .int("delay_after_policy_creation_in_ms", Fields(remembered).int("delay_after_policy_creation_in_ms"))
            .value("tags", own)
            .value("tags_all", all)
            .finish();
        Ok(Some(settle(&self.schema.block, remembered, live, &same)))
    }
}

/// Waits as long as a configuration says after a change.
async fn pause(object: &Value, cx: &Context<'_, Clients>) {
    let delay = Fields(object).count("delay_after_policy_creation_in_ms").and_then(|ms| u64::try_from(ms).ok());
    if let Some(ms) = delay {
        cx.run.clock().sleep(std::time::Duration::from_millis(ms)).await;
    }
}

#[async_trait]
impl ResourceType<Clients> for ManagedPolicy {
    fn name(&self) -> &'static str {
        "aws_iam_policy"
    }

    fn schema(&self) -> Schema {
        self.schema.clone()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut found = naming::check(config);
        found.extend(tags::check(config));
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
        let equivalent = |path: &Path, prior: &Value, wanted: &Value| self.equivalent(path, prior, wanted);
        // A name is taken in every path.
        Ok(naming::plan(schema, request, cx.clients, &equivalent, &[]))
    }

    /// Policies are not told apart by the case of letters, and belong to no region.
    fn unique_name(&self, object: &Value) -> Option<UniqueName> {
        unique(object, "name", &[]).map(in_any_case)
    }

    async fn review(&self, object: &PlannedObject, plan: &[PlannedObject], cx: &Context<'_, Clients>) -> Diagnostics {
        let client = cx.clients.iam();
        let holder = |name: String| async move { arn_of(&client, &name).await };
        taken::check(self, "Policy", object, plan, cx, holder).await
    }

    async fn read(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<Option<Value>, ProviderError> {
        let arn = Fields(prior).text("id").unwrap_or_default();
        let live = self.live(&cx.clients.iam(), arn, prior, cx.clients).await;
        live.map_err(|failure| failure.into_error(format!("Policy {arn} could not be read")))
    }

    async fn create(&self, planned: &Value, cx: &Context<'_, Clients>) -> CreateOutcome {
        let (client, fields) = (cx.clients.iam(), Fields(planned));
        let name = naming::choose(planned, cx.run.clock().now());
        let refuse = |failure: Failure| {
            CreateOutcome::Failed(failure.into_error(format!("Policy \"{name}\" could not be created")))
        };
        if fields.text("name").is_some() {
            // A call that is repeated after a lost answer is told that the name is taken. To know then whose the policy
            // is, look before.
            match arn_of(&client, &name).await {
                Ok(Some(arn)) => return CreateOutcome::Failed(exists(&name, &arn)),
                Err(failure) if !failure.is_denied() => return refuse(failure),
                _ => {}
            }
        }
        if let Err(error) = cx.run.intend(&name).await {
            return CreateOutcome::Failed(error);
        }
        let form = Form::new()
            .text("PolicyName", Some(&name))
            .text("Path", fields.text("path"))
            .text("Description", fields.text("description"))
            .text("PolicyDocument", fields.text("policy"))
            .tags(&tags::all_of(planned));
        let waiting = "waiting for another change of policies to end";
        let made = while_passing(cx.run, PROPAGATION, is_concurrent, waiting, || {
            let form = form.clone();
            let client = &client;
            async move { client.query("CreatePolicy", form).await }
        });
        let arn = match made.await {
            Ok(answer) => answer.child("Policy").and_then(|policy| policy.text("Arn")).unwrap_or_default().to_owned(),
            Err(failure) if failure.code() == "EntityAlreadyExists" => {
                let arn = arn_of(&client, &name).await.ok().flatten().unwrap_or_default();
                let found = describe(&client, &arn).await.ok().flatten();
                let wanted = fields.text("policy").unwrap_or_default();
                if !failure.may_be_ours() || !found.is_some_and(|(_, document)| means_the_same(&document, wanted)) {
                    return CreateOutcome::Failed(exists(&name, &arn));
                }
                arn
            }
            Err(failure) => return refuse(failure),
        };
        let named =
            ["id", "arn"].iter().fold(planned.clone(), |made, attribute| with(made, attribute, Value::string(&arn)));
        let named = with(named, "name", Value::string(&name));
        if let Err(error) = cx.run.created(&named).await {
            return CreateOutcome::Partial(named, error);
        }
        pause(planned, cx).await;
        // IAM may take a while until it shows what it has made.
        let mut wait = Wait::new(cx.run, PROPAGATION);
        let live = loop {
            match self.live(&client, &arn, planned, cx.clients).await {
                Ok(None) if wait.pause().await.is_ok() => {}
                shown => break shown.ok().flatten(),
            }
        };
        let live = live.unwrap_or_else(|| with(self.schema.block.empty(), "name_prefix", naming::prefix_value(&name)));
        CreateOutcome::Complete(fill(&named, &live))
    }

    async fn update(&self, prior: &Value, planned: &Value, cx: &Context<'_, Clients>) -> UpdateOutcome {
        let client = cx.clients.iam();
        let arn = Fields(prior).text("id").unwrap_or_default();
        let refuse = |failure: Failure| failure.into_error(format!("Policy {arn} could not be changed"));
        let text = |object: &Value| Fields(object).owned("policy").unwrap_or_default();
        let (before, after) = (text(prior), text(planned));
        let mut now = prior.clone();
        if !means_the_same(&before, &after) {
            if let Err(failure) = put(&client, arn, &after, cx).await {
                return UpdateOutcome::Failed(refuse(failure));
            }
            now = with(now, "policy", Value::string(after));
            pause(planned, cx).await;
        }
        let change = tags::change(prior, planned);
        let retagged = async {
            if !change.remove.is_empty() {
                client.query("UntagPolicy", of_policy(arn).list("TagKeys", &change.remove)).await?;
            }
            if !change.put.is_empty() {
                client.query("TagPolicy", of_policy(arn).tags(&change.put)).await?;
            }
            Ok(())
        };
        match retagged.await {
            Ok(()) => UpdateOutcome::Complete(fill(planned, prior)),
            Err(failure) => UpdateOutcome::Partial(now, refuse(failure)),
        }
    }

    async fn delete(&self, prior: &Value, cx: &Context<'_, Clients>) -> Result<(), ProviderError> {
        let client = cx.clients.iam();
        let arn = Fields(prior).text("id").unwrap_or_default();
        let refuse = |failure: Failure| failure.into_error(format!("Policy {arn} could not be deleted"));
        let versions = match client.listed("ListPolicyVersions", of_policy(arn), "Versions").await {
            Err(failure) if is_missing(&failure) => return Ok(()),
            listed => listed.map_err(refuse)?,
        };
        for version in versions.iter().filter(|version| version.text("IsDefaultVersion") != Some("true")) {
            let form = of_policy(arn).text("VersionId", version.text("VersionId"));
            found(client.query("DeletePolicyVersion", form).await).map_err(refuse)?;
        }
        let mut wait = Wait::new(cx.run, PROPAGATION);
        loop {
            let failure = match client.query("DeletePolicy", of_policy(arn)).await {
                Ok(_) => return Ok(()),
                Err(failure) if is_missing(&failure) => return Ok(()),
                Err(failure) => failure,
            };
            let holders = match failure.code() {
                "DeleteConflict" => holders(&client, arn).await.unwrap_or_default(),
                _ if is_concurrent(&failure) => Vec::new(),
                _ => return Err(refuse(failure)),
            };
            // It takes IAM a while to notice that it was detached.
            if !holders.is_empty() || wait.pause().await.is_err() {
                return Err(attached(refuse(failure), &holders));
            }
        }
    }

    fn created_with(&self) -> &'static [&'static str] {
        &["policy"]
    }

    /// By its ARN, or its name.
    async fn import(&self, identifier: &str, cx: &Context<'_, Clients>) -> Result<Option<Imported>, ProviderError> {
        let client = cx.clients.iam();
        let refuse = |failure: Failure| failure.into_error(format!("Policy {identifier} could not be read"));
        let arn = match identifier.starts_with("arn:") {
            true => Some(identifier.to_owned()),
            false => arn_of(&client, identifier).await.map_err(refuse)?,
        };
        let Some(arn) = arn else { return Ok(None) };
        let live = self.live(&client, &arn, &self.schema.block.empty(), cx.clients).await.map_err(refuse)?;
        Ok(live.map(Imported::from))
    }
}

/// What a policy is attached to.
async fn holders(client: &Rpc, arn: &str) -> Result<Vec<String>, Failure> {
    let answer = client.query("ListEntitiesForPolicy", of_policy(arn)).await?;
    let kinds = [
        ("PolicyRoles", "RoleName", "role"),
        ("PolicyUsers", "UserName", "user"),
        ("PolicyGroups", "GroupName", "group"),
    ];
    let named = kinds.iter().flat_map(|(list, member, kind)| {
        let names: Vec<String> =
            answer.members(list).filter_map(|holder| Some(format!("{kind} {}", holder.text(member)?))).collect();
        names
    });
    Ok(named.collect())
}

fn attached(mut error: ProviderError, holders: &[String]) -> ProviderError {
    if !holders.is_empty() {
        error.detail.push_str(&format!(" It is attached to {}. Detach it first.", holders.join(", ")));
    }
    error
}

fn exists(name: &str, arn: &str) -> ProviderError {
    ProviderError::new(
        format!("Policy \"{name}\" already exists"),
        format!(
            "If it is not in this state, import it with \"smform import ADDRESS {arn}\", delete it, or write name_prefix \
             instead of name to get a name of its own."
        ),
    )
    .of_attribute(Path::attribute("name"))
}
