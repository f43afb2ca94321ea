//! The network: VPCs, subnets, security groups and what else DescribeX shows.

use serde_json::json;

use crate::support::{Client, texts};

const VPC: &str = "vpc-0123456789abcdef0";
const MODEL: &str = "sg-0123456789abcdef0";
const REGISTRY: &str = "sg-0fedcba9876543210";
const UNKNOWN: &str = "0000000000000beef";

async fn group(aws: &Client, name: &str) -> String {
    let fields = [("GroupName", name), ("GroupDescription", "d"), ("VpcId", VPC)];
    texts(&aws.ec2_ok("CreateSecurityGroup", &fields).await, "groupId").remove(0)
}

async fn open(aws: &Client, group: &str, port: &str, cidr: &str) -> Result<String, crate::support::Refusal> {
    let fields = [
        ("GroupId", group),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", port),
        ("IpPermissions.1.ToPort", port),
        ("IpPermissions.1.IpRanges.1.CidrIp", cidr),
    ];
    aws.ec2("AuthorizeSecurityGroupIngress", &fields).await
}

#[tokio::test]
async fn the_seed_is_there() {
    let aws = Client::new();
    let vpcs = aws.ec2_ok("DescribeVpcs", &[]).await;
    assert_eq!(texts(&vpcs, "isDefault").len(), 2);
    assert!(vpcs.contains("<cidrBlock>172.31.0.0/16</cidrBlock>"));
    let subnets = aws
        .ec2_ok(
            "DescribeSubnets",
            &[("SubnetId.1", "subnet-0123456789abcdef0"), ("SubnetId.2", "subnet-0123456789abcdef1")],
        )
        .await;
    assert_eq!(texts(&subnets, "availabilityZoneId"), ["use1-az1", "use1-az2"]);
    assert_eq!(texts(&subnets, "availableIpAddressCount"), ["251", "251"]);
    let defaults =
        aws.ec2_ok("DescribeSubnets", &[("Filter.1.Name", "default-for-az"), ("Filter.1.Value.1", "true")]).await;
    assert_eq!(texts(&defaults, "subnetId").len(), 6);
    let groups = aws.ec2_ok("DescribeSecurityGroups", &[("GroupId.1", REGISTRY)]).await;
    assert_eq!(texts(&groups, "groupName"), ["registry"]);
    assert!(groups.contains("<ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>"), "{groups}");
    assert!(groups.contains(&format!("<groupId>{MODEL}</groupId>")));
    let tables = aws
        .ec2_ok(
            "DescribeRouteTables",
            &[("Filter.1.Name", "association.subnet-id"), ("Filter.1.Value.1", "subnet-0123456789abcdef0")],
        )
        .await;
    assert_eq!(texts(&tables, "destinationCidrBlock"), ["10.0.0.0/16", "0.0.0.0/0"]);
    assert_eq!((texts(&tables, "natGatewayId").len(), texts(&tables, "destinationPrefixListId").len()), (1, 1));
    let endpoints = aws.ec2_ok("DescribeVpcEndpoints", &[]).await;
    assert_eq!(texts(&endpoints, "serviceName"), ["com.amazonaws.us-east-1.s3"]);
    let nats = aws.ec2_ok("DescribeNatGateways", &[]).await;
    assert_eq!(texts(&nats, "state"), ["available"]);
    let attribute = aws.ec2_ok("DescribeVpcAttribute", &[("VpcId", VPC), ("Attribute", "enableDnsSupport")]).await;
    assert!(attribute.contains("<enableDnsSupport><value>true</value></enableDnsSupport>"));
    let zones = aws.ec2_ok("DescribeAvailabilityZones", &[]).await;
    assert_eq!(texts(&zones, "zoneName").len(), 6);
}

