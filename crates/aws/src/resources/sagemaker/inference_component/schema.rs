//! The schema of `aws_sagemaker_inference_component`, and its rules between arguments.

use smform_types::schema::{Attribute, Block, Constraint, NestedBlock, Schema};
use smform_types::{Diagnostic, Diagnostics, Path, Type, image};

use super::super::endpoint_configuration::INSTANCE_TYPES;
use super::super::model::other_region;
use crate::constraints::{alarm_name, at_least, between, metric_frequency, metrics_path, model_uri, name};
use crate::fields::Fields;
use crate::shared::{region, timeouts};
use crate::tags::{tags, tags_all};

fn text() -> Attribute {
    Attribute::optional(Type::String)
}

fn number() -> Attribute {
    Attribute::optional(Type::Number)
}

pub(super) fn schema() -> Schema {
    let told = || Attribute::computed(Type::String);
    let count = || Attribute::computed(Type::Number);
    let runtime = Block::new(
        [
            ("copy_count", Attribute::required(Type::Number).with(at_least(0))),
            ("current_copy_count", count()),
            ("desired_copy_count", count()),
            (
                "placement_status",
                Attribute::computed(Type::list(placement())).describe("How many copies run on which instances."),
            ),
        ],
        [],
    );
    let mut block = Block::new(
        [
            ("id", told()),
            ("arn", told()),
            ("creation_time", told()),
            ("last_modified_time", told()),
            ("endpoint_arn", told()),
            (
                "name",
                Attribute::required(Type::String).forces_replacement().with(name()).describe(
                    "With another name, a new component is in service before the old one goes, where the endpoint has room \
                     for both; under the same name, the old one goes first.",
                ),
            ),
            ("endpoint_name", Attribute::required(Type::String).forces_replacement().with(name())),
            ("variant_name", Attribute::optional_computed(Type::String).forces_replacement().with(name())),
            ("status", told()),
            ("failure_reason", told().describe("What the service says of the last failure; it may outlast a success.")),
            ("region", region()),
            ("tags", tags()),
            ("tags_all", tags_all()),
        ],
        [
            ("specification", NestedBlock::at_most_one(specification())),
            ("specifications", NestedBlock::list(specification(), 0, 5)),
            ("runtime_config", NestedBlock::at_most_one(runtime).or_computed()),
            ("deployment_config", NestedBlock::at_most_one(deployment())),
            ("timeouts", timeouts()),
        ],
    );
    block.description = "Copies of a model that share the instances of an endpoint with others.";
    Schema { version: 0, block }
}

/// What is told of the copies on the instances of one type.
pub(super) fn placement() -> Type {
    Type::object([("current_copy_count", Type::Number), ("instance_type", Type::String)])
}

fn specification() -> Block {
    let part = |least: f64| number().with(Constraint::Range(least, f64::INFINITY)).with(Constraint::Fraction);
    let resources = Block::new(
        [
            ("min_memory_required_in_mb", Attribute::required(Type::Number).with(at_least(128))),
            ("max_memory_required_in_mb", number().with(at_least(128))),
            ("number_of_cpu_cores_required", part(0.25)),
            ("number_of_accelerator_devices_required", part(1.0)),
            (
                "accelerator_partition_type",
                Attribute::optional(Type::String)
                    .with(Constraint::Length(0, 32))
                    .describe("A part of an accelerator, such as mig-3g.40gb."),
            ),
        ],
        [],
    );
    let endpoint = Block::new(
        [
            ("metrics_endpoint_path", Attribute::required(Type::String).with(metrics_path())),
            ("metric_publish_frequency_in_seconds", number().default_value(60).with(metric_frequency())),
        ],
        [],
    );
    let metrics = Block::new([], [("metrics_endpoint", NestedBlock::at_most_one(endpoint))]);
    let container = Block::new(
        [
            ("image", text()),
            ("resolved_image", Attribute::computed(Type::String).describe("The image with the digest that runs.")),
            ("artifact_url", text().with(model_uri())),
            ("environment", Attribute::optional(Type::map(Type::String))),
        ],
        [("container_metrics_config", NestedBlock::at_most_one(metrics))],
    );
    let balance = Block::new(
        [
            ("enforcement_mode", Attribute::required(Type::String).with(Constraint::KnownValues(&["PERMISSIVE"]))),
            ("max_imbalance", number().with(between(0, 100))),
        ],
        [],
    );
    let strategies = Constraint::OneOf(&["SPREAD", "BINPACK"]);
    let scheduling = Block::new(
        [("placement_strategy", Attribute::required(Type::String).with(strategies))],
        [("availability_zone_balance", NestedBlock::at_most_one(balance))],
    );
    let seconds = || number().with(between(60, 3600));
    let startup = Block::new(
        [
            ("model_data_download_timeout_in_seconds", seconds()),
            ("container_startup_health_check_timeout_in_seconds", seconds()),
        ],
        [],
    );
    let cache = Block::new([("enable_caching", Attribute::required(Type::Bool))], []);
    Block::new(
        [
            ("model_name", text().with(name())),
            ("instance_type", text().with(Constraint::KnownValues(INSTANCE_TYPES))),
            ("base_inference_component_name", text().with(name())),
        ],
        [
            ("compute_resource_requirements", NestedBlock::at_most_one(resources).or_computed()),
            ("container", NestedBlock::at_most_one(container)),
            ("data_cache_config", NestedBlock::at_most_one(cache).or_computed()),
            ("scheduling_config", NestedBlock::at_most_one(scheduling)),
            ("startup_parameters", NestedBlock::at_most_one(startup)),
        ],
    )
}

