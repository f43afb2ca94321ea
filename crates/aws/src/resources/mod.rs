//! The list of everything that the provider offers: one line for each type, one file or folder for each line.

mod appautoscaling;
mod cloudwatch;
pub(crate) mod ec2;
mod iam;
mod sagemaker;
mod smform;
mod sts;

use smform_provider::{DataSource, ResourceType};

use crate::clients::Clients;

/// Every managed resource type.
pub(crate) fn resource_types() -> Vec<Box<dyn ResourceType<Clients>>> {
    vec![
        Box::new(smform::vpc_config::VpcConfig::new()),
        Box::new(sagemaker::model::Model::new()),
        Box::new(sagemaker::endpoint_configuration::EndpointConfiguration::new()),
        Box::new(sagemaker::endpoint::Endpoint::new()),
        Box::new(sagemaker::inference_component::InferenceComponent::new()),
        Box::new(ec2::security_group::SecurityGroup::new()),
        Box::new(ec2::security_group_rule::SecurityGroupRule::new()),
        Box::new(ec2::subnet::Subnet::new()),
        Box::new(ec2::vpc::Vpc::new()),
        Box::new(ec2::vpc_endpoint::VpcEndpoint::new()),
        Box::new(ec2::vpc_security_group_egress_rule::EgressRule::new()),
        Box::new(ec2::vpc_security_group_ingress_rule::IngressRule::new()),
        Box::new(appautoscaling::policy::Policy::new()),
        Box::new(appautoscaling::target::Target::new()),
        Box::new(cloudwatch::log_group::LogGroup::new()),
        Box::new(cloudwatch::metric_alarm::MetricAlarm::new()),
        Box::new(iam::policy::ManagedPolicy::new()),
        Box::new(iam::role::Role::new()),
        Box::new(iam::role_policy::RolePolicy::new()),
        Box::new(iam::role_policy_attachment::RolePolicyAttachment::new()),
    ]
}

/// Every data source.
pub(crate) fn data_sources() -> Vec<Box<dyn DataSource<Clients>>> {
    vec![
        Box::new(ec2::data_availability_zones::AvailabilityZonesData::new()),
        Box::new(ec2::data_region::RegionData::new()),
        Box::new(ec2::data_security_group::SecurityGroupData::new()),
        Box::new(ec2::data_security_groups::SecurityGroupsData::new()),
        Box::new(ec2::data_subnet::SubnetData::new()),
        Box::new(ec2::data_subnets::SubnetsData::new()),
        Box::new(ec2::data_vpc::VpcData::new()),
        Box::new(iam::data_policy::PolicyData::new()),
        Box::new(iam::data_policy_document::PolicyDocumentData::new()),
        Box::new(iam::data_role::RoleData::new()),
        Box::new(sagemaker::data_endpoint::EndpointData::new()),
        Box::new(sagemaker::data_model::ModelData::new()),
        Box::new(sagemaker::data_model_package::ModelPackageData::new()),
        Box::new(sagemaker::data_model_package_group::ModelPackageGroupData::new()),
        Box::new(sagemaker::data_prebuilt_ecr_image::PrebuiltEcrImageData::new()),
        Box::new(sts::data_caller_identity::CallerIdentityData::new()),
        Box::new(sts::data_partition::PartitionData::new()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// The types that the folder holds: in each service's folder, a file or folder for each type, `data_` for data
    /// sources; a file of helpers has no `impl` of either trait.
    fn in_folder() -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/resources");
        let mut found = BTreeSet::new();
        for service in fs::read_dir(root).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
            for entry in fs::read_dir(service.path()).unwrap().map(Result::unwrap) {
                let path = entry.path();
                let file = if path.is_dir() { path.join("mod.rs") } else { path.clone() };
                let text = fs::read_to_string(file).unwrap();
                let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
                if text.contains("impl ResourceType<Clients> for") || text.contains("impl DataSource<Clients> for") {
                    found.insert(stem);
                }
            }
        }
        found
    }

    /// `aws_sagemaker_model` is in `model`, the data source `aws_vpc` in `data_vpc`.
    fn file_of(prefix: &str, name: &str) -> String {
        let prefixes = ["aws_appautoscaling_", "aws_cloudwatch_", "aws_sagemaker_", "aws_iam_", "smform_", "aws_"];
        let bare = prefixes.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap();
        format!("{prefix}{bare}")
    }

    #[test]
    fn the_list_and_the_folder_agree() {
        let managed = resource_types().into_iter().map(|ty| file_of("", ty.name()));
        let data = data_sources().into_iter().map(|ty| file_of("data_", ty.name()));
        assert_eq!(managed.chain(data).collect::<BTreeSet<_>>(), in_folder());
    }
}