#[tokio::test]
async fn ids_that_are_unknown_or_malformed() {
    let aws = Client::new();
    let error = |code: &str, text: String| (code.to_owned(), text);
    let id = |prefix: &str| format!("{prefix}-{UNKNOWN}");
    for (action, field, prefix, code, noun) in [
        ("DescribeVpcs", "VpcId.1", "vpc", "InvalidVpcID.NotFound", "vpc ID"),
        ("DescribeSubnets", "SubnetId.1", "subnet", "InvalidSubnetID.NotFound", "subnet ID"),
        ("DescribeSecurityGroups", "GroupId.1", "sg", "InvalidGroup.NotFound", "security group"),
        (
            "DescribeSecurityGroupRules",
            "SecurityGroupRuleId.1",
            "sgr",
            "InvalidSecurityGroupRuleId.NotFound",
            "security group rule ID",
        ),
    ] {
        let unknown = id(prefix);
        let refused = aws.ec2_refused(action, &[(field, &unknown)]).await;
        assert_eq!(refused, error(code, format!("The {noun} '{unknown}' does not exist")));
        let (code, text) = aws.ec2_refused(action, &[(field, "zork")]).await;
        assert!(code.ends_with(".Malformed"), "{code}");
        assert_eq!(text, format!("Invalid id: \"zork\" (expecting \"{prefix}-...\")"));
    }
    let (_, text) =
        aws.ec2_refused("DescribeSubnets", &[("SubnetId.1", &id("subnet")), ("SubnetId.2", "subnet-0123beef")]).await;
    assert_eq!(text, format!("The subnet IDs '{}, subnet-0123beef' do not exist", id("subnet")));
    // As a filter an unknown id just finds nothing.
    let none =
        aws.ec2_ok("DescribeSubnets", &[("Filter.1.Name", "subnet-id"), ("Filter.1.Value.1", &id("subnet"))]).await;
    assert!(none.contains("<subnetSet/>"), "{none}");
}

#[tokio::test]
async fn filters_pages_and_dry_runs() {
    let aws = Client::new();
    let filter = [("Filter.1.Name", "zork"), ("Filter.1.Value.1", "x")];
    assert_eq!(
        aws.ec2_refused("DescribeVpcs", &filter).await,
        ("InvalidParameterValue".into(), "The filter 'zork' is invalid".into())
    );
    let filter = [
        ("Filter.1.Name", "tag:Name"),
        ("Filter.1.Value.1", "private-*"),
        ("Filter.2.Name", "vpc-id"),
        ("Filter.2.Value.1", VPC),
    ];
    assert_eq!(texts(&aws.ec2_ok("DescribeSubnets", &filter).await, "subnetId").len(), 2);
    let filter = [("Filter.1.Name", "ip-permission.group-id"), ("Filter.1.Value.1", MODEL)];
    assert_eq!(texts(&aws.ec2_ok("DescribeSecurityGroups", &filter).await, "groupName"), ["registry"]);

    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let mut fields = vec![("MaxResults", "5")];
        if !token.is_empty() {
            fields.push(("NextToken", &token));
        }
        let page = aws.ec2_ok("DescribeSubnets", &fields).await;
        seen.extend(texts(&page, "subnetId"));
        match texts(&page, "nextToken").pop() {
            Some(next) => token = next,
            None => break,
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 9);
    for (fields, code) in [
        (vec![("MaxResults", "4")], "InvalidParameterValue"),
        (vec![("MaxResults", "x")], "InvalidParameterValue"),
        (vec![("NextToken", "x")], "InvalidNextToken"),
        (vec![("MaxResults", "5"), ("SubnetId.1", "subnet-0123456789abcdef0")], "InvalidParameterCombination"),
        (vec![("Zork", "x")], "UnknownParameter"),
        (vec![("DryRun", "true")], "DryRunOperation"),
    ] {
        assert_eq!(aws.ec2_refused("DescribeSubnets", &fields).await.0, code, "{fields:?}");
    }
    let dry = [("GroupName", "g"), ("GroupDescription", "d"), ("VpcId", VPC), ("DryRun", "true")];
    let refusal = aws.ec2("CreateSecurityGroup", &dry).await.expect_err("a dry run");
    assert_eq!((refusal.status, refusal.code.as_str()), (412, "DryRunOperation"));
    group(&aws, "g").await;
}

