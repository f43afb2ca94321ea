use serde_json::json;
use smform_provider::{Beside, CreateOutcome, PlannedObject, ReplaceOrder};
use smform_types::{Path, Value};

use crate::support::{CONFIG, GROUP, MODEL, ROLE, SUBNETS, config_body, model_body, place, shown, world};

#[tokio::test]
async fn a_configuration_lives() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    let made = world.create(CONFIG, &config_body("c", "m", 1)).await;
    assert_eq!(shown(&world.import(CONFIG, "c").await.unwrap()), shown(&made));
    let response = world.plan(CONFIG, Some(&made), &config_body("c", "m", 2)).await.unwrap();
    assert_eq!(response.replace.len(), 1);
    assert!(matches!(response.order, ReplaceOrder::SameName(_)));
    let mut tagged = config_body("c", "m", 1);
    tagged["tags"] = json!({"a": "1"});
    let made = world.update(CONFIG, &made, &tagged).await;
    world.delete(CONFIG, &made).await;
}

#[tokio::test]
async fn weights_in_single_precision_settle() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    let mut body = config_body("c", "m", 1);
    let variant = |name: &str, weight: f64| {
        json!({"variant_name": name, "model_name": "m",
        "instance_type": "ml.t2.medium", "initial_instance_count": 1, "initial_variant_weight": weight})
    };
    body["production_variants"] = json!([variant("a", 0.8), variant("b", 0.2), variant("c", 0.1)]);
    let made = world.create(CONFIG, &body).await;
    assert_eq!(shown(&world.import(CONFIG, "c").await.unwrap()), shown(&made));
}

#[tokio::test]
async fn every_argument_comes_back_as_it_was_given() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    let body = json!({
        "name_prefix": "all-",
        "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "production_variants": {
            "model_name": "m", "instance_type": "ml.m5.xlarge", "initial_instance_count": 2,
            "initial_variant_weight": 1, "volume_size_in_gb": 64, "enable_ssm_access": true,
            "model_data_download_timeout_in_seconds": 600, "container_startup_health_check_timeout_in_seconds": 600,
            "inference_ami_version": "al2-ami-sagemaker-inference-gpu-2",
            "core_dump_config": {"destination_s3_uri": "s3://b/dumps"},
            "routing_config": {"routing_strategy": "LEAST_OUTSTANDING_REQUESTS"},
        },
        "data_capture_config": {
            "enable_capture": false, "initial_sampling_percentage": 10, "destination_s3_uri": "s3://b/capture",
            "capture_options": [{"capture_mode": "Input"}, {"capture_mode": "Output"}],
            "capture_content_type_header": {"csv_content_types": ["text/csv"]},
        },
        "async_inference_config": {
            "client_config": {"max_concurrent_invocations_per_instance": 4},
            "output_config": {"s3_output_path": "s3://b/out", "notification_config": {
                "success_topic": "arn:aws:sns:us-east-1:123456789012:t",
                "include_inference_response_in": ["SUCCESS_NOTIFICATION_TOPIC"]}},
        },
        "tags": {"k": "v"},
    });
    let made = world.create(CONFIG, &body).await;
    let name = made
        .get("production_variants")
        .and_then(|v| v.get_index(0))
        .and_then(|v| v.get("variant_name"))
        .and_then(Value::as_str);
    assert!(name.is_some_and(|name| name.starts_with("terraform-20")), "{name:?}");
    let serverless = json!({"production_variants": {"variant_name": "v", "model_name": "plain",
        "serverless_config": {"max_concurrency": 5, "memory_size_in_mb": 2048, "provisioned_concurrency": 1}}});
    let plain = json!({"name": "plain", "execution_role_arn": ROLE,
        "primary_container": {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"}});
    world.create(MODEL, &plain).await;
    world.create(CONFIG, &serverless).await;
    let components = json!({"execution_role_arn": ROLE, "production_variants": {"variant_name": "v",
        "instance_type": "ml.g5.xlarge", "initial_instance_count": 1,
        "managed_instance_scaling": {"status": "ENABLED", "min_instance_count": 0, "max_instance_count": 4}}});
    world.create(CONFIG, &components).await;
    let mut shadow = config_body("shadow", "m", 1);
    shadow["shadow_production_variants"] = json!({"variant_name": "s", "model_name": "m",
        "instance_type": "ml.t2.medium", "initial_instance_count": 1});
    world.create(CONFIG, &shadow).await;
}

#[tokio::test]
async fn an_empty_text_is_no_arn() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    let mut body = config_body("c", "m", 1);
    let made = world.create(CONFIG, &body).await;
    for name in ["kms_key_arn", "execution_role_arn"] {
        body[name] = json!("");
    }
    assert_eq!(world.validate(CONFIG, &body), Vec::<String>::new());
    let plan = world.plan(CONFIG, Some(&made), &body).await.unwrap();
    assert!(plan.replace.is_empty(), "{:?}", plan.replace);
    assert_eq!(shown(&plan.planned), shown(&made));
}

#[tokio::test]
async fn empty_blocks_are_no_difference() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    let mut body = config_body("c", "m", 1);
    body["async_inference_config"] =
        json!({"client_config": {}, "output_config": {"s3_output_path": "s3://b/o", "notification_config": {}}});
    body["production_variants"]["capacity_reservation_config"] = json!({});
    world.create(CONFIG, &body).await;
    let hosting = json!({"name": "h", "execution_role_arn": ROLE, "production_variants": {"variant_name": "v",
        "instance_type": "ml.g5.xlarge", "initial_instance_count": 1, "managed_instance_scaling": {}}});
    world.create(CONFIG, &hosting).await;
    let model =
        |container: serde_json::Value| json!({"name": "e", "execution_role_arn": ROLE, "primary_container": container});
    let said = world.validate(MODEL, &model(json!({})));
    assert!(said.iter().any(|text| text.starts_with("Error primary_container")), "{said:?}");
    let image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1";
    let several =
        json!({"image": image, "mode": "MultiModel", "model_data_url": "s3://b/k/", "multi_model_config": {}});
    world.create(MODEL, &model(several)).await;
}

