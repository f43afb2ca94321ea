"""The walk of the AWS page on private registries, unchanged, against `smform sandbox`: with boto3 and the AWS CLI."""

import json
import subprocess
import sys

from conftest import environment

MODEL = "vpc-model"
CONFIG = "my-endpoint-config"
ENDPOINT = "my-endpoint"
CONTAINER = {
    "ContainerHostname": "ModelContainer",
    "Image": "myteam.myorg.com/docker-local/my-inference-image:latest",
    "ImageConfig": {"RepositoryAccessMode": "Vpc"},
}
ROLE = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
VPC = {
    "SecurityGroupIds": ["sg-0123456789abcdef0"],
    "Subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
}
VARIANT = {
    "VariantName": "MyVariant",
    "ModelName": MODEL,
    "InitialInstanceCount": 1,
    "InstanceType": "ml.t2.medium",
}


def test_boto3(sandbox):
    sm = sandbox.client("sagemaker")
    sm.create_model(ModelName=MODEL, PrimaryContainer=CONTAINER, ExecutionRoleArn=ROLE, VpcConfig=VPC)
    sm.create_endpoint_config(EndpointConfigName=CONFIG, ProductionVariants=[VARIANT])
    sm.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=CONFIG)
    assert sm.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] == "Creating"
    sm.get_waiter("endpoint_in_service").wait(EndpointName=ENDPOINT, WaiterConfig={"Delay": 1})
    described = sm.describe_endpoint(EndpointName=ENDPOINT)
    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == CONFIG
    model = sm.describe_model(ModelName=MODEL)
    assert model["PrimaryContainer"]["ImageConfig"] == {"RepositoryAccessMode": "Vpc"}
    assert sorted(model["VpcConfig"]["Subnets"]) == VPC["Subnets"]


def test_aws_cli(sandbox):
    def aws(*arguments):
        command = [sys.executable, "-m", "awscli", "sagemaker", *arguments]
        env = environment(AWS_ENDPOINT_URL=sandbox.url, AWS_PAGER="", AWS_MAX_ATTEMPTS="1")
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    aws(
        "create-model",
        *("--model-name", MODEL),
        *("--primary-container", json.dumps(CONTAINER)),
        *("--execution-role-arn", ROLE),
        *("--vpc-config", json.dumps(VPC)),
    )
    aws("create-endpoint-config", "--endpoint-config-name", CONFIG, "--production-variants", json.dumps([VARIANT]))
    aws("create-endpoint", "--endpoint-name", ENDPOINT, "--endpoint-config-name", CONFIG)
    sandbox.post("/_sandbox/advance", {"seconds": 3600})
    assert aws("describe-endpoint", "--endpoint-name", ENDPOINT)["EndpointStatus"] == "InService"


def test_wrong_calls_get_the_services_own_words(sandbox):
    sm = sandbox.client("sagemaker")
    try:
        sm.describe_endpoint(EndpointName="nowhere")
    except sm.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationException"
        assert error.response["Error"]["Message"].startswith("Could not find endpoint")
    else:
        raise AssertionError("an unknown endpoint was described")
