"""The main example against moto: another make of AWS imitation, checked with boto3."""

import re

from conftest import ROOT, Project


def test_the_example_on_moto(moto, tmp_path):
    ec2, sm = moto.client("ec2"), moto.client("sagemaker")
    [vpc] = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    group = ec2.create_security_group(GroupName="model", Description="x", VpcId=vpc["VpcId"])["GroupId"]
    registry = ec2.create_security_group(GroupName="registry", Description="x", VpcId=vpc["VpcId"])["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=registry,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": group}]}
        ],
    )
    text = (ROOT / "examples/private-registry/main.tf").read_text()
    text = text.replace("subnet-0123456789abcdef0", subnets[0]["SubnetId"])
    text = text.replace("subnet-0123456789abcdef1", subnets[1]["SubnetId"])
    text = text.replace("sg-0123456789abcdef0", group).replace("sg-0fedcba9876543210", registry)
    text = text.replace("state/private-registry.tfstate", "terraform.tfstate")
    project = Project(tmp_path, AWS_ENDPOINT_URL=moto.url).write(text)

    project.run("plan", "-no-color", "-detailed-exitcode").expect(2)
    project.run("apply", "-auto-approve", "-no-color").expect(0)
    described = sm.describe_endpoint(EndpointName="my-endpoint")
    assert described["EndpointStatus"] == "InService"
    assert re.fullmatch(r"my-endpoint-config-[0-9]{18}[0-9a-f]{8}", described["EndpointConfigName"])
    [variant] = sm.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])["ProductionVariants"]
    model = sm.describe_model(ModelName=variant["ModelName"])
    assert model["PrimaryContainer"]["ImageConfig"] == {"RepositoryAccessMode": "Vpc"}
    assert sorted(model["VpcConfig"]["Subnets"]) == sorted(subnet["SubnetId"] for subnet in subnets[:2])

    project.run("plan", "-no-color", "-detailed-exitcode").expect(0)
    project.run("destroy", "-auto-approve", "-no-color").expect(0)
    assert sm.list_endpoints()["Endpoints"] == []
    assert sm.list_endpoint_configs()["EndpointConfigs"] == []
    assert sm.list_models()["Models"] == []
