"""Every operation of the sandbox, called with boto3: no answer may break AWS's own model of it.

The sandbox says which operations it has, so that one that this walk forgets is a failure.
"""

import collections
import json

import pytest
from botocore.exceptions import ClientError

from shapes import problems, unknown_members

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole"
GROUP, OTHER_GROUP = "sg-0123456789abcdef0", "sg-0fedcba9876543210"
SUBNETS = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
VPC = "vpc-0123456789abcdef0"
REGISTRY_IMAGE = "registry.example.org/team/model:1"
VPC_CONFIG = {"SecurityGroupIds": [GROUP], "Subnets": SUBNETS}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}
        ],
    }
)
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
TAGS = [{"Key": "team", "Value": "vision émigré"}]

# Where the real services answer other values than their own models list; clients rely on the real ones.
REAL_VALUES = (
    "State is 'available', not one of ['PendingAcceptance'",  # VPC endpoints: any letter case is to be expected
    "State is 'pendingAcceptance', not one of ['PendingAcceptance'",
    "Attachments[0].State is 'available', not one of ['attaching'",  # internet gateways
    "PermissionsBoundaryType is 'Policy'",
)


class Walk:
    """Clients whose every answer is checked."""

    def __init__(self, server):
        self.server = server
        self.called = collections.defaultdict(set)
        self.found = []

    def client(self, service):
        client = self.server.client(service)
        client.meta.events.register("after-call.*.*", lambda **event: self.check(service, **event))
        return client

    def check(self, service, http_response, parsed, model, **_):
        self.called[service].add(model.name)
        protocol = model.service_model.metadata["protocol"]
        where = f"{service} {model.name}"
        if http_response.status_code >= 300:
            error = parsed.get("Error", {})
            if not error.get("Code") or not error.get("Message"):
                self.found.append(f"{where}: an error without code or message: {parsed}")
            return
        shape = model.output_shape
        if shape is not None:
            self.found += [f"{where}: {problem}" for problem in problems(shape, parsed)]
        if protocol in ("json", "query", "ec2"):
            unknown = unknown_members(protocol, shape, http_response.content, model.name)
            self.found += [f"{where}: {problem}" for problem in unknown]

    def advance(self, seconds):
        self.server.post("/_sandbox/advance", {"seconds": seconds})


def test_every_answer_fits_the_service_model(sandbox):
    walk = Walk(sandbox)
    sandbox.post("/_sandbox/speed", {"speed": 0})
    ec2 = walk.client("ec2")
    security_groups(ec2)
    network(ec2)
    iam(walk.client("iam"))
    models(walk)
    endpoints(walk)
    components(walk)
    listings(walk)
    quotas(walk)
    alarms(walk.client("cloudwatch"))
    logs(walk.client("logs"))
    sts = walk.client("sts")
    sts.get_caller_identity()
    sts.assume_role(RoleArn=ROLE, RoleSessionName="walk")

    found = [problem for problem in walk.found if not any(value in problem for value in REAL_VALUES)]
    assert not found, "\n".join(found)
    offered = {service: set(names) for service, names in sandbox.get("/_sandbox/operations").items()}
    forgotten = {service: sorted(names - walk.called[service]) for service, names in offered.items()}
    assert not any(forgotten.values()), f"the walk calls none of {forgotten}"


