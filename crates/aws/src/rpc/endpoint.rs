//! Where a service is, and which region signatures for it name.

use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::Api;
use crate::clients::{dns_suffix, partition_of};

/// An address, and the region in signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) signed_for: String,
}

/// The endpoint of a service: as the provider block says, else as the environment or the profile says, else AWS's own.
pub(super) fn of(api: &Api, config: &SdkConfig, region: &str, url: Option<&str>) -> Endpoint {
    let own = of_aws(api, region, config.use_fips() == Some(true), config.use_dual_stack() == Some(true));
    match url.map(str::to_owned).or_else(|| configured(api, config)) {
        Some(url) => Endpoint { url, ..own },
        None => own,
    }
}

/// The URL that was configured for all services, or for this one in the environment or the profile.
fn configured(api: &Api, config: &SdkConfig) -> Option<String> {
    let general = || config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return general();
    }
    let key = ServiceConfigKey::builder().service_id(api.id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = key.ok().and_then(|key| config.service_config()?.load_config(key));
    own.or_else(general)
}

/// The region whose IAM serves a whole partition, and the labels of its host between `iam` and the suffix.
fn home_of_iam(partition: &str) -> (&'static str, &'static str) {
    match partition {
        "aws-cn" => ("cn-north-1", ".cn-north-1"),
        "aws-us-gov" => ("us-gov-west-1", ".us-gov"),
        "aws-iso" => ("us-iso-east-1", ".us-iso-east-1"),
        "aws-iso-b" => ("us-isob-east-1", ".us-isob-east-1"),
        "aws-iso-e" => ("eu-isoe-west-1", ".eu-isoe-west-1"),
        "aws-iso-f" => ("us-isof-south-1", ".us-isof-south-1"),
        "aws-eusc" => ("eusc-de-east-1", ".eusc-de-east-1"),
        _ => ("us-east-1", ""),
    }
}

/// The suffix of hosts with both versions of the Internet Protocol, in partitions that have them.
fn dual_stack_suffix(partition: &str) -> Option<&'static str> {
    match partition {
        "aws" | "aws-us-gov" => Some("api.aws"),
        "aws-cn" => Some("api.amazonwebservices.com.cn"),
        _ => None,
    }
}

fn of_aws(api: &Api, region: &str, fips: bool, dual_stack: bool) -> Endpoint {
    let partition = partition_of(region);
    let dual = dual_stack_suffix(partition).filter(|_| dual_stack);
    let suffix = dual.unwrap_or_else(|| dns_suffix(partition));
    let (host, in_gov) = (api.host, partition == "aws-us-gov");
    // All of the government's own hosts fulfil the standard, so that most have no name of their own for it.
    let standard = if fips && (!in_gov || dual.is_some() && host != "iam") { "-fips" } else { "" };
    if host != "iam" {
        let url = format!("https://{host}{standard}.{region}.{suffix}");
        return Endpoint { url, signed_for: region.to_owned() };
    }
    let (home, labels) = home_of_iam(partition);
    let labels = match (dual, fips) {
        (Some(_), _) if !in_gov => ".global",
        (None, true) if matches!(partition, "aws-cn" | "aws-eusc" | "aws-iso-e" | "aws-iso-f") => "",
        _ => labels,
    };
    Endpoint { url: format!("https://iam{standard}{labels}.{suffix}"), signed_for: home.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::{CLOUDWATCH, IAM, QUOTAS, SCALING};
    use super::*;

    #[test]
    fn hosts_of_aws() {
        for (api, region, fips, dual, url, signed_for) in [
            (&IAM, "eu-west-1", false, false, "https://iam.amazonaws.com", "us-east-1"),
            (&IAM, "eu-west-1", true, false, "https://iam-fips.amazonaws.com", "us-east-1"),
            (&IAM, "us-east-1", false, true, "https://iam.global.api.aws", "us-east-1"),
            (&IAM, "us-east-1", true, true, "https://iam-fips.global.api.aws", "us-east-1"),
            (&IAM, "cn-northwest-1", false, false, "https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            (&IAM, "cn-north-1", true, false, "https://iam-fips.amazonaws.com.cn", "cn-north-1"),
            (&IAM, "cn-north-1", false, true, "https://iam.global.api.amazonwebservices.com.cn", "cn-north-1"),
            (&IAM, "us-gov-east-1", false, false, "https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
            (&IAM, "us-gov-east-1", true, false, "https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
            (&IAM, "us-gov-west-1", false, true, "https://iam.us-gov.api.aws", "us-gov-west-1"),
            (&IAM, "us-iso-west-1", false, false, "https://iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
            (&IAM, "us-iso-east-1", true, false, "https://iam-fips.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
            (&IAM, "us-isof-east-1", false, false, "https://iam.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
            (&IAM, "eusc-de-east-1", true, false, "https://iam-fips.amazonaws.eu", "eusc-de-east-1"),
            (&CLOUDWATCH, "us-east-1", true, true, "https://monitoring-fips.us-east-1.api.aws", "us-east-1"),
            (&CLOUDWATCH, "eu-west-3", false, false, "https://monitoring.eu-west-3.amazonaws.com", "eu-west-3"),
            (
                &SCALING,
                "cn-north-1",
                false,
                true,
                "https://application-autoscaling.cn-north-1.api.amazonwebservices.com.cn",
                "cn-north-1",
            ),
            (
                &SCALING,
                "us-gov-east-1",
                true,
                false,
                "https://application-autoscaling.us-gov-east-1.amazonaws.com",
                "us-gov-east-1",
            ),
            (&QUOTAS, "us-gov-east-1", true, true, "https://servicequotas-fips.us-gov-east-1.api.aws", "us-gov-east-1"),
            (
                &QUOTAS,
                "us-isob-east-1",
                false,
                true,
                "https://servicequotas.us-isob-east-1.sc2s.sgov.gov",
                "us-isob-east-1",
            ),
        ] {
            let found = of_aws(api, region, fips, dual);
            assert_eq!(
                found,
                Endpoint { url: url.to_owned(), signed_for: signed_for.to_owned() },
                "{region} {fips} {dual}"
            );
        }
    }

    #[test]
    fn a_configured_address_goes_before() {
        let config = SdkConfig::builder().endpoint_url("http://127.0.0.1:1").build();
        let found = of(&IAM, &config, "eu-west-1", None);
        assert_eq!((found.url.as_str(), found.signed_for.as_str()), ("http://127.0.0.1:1", "us-east-1"));
        assert_eq!(of(&IAM, &config, "eu-west-1", Some("http://127.0.0.1:2")).url, "http://127.0.0.1:2");
    }
}
