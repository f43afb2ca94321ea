"""A strict check of answers against the AWS service models: required members, types, enumerations, ranges, patterns.

boto3 itself validates what it sends, never what it receives, and drops what it does not know; so raw answers are
searched for members that the model lacks, too.
"""

import datetime
import json
import numbers
import re
import xml.etree.ElementTree as ElementTree


def problems(shape, value, path="answer"):
    """What is wrong with a parsed answer, as a list of sentences."""
    check = CHECKS.get(shape.type_name)
    return check(shape, value, path) if check else []


def structure(shape, value, path):
    if not isinstance(value, dict):
        return [f"{path} is {value!r}, not a structure"]
    found = [f"{path}.{name} is required and missing" for name in shape.required_members if name not in value]
    if shape.type_name == "structure" and shape.is_tagged_union and len(value) != 1:
        found.append(f"{path} has {len(value)} members of a union")
    for name, member in value.items():
        if name == "ResponseMetadata":
            continue
        if name not in shape.members:
            found.append(f"{path}.{name} is not in the model")
        else:
            found += problems(shape.members[name], member, f"{path}.{name}")
    return found


def sequence(shape, value, path):
    if not isinstance(value, list):
        return [f"{path} is {value!r}, not a list"]
    found = within(shape, len(value), path, "items")
    for index, item in enumerate(value):
        found += problems(shape.member, item, f"{path}[{index}]")
    return found


def mapping(shape, value, path):
    if not isinstance(value, dict):
        return [f"{path} is {value!r}, not a map"]
    found = within(shape, len(value), path, "entries")
    for key, item in value.items():
        found += problems(shape.key, key, f"{path} key {key!r}")
        found += problems(shape.value, item, f"{path}[{key!r}]")
    return found


def string(shape, value, path):
    # botocore decodes the policy documents of IAM.
    if isinstance(value, dict) and shape.name == "policyDocumentType":
        return []
    if not isinstance(value, str):
        return [f"{path} is {value!r}, not a string"]
    found = within(shape, len(value), path, "characters")
    if shape.enum and value not in shape.enum:
        found.append(f"{path} is {value!r}, not one of {shape.enum}")
    pattern = shape.metadata.get("pattern")
    try:
        # Java's classes that Python has not.
        pattern = pattern and re.sub(r"\\p\{[A-Z]\}", r"\\w\\s", pattern)
        if pattern and not re.fullmatch(pattern, value):
            found.append(f"{path} is {value!r}, which does not match {pattern}")
    except re.error:
        pass
    return found


def integer(shape, value, path):
    if not isinstance(value, int) or isinstance(value, bool):
        return [f"{path} is {value!r}, not an integer"]
    return within(shape, value, path, "")


def real(shape, value, path):
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return [f"{path} is {value!r}, not a number"]
    return within(shape, value, path, "")


def boolean(shape, value, path):
    return [] if isinstance(value, bool) else [f"{path} is {value!r}, not a boolean"]


def timestamp(shape, value, path):
    return [] if isinstance(value, datetime.datetime) else [f"{path} is {value!r}, not a time"]


def within(shape, size, path, unit):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    found = []
    if low is not None and size < low:
        found.append(f"{path} has {size} {unit}, fewer than {low}")
    if high is not None and size > high:
        found.append(f"{path} has {size} {unit}, more than {high}")
    return found


CHECKS = {
    "structure": structure,
    "list": sequence,
    "map": mapping,
    "string": string,
    "integer": integer,
    "long": integer,
    "float": real,
    "double": real,
    "boolean": boolean,
    "timestamp": timestamp,
}


def unknown_members(protocol, shape, body, operation):
    """Members of a raw answer that the model does not have; a parser would drop them silently."""
    if protocol == "json":
        return unknown_json(shape, json.loads(body or b"{}"), "answer")
    root = ElementTree.fromstring(body)
    if protocol == "query":
        root = next((child for child in root if local(child) == f"{operation}Result"), None)
        if root is None:
            return [] if shape is None else ["there is no result element"]
    return unknown_xml(shape, root, "answer")


def unknown_json(shape, value, path):
    if value is None:
        return [f"{path} is null"]
    if shape is None:
        return [f"{path}.{name} is not in the model" for name in value]
    if shape.type_name == "structure" and isinstance(value, dict):
        found = []
        for name, member in value.items():
            if name not in shape.members:
                found.append(f"{path}.{name} is not in the model")
            else:
                found += unknown_json(shape.members[name], member, f"{path}.{name}")
        return found
    if shape.type_name == "list" and isinstance(value, list):
        return [p for i, item in enumerate(value) for p in unknown_json(shape.member, item, f"{path}[{i}]")]
    return []


def unknown_xml(shape, element, path):
    if shape is None or shape.type_name == "structure":
        members = {} if shape is None else {
            member.serialization.get("name", name): member for name, member in shape.members.items()
        }
        found = []
        for child in element:
            name = local(child)
            # `return` is in every answer of EC2 that has nothing else to say, and in few models.
            if name in ("requestId", "return", "ResponseMetadata"):
                continue
            if name not in members:
                found.append(f"{path}.{name} is not in the model")
            else:
                found += unknown_xml(members[name], child, f"{path}.{name}")
        return found
    if shape.type_name == "list":
        wanted = shape.member.serialization.get("name", "member")
        found = [f"{path} has <{local(child)}>, not <{wanted}>" for child in element if local(child) != wanted]
        return found + [p for i, child in enumerate(element) for p in unknown_xml(shape.member, child, f"{path}[{i}]")]
    return []


def local(element):
    return element.tag.rsplit("}", 1)[-1]
