//! A provider over a sandbox, and an engine in miniature: what is planned is made, read again, and planned again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value as Json;
use smform_aws::{Settings, Transport, provider};
use smform_provider::{
    Clock, CreateOutcome, Former, Imported, PlanRequest, PlanResponse, PlannedObject, Provider, ProviderError, Run,
    Session, UpdateOutcome,
};
use smform_sandbox::faults::Script;
use smform_sandbox::{Options, Sandbox};
use smform_types::schema::{Block, Nesting};
use smform_types::{Diagnostics, ResourceMode, Type, Value, json};

pub struct InProcess(pub Sandbox);

#[async_trait]
impl Transport for InProcess {
    async fn answer(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, String> {
        self.0.handle(request).await.map_err(|dropped| dropped.to_string())
    }
}

struct VirtualClock(Sandbox);

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(self.0.clock().now().as_millis()).unwrap_or(0))
    }

    /// Nobody else moves the time, so tests are the same every time.
    async fn sleep(&self, duration: Duration) {
        self.0.advance(duration.as_secs_f64()).unwrap();
        tokio::task::yield_now().await;
    }
}

/// A run that keeps what the provider reports.
pub struct Recorder {
    clock: VirtualClock,
    pub cancelled: AtomicBool,
    /// The user asks to stop when a status says this.
    pub cancel_at: Mutex<Option<String>>,
    pub intended: Mutex<Vec<String>>,
    pub begun: Mutex<Vec<Value>>,
    /// What is left to do to the object.
    pub owed: Mutex<Option<String>>,
    /// What the plan has found the object to be moving to.
    pub moving: Mutex<Option<String>>,
    /// Whose objects the configuration has the object come after.
    pub after: Mutex<Option<&'static str>>,
    pub progress: Mutex<Vec<String>>,
}

#[async_trait]
impl Run for Recorder {
    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn progress(&self, status: &str) {
        if self.cancel_at.lock().unwrap().as_ref().is_some_and(|text| status.contains(text)) {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).push(status.to_owned());
    }

    async fn intend(&self, identifier: &str) -> Result<(), ProviderError> {
        self.intended.lock().unwrap_or_else(PoisonError::into_inner).push(identifier.to_owned());
        Ok(())
    }

    async fn owe(&self, what: Option<&str>) -> Result<(), ProviderError> {
        *self.owed.lock().unwrap_or_else(PoisonError::into_inner) = what.map(str::to_owned);
        Ok(())
    }

    fn owed(&self) -> Option<String> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn comes_after(&self, type_name: &str) -> bool {
        *self.after.lock().unwrap_or_else(PoisonError::into_inner) == Some(type_name)
    }

    fn moving(&self) -> Option<String> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn created(&self, object: &Value) -> Result<(), ProviderError> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).push(object.clone());
        Ok(())
    }
}

pub struct World {
    pub sandbox: Sandbox,
    pub provider: Box<dyn Provider>,
    pub session: Arc<dyn Session>,
    pub run: Recorder,
}

/// A sandbox in which time passes when somebody waits for it.
pub async fn world() -> World {
    world_with(serde_json::json!({})).await
}

/// The same, with a provider block.
pub async fn world_with(block: Json) -> World {
    let sandbox = Sandbox::open(Options { speed: Some(0.0), ..Options::default() }).unwrap();
    let settings = Settings { transport: Some(Arc::new(InProcess(sandbox.clone()))), ..Settings::default() };
    let provider = provider(settings);
    let config = from_json(&provider.schema().block, &block);
    let session = provider.configure(config, Arc::new(VirtualClock(sandbox.clone()))).await.unwrap();
    let run = recorder(&sandbox);
    World { sandbox, provider: Box::new(provider), session, run }
}

pub fn recorder(sandbox: &Sandbox) -> Recorder {
    Recorder {
        clock: VirtualClock(sandbox.clone()),
        cancelled: AtomicBool::new(false),
        cancel_at: Mutex::default(),
        intended: Mutex::default(),
        begun: Mutex::default(),
        owed: Mutex::default(),
        moving: Mutex::default(),
        after: Mutex::default(),
        progress: Mutex::default(),
    }
}

impl World {
    pub fn faults(&self, script: Json) {
        self.sandbox.set_faults(serde_json::from_value::<Script>(script).unwrap()).unwrap();
    }

    /// How often an operation was called.
    pub fn calls(&self, operation: &str) -> usize {
        self.sandbox.calls().iter().filter(|call| call.operation == operation).count()
    }

    /// Lets time pass, without anybody waiting.
    pub fn pass(&self, seconds: f64) {
        self.sandbox.advance(seconds).unwrap();
    }

