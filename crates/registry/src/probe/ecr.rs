//! An image in Amazon ECR. SageMaker pulls it with the execution role, and only the account's own credentials could ask for
//! it: nothing is probed. What the reference says by itself is judged, and what was not looked at is told.

use smform_types::image::Image;

use super::{floating, tag_and_digest};
use crate::fact::{Code, Report, Severity};

pub(super) fn judge(image: &Image<'_>, report: &mut Report) {
    let region = image.ecr_region().unwrap_or_default();
    let account = image.host.and_then(|host| host.split('.').next()).unwrap_or_default();
    let which = match (image.digest, image.tag) {
        (Some(digest), _) => format!("imageDigest={digest}"),
        (None, tag) => format!("imageTag={}", tag.unwrap_or("latest")),
    };
    let detail = format!(
        "Whether it exists, its platform and size, and whether the execution role may pull it: none of it was checked, \
         since ECR tells it only to credentials of AWS. SageMaker pulls it without the VPC, and into models of {region} \
         only. To look:\n    aws ecr describe-images --region {region} --registry-id {account} --repository-name {} \
         --image-ids {which}",
        image.repository
    );
    report.say(Severity::Unknown, Code::ReferenceEcr, "The image is in Amazon ECR, which was not asked", detail);
    tag_and_digest(image, report);
    if image.digest.is_none() {
        floating(image, "To pin it, name the image by its digest.", report);
    }
}

#[cfg(test)]
mod tests {
    use smform_types::image::parse;

    use super::*;

    fn told(text: &str) -> Vec<(Severity, Code)> {
        let mut report = Report::default();
        if let Ok(image) = parse(text) {
            judge(&image, &mut report);
        }
        report.facts.iter().map(|fact| (fact.severity, fact.code)).collect()
    }

    #[test]
    fn what_was_not_asked_is_unknown_and_what_the_reference_says_is_judged() {
        let bare = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/model";
        let digest = format!("sha256:{}", "a".repeat(64));
        let unasked = (Severity::Unknown, Code::ReferenceEcr);
        assert_eq!(told(bare), [unasked, (Severity::Warning, Code::ReferenceFloating)]);
        assert_eq!(told(&format!("{bare}:1.4")), [unasked, (Severity::Info, Code::ReferenceFloating)]);
        assert_eq!(told(&format!("{bare}@{digest}")), [unasked]);
        let both = (Severity::Warning, Code::ReferenceTagAndDigest);
        assert_eq!(told(&format!("{bare}:1.4@{digest}")), [unasked, both]);
    }
}