#[tokio::test]
async fn a_taken_name_is_an_error_and_a_lost_reply_is_not() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    world.create(CONFIG, &config_body("c", "m", 1)).await;
    assert!(matches!(world.try_create(CONFIG, &config_body("c", "m", 1)).await, CreateOutcome::Failed(_)));
    world
        .faults(json!({"rules": [{"match": {"operation": "CreateEndpointConfig"}, "nth": 1, "effect": "lost_reply"}]}));
    world.create(CONFIG, &config_body("lost", "m", 1)).await;
    let mut prefixed = config_body("x", "m", 1);
    prefixed["name"] = json!(null);
    prefixed["name_prefix"] = json!("p-");
    world
        .faults(json!({"rules": [{"match": {"operation": "CreateEndpointConfig"}, "nth": 1, "effect": "lost_reply"}]}));
    world.create(CONFIG, &prefixed).await;
}

#[tokio::test]
async fn a_region_that_does_not_scale_to_zero_is_warned_of() {
    let world = world().await;
    let said = async |region: &str| {
        let body = json!({"name": "h", "execution_role_arn": ROLE, "region": region, "production_variants": {
            "variant_name": "v", "instance_type": "ml.g5.xlarge", "initial_instance_count": 1,
            "managed_instance_scaling": {"min_instance_count": 0, "max_instance_count": 2}}});
        let plan = world.plan(CONFIG, None, &body).await.unwrap();
        plan.diagnostics.iter().map(|warning| warning.summary.clone()).collect::<Vec<_>>()
    };
    assert_eq!(said("us-east-1").await, [""; 0]);
    assert_eq!(said("eu-west-3").await, ["Scaling to zero may not be offered here"]);
}

