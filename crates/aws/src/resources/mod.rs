//! The list of everything that the provider offers: one line for each type, one file or folder for each line.

mod ec2;
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
    ]
}

/// Every data source.
pub(crate) fn data_sources() -> Vec<Box<dyn DataSource<Clients>>> {
    vec![
        Box::new(ec2::data_region::RegionData::new()),
        Box::new(ec2::data_security_group::SecurityGroupData::new()),
        Box::new(ec2::data_subnet::SubnetData::new()),
        Box::new(ec2::data_subnets::SubnetsData::new()),
        Box::new(ec2::data_vpc::VpcData::new()),
        Box::new(sts::data_caller_identity::CallerIdentityData::new()),
    ]
}