#[tokio::test]
async fn groups() {
    let aws = Client::new();
    let id = group(&aws, "g").await;
    let create = async |name: &str, description: &str, vpc: &str| {
        aws.ec2_refused(
            "CreateSecurityGroup",
            &[("GroupName", name), ("GroupDescription", description), ("VpcId", vpc)],
        )
        .await
    };
    assert_eq!(
        create("G", "d", VPC).await,
        ("InvalidGroup.Duplicate".into(), format!("The security group 'G' already exists for VPC '{VPC}'"))
    );
    assert_eq!(create("sg-x", "d", VPC).await.0, "InvalidParameterValue");
    assert_eq!(create("x", "d\u{e9}", VPC).await.0, "InvalidParameterValue");
    assert_eq!(create("x", &"d".repeat(256), VPC).await.0, "InvalidParameterValue");
    assert_eq!(create("x", "d", "vpc-00000000").await.0, "InvalidVpcID.NotFound");
    let described = aws.ec2_ok("DescribeSecurityGroups", &[("GroupId.1", &id)]).await;
    assert!(described.contains("<ipPermissions/>"), "no ingress: {described}");
    assert!(described.contains("<cidrIp>0.0.0.0/0</cidrIp>"), "all egress");

    let refused = aws.ec2_refused("DeleteSecurityGroup", &[("GroupId", MODEL)]).await;
    assert_eq!(refused, ("DependencyViolation".into(), format!("resource {MODEL} has a dependent object")));
    let default =
        aws.ec2_ok("DescribeSecurityGroups", &[("Filter.1.Name", "group-name"), ("Filter.1.Value.1", "default")]).await;
    let default = texts(&default, "groupId").remove(0);
    let refused = aws.ec2_refused("DeleteSecurityGroup", &[("GroupId", &default)]).await;
    assert_eq!(
        refused,
        (
            "CannotDelete".into(),
            format!("the specified group: \"{default}\" name: \"default\" cannot be deleted by a user")
        )
    );
    aws.ec2_ok("DeleteSecurityGroup", &[("GroupId", &id)]).await;
    assert_eq!(aws.ec2_refused("DeleteSecurityGroup", &[("GroupId", &id)]).await.0, "InvalidGroup.NotFound");
}