def security_groups(ec2):
    group = ec2.create_security_group(
        GroupName="walk", Description="A walk", VpcId=VPC, TagSpecifications=tagged("security-group")
    )["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ranges = {"IpRanges": [{"CidrIp": "10.1.0.0/16", "Description": "one"}]}
    rules = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[https | ranges], TagSpecifications=tagged("security-group-rule")
    )["SecurityGroupRules"]
    peers = [{"GroupId": OTHER_GROUP}]
    out = ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[https | {"UserIdGroupPairs": peers}])
    rule = rules[0]["SecurityGroupRuleId"]
    ec2.modify_security_group_rules(
        GroupId=group,
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": rule,
                "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 444, "CidrIpv4": "10.2.0.0/16"},
            }
        ],
    )
    described = {"SecurityGroupRuleDescriptions": [{"SecurityGroupRuleId": rule, "Description": "two"}]}
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, **described)
    out_rule = out["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    described = {"SecurityGroupRuleDescriptions": [{"SecurityGroupRuleId": out_rule, "Description": "out"}]}
    ec2.update_security_group_rule_descriptions_egress(GroupId=group, **described)
    assert ec2.describe_security_group_rules()["SecurityGroupRules"]
    assert ec2.describe_security_groups()["SecurityGroups"]
    ec2.describe_security_group_vpc_associations()
    ec2.create_tags(Resources=[group], Tags=TAGS)
    assert ec2.describe_tags()["Tags"]
    ec2.delete_tags(Resources=[group], Tags=[{"Key": "team"}])
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])
    ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=[out_rule])
    ec2.delete_security_group(GroupId=group)
    with pytest.raises(ClientError):
        ec2.delete_security_group(GroupId=group)


def outposts(ec2, vpc):
    pool = "ipam-pool-0123456789abcdef0"
    arn = "arn:aws:outposts:us-east-1:123456789012:outpost/op-0123456789abcdef0"
    made = ec2.create_subnet(VpcId=vpc, Ipv4IpamPoolId=pool, Ipv4NetmaskLength=26, OutpostArn=arn)["Subnet"]
    subnet = {"SubnetId": made["SubnetId"]}
    ec2.modify_subnet_attribute(MapCustomerOwnedIpOnLaunch={"Value": True}, CustomerOwnedIpv4Pool="ipv4pool-coip-1", **subnet)
    ec2.modify_subnet_attribute(EnableLniAtDeviceIndex=1, **subnet)
    [told] = ec2.describe_subnets(SubnetIds=[made["SubnetId"]])["Subnets"]
    assert (told["OutpostArn"], told["CustomerOwnedIpv4Pool"], told["EnableLniAtDeviceIndex"]) == (arn, "ipv4pool-coip-1", 1)
    lattice = "arn:aws:vpc-lattice:us-east-1:123456789012:servicenetwork/sn-0123456789abcdef0"
    options = {"DnsRecordIpType": "ipv4", "PrivateDnsPreference": "ALL_DOMAINS"}
    network = ec2.create_vpc_endpoint(
        VpcId=vpc, VpcEndpointType="ServiceNetwork", ServiceNetworkArn=lattice, IpAddressType="ipv4", DnsOptions=options
    )["VpcEndpoint"]
    assert network["ServiceNetworkArn"] == lattice and network["DnsOptions"] == options
    shared = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
    [service] = ec2.describe_vpc_endpoint_services(ServiceNames=[shared])["ServiceDetails"]
    waiting = ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Interface", ServiceName=shared)["VpcEndpoint"]
    assert waiting["State"] == "pendingAcceptance" and service["AcceptanceRequired"]
    accepted = {"ServiceId": service["ServiceId"], "VpcEndpointIds": [waiting["VpcEndpointId"]]}
    assert not ec2.accept_vpc_endpoint_connections(**accepted)["Unsuccessful"]
    assert ec2.accept_vpc_endpoint_connections(**accepted)["Unsuccessful"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[network["VpcEndpointId"], waiting["VpcEndpointId"]])
    ec2.delete_subnet(**subnet)