#[tokio::test]
async fn mistakes_are_found_offline() {
    let world = world().await;
    let check = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body = config_body("c", "m", 1);
        change(&mut body);
        world.validate(CONFIG, &body)
    };
    let none: Vec<String> = vec![];
    let v = "production_variants[0]";
    assert_eq!(check(&|_| {}), none);
    assert_eq!(
        check(&|b| b["production_variants"]["serverless_config"] =
            json!({"max_concurrency": 1, "memory_size_in_mb": 1024})),
        [format!("Error {v}.instance_type: Conflicting arguments")]
    );
    assert_eq!(
        check(&|b| b["production_variants"]["instance_type"] = json!(null)),
        [format!("Error {v}: Variant without capacity")]
    );
    assert_eq!(
        check(&|b| b["production_variants"]["model_name"] = json!(null)),
        [format!("Error {v}: Variant without a model")]
    );
    assert_eq!(
        check(&|b| b["production_variants"]["managed_instance_scaling"] = json!({"status": "ENABLED"})),
        [format!("Error {v}.managed_instance_scaling: Managed scaling with a model")]
    );
    assert_eq!(
        check(&|b| b["production_variants"]["instance_type"] = json!("ml.t2.mediun")),
        [format!("Warning {v}.instance_type: Unknown value for instance_type")]
    );
    assert_eq!(
        check(&|b| b["production_variants"]["initial_variant_weight"] = json!(-1)),
        [format!("Error {v}.initial_variant_weight: Invalid value for initial_variant_weight")]
    );
    assert_eq!(
        check(&|b| b["production_variants"]["initial_variant_weight"] = json!(0)),
        [format!("Warning {v}.initial_variant_weight: No variant gets traffic")]
    );
    assert_eq!(
        check(&|b| {
            let one = b["production_variants"].take();
            b["production_variants"] = json!([one.clone(), one]);
        }),
        ["Error production_variants[1].variant_name: Variant name used twice"]
    );
    assert_eq!(
        check(&|b| {
            let one = b["production_variants"].clone();
            b["shadow_production_variants"] = json!([one.clone(), one]);
            b["shadow_production_variants"][0]["variant_name"] = json!("s");
            b["shadow_production_variants"][1]["variant_name"] = json!("t");
        }),
        ["Error shadow_production_variants: Too many variants for shadow testing"]
    );
    assert_eq!(
        check(&|b| b["production_variants"] = json!({"variant_name": "v", "model_name": "m",
        "serverless_config": {"max_concurrency": 1, "memory_size_in_mb": 1500, "provisioned_concurrency": 2}})),
        [
            format!("Error {v}.serverless_config[0].memory_size_in_mb: Invalid value for memory_size_in_mb"),
            format!(
                "Error {v}.serverless_config[0].provisioned_concurrency: Invalid value for provisioned_concurrency"
            )
        ]
    );
    assert_eq!(
        check(&|b| b["production_variants"]["routing_config"] = json!({"routing_strategy": "RANDOM",
        "prefix_aware_routing_config": {"prefix_length": 1024, "concurrency_threshold": 1}})),
        [format!("Error {v}.routing_config[0].prefix_aware_routing_config: Conflicting arguments")]
    );
    let traffic = json!({"max_invocations_per_second_per_instance": 10, "max_cross_region_percent_per_endpoint": 20});
    assert_eq!(check(&|b| b["cross_region_traffic_config"] = traffic.clone()), none);
    assert_eq!(
        check(&|b| {
            b["cross_region_traffic_config"] = traffic.clone();
            b["async_inference_config"] = json!({"output_config": {"s3_output_path": "s3://bucket/out"}});
        }),
        ["Error cross_region_traffic_config: Conflicting arguments"]
    );
    assert_eq!(
        check(
            &|b| b["data_capture_config"] = json!({"initial_sampling_percentage": 1, "destination_s3_uri": "s3://b/c",
        "capture_options": [{"capture_mode": "Input"}], "capture_content_type_header": {}})
        ),
        ["Error data_capture_config[0].capture_content_type_header: Empty capture_content_type_header"]
    );
    assert_eq!(
        check(&|b| {
            b["production_variants"]["model_name"] = json!("?");
            b["production_variants"]["instance_type"] = json!("?");
            b["production_variants"]["initial_instance_count"] = json!("?");
        }),
        none
    );
}

#[tokio::test]
async fn the_network_of_a_configuration_is_checked_live() {
    let world = world().await;
    let mut body = config_body("c", "m", 1);
    body["vpc_config"] = json!({"subnets": [SUBNETS[0], "subnet-00000000000000000"], "security_group_ids": [GROUP]});
    let errors = world.review(CONFIG, &body, &[]).await;
    assert_eq!(errors.iter().map(place).collect::<Vec<_>>(), ["vpc_config[0].subnets"]);
    body["vpc_config"] = json!({"subnets": SUBNETS, "security_group_ids": [GROUP]});
    assert!(world.review(CONFIG, &body, &[]).await.is_empty());
}

#[tokio::test]
async fn a_retired_accelerator_is_warned_of() {
    let world = world().await;
    let mut body = config_body("c", "m", 1);
    body["production_variants"]["accelerator_type"] = json!("ml.eia2.medium");
    assert_eq!(
        world.validate(CONFIG, &body),
        ["Warning production_variants[0].accelerator_type: Argument accelerator_type is deprecated"]
    );
}

#[tokio::test]
async fn values_that_are_not_known_yet_are_warned_of() {
    let world = world().await;
    for (block, name, known, new) in [
        ("routing_config", "routing_strategy", "KV_AWARE", "NEXT_AWARE"),
        ("", "inference_ami_version", "al2023-ami-sagemaker-inference-gpu-4-1", "al2033-ami-sagemaker-inference-gpu-9"),
        ("", "instance_type", "ml.g6e.xlarge", "ml.g9.xlarge"),
    ] {
        let said = |value: &str| {
            let mut body = config_body("c", "m", 1);
            let variant = &mut body["production_variants"];
            *(if block.is_empty() { &mut variant[name] } else { &mut variant[block][name] }) = json!(value);
            world.validate(CONFIG, &body)
        };
        assert_eq!(said(known), [""; 0]);
        let said = said(new);
        assert!(said.len() == 1 && said[0].starts_with("Warning"), "{said:?}");
    }
}

