//! The service's rules between the arguments of an endpoint configuration.

use std::collections::BTreeMap;

use smform_types::{Diagnostic, Diagnostics, Path};

use crate::fields::Fields;

/// Checks a configuration. Unknown parts are passed over.
pub(super) fn check(config: Fields<'_>) -> Diagnostics {
    let mut found = Diagnostics::new();
    let production = variants(config, "production_variants");
    let shadow = variants(config, "shadow_production_variants");
    for variant in production.iter().chain(&shadow) {
        variant.check(config, production.len(), &mut found);
    }
    names(&production, &shadow, &mut found);
    weights(&production, &mut found);
    if !shadow.is_empty() && (production.len() != 1 || shadow.len() != 1) {
        found.push(
            Diagnostic::error(
                "Too many variants for shadow testing",
                "With shadow_production_variants, there must be exactly one production variant and one shadow variant.",
            )
            .of_attribute(Path::attribute("shadow_production_variants")),
        );
    }
    if config.block("async_inference_config").is_some() && config.block("cross_region_traffic_config").is_some() {
        let detail = "Asynchronous inference stays in its region. Leave cross_region_traffic_config out.";
        let conflict = Diagnostic::error("Conflicting arguments", detail);
        found.push(conflict.of_attribute(Path::attribute("cross_region_traffic_config")));
    }
    empty_content_types(config, &mut found);
    found
}

/// What is certain in a plan only: there, a name that is not known yet is that of a model that is to be made, and not null.
pub(super) fn in_plan(config: Fields<'_>) -> Diagnostics {
    let unnamed = |variant: &Variant<'_>| variant.fields.is_given("model_name") && !variant.fields.is_set("model_name");
    let variants = ["production_variants", "shadow_production_variants"].map(|name| variants(config, name));
    variants.iter().flatten().filter(|variant| unnamed(variant)).filter_map(Variant::scaled_with_model).collect()
}

/// Scaling in to nothing is not offered everywhere; which regions refuse it is documented nowhere, and was seen in one.
const WITHOUT_SCALE_TO_ZERO: [&str; 1] = ["eu-west-3"];

/// Warns of what the region is known to refuse.
pub(super) fn regional(config: Fields<'_>, region: &str) -> Diagnostics {
    let mut found = Diagnostics::new();
    for variant in variants(config, "production_variants") {
        let scaling = variant.fields.block("managed_instance_scaling");
        if scaling.and_then(|scaling| scaling.int("min_instance_count")) == Some(0)
            && WITHOUT_SCALE_TO_ZERO.contains(&region)
        {
            let detail = format!("{region} was seen to refuse a min_instance_count of 0. Where it does, write 1.");
            let at = variant.at.attr("managed_instance_scaling").index(0).attr("min_instance_count");
            found.push(Diagnostic::warning("Scaling to zero may not be offered here", detail).of_attribute(at));
        }
    }
    found
}

struct Variant<'v> {
    fields: Fields<'v>,
    at: Path,
}

fn variants<'v>(config: Fields<'v>, name: &str) -> Vec<Variant<'v>> {
    let variants = config.blocks(name).enumerate();
    variants.map(|(at, fields)| Variant { fields, at: Path::attribute(name).index(at) }).collect()
}