def network(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    for attribute in ("enableDnsHostnames", "enableDnsSupport", "enableNetworkAddressUsageMetrics"):
        ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", TagSpecifications=tagged("subnet"))["Subnet"]
    ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": True})
    assert ec2.modify_vpc_tenancy(VpcId=vpc, InstanceTenancy="default")["ReturnValue"]
    wide = ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"]
    part = wide["Ipv6CidrBlock"].replace("/56", "/64")
    narrow = ec2.associate_subnet_cidr_block(SubnetId=subnet["SubnetId"], Ipv6CidrBlock=part)
    narrow = narrow["Ipv6CidrBlockAssociation"]["AssociationId"]
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    assert ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"][0]["Ipv6CidrBlockAssociationSet"]
    ec2.disassociate_subnet_cidr_block(AssociationId=narrow)
    ec2.disassociate_vpc_cidr_block(AssociationId=wide["AssociationId"])
    made = {"VpcId": vpc, "TagSpecifications": tagged("vpc-endpoint")}
    interface = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.ecr.api",
        SubnetIds=[subnet["SubnetId"]],
        **made,
    )["VpcEndpoint"]["VpcEndpointId"]
    gateway = ec2.create_vpc_endpoint(ServiceName="com.amazonaws.us-east-1.s3", **made)
    gateway = gateway["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=gateway, PolicyDocument=DOCUMENT)
    for operation, member in [
        ("describe_vpcs", "Vpcs"),
        ("describe_subnets", "Subnets"),
        ("describe_availability_zones", "AvailabilityZones"),
        ("describe_route_tables", "RouteTables"),
        ("describe_internet_gateways", "InternetGateways"),
        ("describe_nat_gateways", "NatGateways"),
        ("describe_network_acls", "NetworkAcls"),
        ("describe_vpc_endpoints", "VpcEndpoints"),
        ("describe_dhcp_options", "DhcpOptions"),
        ("describe_network_interfaces", "NetworkInterfaces"),
        ("describe_prefix_lists", "PrefixLists"),
    ]:
        assert getattr(ec2, operation)()[member], operation
    [table] = [t for t in ec2.describe_route_tables()["RouteTables"] if t["VpcId"] == vpc]
    route = {"RouteTableId": table["RouteTableId"], "DestinationCidrBlock": "0.0.0.0/0"}
    nat = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    internet = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    assert ec2.create_route(NatGatewayId=nat, **route)["Return"]
    ec2.replace_route(GatewayId=internet, **route)
    ec2.delete_route(**route)
    outposts(ec2, vpc)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[interface, gateway])
    failed = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef9"])
    assert failed["Unsuccessful"]
    ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc)


def iam(iam):
    role = {"RoleName": "walk"}
    made = iam.create_role(
        AssumeRolePolicyDocument=TRUST, Description="A walk", Tags=TAGS, MaxSessionDuration=7200, **role
    )["Role"]
    assert made["AssumeRolePolicyDocument"] == json.loads(TRUST)
    iam.update_role(Description="changed", **role)
    iam.update_assume_role_policy(PolicyDocument=TRUST, **role)
    iam.tag_role(Tags=[{"Key": "more", "Value": ""}], **role)
    iam.untag_role(TagKeys=["more"], **role)
    assert iam.list_role_tags(**role)["Tags"] == TAGS
    policy = iam.create_policy(PolicyName="walk", PolicyDocument=DOCUMENT, Description="A walk", Tags=TAGS)
    policy = {"PolicyArn": policy["Policy"]["Arn"]}
    iam.put_role_permissions_boundary(PermissionsBoundary=policy["PolicyArn"], **role)
    assert iam.get_role(**role)["Role"]["PermissionsBoundary"]
    iam.delete_role_permissions_boundary(**role)
    iam.put_role_policy(PolicyName="inline", PolicyDocument=DOCUMENT, **role)
    shown = iam.get_role_policy(PolicyName="inline", **role)
    assert shown["PolicyDocument"] == json.loads(DOCUMENT)
    assert iam.list_role_policies(**role)["PolicyNames"] == ["inline"]
    iam.attach_role_policy(**role, **policy)
    assert iam.list_attached_role_policies(**role)["AttachedPolicies"]
    assert [one["RoleName"] for one in iam.list_entities_for_policy(**policy)["PolicyRoles"]] == [role["RoleName"]]
    iam.list_instance_profiles_for_role(**role)
    assert iam.list_roles()["Roles"]
    assert iam.get_policy(**policy)["Policy"]["AttachmentCount"] == 1
    assert iam.list_policy_versions(**policy)["Versions"]
    assert iam.get_policy_version(VersionId="v1", **policy)["PolicyVersion"]["Document"] == json.loads(DOCUMENT)
    assert iam.list_policies(Scope="Local")["Policies"]
    made = iam.create_policy_version(PolicyDocument=DOCUMENT, SetAsDefault=True, **policy)["PolicyVersion"]
    assert made["IsDefaultVersion"]
    iam.set_default_policy_version(VersionId="v1", **policy)
    iam.delete_policy_version(VersionId=made["VersionId"], **policy)
    iam.tag_policy(Tags=[{"Key": "more", "Value": ""}], **policy)
    iam.untag_policy(TagKeys=["more"], **policy)
    assert iam.get_policy(**policy)["Policy"]["Tags"] == TAGS
    iam.detach_role_policy(**role, **policy)
    iam.delete_role_policy(PolicyName="inline", **role)
    iam.delete_policy(**policy)
    iam.delete_role(**role)
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(**role)


