//! What serves behind an endpoint: its variants with their images, counts, weights and network interfaces.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::body::{Object, integer, number, object, objects, text};
use super::state::State;
use super::{model, variants};
use crate::clock::Moment;
use crate::services::ec2;
use crate::services::ec2::interface::{Interface, Placement};

/// The variants of one configuration, deployed or being deployed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fleet {
    pub variants: Vec<Variant>,
    pub shadows: Vec<Variant>,
    /// Members of the configuration that Describe shows on the endpoint.
    pub settings: Object,
}

/// One variant of a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Variant {
    pub name: String,
    pub models: Vec<String>,
    pub images: Vec<DeployedImage>,
    pub instance_type: Option<String>,
    pub weight: f64,
    /// Absent for serverless variants.
    pub count: Option<u64>,
    pub serverless: Option<Value>,
    /// Other members that Describe repeats.
    pub repeated: Object,
    pub interfaces: Vec<Interface>,
}

/// An image whose tag was resolved when the deployment began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeployedImage {
    pub specified: String,
    pub resolved: String,
    pub at: Moment,
}

impl Fleet {
    /// The fleet that a configuration describes. Models that do not exist any more contribute no images.
    pub(crate) fn of_config(body: &Object, state: &State, now: Moment) -> Fleet {
        let build = |list: &str| objects(body, list).map(|variant| Variant::of_config(variant, state, now)).collect();
        let mut settings = Object::new();
        for member in ["AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig", "CrossRegionTrafficConfig"] {
            if let Some(value) = body.get(member) {
                settings.insert(member.into(), value.clone());
            }
        }
        if let Some(capture) = object(body, "DataCaptureConfig") {
            settings.insert("DataCaptureConfig".into(), capture_summary(capture));
        }
        Fleet { variants: build("ProductionVariants"), shadows: build("ShadowProductionVariants"), settings }
    }

    /// Production and shadow variants.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Variant> {
        self.variants.iter().chain(&self.shadows)
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Variant> {
        self.variants.iter_mut().chain(&mut self.shadows)
    }

    /// Whether any variant serves the model.
    pub(crate) fn uses_model(&self, name: &str) -> bool {
        self.all().any(|variant| variant.models.iter().any(|model| model == name))
    }

    /// Whether this is a serverless fleet.
    pub(crate) fn is_serverless(&self) -> bool {
        self.all().any(|variant| variant.serverless.is_some())
    }

    /// Instances of all production variants.
    pub(crate) fn instance_count(&self) -> u64 {
        self.variants.iter().filter_map(|variant| variant.count).sum()
    }

    /// Every network interface.
    pub(crate) fn interfaces(&self) -> impl Iterator<Item = &Interface> {
        self.all().flat_map(|variant| &variant.interfaces)
    }

    /// Gives every variant in a VPC one interface per instance, keeping those that it has.
    pub(crate) fn connect(&mut self, state: &State, ec2: &mut ec2::state::State, taken: &[Interface], endpoint: &str) {
        let mut placement = Placement::new(taken);
        for variant in self.all_mut() {
            let network = variant.models.iter().find_map(|name| model::network(&state.models.get(name)?.body));
            let wanted = match network {
                Some(_) => variant.count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0),
                None => 0,
            };
            variant.interfaces.truncate(wanted);
            if let Some((subnets, groups)) = network {
                while variant.interfaces.len() < wanted {
                    let index = variant.interfaces.len();
                    match placement.place(ec2, &subnets, &groups, index, endpoint) {
                        Some(interface) => variant.interfaces.push(interface),
                        None => break,
                    }
                }
            }
        }
    }
}

impl Variant {
    fn of_config(variant: &Object, state: &State, now: Moment) -> Variant {
        let models: Vec<String> = variants::models(variant).map(str::to_owned).collect();
        let images = models
            .first()
            .and_then(|name| state.models.get(name))
            .map(|model| model::images(&model.body).map(|image| DeployedImage::resolve(image, now)).collect())
            .unwrap_or_default();
        let mut repeated = Object::new();
        for member in ["ManagedInstanceScaling", "RoutingConfig", "AcceleratorPartitionLayouts"] {
            if let Some(value) = variant.get(member) {
                repeated.insert(member.into(), value.clone());
            }
        }
        let serverless = variant.get("ServerlessConfig").cloned();
        let pool_type = objects(variant, "InstancePools")
            .min_by_key(|pool| integer(pool, "Priority"))
            .map(|pool| text(pool, "InstanceType").to_owned());
        let instance_type = match text(variant, "InstanceType") {
            "" => pool_type.clone(),
            given => Some(given.to_owned()),
        };
        let count = match &serverless {
            Some(_) => None,
            None => Some(integer(variant, "InitialInstanceCount").and_then(|n| u64::try_from(n).ok()).unwrap_or(1)),
        };
        if pool_type.is_some() {
            // All capacity comes from the pool of the first priority: the sandbox never runs out of it.
            let pools: Vec<Value> = objects(variant, "InstancePools")
                .map(|pool| {
                    let here = (text(pool, "InstanceType") == pool_type.as_deref().unwrap_or_default()).then_some(count);
                    json!({ "InstanceType": text(pool, "InstanceType"), "CurrentInstanceCount": here.flatten().unwrap_or(0) })
                })
                .collect();
            repeated.insert("InstancePools".into(), Value::Array(pools));
        }
        Variant {
            name: text(variant, "VariantName").to_owned(),
            models,
            images,
            instance_type,
            weight: number(variant, "InitialVariantWeight").unwrap_or(1.0),
            count,
            serverless,
            repeated,
            interfaces: Vec::new(),
        }
    }
}

impl DeployedImage {
    /// Resolves a tag to a digest: always the same one for the same image text.
    pub(crate) fn resolve(image: &str, now: Moment) -> DeployedImage {
        let resolved = if image.contains("@sha256:") {
            image.to_owned()
        } else {
            let name_starts = image.rfind('/').map_or(0, |slash| slash + 1);
            let repository = match image.get(name_starts..).and_then(|name| name.find(':')) {
                Some(colon) => image.get(..name_starts + colon).unwrap_or(image),
                None => image,
            };
            let digest: String = Sha256::digest(image.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{repository}@sha256:{digest}")
        };
        DeployedImage { specified: image.to_owned(), resolved, at: now }
    }
}

fn capture_summary(capture: &Object) -> Value {
    let enabled = super::body::flag(capture, "EnableCapture");
    json!({
        "EnableCapture": enabled,
        "CaptureStatus": if enabled { "Started" } else { "Stopped" },
        "CurrentSamplingPercentage": integer(capture, "InitialSamplingPercentage"),
        "DestinationS3Uri": text(capture, "DestinationS3Uri"),
        "KmsKeyId": text(capture, "KmsKeyId"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_resolve_to_digests_and_digests_stay() {
        let at = Moment::from_millis(0);
        for (image, repository) in [
            ("reg.example.org:5000/team/img:1.0", "reg.example.org:5000/team/img"),
            ("reg.example.org:5000/team/img", "reg.example.org:5000/team/img"),
            ("img:tag", "img"),
        ] {
            let resolved = DeployedImage::resolve(image, at).resolved;
            let (name, digest) = resolved.split_once("@sha256:").expect("a digest");
            assert_eq!((name, digest.len()), (repository, 64), "{image}");
        }
        let pinned = format!("r/i@sha256:{}", "0".repeat(64));
        assert_eq!(DeployedImage::resolve(&pinned, at).resolved, pinned);
    }
}