#[tokio::test]
async fn rules_are_added_all_or_none_and_removed_either_way() {
    let aws = Client::new();
    let id = group(&aws, "g").await;
    let added = open(&aws, &id, "443", "10.0.5.5/16").await.expect("added");
    assert_eq!(texts(&added, "cidrIpv4"), ["10.0.0.0/16"], "canonical");
    let refusal = open(&aws, &id, "443", "10.0.0.0/16").await.expect_err("a duplicate");
    assert_eq!(refusal.code, "InvalidPermission.Duplicate");
    assert_eq!(
        refusal.message,
        "the specified rule \"peer: 10.0.0.0/16, TCP, from port: 443, to port: 443, ALLOW\" already exists"
    );
    let fields = [
        ("GroupId", id.as_str()),
        ("IpPermissions.1.IpProtocol", "-1"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0"),
    ];
    let (_, text) = aws.ec2_refused("AuthorizeSecurityGroupEgress", &fields).await;
    assert_eq!(text, "the specified rule \"peer: 0.0.0.0/0, ALL, ALLOW\" already exists");
    for (port, cidr, code) in [
        ("65536", "10.0.0.0/8", "InvalidParameterValue"),
        ("x", "10.0.0.0/8", "InvalidParameterValue"),
        ("80", "10.0.0.0/33", "InvalidParameterValue"),
        ("80", "zork", "InvalidParameterValue"),
    ] {
        assert_eq!(open(&aws, &id, port, cidr).await.expect_err("refused").code, code);
    }
    let no_source = [
        ("GroupId", id.as_str()),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "1"),
        ("IpPermissions.1.ToPort", "2"),
    ];
    assert_eq!(aws.ec2_refused("AuthorizeSecurityGroupIngress", &no_source).await.0, "InvalidPermission.Malformed");
    // The second permission exists already, so the first is not added either.
    let both = [
        ("GroupId", id.as_str()),
        ("IpPermissions.1.IpProtocol", "udp"),
        ("IpPermissions.1.FromPort", "53"),
        ("IpPermissions.1.ToPort", "53"),
        ("IpPermissions.1.Groups.1.GroupId", MODEL),
        ("IpPermissions.2.IpProtocol", "6"),
        ("IpPermissions.2.FromPort", "443"),
        ("IpPermissions.2.ToPort", "443"),
        ("IpPermissions.2.IpRanges.1.CidrIp", "10.0.0.0/16"),
    ];
    assert_eq!(aws.ec2_refused("AuthorizeSecurityGroupIngress", &both).await.0, "InvalidPermission.Duplicate");
    let rules = async || {
        let filter = [("Filter.1.Name", "group-id"), ("Filter.1.Value.1", id.as_str())];
        aws.ec2_ok("DescribeSecurityGroupRules", &filter).await
    };
    assert_eq!(texts(&rules().await, "securityGroupRuleId").len(), 2);
    let mut modified = both[..5].to_vec();
    modified.push(("IpPermissions.1.Groups.1.Description", "dns"));
    let added = aws.ec2_ok("AuthorizeSecurityGroupIngress", &modified).await;
    let rule = texts(&added, "securityGroupRuleId").remove(0);
    assert_eq!(texts(&added, "description"), ["dns"]);

    let change = [
        ("GroupId", id.as_str()),
        ("SecurityGroupRule.1.SecurityGroupRuleId", rule.as_str()),
        ("SecurityGroupRule.1.SecurityGroupRule.IpProtocol", "tcp"),
        ("SecurityGroupRule.1.SecurityGroupRule.FromPort", "80"),
        ("SecurityGroupRule.1.SecurityGroupRule.ToPort", "81"),
        ("SecurityGroupRule.1.SecurityGroupRule.CidrIpv4", "10.0.0.0/8"),
    ];
    aws.ec2_ok("ModifySecurityGroupRules", &change).await;
    let shown = aws.ec2_ok("DescribeSecurityGroupRules", &[("SecurityGroupRuleId.1", &rule)]).await;
    assert!(shown.contains("<toPort>81</toPort><cidrIpv4>10.0.0.0/8</cidrIpv4>"), "{shown}");
    let describe = [
        ("GroupId", id.as_str()),
        ("SecurityGroupRuleDescription.1.SecurityGroupRuleId", rule.as_str()),
        ("SecurityGroupRuleDescription.1.Description", "web"),
    ];
    aws.ec2_ok("UpdateSecurityGroupRuleDescriptionsIngress", &describe).await;
    assert!(rules().await.contains("<description>web</description>"));

    let by_permission = [
        ("GroupId", id.as_str()),
        ("IpPermissions.1.IpProtocol", "tcp"),
        ("IpPermissions.1.FromPort", "443"),
        ("IpPermissions.1.ToPort", "443"),
        ("IpPermissions.1.IpRanges.1.CidrIp", "10.0.0.0/16"),
    ];
    aws.ec2_ok("RevokeSecurityGroupIngress", &by_permission).await;
    assert_eq!(
        aws.ec2_refused("RevokeSecurityGroupIngress", &by_permission).await,
        ("InvalidPermission.NotFound".into(), "The specified rule does not exist in this security group.".into())
    );
    let by_id = [("GroupId", id.as_str()), ("SecurityGroupRuleId.1", rule.as_str())];
    assert_eq!(aws.ec2_refused("RevokeSecurityGroupEgress", &by_id).await.0, "InvalidSecurityGroupRuleId.NotFound");
    aws.ec2_ok("RevokeSecurityGroupIngress", &by_id).await;
    assert_eq!(texts(&rules().await, "isEgress"), ["true"]);
    for port in 1..=60 {
        open(&aws, &id, &port.to_string(), "10.0.0.0/8").await.expect("within the limit");
    }
    assert_eq!(open(&aws, &id, "61", "10.0.0.0/8").await.expect_err("full").code, "RulesPerSecurityGroupLimitExceeded");
}

