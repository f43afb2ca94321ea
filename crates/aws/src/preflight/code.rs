//! What a finding is about. The guide `docs/guides/private-registry.md` explains every code.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a finding is about. The text of a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            #[cfg(test)]
            pub(super) const ALL: &[Code] = &[$(Code::$name,)*];

            /// The code as it is printed.
            pub(crate) const fn text(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The credentials do not allow a question.
    Unseen = "network-unseen",
    /// A subnet does not exist here.
    SubnetMissing = "subnet-missing",
    /// The subnets are in more than one VPC.
    SubnetVpcs = "subnet-vpcs",
    /// The subnets are in one zone.
    SubnetZones = "subnet-zones",
    /// A subnet is not available.
    SubnetState = "subnet-state",
    /// A subnet is of a kind that SageMaker does not use.
    SubnetKind = "subnet-kind",
    /// A subnet has too few free addresses.
    SubnetFull = "subnet-full",
    /// A group does not exist here.
    GroupMissing = "group-missing",
    /// A group is of another VPC.
    GroupVpc = "group-vpc",
    /// A group is the default one.
    GroupDefault = "group-default",
    /// The VPC has dedicated tenancy.
    VpcTenancy = "vpc-tenancy",
    /// The VPC does not resolve names.
    DnsSupport = "dns-support",
    /// The VPC does not use private hosted zones.
    DnsHostnames = "dns-hostnames",
    /// The model's groups let nothing out to the registry.
    GroupOutbound = "group-outbound",
    /// The registry's group does not let the model in.
    GroupInbound = "group-inbound",
    /// No route leads to the registry.
    RouteMissing = "route-missing",
    /// The route to the registry leads to something that is gone.
    RouteBlackhole = "route-blackhole",
    /// The route to the registry is an internet gateway.
    RouteInternetGateway = "route-internet-gateway",
    /// The NAT gateway on the way is unfit.
    NatUnfit = "nat-unfit",
    /// The VPC keeps traffic from the internet gateway.
    PublicAccessBlocked = "public-access-blocked",
    /// A network ACL lets no requests to the registry pass.
    AclRequest = "acl-request",
    /// A network ACL lets no answers of the registry pass.
    AclAnswer = "acl-answer",
    /// There is no way to the model's artifacts in S3.
    S3Unreachable = "s3-unreachable",
    /// There is no way to Lambda for the registry's credentials.
    LambdaUnreachable = "lambda-unreachable",
    /// The policy of a VPC endpoint keeps the model from what it needs.
    EndpointPolicy = "endpoint-policy",
    /// The group of a VPC endpoint does not let the model in.
    EndpointGroup = "endpoint-group",
}