impl Variant<'_> {
    fn check(&self, config: Fields<'_>, count: usize, found: &mut Diagnostics) {
        let fields = self.fields;
        let mut say = |diagnostic: Diagnostic, at: &Path| found.push(diagnostic.of_attribute(at.clone()));
        let serverless = fields.block("serverless_config");
        let pools = fields.block("instance_pools").is_some();
        let unsure = self.is_unknown("serverless_config") || self.is_unknown("instance_pools");
        let instances = ["instance_type", "initial_instance_count"].into_iter().find(|name| fields.is_set(name));
        if let (Some(_), Some(name)) = (serverless, instances) {
            let detail = format!("A variant has either instances or serverless_config. Leave {name} out.");
            say(Diagnostic::error("Conflicting arguments", detail), &self.at.attr(name));
        }
        if pools && (serverless.is_some() || fields.is_set("instance_type")) {
            let detail = "A variant has exactly one of instance_type, instance_pools and serverless_config.";
            say(Diagnostic::error("Conflicting arguments", detail), &self.at.attr("instance_pools"));
        }
        // Managed scaling may bring the count.
        let scaled = fields.block("managed_instance_scaling").is_some();
        if serverless.is_none() && !pools && !unsure {
            let missing = if !fields.is_given("instance_type") {
                Some("instance_type")
            } else if !fields.is_given("initial_instance_count") && !scaled {
                Some("initial_instance_count")
            } else {
                None
            };
            if let Some(missing) = missing {
                let detail = format!(
                    "A variant needs instance_type and initial_instance_count, instance_pools, or serverless_config. Add {missing}."
                );
                say(Diagnostic::error("Variant without capacity", detail), &self.at);
            }
        }
        if !fields.is_given("model_name") && !config.is_given("execution_role_arn") {
            say(
                Diagnostic::error(
                    "Variant without a model",
                    "Give model_name. A variant for inference components has none, and then the configuration needs \
                     execution_role_arn.",
                ),
                &self.at,
            );
        }
        if fields.is_set("model_name") {
            found.extend(self.scaled_with_model());
        }
        let mut say = |diagnostic: Diagnostic, at: &Path| found.push(diagnostic.of_attribute(at.clone()));
        if let Some(block) = serverless {
            self.serverless(block, config, count, &mut say);
        }
        self.managed_scaling(&mut say);
        self.local_disk(config, &mut say);
        self.routing(&mut say);
    }

    /// What is wrong with managed scaling in a variant that has a model. Whether the service takes a block that disables
    /// it is documented nowhere.
    fn scaled_with_model(&self) -> Option<Diagnostic> {
        let scaling = self.fields.block("managed_instance_scaling")?;
        let summary = "Managed scaling with a model";
        let message = match scaling.text("status") {
            Some("DISABLED") => Diagnostic::warning(
                summary,
                "The block says that nothing is to be scaled, which the service may refuse beside model_name: it knows \
                 managed scaling only for variants of inference components. Leave the block out.",
            ),
            None if scaling.is_unknown("status") => return None,
            _ => Diagnostic::error(
                summary,
                "ManagedInstanceScaling is only supported for inference component endpoints: leave model_name out, \
                 or scale the variant with Application Auto Scaling.",
            ),
        };
        Some(message.of_attribute(self.at.attr("managed_instance_scaling")))
    }

    fn managed_scaling(&self, say: &mut impl FnMut(Diagnostic, &Path)) {
        let Some(scaling) = self.fields.block("managed_instance_scaling") else { return };
        if let (Some(least), Some(most)) = (scaling.int("min_instance_count"), scaling.int("max_instance_count"))
            && least > most
        {
            let detail = format!("It must not be below min_instance_count, {least}; it is {most}.");
            let at = self.at.attr("managed_instance_scaling").index(0).attr("max_instance_count");
            say(Diagnostic::error("Invalid value for max_instance_count", detail), &at);
        }
    }

    /// A volume and its key are those of network storage.
    fn local_disk(&self, config: Fields<'_>, say: &mut impl FnMut(Diagnostic, &Path)) {
        let Some(instance_type) = self.fields.text("instance_type").filter(|name| has_local_disk(name)) else { return };
        let conflict = |name: &str| {
            let detail = format!(
                "Instances of type {instance_type} have a local disk, whose size is fixed and which is encrypted by a key of \
                 its own. Leave {name} out, or take another type."
            );
            Diagnostic::error("Conflicting arguments", detail)
        };
        if self.fields.is_set("volume_size_in_gb") {
            say(conflict("volume_size_in_gb"), &self.at.attr("volume_size_in_gb"));
        }
        if config.is_set("kms_key_arn") {
            say(conflict("kms_key_arn"), &Path::attribute("kms_key_arn"));
        }
    }

    fn is_unknown(&self, name: &str) -> bool {
        self.fields.0.get(name).is_some_and(|value| !value.is_known())
    }

    fn serverless(&self, block: Fields<'_>, config: Fields<'_>, count: usize, say: &mut impl FnMut(Diagnostic, &Path)) {
        let at = self.at.attr("serverless_config").index(0);
        let not_with = |what: &str| {
            Diagnostic::error("Serverless variant", format!("A serverless variant cannot be combined with {what}."))
        };
        if count > 1 {
            say(not_with("other variants"), &at);
        }
        for name in [
            "data_capture_config",
            "async_inference_config",
            "shadow_production_variants",
            "cross_region_traffic_config",
        ] {
            if config.block(name).is_some() {
                say(not_with(name), &at);
            }
        }
        if let Some(memory) = block.int("memory_size_in_mb").filter(|memory| memory % 1024 != 0) {
            let detail = format!("It must be a multiple of 1024, from 1024 to 6144; it is {memory}.");
            say(Diagnostic::error("Invalid value for memory_size_in_mb", detail), &at.attr("memory_size_in_mb"));
        }
        if let (Some(provisioned), Some(most)) = (block.int("provisioned_concurrency"), block.int("max_concurrency"))
            && provisioned > most
        {
            let detail = format!("It must not be above max_concurrency, {most}; it is {provisioned}.");
            say(
                Diagnostic::error("Invalid value for provisioned_concurrency", detail),
                &at.attr("provisioned_concurrency"),
            );
        }
    }

    fn routing(&self, say: &mut impl FnMut(Diagnostic, &Path)) {
        let Some(routing) = self.fields.block("routing_config") else { return };
        let Some(strategy) = routing.text("routing_strategy") else { return };
        let prefix = routing.block("prefix_aware_routing_config").is_some();
        let at = self.at.attr("routing_config").index(0).attr("prefix_aware_routing_config");
        if prefix && strategy != "PREFIX_AWARE" {
            let detail = "prefix_aware_routing_config belongs to routing_strategy = \"PREFIX_AWARE\".";
            say(Diagnostic::error("Conflicting arguments", detail), &at);
        }
    }
}