#[tokio::test]
async fn an_endpoint_holds_on_to_its_network() {
    let aws = Client::new();
    aws.endpoint(3).await;
    let interfaces = async || texts(&aws.ec2_ok("DescribeNetworkInterfaces", &[]).await, "networkInterfaceId").len();
    assert_eq!(interfaces().await, 3);
    let subnets = aws.ec2_ok("DescribeSubnets", &[("SubnetId.1", "subnet-0123456789abcdef0")]).await;
    assert_eq!(texts(&subnets, "availableIpAddressCount"), ["249"]);
    let rule = aws
        .ec2_ok("DescribeSecurityGroupRules", &[("Filter.1.Name", "group-id"), ("Filter.1.Value.1", REGISTRY)])
        .await;
    for (id, egress) in texts(&rule, "securityGroupRuleId").iter().zip(texts(&rule, "isEgress")) {
        if egress == "false" {
            aws.ec2_ok("RevokeSecurityGroupIngress", &[("GroupId", REGISTRY), ("SecurityGroupRuleId.1", id)]).await;
        }
    }
    let (code, _) = aws.ec2_refused("DeleteSecurityGroup", &[("GroupId", MODEL)]).await;
    assert_eq!(code, "DependencyViolation");
    let (code, text) = aws.ec2_refused("DeleteSubnet", &[("SubnetId", "subnet-0123456789abcdef0")]).await;
    assert_eq!(code, "DependencyViolation");
    assert_eq!(text, "The subnet 'subnet-0123456789abcdef0' has dependencies and cannot be deleted.");
    // An update needs addresses for both fleets.
    aws.config("c2", "m2", 2).await;
    aws.ok("UpdateEndpoint", json!({"EndpointName": "e", "EndpointConfigName": "c2"})).await;
    assert_eq!(interfaces().await, 5);
    aws.advance(360.0 + 60.0);
    assert_eq!(interfaces().await, 2);
    aws.ok("DeleteEndpoint", json!({"EndpointName": "e"})).await;
    aws.advance(60.0);
    assert_eq!(interfaces().await, 2, "they linger");
    aws.ec2_refused("DeleteSecurityGroup", &[("GroupId", MODEL)]).await;
    aws.advance(60.0);
    assert_eq!(interfaces().await, 0);
    aws.ec2_ok("DeleteSecurityGroup", &[("GroupId", MODEL)]).await;
}

#[tokio::test]
async fn tags() {
    let aws = Client::new();
    aws.ec2_ok(
        "CreateTags",
        &[("ResourceId.1", MODEL), ("ResourceId.2", VPC), ("Tag.1.Key", "Team"), ("Tag.1.Value", "ml")],
    )
    .await;
    let filter = [("Filter.1.Name", "key"), ("Filter.1.Value.1", "Team")];
    assert_eq!(texts(&aws.ec2_ok("DescribeTags", &filter).await, "resourceType"), ["security-group", "vpc"]);
    // An empty value removes only empty tags, a key alone any.
    aws.ec2_ok("DeleteTags", &[("ResourceId.1", MODEL), ("Tag.1.Key", "Team"), ("Tag.1.Value", "")]).await;
    assert_eq!(texts(&aws.ec2_ok("DescribeTags", &filter).await, "key").len(), 2);
    aws.ec2_ok("DeleteTags", &[("ResourceId.1", MODEL), ("Tag.1.Key", "Team")]).await;
    assert_eq!(texts(&aws.ec2_ok("DescribeTags", &filter).await, "resourceId"), [VPC]);
    let reserved = [("ResourceId.1", VPC), ("Tag.1.Key", "aws:x"), ("Tag.1.Value", "")];
    assert_eq!(aws.ec2_refused("CreateTags", &reserved).await.0, "InvalidTagKey.Malformed");
    assert_eq!(aws.ec2_refused("CreateTags", &[("ResourceId.1", "zork-1"), ("Tag.1.Key", "k")]).await.0, "InvalidID");
    for number in 0..48 {
        aws.ec2_ok("CreateTags", &[("ResourceId.1", VPC), ("Tag.1.Key", &format!("k{number}"))]).await;
    }
    assert_eq!(
        aws.ec2_refused("CreateTags", &[("ResourceId.1", VPC), ("Tag.1.Key", "one-more")]).await.0,
        "TagLimitExceeded"
    );
    let wrong_kind = [
        ("GroupName", "g"),
        ("GroupDescription", "d"),
        ("TagSpecification.1.ResourceType", "vpc"),
        ("TagSpecification.1.Tag.1.Key", "k"),
    ];
    assert_eq!(aws.ec2_refused("CreateSecurityGroup", &wrong_kind).await.0, "InvalidParameterValue");
}

