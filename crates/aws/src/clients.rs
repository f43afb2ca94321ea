//! Connected clients: one set of credentials, and a client for each service and region that is used.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use smform_types::Value;

use crate::fields::Fields;
use crate::rpc::{self, Rpc};
use crate::tags::TagPolicy;

/// What the resource types of the AWS provider work with.
pub struct Clients {
    pub(crate) config: SdkConfig,
    /// The region of the provider block.
    pub(crate) region: String,
    /// Whether the provider block names it, and not only the environment or a profile.
    pub(crate) region_is_written: bool,
    /// The account, when it could be asked for.
    pub(crate) account: Option<String>,
    /// Who is calling, when it could be asked for.
    pub(crate) caller: Option<Caller>,
    pub(crate) tags: TagPolicy,
    pub(crate) endpoints: Endpoints,
    cache: Mutex<HashMap<String, Regional>>,
    /// What was told once, and is not told again.
    told: Mutex<HashSet<&'static str>>,
    /// The credentials of the services without an SDK crate, so that they are not asked for with each call.
    identities: SharedIdentityCache,
}

/// Configured endpoint URLs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints {
    pub(crate) sagemaker: Option<String>,
    pub(crate) ec2: Option<String>,
    pub(crate) sts: Option<String>,
    pub(crate) iam: Option<String>,
    pub(crate) scaling: Option<String>,
    pub(crate) cloudwatch: Option<String>,
    pub(crate) logs: Option<String>,
    pub(crate) quotas: Option<String>,
}

/// The answer of `GetCallerIdentity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) arn: String,
    pub(crate) user: String,
}

#[derive(Clone)]
struct Regional {
    sagemaker: aws_sdk_sagemaker::Client,
    ec2: aws_sdk_ec2::Client,
}

impl Clients {
    pub(crate) fn new(config: SdkConfig, region: String, tags: TagPolicy, endpoints: Endpoints) -> Clients {
        let identities = config.identity_cache().unwrap_or_else(|| IdentityCache::lazy().build());
        let region_is_written = false;
        Clients {
            config,
            region,
            region_is_written,
            account: None,
            caller: None,
            tags,
            endpoints,
            cache: Mutex::default(),
            told: Mutex::default(),
            identities,
        }
    }

    /// Whether this is the first time that something is about to be told which is the same for every object.
    pub(crate) fn is_first(&self, what: &'static str) -> bool {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(what)
    }

    /// SageMaker in a region.
    pub(crate) fn sagemaker(&self, region: &str) -> aws_sdk_sagemaker::Client {
        self.regional(region).sagemaker
    }

    /// EC2 in a region.
    pub(crate) fn ec2(&self, region: &str) -> aws_sdk_ec2::Client {
        self.regional(region).ec2
    }

    /// STS in the provider's region.
    pub(crate) fn sts(&self) -> aws_sdk_sts::Client {
        let mut config = aws_sdk_sts::config::Builder::from(&self.config);
        if let Some(url) = &self.endpoints.sts {
            config = config.endpoint_url(url);
        }
        aws_sdk_sts::Client::from_conf(config.build())
    }

    /// IAM, which has no regions but those of partitions.
    pub(crate) fn iam(&self) -> Rpc {
        self.rpc(&rpc::IAM, &self.region, self.endpoints.iam.as_deref())
    }

    /// Application Auto Scaling in a region.
    pub(crate) fn scaling(&self, region: &str) -> Rpc {
        self.rpc(&rpc::SCALING, region, self.endpoints.scaling.as_deref())
    }

    /// CloudWatch in a region.
    pub(crate) fn cloudwatch(&self, region: &str) -> Rpc {
        self.rpc(&rpc::CLOUDWATCH, region, self.endpoints.cloudwatch.as_deref())
    }

    /// CloudWatch Logs in a region.
    pub(crate) fn logs(&self, region: &str) -> Rpc {
        self.rpc(&rpc::LOGS, region, self.endpoints.logs.as_deref())
    }

    /// Service Quotas in a region. What they tell is a help that holds nothing up: a call that fails is not repeated.
    pub(crate) fn quotas(&self, region: &str) -> Rpc {
        let config = self.config.to_builder().retry_config(RetryConfig::disabled()).build();
        Rpc::new(&rpc::QUOTAS, &config, self.identities.clone(), region, self.endpoints.quotas.as_deref())
    }

    fn rpc(&self, api: &'static rpc::Api, region: &str, url: Option<&str>) -> Rpc {
        Rpc::new(api, &self.config, self.identities.clone(), region, url)
    }

    fn regional(&self, region: &str) -> Regional {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.entry(region.to_owned()).or_insert_with(|| self.connect(region)).clone()
    }

    fn connect(&self, region: &str) -> Regional {
        let region = Region::new(region.to_owned());
        let mut sagemaker = aws_sdk_sagemaker::config::Builder::from(&self.config).region(region.clone());
        if let Some(url) = &self.endpoints.sagemaker {
            sagemaker = sagemaker.endpoint_url(url);
        }
        let mut ec2 = aws_sdk_ec2::config::Builder::from(&self.config).region(region);
        if let Some(url) = &self.endpoints.ec2 {
            ec2 = ec2.endpoint_url(url);
        }
        Regional {
            sagemaker: aws_sdk_sagemaker::Client::from_conf(sagemaker.build()),
            ec2: aws_sdk_ec2::Client::from_conf(ec2.build()),
        }
    }

    /// The region of an object: its own argument, or the provider's.
    pub(crate) fn region_of<'r>(&'r self, object: &'r Value) -> &'r str {
        Fields(object).text("region").unwrap_or(&self.region)
    }

    /// Where an object was looked for, for messages.
    pub(crate) fn place(&self, region: &str) -> String {
        match &self.account {
            Some(account) => format!("account {account}, region {region}"),
            None => format!("region {region}"),
        }
    }

    /// The partition of the provider's region, as ARNs have it.
    pub(crate) fn partition(&self, region: &str) -> String {
        let caller = self.caller.as_ref().and_then(|caller| crate::constraints::arn_parts(&caller.arn));
        caller.map_or_else(|| partition_of(region), |arn| arn.partition).to_owned()
    }
}

/// The partition that a region belongs to, by its name.
pub(crate) fn partition_of(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("us-isob-") => "aws-iso-b",
        region if region.starts_with("us-isof-") => "aws-iso-f",
        region if region.starts_with("eu-isoe-") => "aws-iso-e",
        region if region.starts_with("us-iso-") => "aws-iso",
        region if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// The DNS suffix of a partition's API hosts.
pub(crate) fn dns_suffix(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-iso-e" => "cloud.adc-e.uk",
        "aws-iso-f" => "csp.hci.ic.gov",
        _ => "amazonaws.com",
    }
}

/// Without the configuration, which holds credentials.
impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("region", &self.region).field("account", &self.account).finish_non_exhaustive()
    }
}