/// The families with local disks, where neither the size of a volume nor its key can be given. There may be more: what is not
/// known to have one is left to the service.
const WITH_LOCAL_DISK: [&str; 15] =
    ["c5d", "c6gd", "m5d", "m6gd", "r5d", "r6gd", "r7gd", "g4dn", "p4d", "p4de", "g5", "g6", "g6e", "trn1", "trn1n"];

fn has_local_disk(instance_type: &str) -> bool {
    instance_type.split('.').nth(1).is_some_and(|family| WITH_LOCAL_DISK.contains(&family))
}

/// Names are unique over production and shadow variants.
fn names(production: &[Variant<'_>], shadow: &[Variant<'_>], found: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, &Path> = BTreeMap::new();
    for variant in production.iter().chain(shadow) {
        let Some(name) = variant.fields.text("variant_name") else { continue };
        if let Some(first) = seen.insert(name, &variant.at) {
            found.push(
                Diagnostic::error(
                    "Variant name used twice",
                    format!("The name \"{name}\" is already that of {first}."),
                )
                .of_attribute(variant.at.attr("variant_name")),
            );
        }
    }
}

/// Some variant gets traffic. That the service refuses a configuration without is documented nowhere, and the weights can be
/// set on the endpoint later.
fn weights(production: &[Variant<'_>], found: &mut Diagnostics) {
    let all_zero = !production.is_empty()
        && production.iter().all(|variant| variant.fields.float("initial_variant_weight") == Some(0.0));
    if all_zero {
        let detail = "The weight of every production variant is 0, so an endpoint of this configuration answers only requests \
                      that name a variant. Give at least one a weight above 0.";
        let at = Path::attribute("production_variants").index(0).attr("initial_variant_weight");
        found.push(Diagnostic::warning("No variant gets traffic", detail).of_attribute(at));
    }
}

/// A header block says at least something.
fn empty_content_types(config: Fields<'_>, found: &mut Diagnostics) {
    let Some(header) =
        config.block("data_capture_config").and_then(|capture| capture.block("capture_content_type_header"))
    else {
        return;
    };
    if !header.is_given("csv_content_types") && !header.is_given("json_content_types") {
        let at = Path::attribute("data_capture_config").index(0).attr("capture_content_type_header");
        let detail = "Give csv_content_types or json_content_types, or leave the block out.";
        found.push(Diagnostic::error("Empty capture_content_type_header", detail).of_attribute(at));
    }
}