#[tokio::test]
async fn vpcs_subnets_and_endpoints_come_and_go() {
    let aws = Client::new();
    for (cidr, code) in
        [("10.1.0.0/15", "InvalidVpc.Range"), ("10.1.0.0/29", "InvalidVpc.Range"), ("x", "InvalidParameterValue")]
    {
        assert_eq!(aws.ec2_refused("CreateVpc", &[("CidrBlock", cidr)]).await.0, code);
    }
    let vpc = texts(&aws.ec2_ok("CreateVpc", &[("CidrBlock", "10.1.0.0/16")]).await, "vpcId").remove(0);
    aws.ec2_ok("ModifyVpcAttribute", &[("VpcId", &vpc), ("EnableDnsHostnames.Value", "true")]).await;
    let attribute = aws.ec2_ok("DescribeVpcAttribute", &[("VpcId", &vpc), ("Attribute", "enableDnsHostnames")]).await;
    assert!(attribute.contains("<value>true</value>"));
    let subnet = async |cidr: &str| {
        aws.ec2("CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", cidr), ("AvailabilityZone", "us-east-1b")]).await
    };
    let created = subnet("10.1.0.0/24").await.expect("created");
    assert_eq!(texts(&created, "availabilityZoneId"), ["use1-az2"]);
    let id = texts(&created, "subnetId").remove(0);
    let refusal = subnet("10.1.0.128/25").await.expect_err("overlaps");
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        ("InvalidSubnet.Conflict", "The CIDR '10.1.0.128/25' conflicts with another subnet")
    );
    assert_eq!(subnet("10.2.0.0/24").await.expect_err("outside").code, "InvalidSubnet.Range");
    aws.ec2_ok("ModifySubnetAttribute", &[("SubnetId", &id), ("MapPublicIpOnLaunch.Value", "true")]).await;

    let create = [
        ("VpcId", vpc.as_str()),
        ("ServiceName", "com.amazonaws.us-east-1.sagemaker.api"),
        ("VpcEndpointType", "Interface"),
        ("SubnetId.1", id.as_str()),
    ];
    let endpoint = texts(&aws.ec2_ok("CreateVpcEndpoint", &create).await, "vpcEndpointId").remove(0);
    assert_eq!(aws.ec2_refused("DeleteSubnet", &[("SubnetId", &id)]).await.0, "DependencyViolation");
    assert_eq!(aws.ec2_refused("DeleteVpc", &[("VpcId", &vpc)]).await.0, "DependencyViolation");
    aws.ec2_ok("ModifyVpcEndpoint", &[("VpcEndpointId", &endpoint), ("PrivateDnsEnabled", "false")]).await;
    let both = [("VpcEndpointId.1", endpoint.as_str()), ("VpcEndpointId.2", "vpce-00000000")];
    let deleted = aws.ec2_ok("DeleteVpcEndpoints", &both).await;
    assert_eq!(texts(&deleted, "resourceId"), ["vpce-00000000"]);
    aws.ec2_ok("DeleteSubnet", &[("SubnetId", &id)]).await;
    aws.ec2_ok("DeleteVpc", &[("VpcId", &vpc)]).await;
    assert_eq!(aws.ec2_refused("DescribeVpcs", &[("VpcId.1", &vpc)]).await.0, "InvalidVpcID.NotFound");
}