def packages(sm):
    """The registry of models: a package alone, and two versions of a group."""
    sm.create_model_package_group(ModelPackageGroupName="g", ModelPackageGroupDescription="All", Tags=TAGS)
    sm.describe_model_package_group(ModelPackageGroupName="g")
    container = {
        "ContainerHostname": "first",
        "Image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/team/model:1",
        "ImageDigest": "sha256:" + "0" * 64,
        "Environment": {"MODE": "fast"},
        "ModelDataUrl": "s3://bucket/model.tar.gz",
        "Framework": "PYTORCH",
        "FrameworkVersion": "2.4",
    }
    specification = {
        "Containers": [container],
        "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
        "SupportedTransformInstanceTypes": ["ml.m5.large"],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    own = {"InferenceSpecification": specification, "Tags": TAGS, "CustomerMetadataProperties": {"a": "b"}}
    sm.create_model_package(ModelPackageName="alone", ModelPackageDescription="One", **own)
    arns = [sm.create_model_package(ModelPackageGroupName="g", **own)["ModelPackageArn"] for _ in range(2)]
    sm.update_model_package(ModelPackageArn=arns[0], ModelApprovalStatus="Approved", ApprovalDescription="Good")
    for name in (*arns, "alone", "g/1"):
        sm.describe_model_package(ModelPackageName=name)
    page = sm.list_model_packages(ModelPackageGroupName="g", MaxResults=1)
    assert page["ModelPackageSummaryList"][0]["ModelPackageVersion"] == 2 and page["NextToken"]
    assert len(sm.list_model_packages(ModelPackageType="Both")["ModelPackageSummaryList"]) == 3
    approved = sm.list_model_packages(ModelPackageGroupName="g", ModelApprovalStatus="Approved")
    assert [found["ModelPackageArn"] for found in approved["ModelPackageSummaryList"]] == arns[:1]
    assert sm.list_tags(ResourceArn=arns[0])["Tags"] == TAGS
    with pytest.raises(ClientError, match="still has versions"):
        sm.delete_model_package_group(ModelPackageGroupName="g")
    for name in (*arns, "alone"):
        sm.delete_model_package(ModelPackageName=name)
    sm.delete_model_package_group(ModelPackageGroupName="g")
    with pytest.raises(ClientError, match="does not exist"):
        sm.describe_model_package(ModelPackageName="g/1")


def models(walk):
    sm = walk.client("sagemaker")
    container = {
        "ContainerHostname": "first",
        "Image": REGISTRY_IMAGE,
        "ImageConfig": {"RepositoryAccessMode": "Vpc"},
        "Environment": {"MODE": "fast"},
        "ModelDataUrl": "s3://bucket/model.tar.gz",
    }
    role = {"ExecutionRoleArn": ROLE, "VpcConfig": VPC_CONFIG}
    sm.create_model(ModelName="one", PrimaryContainer=container, Tags=TAGS, **role)
    second = container | {"ContainerHostname": "second"}
    sm.create_model(
        ModelName="pipeline",
        Containers=[container, second],
        InferenceExecutionConfig={"Mode": "Direct"},
        EnableNetworkIsolation=True,
        **role,
    )
    arn = sm.describe_model(ModelName="one")["ModelArn"]
    sm.describe_model(ModelName="pipeline")
    assert sm.list_models(MaxResults=1)["NextToken"]
    sm.add_tags(ResourceArn=arn, Tags=[{"Key": "more", "Value": "x"}])
    sm.delete_tags(ResourceArn=arn, TagKeys=["more"])
    assert sm.list_tags(ResourceArn=arn)["Tags"] == TAGS
    packages(sm)


def logs(logs):
    group, key = {"logGroupName": "/walk"}, "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    logs.create_log_group(logGroupClass="STANDARD", tags={"a": "b"}, **group)
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(**group)
    logs.create_log_group(logGroupName="/walk/two", kmsKeyId=key)
    logs.put_retention_policy(retentionInDays=7, **group)
    logs.associate_kms_key(kmsKeyId=key, **group)
    shown = [one for page in logs.get_paginator("describe_log_groups").paginate(limit=1) for one in page["logGroups"]]
    assert [(one["logGroupName"], one.get("retentionInDays")) for one in shown] == [("/walk", 7), ("/walk/two", None)]
    arn = {"resourceArn": shown[0]["logGroupArn"]}
    logs.tag_resource(tags={"c": "d"}, **arn)
    logs.untag_resource(tagKeys=["a"], **arn)
    assert logs.list_tags_for_resource(**arn)["tags"] == {"c": "d"}
    logs.delete_retention_policy(**group)
    logs.disassociate_kms_key(**group)
    logs.delete_log_group(**group)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_group(**group)


def variant(name="V", **more):
    return {
        "VariantName": name,
        "ModelName": "one",
        "InitialInstanceCount": 2,
        "InstanceType": "ml.m5.large",
        **more,
    }


def endpoints(walk):
    sm, runtime = walk.client("sagemaker"), walk.client("sagemaker-runtime")
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 50,
        "DestinationS3Uri": "s3://bucket/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    configs = {
        "plain": {"ProductionVariants": [variant()]},
        "captured": {"ProductionVariants": [variant()], "DataCaptureConfig": capture},
        "shadowed": {"ProductionVariants": [variant()], "ShadowProductionVariants": [variant("S")]},
        "async": {
            "ProductionVariants": [variant()],
            "AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://bucket/out"}},
        },
        "serverless": {
            "ProductionVariants": [
                {
                    "VariantName": "V",
                    "ModelName": "plain",
                    "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
                }
            ]
        },
        "pooled": {
            "ProductionVariants": [
                {
                    "VariantName": "V",
                    "ModelName": "one",
                    "InitialInstanceCount": 1,
                    "InstancePools": [
                        {"InstanceType": "ml.g5.xlarge", "Priority": 1},
                        {"InstanceType": "ml.g5.2xlarge", "Priority": 2},
                    ],
                }
            ]
        },
    }
    image = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/model:1"
    sm.create_model(ModelName="plain", PrimaryContainer={"Image": image}, ExecutionRoleArn=ROLE)
    for name, members in configs.items():
        sm.create_endpoint_config(EndpointConfigName=name, Tags=TAGS, **members)
        sm.describe_endpoint_config(EndpointConfigName=name)
        sm.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=TAGS)
        assert sm.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Creating"
    walk.advance(301)
    for name in configs:
        assert sm.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"
        assert runtime.invoke_endpoint(EndpointName=name, Body=b"{}")["InvokedProductionVariant"] == "V"
    with pytest.raises(ClientError, match="not found"):
        runtime.invoke_endpoint(EndpointName="nowhere", Body=b"{}")
    updates(walk, sm)
    autoscaling(walk)
    sm.update_endpoint_weights_and_capacities(
        EndpointName="captured", DesiredWeightsAndCapacities=[{"VariantName": "V", "DesiredInstanceCount": 3}]
    )
    sm.describe_endpoint(EndpointName="captured")
    sm.delete_endpoint(EndpointName="async")
    sm.describe_endpoint(EndpointName="async")
    sm.delete_endpoint_config(EndpointConfigName="async")
    sm.delete_model(ModelName="pipeline")


