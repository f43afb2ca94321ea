"""The check of answers finds what is wrong: it is itself checked on answers broken on purpose."""

import botocore.session
import pytest

from shapes import problems, unknown_members

MODELS = {name: botocore.session.get_session().get_service_model(name) for name in ("sagemaker", "ec2", "iam")}


def shape(service, operation):
    return MODELS[service].operation_model(operation).output_shape


@pytest.mark.parametrize(
    "answer, part",
    [
        ({}, "answer.Models is required"),
        ({"Models": "m"}, "not a list"),
        ({"Models": [{}]}, "answer.Models[0].ModelName is required"),
        ({"Models": [], "More": 1}, "answer.More is not in the model"),
        ({"Models": [{"ModelName": "-", "ModelArn": "a" * 20, "CreationTime": 1}]}, "does not match"),
        ({"Models": [{"ModelName": "m", "ModelArn": "a" * 20, "CreationTime": 1}]}, "not a time"),
    ],
)
def test_broken_answers_are_found(answer, part):
    assert any(part in problem for problem in problems(shape("sagemaker", "ListModels"), answer))


def test_enumerations_and_ranges_are_checked():
    answer = {"EndpointStatus": "Sleeping", "ProductionVariants": [{"VariantName": "V", "CurrentInstanceCount": -1}]}
    found = problems(shape("sagemaker", "DescribeEndpoint"), answer)
    assert any("'Sleeping', not one of" in problem for problem in found)
    assert any("CurrentInstanceCount has -1" in problem for problem in found)


def test_members_that_a_parser_would_drop_are_found():
    found = unknown_members("json", shape("sagemaker", "ListModels"), b'{"Models": [{"Name": "m"}], "X": null}', "")
    assert found == ["answer.Models[0].Name is not in the model", "answer.X is not in the model"]
    vpcs = b"<R><vpcSet><item><vpcName>n</vpcName></item><member/></vpcSet></R>"
    found = unknown_members("ec2", shape("ec2", "DescribeVpcs"), vpcs, "DescribeVpcs")
    assert found[0] == "answer.vpcSet has <member>, not <item>"
    assert found[1] == "answer.vpcSet[0].vpcName is not in the model"
    found = unknown_members("query", shape("iam", "GetRole"), b"<GetRoleResponse/>", "GetRole")
    assert found == ["there is no result element"]