#[tokio::test]
async fn routes_come_and_go() {
    let aws = Client::new();
    let filter = [("Filter.1.Name", "association.subnet-id"), ("Filter.1.Value.1", "subnet-0123456789abcdef0")];
    let told = aws.ec2_ok("DescribeRouteTables", &filter).await;
    let (table, nat) = (texts(&told, "routeTableId").remove(0), texts(&told, "natGatewayId").remove(0));
    let gateway = texts(&aws.ec2_ok("DescribeInternetGateways", &[]).await, "internetGatewayId").remove(0);
    let everywhere = [("RouteTableId", table.as_str()), ("DestinationCidrBlock", "0.0.0.0/0")];
    let via = |name, id| [everywhere[0], everywhere[1], (name, id)];
    let refusal = aws.ec2_refused("CreateRoute", &via("NatGatewayId", &nat)).await;
    assert_eq!(refusal.0, "RouteAlreadyExists");
    aws.ec2_ok("DeleteRoute", &everywhere).await;
    let told = aws.ec2_ok("DescribeRouteTables", &filter).await;
    assert_eq!(texts(&told, "destinationCidrBlock"), ["10.0.0.0/16"]);
    for operation in ["DeleteRoute", "ReplaceRoute"] {
        let fields = via("NatGatewayId", &nat);
        let fields = if operation == "DeleteRoute" { &fields[..2] } else { &fields };
        assert_eq!(aws.ec2_refused(operation, fields).await.0, "InvalidRoute.NotFound", "{operation}");
    }
    aws.ec2_ok("CreateRoute", &via("GatewayId", &gateway)).await;
    aws.ec2_ok("ReplaceRoute", &via("NatGatewayId", &nat)).await;
    assert_eq!(texts(&aws.ec2_ok("DescribeRouteTables", &filter).await, "natGatewayId"), [nat.as_str()]);
    let local = [("RouteTableId", table.as_str()), ("DestinationCidrBlock", "10.0.0.0/16")];
    assert_eq!(aws.ec2_refused("DeleteRoute", &local).await.0, "InvalidParameterValue");
    let nowhere = via("NatGatewayId", "nat-00000000000000000");
    assert_eq!(aws.ec2_refused("ReplaceRoute", &nowhere).await.0, "NatGatewayNotFound");
}

/// Whatever fields are sent, the answer is an answer.
#[tokio::test]
async fn odd_fields_never_break_the_sandbox() {
    let aws = Client::new();
    let actions = [
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeSecurityGroups",
        "DescribeSecurityGroupRules",
        "DescribeTags",
        "CreateSecurityGroup",
        "DeleteSecurityGroup",
        "AuthorizeSecurityGroupIngress",
        "RevokeSecurityGroupEgress",
        "ModifySecurityGroupRules",
        "CreateTags",
        "CreateVpc",
        "CreateSubnet",
        "DeleteSubnet",
        "DeleteVpc",
        "CreateVpcEndpoint",
        "ModifyVpcEndpoint",
        "DescribeVpcAttribute",
        "ModifyVpcAttribute",
        "DescribePrefixLists",
    ];
    let names = [
        "VpcId",
        "VpcId.1",
        "GroupId",
        "GroupId.1",
        "Filter.1.Name",
        "Filter.1.Value.1",
        "CidrBlock",
        "MaxResults",
        "NextToken",
        "IpPermissions.1.IpProtocol",
        "IpPermissions.1.FromPort",
        "IpPermissions.1.IpRanges.1.CidrIp",
        "IpPermissions.18446744073709551616.IpProtocol",
        "Tag.1.Key",
        "ResourceId.1",
        "SubnetId",
        "DryRun",
        "Tag.x.Key",
    ];
    let values =
        ["", "é\u{0}", "-1", "99999999999999999999", "0.0.0.0/0", "::/0", VPC, MODEL, "sg-\u{e9}", "*?\\", "true"];
    for action in actions {
        for name in names {
            for value in values {
                let _ = aws.ec2(action, &[(name, value), ("GroupId", MODEL)]).await;
            }
        }
    }
    aws.ec2_ok("DescribeAvailabilityZones", &[]).await;
}
