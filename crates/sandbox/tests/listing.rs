//! Lists: order, filters, pages.

use serde_json::{Value, json};

use crate::support::{Client, config_input, model_input};

fn names(answer: &Value, list: &str, member: &str) -> Vec<String> {
    let items = answer[list].as_array().expect("a list");
    items.iter().map(|item| item[member].as_str().expect("a name").to_owned()).collect()
}

async fn models(aws: &Client, count: usize) {
    for number in 0..count {
        aws.ok("CreateModel", model_input(&format!("m{number:02}"))).await;
        aws.advance(1.0);
    }
}

#[tokio::test]
async fn newest_first_ten_at_a_time() {
    let aws = Client::new();
    models(&aws, 23).await;
    let mut seen = Vec::new();
    let mut pages = Vec::new();
    let mut input = json!({});
    loop {
        let page = aws.ok("ListModels", input.clone()).await;
        let page_names = names(&page, "Models", "ModelName");
        pages.push(page_names.len());
        seen.extend(page_names);
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(pages, [10, 10, 3]);
    let expected: Vec<String> = (0..23).rev().map(|number| format!("m{number:02}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_page_goes_on_after_deletions_and_tokens_are_bound_to_their_query() {
    let aws = Client::new();
    models(&aws, 6).await;
    let by_name = |extra: Value| {
        let mut input = json!({"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 2});
        input.as_object_mut().expect("an object").extend(extra.as_object().cloned().unwrap_or_default());
        input
    };
    let first = aws.ok("ListModels", by_name(json!({}))).await;
    assert_eq!(names(&first, "Models", "ModelName"), ["m00", "m01"]);
    let token = first["NextToken"].clone();
    aws.ok("DeleteModel", json!({"ModelName": "m00"})).await;
    let second = aws.ok("ListModels", by_name(json!({"NextToken": token}))).await;
    assert_eq!(names(&second, "Models", "ModelName"), ["m02", "m03"]);
    for input in [by_name(json!({"NextToken": token, "NameContains": "m"})), by_name(json!({"NextToken": "x"}))] {
        aws.refused("ListModels", input).await;
    }
    // The page size may change on the way.
    let rest = aws.ok("ListModels", by_name(json!({"NextToken": token, "MaxResults": 100}))).await;
    assert_eq!(names(&rest, "Models", "ModelName").len(), 4);
    aws.refused("ListModels", json!({"MaxResults": 101})).await;
}

#[tokio::test]
async fn filters() {
    let aws = Client::new();
    models(&aws, 3).await;
    let created = aws.ok("DescribeModel", json!({"ModelName": "m01"})).await["CreationTime"].clone();
    let list = async |input: Value| names(&aws.ok("ListModels", input).await, "Models", "ModelName");
    assert_eq!(list(json!({"NameContains": "m01"})).await, ["m01"]);
    assert_eq!(list(json!({"CreationTimeAfter": created})).await, ["m02"]);
    assert_eq!(list(json!({"CreationTimeBefore": created})).await, ["m00"]);

    for number in 0..2 {
        let config = format!("c{number}");
        aws.ok("CreateEndpointConfig", config_input(&config, "m00", 1)).await;
        aws.ok("CreateEndpoint", json!({"EndpointName": format!("e{number}"), "EndpointConfigName": config})).await;
        aws.advance(200.0);
    }
    let configs = aws.ok("ListEndpointConfigs", json!({})).await;
    assert_eq!(names(&configs, "EndpointConfigs", "EndpointConfigName"), ["c1", "c0"]);
    let serving = aws.ok("ListEndpoints", json!({"StatusEquals": "InService"})).await;
    assert_eq!(names(&serving, "Endpoints", "EndpointName"), ["e0"]);
    let by_status = aws.ok("ListEndpoints", json!({"SortBy": "Status", "SortOrder": "Ascending"})).await;
    assert_eq!(names(&by_status, "Endpoints", "EndpointStatus"), ["Creating", "InService"]);
}