def updates(walk, sm):
    """Updates in every phase, whatever their policy, and those that are rolled back."""
    size = {"Type": "INSTANCE_COUNT", "Value": 1}
    blue_green = {
        "TerminationWaitInSeconds": 300,
        "TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 300, "CanarySize": size},
    }
    rolling = {"MaximumBatchSize": size, "WaitIntervalInSeconds": 300}
    for number, policy in enumerate([{"BlueGreenUpdatePolicy": blue_green}, {"RollingUpdatePolicy": rolling}]):
        name = f"update-{number}"
        sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant()])
        sm.update_endpoint(EndpointName="plain", EndpointConfigName=name, DeploymentConfig=policy)
        statuses = set()
        while (shown := sm.describe_endpoint(EndpointName="plain"))["EndpointStatus"] == "Updating":
            variants = shown["PendingDeploymentSummary"]["ProductionVariants"] + shown["ProductionVariants"]
            statuses |= {status["Status"] for v in variants for status in v.get("VariantStatus", [])}
            walk.advance(15)
        assert {"Creating", "ActivatingTraffic", "Baking", "Deleting"} <= statuses
        assert shown["EndpointConfigName"] == name
    faults = [
        {"match": {"operation": "UpdateEndpoint"}, "nth": 1, "effect": {"failed_container": {}}},
        {"match": {"operation": "UpdateEndpoint"}, "nth": 2, "effect": {"rollback_failed": {}}},
    ]
    walk.server.post("/_sandbox/faults", {"rules": faults})
    for end in ("InService", "UpdateRollbackFailed"):
        sm.update_endpoint(EndpointName="plain", EndpointConfigName="plain")
        walk.advance(3600)
        shown = sm.describe_endpoint(EndpointName="plain")
        assert shown["EndpointStatus"] == end
        assert shown["FailureReason"]
    walk.server.post("/_sandbox/faults", {"rules": []})