#[tokio::test]
async fn shadow_variants_need_no_more_than_others() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    let mut body = config_body("c", "m", 1);
    let mut shadow = body["production_variants"].clone();
    shadow["variant_name"] = json!("shadow");
    shadow["core_dump_config"] = json!({"destination_s3_uri": "s3://b/dumps"});
    body["shadow_production_variants"] = shadow;
    world.create(CONFIG, &body).await;
}

#[tokio::test]
async fn what_stands_beside_a_block_is_held_against_it_offline() {
    let world = world().await;
    let image = |region: &str| format!("123456789012.dkr.ecr.{region}.amazonaws.com/a:1");
    let model = |name: &str, region: &str| {
        json!({"name": name, "execution_role_arn": ROLE, "enable_network_isolation": true,
            "primary_container": {"image": image(region)}})
    };
    let said = |ty: &str, body: &serde_json::Value, region: serde_json::Value, others: &[serde_json::Value]| {
        let provider = crate::support::from_json(&world.provider.schema().block, &json!({"region": region}));
        let written = |body: &serde_json::Value| PlannedObject {
            type_name: MODEL.into(),
            before: None,
            after: Some(world.config(MODEL, body)),
        };
        let others: Vec<PlannedObject> = others.iter().map(written).collect();
        let beside = Beside { provider: &provider, others: &others };
        let found = world.provider.validate_beside(ty, &world.config(ty, body), &beside);
        found.iter().map(|told| format!("{}: {}", place(told), told.summary)).collect::<Vec<_>>()
    };
    // The region of the provider, as far as it is written, and that of the block itself.
    let elsewhere = ["primary_container[0].image: Image of another region"];
    let mut body = model("m", "eu-west-1");
    assert_eq!(said(MODEL, &body, json!("us-east-1"), &[]), elsewhere);
    assert_eq!(said(MODEL, &body, json!("eu-west-1"), &[]), [""; 0]);
    assert_eq!(said(MODEL, &body, json!(null), &[]), [""; 0]);
    body["region"] = json!("us-east-1");
    assert_eq!(said(MODEL, &body, json!("eu-west-1"), &[]), elsewhere);
    body["region"] = json!("?");
    assert_eq!(said(MODEL, &body, json!("us-east-1"), &[]), [""; 0]);
    // A serverless variant and its model, where both names are written.
    let serverless = |model: &str| {
        json!({"name": "c", "production_variants": {"variant_name": "v", "model_name": model,
            "serverless_config": {"memory_size_in_mb": 2048, "max_concurrency": 5}}})
    };
    let cannot = ["production_variants[0].model_name: A serverless variant cannot serve the model"];
    assert_eq!(said(CONFIG, &serverless("m"), json!(null), &[model("m", "us-east-1")]), cannot);
    assert_eq!(said(CONFIG, &serverless("n"), json!(null), &[model("m", "us-east-1")]), [""; 0]);
    assert_eq!(said(CONFIG, &serverless("?"), json!(null), &[model("?", "us-east-1")]), [""; 0]);
}

/// A policy that moves traffic in steps needs the same variants in the old and the new configuration.
#[tokio::test]
async fn a_replacement_keeps_the_names_that_nobody_wrote() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    let variant = |kind: &str| json!({"model_name": "m", "instance_type": kind, "initial_instance_count": 1});
    let body = |variants: serde_json::Value| json!({"name_prefix": "c-", "production_variants": variants});
    let old = world.create(CONFIG, &body(json!([variant("ml.m5.large")]))).await;
    let at = |index: usize| Path::attribute("production_variants").index(index).attr("variant_name");
    let generated = at(0).lookup(&old).and_then(Value::as_str).unwrap().to_owned();
    assert!(generated.starts_with("terraform-"), "{generated}");

    let replaced = body(json!([variant("ml.m5.xlarge")]));
    let planned = world.replacing(CONFIG, &old, &replaced).await.planned;
    assert_eq!(at(0).lookup(&planned).and_then(Value::as_str), Some(&*generated));
    let CreateOutcome::Complete(made) = world.session.create(CONFIG, &planned, &world.run).await else { panic!() };
    assert_eq!(at(0).lookup(&made).and_then(Value::as_str), Some(&*generated));
    world.assert_settled(CONFIG, &made, &replaced).await;

    // With other variants, and where a name is written, nothing is kept; nor is what somebody wrote before.
    let two = json!([variant("ml.m5.large"), variant("ml.m5.large")]);
    let planned = world.replacing(CONFIG, &old, &body(two)).await.planned;
    assert!(at(0).lookup(&planned).is_some_and(|name| !name.is_known()), "{planned:?}");
    let mut own = variant("ml.m5.large");
    own["variant_name"] = json!("own");
    let own = world.create(CONFIG, &body(json!([own]))).await;
    let planned = world.replacing(CONFIG, &own, &replaced).await.planned;
    assert!(at(0).lookup(&planned).is_some_and(|name| !name.is_known()), "{planned:?}");
}
