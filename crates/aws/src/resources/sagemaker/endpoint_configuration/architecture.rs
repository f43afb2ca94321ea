//! Images that the names of which say another architecture than that of the instances which are to run them: the container would not
//! start, which shows when the endpoint fails.

use smform_provider::PlannedObject;
use smform_types::{Diagnostic, Diagnostics, Path, Value};

use super::VARIANTS;
use super::serverless::model_of;
use crate::fields::Fields;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Architecture {
    Amd64,
    Arm64,
}

impl Architecture {
    fn name(self) -> &'static str {
        match self {
            Architecture::Amd64 => "amd64",
            Architecture::Arm64 => "arm64",
        }
    }

    /// That of an instance type, by its family: after the generation, a `g` says that its processors are Graviton.
    fn of_type(instance_type: &str) -> Option<Architecture> {
        let family = instance_type.strip_prefix("ml.")?.split('.').next()?;
        let options = family.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let options = options.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_arm = options.starts_with('g') || family == "p6e-gb200";
        Some(if is_arm { Architecture::Arm64 } else { Architecture::Amd64 })
    }

    /// That of an image, where its name or tag says so and nothing else.
    fn of_image(image: &str) -> Option<Architecture> {
        let image = image.to_ascii_lowercase().replace("x86_64", "amd64").replace("x86-64", "amd64");
        let words = || image.split(|c: char| !c.is_ascii_alphanumeric());
        let says = |names: &[&str]| words().any(|word| names.contains(&word));
        match (says(&["amd64", "x64"]), says(&["arm64", "arm64v8", "aarch64", "graviton"])) {
            (true, false) => Some(Architecture::Amd64),
            (false, true) => Some(Architecture::Arm64),
            _ => None,
        }
    }
}

/// Warns of variants of a configuration whose models, as far as they are planned beside it, have other images.
pub(super) fn check(configuration: &Value, plan: &[PlannedObject]) -> Diagnostics {
    let mut found = Diagnostics::new();
    for block in VARIANTS {
        for (at, variant) in Fields(configuration).blocks(block).enumerate() {
            let Some(instance_type) = variant.text("instance_type") else { continue };
            let runs = Architecture::of_type(instance_type);
            let model = model_of(variant, plan).map(Fields);
            let containers =
                model.into_iter().flat_map(|model| model.blocks("primary_container").chain(model.blocks("container")));
            let images = containers.filter_map(|container| container.text("image"));
            for (image, is) in images.filter_map(|image| Some((image, Architecture::of_image(image)?))) {
                let Some(runs) = runs.filter(|runs| *runs != is) else { continue };
                let (is, runs) = (is.name(), runs.name());
                let detail = format!(
                    "By its name the image \"{image}\" of this variant's model is for {is}, and instances of type {instance_type} \
                     are {runs}: its container would not start. Name the image for {runs}, or an instance type that is {is}."
                );
                let at = Path::attribute(block).index(at).attr("instance_type");
                found.push(Diagnostic::warning("Image of another architecture", detail).of_attribute(at));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use smform_types::{Type, json::value_from_json};

    use super::*;

    #[test]
    fn architectures_are_known_by_names() {
        use Architecture::{Amd64, Arm64};
        for (name, expected) in [
            ("ml.m6g.large", Arm64),
            ("ml.c6gn.xlarge", Arm64),
            ("ml.r7gd.large", Arm64),
            ("ml.p6e-gb200.36xlarge", Arm64),
            ("ml.g5.xlarge", Amd64),
            ("ml.g4dn.xlarge", Amd64),
            ("ml.m5.large", Amd64),
            ("ml.trn1.2xlarge", Amd64),
        ] {
            assert_eq!(Architecture::of_type(name), Some(expected), "{name}");
        }
        assert_eq!(Architecture::of_type("ml"), None);
        for (image, expected) in [
            ("r.example.com/team/img:1.0-arm64", Some(Arm64)),
            ("r.example.com/arm64v8/img:1", Some(Arm64)),
            ("r.example.com/img:pytorch-x86_64", Some(Amd64)),
            ("r.example.com/img-amd64:1", Some(Amd64)),
            ("r.example.com/img:amd64-and-arm64", None),
            ("r.example.com/armada:1", None),
        ] {
            assert_eq!(Architecture::of_image(image), expected, "{image}");
        }
    }

    #[test]
    fn an_image_is_held_against_the_instances_of_its_variant() {
        let value = |json: serde_json::Value| value_from_json(&json, &Type::Dynamic).unwrap();
        let model = |image: &str| PlannedObject {
            type_name: "aws_sagemaker_model".into(),
            before: None,
            after: Some(value(json!({"name": "m", "primary_container": [{"image": image}]}))),
        };
        let said = |ty: &str, image: &str| {
            let configuration = value(json!({"production_variants": [{"model_name": "m", "instance_type": ty}]}));
            check(&configuration, &[model(image)]).len()
        };
        assert_eq!(said("ml.m5.large", "r.example.com/i:1-arm64"), 1);
        assert_eq!(said("ml.m6g.large", "r.example.com/i:1-arm64"), 0);
        assert_eq!(said("ml.m6g.large", "r.example.com/i:1-amd64"), 1);
        assert_eq!(said("ml.m6g.large", "r.example.com/i:1"), 0);
    }
}