def autoscaling(walk):
    scaling = walk.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/shadowed/variant/V",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    arn = scaling.register_scalable_target(MinCapacity=1, MaxCapacity=4, Tags={"team": "x"}, **target)
    arn = {"ResourceARN": arn["ScalableTargetARN"]}
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    scaling.put_scaling_policy(
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0, "PredefinedMetricSpecification": metric},
        **target,
    )
    scaling.put_scaling_policy(
        PolicyName="steps",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        },
        **target,
    )
    assert len(scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]) == 2
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    scaling.tag_resource(Tags={"more": "y"}, **arn)
    scaling.untag_resource(TagKeys=["more"], **arn)
    assert scaling.list_tags_for_resource(**arn)["Tags"] == {"team": "x"}
    scaling.delete_scaling_policy(PolicyName="steps", **target)
    scaling.deregister_scalable_target(**target)
    with pytest.raises(ClientError):
        scaling.deregister_scalable_target(**target)


def components(walk):
    sm, runtime = walk.client("sagemaker"), walk.client("sagemaker-runtime")
    host = {"VariantName": "V", "InitialInstanceCount": 1, "InstanceType": "ml.g5.2xlarge"}
    host["ManagedInstanceScaling"] = {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}
    host["RoutingConfig"] = {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}
    sm.create_endpoint_config(EndpointConfigName="host", ProductionVariants=[host], ExecutionRoleArn=ROLE)
    sm.create_endpoint(EndpointName="host", EndpointConfigName="host")
    walk.advance(301)
    named = {"InferenceComponentName": "base"}
    needs = {"NumberOfCpuCoresRequired": 1.0, "MinMemoryRequiredInMb": 1024}
    container = {"Image": REGISTRY_IMAGE, "Environment": {"MODE": "fast"}}
    specification = {"Container": container, "ComputeResourceRequirements": needs}
    sm.create_inference_component(
        EndpointName="host",
        VariantName="V",
        Specification=specification,
        RuntimeConfig={"CopyCount": 1},
        Tags=TAGS,
        **named,
    )
    sm.describe_inference_component(**named)
    walk.advance(241)
    shown = sm.describe_inference_component(**named)
    assert shown["InferenceComponentStatus"] == "InService"
    runtime.invoke_endpoint(EndpointName="host", InferenceComponentName="base", Body=b"{}")
    adapter = {"BaseInferenceComponentName": "base", "Container": {"ArtifactUrl": "s3://bucket/adapter"}}
    sm.create_inference_component(InferenceComponentName="adapter", EndpointName="host", Specification=adapter)
    sm.describe_inference_component(InferenceComponentName="adapter")
    size = {"Type": "COPY_COUNT", "Value": 1}
    sm.update_inference_component(
        Specification={"ModelName": "one", "ComputeResourceRequirements": needs},
        DeploymentConfig={"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 10}},
        **named,
    )
    sm.describe_inference_component(**named)
    walk.advance(300)
    sm.update_inference_component_runtime_config(DesiredRuntimeConfig={"CopyCount": 2}, **named)
    walk.advance(61)
    assert sm.describe_inference_component(**named)["RuntimeConfig"]["CurrentCopyCount"] == 2
    assert len(sm.list_inference_components()["InferenceComponents"]) == 2
    sm.delete_inference_component(InferenceComponentName="adapter")
    sm.describe_inference_component(InferenceComponentName="adapter")



def quotas(walk):
    quotas = walk.client("service-quotas")
    sagemaker = {"ServiceCode": "sagemaker"}
    pages = quotas.get_paginator("list_service_quotas").paginate(**sagemaker)
    by_name = {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}
    code = {"QuotaCode": by_name["ml.m5.large for endpoint usage"]["QuotaCode"]}
    assert quotas.get_service_quota(**sagemaker, **code)["Quota"]["Value"] == 1000
    assert quotas.list_aws_default_service_quotas(**sagemaker)["NextToken"]
    quotas.get_aws_default_service_quota(**sagemaker, **code)
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-00000000")


def alarms(cloudwatch):
    subject = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations"}
    dimensions = [{"Name": "EndpointName", "Value": "e"}]
    common = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 1.5}
    cloudwatch.put_metric_alarm(
        AlarmName="walk", Period=60, Statistic="Sum", Dimensions=dimensions, Tags=TAGS, **common, **subject
    )
    stat = {"Metric": {**subject, "Dimensions": dimensions}, "Period": 60, "Stat": "p90"}
    cloudwatch.put_metric_alarm(
        AlarmName="query", Metrics=[{"Id": "m", "MetricStat": stat, "ReturnData": True}], AlarmDescription="a", **common
    )
    cloudwatch.put_metric_data(
        Namespace=subject["Namespace"],
        MetricData=[{"MetricName": subject["MetricName"], "Dimensions": dimensions, "Value": 9}],
    )
    found = {alarm["AlarmName"]: alarm for alarm in cloudwatch.describe_alarms()["MetricAlarms"]}
    assert found["walk"]["StateValue"] == "ALARM"
    cloudwatch.set_alarm_state(AlarmName="query", StateValue="OK", StateReason="by hand")
    arn = found["walk"]["AlarmArn"]
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == TAGS
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
    for _ in cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 1}):
        pass
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound):
        cloudwatch.set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="")
    cloudwatch.delete_alarms(AlarmNames=["walk", "query"])


def listings(walk):
    sm = walk.client("sagemaker")
    for operation in ("list_models", "list_endpoint_configs", "list_endpoints", "list_inference_components"):
        for _ in sm.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}):
            pass


def tagged(kind):
    return [{"ResourceType": kind, "Tags": TAGS}]