    /// What another client of SageMaker would be answered.
    pub async fn ask(&self, operation: &str, body: Json) -> Json {
        let scope = "Credential=A/20260101/us-east-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0";
        let request = http::Request::post("https://api.sagemaker.us-east-1.amazonaws.com/")
            .header("x-amz-target", format!("SageMaker.{operation}"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", format!("AWS4-HMAC-SHA256 {scope}"))
            .body(body.to_string().into_bytes().into())
            .unwrap();
        let answer = self.sandbox.handle(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{operation}: {:?}", answer.body());
        serde_json::from_slice(answer.body()).unwrap()
    }

    pub fn config(&self, ty: &str, body: &Json) -> Value {
        let schema = self.provider.resource_schema(ResourceMode::Managed, ty).unwrap();
        from_json(&schema.block, body)
    }

    pub fn validate(&self, ty: &str, body: &Json) -> Vec<String> {
        let found = self.provider.validate(ResourceMode::Managed, ty, &self.config(ty, body));
        found.iter().map(|d| format!("{:?} {}: {}", d.severity, place(d), d.summary)).collect()
    }

    pub async fn plan(&self, ty: &str, prior: Option<&Value>, body: &Json) -> Result<PlanResponse, Diagnostics> {
        let config = self.config(ty, body);
        self.session.plan(ty, PlanRequest::new(prior.cloned(), config), &self.run).await
    }

    /// What is planned for a new object that replaces another one.
    pub async fn replacing(&self, ty: &str, old: &Value, body: &Json) -> PlanResponse {
        self.plan_for(ty, Former::Replaced(old.clone()), body).await
    }

    /// What is planned for a new object in the place of one that is gone.
    pub async fn restoring(&self, ty: &str, gone: &Value, body: &Json) -> PlanResponse {
        self.plan_for(ty, Former::Gone(gone.clone()), body).await
    }

    async fn plan_for(&self, ty: &str, former: Former, body: &Json) -> PlanResponse {
        let request = PlanRequest { prior: None, former, config: self.config(ty, body) };
        self.session.plan(ty, request, &self.run).await.unwrap()
    }

    /// What is said of a new object beside the rest of a plan.
    pub async fn review(&self, ty: &str, body: &Json, plan: &[PlannedObject]) -> Diagnostics {
        let after = self.plan(ty, None, body).await.unwrap().planned;
        let object = PlannedObject { type_name: ty.into(), before: None, after: Some(after) };
        self.session.review(&object, plan, &self.run).await
    }

    pub async fn try_create(&self, ty: &str, body: &Json) -> CreateOutcome {
        let planned = self.plan(ty, None, body).await.unwrap().planned;
        self.session.create(ty, &planned, &self.run).await
    }

    /// The error of a creation that does not see what is there already, since somebody else has made it right after the
    /// look. `faults` meet calls of the creation, too.
    pub async fn raced(&self, ty: &str, body: &Json, look: &str, faults: &[Json]) -> ProviderError {
        let planned = self.plan(ty, None, body).await.unwrap().planned;
        let denied = serde_json::json!({"code": "AccessDenied", "message": "no"});
        let mut rules = vec![serde_json::json!({"match": {"operation": look}, "nth": 1, "effect": {"error": denied}})];
        rules.extend_from_slice(faults);
        self.faults(serde_json::json!({ "rules": rules }));
        let outcome = self.session.create(ty, &planned, &self.run).await;
        self.faults(serde_json::json!({"rules": []}));
        match outcome {
            CreateOutcome::Failed(error) => error,
            other => panic!("{ty}: {other:?}"),
        }
    }

    /// Plans, creates, checks the result against the plan, and checks that nothing is left to do.
    pub async fn create(&self, ty: &str, body: &Json) -> Value {
        let planned = self.plan(ty, None, body).await.unwrap().planned;
        let made = match self.session.create(ty, &planned, &self.run).await {
            CreateOutcome::Complete(made) => made,
            other => panic!("{ty}: {other:?}"),
        };
        assert!(made.is_wholly_known(), "{ty}: {made:?}");
        assert_keeps(&planned, &made, ty);
        self.assert_settled(ty, &made, body).await;
        made
    }

    /// A plan for what was just made is empty.
    pub async fn assert_settled(&self, ty: &str, made: &Value, body: &Json) {
        let read = self.session.read(ty, made, &self.run).await.unwrap().unwrap();
        assert_eq!(shown(&read), shown(made), "{ty} reads back otherwise");
        let again = self.plan(ty, Some(&read), body).await.unwrap();
        assert_eq!(shown(&again.planned), shown(made), "{ty} plans a change");
        assert!(again.replace.is_empty(), "{ty} plans a replacement: {:?}", again.replace);
    }

    pub async fn try_update(&self, ty: &str, prior: &Value, body: &Json) -> UpdateOutcome {
        let response = self.plan(ty, Some(prior), body).await.unwrap();
        assert!(response.replace.is_empty(), "{:?}", response.replace);
        *self.run.moving.lock().unwrap() = response.moving.clone();
        self.session.update(ty, prior, &response.planned, &self.run).await
    }

    pub async fn update(&self, ty: &str, prior: &Value, body: &Json) -> Value {
        match self.try_update(ty, prior, body).await {
            UpdateOutcome::Complete(now) => {
                self.assert_settled(ty, &now, body).await;
                now
            }
            other => panic!("{ty}: {other:?}"),
        }
    }

    /// Deletes, and checks that it is gone and that deleting again is no error.
    pub async fn delete(&self, ty: &str, object: &Value) {
        self.session.delete(ty, object, &self.run).await.unwrap();
        assert!(self.session.read(ty, object, &self.run).await.unwrap().is_none());
        self.session.delete(ty, object, &self.run).await.unwrap();
    }

    pub async fn import(&self, ty: &str, id: &str) -> Option<Value> {
        self.session.import(ty, id, &self.run).await.unwrap().map(|imported: Imported| imported.value)
    }

    pub async fn data(&self, ty: &str, body: &Json) -> Result<Value, ProviderError> {
        let schema = self.provider.resource_schema(ResourceMode::Data, ty).unwrap();
        self.session.read_data(ty, &from_json(&schema.block, body), &self.run).await
    }
}

pub fn place(diagnostic: &smform_types::Diagnostic) -> String {
    diagnostic.attribute.as_ref().map(ToString::to_string).unwrap_or_default()
}

/// A value as JSON text, for comparisons that can be read.
pub fn shown(value: &Value) -> String {
    serde_json::to_string_pretty(&json::plain(value)).unwrap()
}

/// What was known in a plan must be so afterwards.
fn assert_keeps(planned: &Value, made: &Value, what: &str) {
    planned.visit(&mut |path, value| {
        if value.is_wholly_known() && path.0.iter().all(|step| !matches!(step, smform_types::Step::Element)) {
            assert_eq!(path.lookup(made), Some(value), "{what}: {path}");
        }
    });
}

/// The value of a block from JSON in which blocks are objects or arrays of objects, and what is left out is null.
/// `"?"` stands for a value that is not known yet.
pub fn from_json(block: &Block, body: &Json) -> Value {
    for name in body.as_object().unwrap().keys() {
        assert!(block.names().any(|known| known == name), "no such argument: {name}");
    }
    let attributes = block.attributes.iter().map(|(name, attribute)| {
        let ty = attribute.ty.without_optional();
        let value = match &body[*name] {
            Json::String(text) if text == "?" => Value::unknown(ty),
            given => json::value_from_json(given, &ty).unwrap(),
        };
        (*name, value)
    });
    let blocks = block.blocks.iter().map(|(name, nested)| {
        let items: Vec<Value> = match &body[*name] {
            Json::Null => return (*name, nested.empty()),
            Json::Array(items) => items.iter().map(|item| from_json(&nested.block, item)).collect(),
            item => vec![from_json(&nested.block, item)],
        };
        let element: Type = nested.block.ty();
        let value = match nested.nesting {
            Nesting::Single => items.into_iter().next().unwrap_or(Value::null(element)),
            Nesting::Set => Value::set(element, items),
            _ => Value::list(element, items),
        };
        (*name, value)
    });
    Value::object(attributes.chain(blocks))
}

pub const ROLE: &str = "arn:aws:iam::123456789012:role/SageMakerExecutionRole";
pub const IMAGE: &str = "myteam.myorg.com/docker-local/my-inference-image:1.0";
pub const SUBNETS: [&str; 2] = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
pub const GROUP: &str = "sg-0123456789abcdef0";
pub const REGISTRY_GROUP: &str = "sg-0fedcba9876543210";

pub const VPC_CONFIG: &str = "smform_vpc_config";
pub const MODEL: &str = "aws_sagemaker_model";
pub const CONFIG: &str = "aws_sagemaker_endpoint_configuration";
pub const ENDPOINT: &str = "aws_sagemaker_endpoint";

pub fn model_body(name: &str) -> Json {
    serde_json::json!({
        "name": name,
        "execution_role_arn": ROLE,
        "primary_container": {
            "container_hostname": "ModelContainer",
            "image": IMAGE,
            "image_config": {"repository_access_mode": "Vpc"},
        },
        "vpc_config": {"subnets": SUBNETS, "security_group_ids": [GROUP]},
    })
}

pub fn config_body(name: &str, model: &str, count: u32) -> Json {
    serde_json::json!({
        "name": name,
        "production_variants": {
            "variant_name": "MyVariant",
            "model_name": model,
            "instance_type": "ml.t2.medium",
            "initial_instance_count": count,
        },
    })
}

pub fn endpoint_body(name: &str, config: &str) -> Json {
    serde_json::json!({"name": name, "endpoint_config_name": config})
}

/// A model, two configurations of it, and an endpoint on the first.
pub async fn serving() -> (World, Value) {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("one", "m", 1)).await;
    world.create(CONFIG, &config_body("two", "m", 1)).await;
    let endpoint = world.create(ENDPOINT, &endpoint_body("e", "one")).await;
    (world, endpoint)
}