fn deployment() -> Block {
    let size = || {
        let kinds = Constraint::OneOf(&["COPY_COUNT", "CAPACITY_PERCENT"]);
        let value = Attribute::required(Type::Number).with(at_least(1));
        Block::new([("type", Attribute::required(Type::String).with(kinds)), ("value", value)], [])
    };
    let rolling = Block::new(
        [
            ("wait_interval_in_seconds", Attribute::required(Type::Number).with(between(0, 3600))),
            ("maximum_execution_timeout_in_seconds", number().with(between(600, 28800))),
        ],
        [
            ("maximum_batch_size", NestedBlock::exactly_one(size())),
            ("rollback_maximum_batch_size", NestedBlock::at_most_one(size())),
        ],
    );
    let alarm = Block::new([("alarm_name", Attribute::required(Type::String).with(alarm_name()))], []);
    let rollback = Block::new([], [("alarms", NestedBlock::list(alarm, 0, 10))]);
    Block::new(
        [],
        [
            ("rolling_update_policy", NestedBlock::exactly_one(rolling)),
            ("auto_rollback_configuration", NestedBlock::at_most_one(rollback)),
        ],
    )
}

/// The service's rules between the arguments. Unknown parts are passed over.
pub(super) fn check(config: Fields<'_>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut refuse = |at: Path, detail: &str| {
        found.push(Diagnostic::error("Invalid inference component", detail).of_attribute(at));
    };
    let unsure = ["specification", "specifications"].iter().any(|name| config.is_unknown(name));
    let (one, several) = (config.block("specification").is_some(), config.blocks("specifications").count());
    if !unsure && one == (several > 0) {
        refuse(Path::attribute("specification"), "Give either specification or specifications.");
    }
    for list in ["specification", "specifications"] {
        for (at, block) in config.blocks(list).enumerate() {
            let at = Path::attribute(list).index(at);
            let container_block = block.block("container");
            let base = block.is_given("base_inference_component_name");
            let image = container_block.is_some_and(|container| container.is_given("image"));
            let set = block.set_of(&["model_name", "base_inference_component_name"]).len();
            let sets_image = container_block.is_some_and(|container| container.is_set("image"));
            let clashes = block.is_set("model_name") && (set > 1 || sets_image);
            if clashes || !(base || image || block.is_given("model_name")) {
                let detail = "A specification has exactly one of model_name, an image in container, and \
                              base_inference_component_name.";
                refuse(at.clone(), detail);
            }
            container(block, &at, &mut refuse);
            if !base
                && block.block("compute_resource_requirements").is_none()
                && !block.is_unknown("compute_resource_requirements")
            {
                refuse(at, "Without base_inference_component_name, compute_resource_requirements is needed.");
            }
        }
    }
    found
}

/// Rules of a component's container and of the memory of its copies.
fn container(block: Fields<'_>, at: &Path, refuse: &mut impl FnMut(Path, &str)) {
    let image = block.block("container").and_then(|container| container.text("image"));
    if let Some(text) = image {
        let at = at.attr("container").index(0).attr("image");
        match image::parse(text) {
            Err(why) => refuse(at, &format!("\"{text}\" is not an image reference: {why}.")),
            Ok(image) if !image.is_ecr() => {
                let detail = format!(
                    "The image \"{text}\" is not in a private Amazon ECR repository, and the container of a component cannot \
                     say how another registry is reached. Make an aws_sagemaker_model with image_config and vpc_config of \
                     it, and give model_name here."
                );
                refuse(at, &detail);
            }
            Ok(_) => {}
        }
    }
    let needs = block.block("compute_resource_requirements");
    let memory = |name: &str| needs.and_then(|needs| needs.int(name));
    if let (Some(least), Some(most)) = (memory("min_memory_required_in_mb"), memory("max_memory_required_in_mb"))
        && most < least
    {
        let at = at.attr("compute_resource_requirements").index(0).attr("max_memory_required_in_mb");
        refuse(at, &format!("max_memory_required_in_mb, {most}, is below min_memory_required_in_mb, {least}."));
    }
}

/// Refuses images that SageMaker cannot pull in the region.
pub(super) fn regional(config: Fields<'_>, region: &str) -> Diagnostics {
    let mut found = Diagnostics::new();
    for list in ["specification", "specifications"] {
        for (at, block) in config.blocks(list).enumerate() {
            let at = Path::attribute(list).index(at).attr("container").index(0).attr("image");
            let text = block.block("container").and_then(|container| container.text("image"));
            found.extend(text.and_then(|text| other_region(text, region)).map(|error| error.of_attribute(at)));
        }
    }
    found
}

/// A component that is made begins with a copy; one that is there may be scaled to none.
///
/// # Errors
/// When it is to begin without.
pub(super) fn check_new(config: Fields<'_>) -> Result<(), Diagnostics> {
    if config.block("runtime_config").and_then(|runtime| runtime.int("copy_count")) != Some(0) {
        return Ok(());
    }
    let detail = "SageMaker makes no inference component without copies. Begin with copy_count = 1, and scale it to 0 \
                  when it is there.";
    let at = Path::attribute("runtime_config").index(0).attr("copy_count");
    Err(Diagnostic::error("A new component needs a copy", detail).of_attribute(at).into())
}
