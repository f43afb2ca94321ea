use serde_json::json;
use smform_provider::{CreateOutcome, PlannedObject, ReplaceOrder, SameName};
use smform_types::Value;

use crate::support::{
    CONFIG, GROUP, IMAGE, MODEL, ROLE, SUBNETS, config_body, model_body, place, shown, world, world_with,
};

const ECR: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/img:1";

#[tokio::test]
async fn a_model_lives() {
    let world = world().await;
    let made = world.create(MODEL, &model_body("vpc-model")).await;
    assert_eq!(*world.run.intended.lock().unwrap(), ["vpc-model@us-east-1"]);
    assert_eq!(made.get("id"), Some(&Value::string("vpc-model")));
    let imported = world.import(MODEL, "vpc-model").await.unwrap();
    assert_eq!(shown(&imported), shown(&made));
    assert!(world.import(MODEL, "no-such-model").await.is_none());
    world.delete(MODEL, &made).await;
}

#[tokio::test]
async fn every_argument_comes_back_as_it_was_given() {
    let world = world().await;
    let container = |name: &str| {
        json!({
            "container_hostname": name,
            "image": ECR,
            "environment": {"A": "1", "B": ""},
            "model_data_source": {"s3_data_source": {
                "s3_uri": "s3://bucket/models/", "s3_data_type": "S3Prefix", "compression_type": "None",
                "model_access_config": {"accept_eula": true},
            }},
            "additional_model_data_source": [{"channel_name": "draft", "s3_data_source": {
                "s3_uri": "s3://bucket/draft/", "s3_data_type": "S3Prefix", "compression_type": "None",
            }}],
        })
    };
    let body = json!({
        "name_prefix": "all-",
        "execution_role_arn": ROLE,
        "container": [container("a"), container("b")],
        "inference_execution_config": {"mode": "Direct"},
        "enable_network_isolation": true,
        "vpc_config": {"subnets": SUBNETS, "security_group_ids": [GROUP]},
        "tags": {"k": "v"},
    });
    let made = world.create(MODEL, &body).await;
    assert!(made.get("name").and_then(Value::as_str).unwrap().starts_with("all-20"));
    let mut imported = world.import(MODEL, made.get("name").and_then(Value::as_str).unwrap()).await.unwrap();
    imported = imported
        .update_at(&smform_types::Path::attribute("timeouts").0, &mut |_| made.get("timeouts").cloned().unwrap());
    assert_eq!(shown(&imported), shown(&made));
    let simple = json!({
        "execution_role_arn": ROLE,
        "primary_container": {
            "image": "reg.example.org/a/b:1", "model_data_url": "s3://bucket/model.tar.gz",
            "image_config": {"repository_access_mode": "Vpc", "repository_auth_config": {
                "repository_credentials_provider_arn": "arn:aws:lambda:us-east-1:123456789012:function:SageMakerAuth"}},
        },
        "vpc_config": {"subnets": SUBNETS, "security_group_ids": [GROUP]},
    });
    let made = world.create(MODEL, &simple).await;
    assert_eq!(made.get("name_prefix"), Some(&Value::string("terraform-")));
    let single = json!({"execution_role_arn": ROLE, "container": [{"image": ECR}], "enable_network_isolation": false});
    world.create(MODEL, &single).await;
    let many = json!({"execution_role_arn": ROLE, "primary_container": {
        "image": ECR, "mode": "MultiModel", "model_data_url": "s3://bucket/models/",
        "multi_model_config": {"model_cache_setting": "Disabled"}}});
    world.create(MODEL, &many).await;
    let package = json!({"execution_role_arn": ROLE, "primary_container": {
        "model_package_name": "arn:aws:sagemaker:us-east-1:123456789012:model-package/pkg/3"}});
    world.create(MODEL, &package).await;
}

#[tokio::test]
async fn tags_change_in_place_and_everything_else_replaces() {
    let world =
        world_with(json!({"default_tags": {"tags": {"team": "ml", "env": "dev"}}, "ignore_tags": {"keys": ["owner"]}}))
            .await;
    let mut body = model_body("m");
    body["tags"] = json!({"a": "1", "env": "prod"});
    let made = world.create(MODEL, &body).await;
    assert_eq!(shown(made.get("tags_all").unwrap()), shown(&map(&[("a", "1"), ("env", "prod"), ("team", "ml")])));
    body["tags"] = json!({"b": "2"});
    let made = world.update(MODEL, &made, &body).await;
    assert_eq!(shown(made.get("tags_all").unwrap()), shown(&map(&[("b", "2"), ("env", "dev"), ("team", "ml")])));
    assert_eq!((world.calls("AddTags"), world.calls("DeleteTags")), (1, 1));
    for (pointer, value) in [
        ("/primary_container/image", json!("reg.example.org/other:2")),
        ("/vpc_config/subnets", json!([SUBNETS[0]])),
        ("/execution_role_arn", json!("arn:aws:iam::123456789012:role/Other")),
    ] {
        let mut changed = body.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        let response = world.plan(MODEL, Some(&made), &changed).await.unwrap();
        assert_eq!(response.replace.len(), 1, "{pointer}: {:?}", response.replace);
    }
}

fn map(entries: &[(&str, &str)]) -> Value {
    Value::map(smform_types::Type::String, entries.iter().map(|(key, value)| (*key, Value::string(value))))
}

#[tokio::test]
async fn the_order_of_a_replacement_follows_from_the_name() {
    let world = world().await;
    let order = async |change: serde_json::Value| {
        let mut body = model_body("vpc-model");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        world.plan(MODEL, None, &body).await.unwrap()
    };
    let fixed = order(json!({})).await;
    let instead = "name_prefix = \"vpc-model-\"".to_owned();
    assert_eq!(
        fixed.order,
        ReplaceOrder::SameName(SameName {
            attribute: smform_types::Path::attribute("name"),
            instead,
            users: Vec::new()
        })
    );
    assert_eq!(fixed.planned.get("id"), Some(&Value::string("vpc-model")));
    let prefixed = order(json!({"name": null, "name_prefix": "vpc-model-"})).await;
    assert_eq!(prefixed.order, ReplaceOrder::CreateFirst);
    for name in ["name", "id", "arn"] {
        assert!(prefixed.planned.get(name).is_some_and(|value| !value.is_known()), "{name}");
    }
    assert_eq!(order(json!({"name": null})).await.order, ReplaceOrder::CreateFirst);
    assert_eq!(order(json!({"name": "?"})).await.order, ReplaceOrder::DeleteFirst);
}

#[tokio::test]
async fn the_instances_that_a_plan_starts_need_addresses() {
    let world = world().await;
    let model = world.plan(MODEL, None, &model_body("m")).await.unwrap().planned;
    let object =
        |ty: &str, after: smform_types::Value| PlannedObject { type_name: ty.into(), before: None, after: Some(after) };
    let told = async |count: u32| {
        let config = world.plan(CONFIG, None, &config_body("c", "m", count)).await.unwrap().planned;
        let plan = [object(MODEL, model.clone()), object(CONFIG, config)];
        let found = world.session.review(&plan[0], &plan, &world.run).await;
        found.iter().map(|one| one.detail.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told(251).await, Vec::<String>::new());
    let found = told(252).await;
    assert!(found.len() == 1 && found[0].contains("504 in all") && found[0].contains("502 free"), "{found:?}");
}

#[tokio::test]
async fn an_inline_network_is_checked_live() {
    let world = world().await;
    let mut body = model_body("m");
    body["vpc_config"]["security_group_ids"] = json!(["sg-00000000000000000"]);
    let errors = world.review(MODEL, &body, &[]).await;
    let found: Vec<_> = errors.iter().map(|d| (d.summary.as_str(), place(d))).collect();
    assert_eq!(found, [("Security group not found", "vpc_config[0].security_group_ids".to_owned())]);
}

#[tokio::test]
async fn a_taken_name_is_an_error_and_a_lost_reply_is_not() {
    let world = world().await;
    world.create(MODEL, &model_body("m")).await;
    match world.try_create(MODEL, &model_body("m")).await {
        CreateOutcome::Failed(error) => {
            assert_eq!(error.summary, "Model \"m\" already exists");
            assert!(error.detail.contains("smform import ADDRESS m"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    world.faults(json!({"rules": [{"match": {"operation": "CreateModel"}, "nth": 1, "effect": "lost_reply"}]}));
    world.create(MODEL, &model_body("lost")).await;
    assert_eq!(world.calls("CreateModel"), 3);
}

#[tokio::test]
async fn only_the_role_is_waited_for() {
    let world = world().await;
    let role = "The execution role ARN \"x\" is invalid. Please ensure that the role exists and that its trust \
                relationship policy allows the action \"sts:AssumeRole\" for the service principal \"sagemaker.amazonaws.com\".";
    let refuse = |message: &str, times: u32| {
        json!({"rules": [{"match": {"operation": "CreateModel"}, "times": times, "nth": 1,
            "effect": {"error": {"code": "ValidationException", "message": message}}}]})
    };
    world.faults(refuse(role, 3));
    world.create(MODEL, &model_body("m")).await;
    assert_eq!(world.calls("CreateModel"), 4);
    world.faults(refuse("Something else.", 1));
    match world.try_create(MODEL, &model_body("n")).await {
        CreateOutcome::Failed(error) => assert_eq!(error.detail, "Something else."),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.calls("CreateModel"), 5);
    // After two minutes the answer stands.
    world.faults(refuse(role, 10_000));
    let before = world.run_time();
    assert!(matches!(world.try_create(MODEL, &model_body("n")).await, CreateOutcome::Failed(_)));
    let waited = world.run_time() - before;
    assert!((110.0..400.0).contains(&waited), "{waited}");
}

impl crate::support::World {
    fn run_time(&self) -> f64 {
        self.sandbox.clock().now().as_seconds()
    }
}

#[tokio::test]
async fn another_refusal_does_not_pass_for_an_object_that_is_gone() {
    let world = world().await;
    let made = world.create(MODEL, &model_body("m")).await;
    world.faults(json!({"rules": [{"match": {"service": "sagemaker"},
        "effect": {"error": {"code": "ValidationException", "message": "Cannot find model; other text."}}}]}));
    assert!(world.session.read(MODEL, &made, &world.run).await.is_err());
    assert!(world.session.delete(MODEL, &made, &world.run).await.is_err());
}

#[tokio::test]
async fn mistakes_are_found_offline() {
    let world = world().await;
    let check = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body = model_body("m");
        change(&mut body);
        world.validate(MODEL, &body)
    };
    let none: Vec<String> = vec![];
    assert_eq!(check(&|_| {}), none);
    // Rules of private registries.
    assert_eq!(
        check(&|b| b["vpc_config"] = json!(null)),
        ["Error primary_container[0].image_config[0].repository_access_mode: Private registry without a VPC"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["image_config"] = json!(null)),
        ["Error primary_container[0].image: Private registry without Vpc mode"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["image"] = json!("https://h.io/a:1")),
        ["Error primary_container[0].image: Invalid image reference"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["image"] = json!("localhost/a:1")),
        ["Error primary_container[0].image: Unusable registry host"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["image"] = json!("h.io/a")),
        ["Warning primary_container[0].image: Floating image tag"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["image"] = json!(ECR)),
        ["Warning primary_container[0].image: Vpc mode for an image in ECR"]
    );
    assert_eq!(
        check(&|b| {
            b["primary_container"]["image"] = json!(ECR);
            b["primary_container"]["image_config"] = json!({"repository_access_mode": "Platform", "repository_auth_config": {
            "repository_credentials_provider_arn": "arn:aws:lambda:us-east-1:123456789012:function:f"}});
        }),
        ["Error primary_container[0].image_config[0].repository_auth_config: Registry credentials without Vpc mode"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["image_config"]["repository_auth_config"] =
            json!({"repository_credentials_provider_arn": "f"})),
        [
            "Error primary_container[0].image_config[0].repository_auth_config[0].repository_credentials_provider_arn: Invalid value for repository_credentials_provider_arn"
        ]
    );
    assert_eq!(check(&|b| b["primary_container"]["image_config"]["repository_access_mode"] = json!("VPC")).len(), 2);
    // Ids and limits.
    assert_eq!(
        check(&|b| b["vpc_config"]["security_group_ids"] = json!([])),
        ["Error vpc_config[0].security_group_ids: Invalid value for security_group_ids"]
    );
    assert_eq!(
        check(&|b| b["vpc_config"]["subnets"] = json!(["vpc-0123456789abcdef0", SUBNETS[0]])),
        ["Error vpc_config[0].subnets: Invalid subnet id"]
    );
    assert_eq!(
        check(&|b| b["execution_role_arn"] = json!("role")),
        ["Error execution_role_arn: Invalid value for execution_role_arn"]
    );
    // Rules between arguments.
    assert_eq!(check(&|b| b["primary_container"] = json!(null)), ["Error : Model without a container"]);
    assert_eq!(
        check(&|b| b["container"] = json!([b["primary_container"].clone()])),
        ["Error container[0]: Conflicting blocks"]
    );
    assert_eq!(check(&|b| b["name_prefix"] = json!("m-")), ["Error name_prefix: Conflicting arguments"]);
    assert_eq!(
        check(&|b| b["primary_container"]["model_package_name"] = json!("p")),
        ["Error primary_container[0].model_package_name: Conflicting arguments"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["model_data_url"] = json!("s3://b/k")),
        ["Warning primary_container[0].model_data_url: Model data is not an archive"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["model_data_source"] = json!({"s3_data_source": {
        "s3_uri": "s3://b/k", "s3_data_type": "S3Prefix", "compression_type": "Gzip"}}))
        .len(),
        2
    );
    assert_eq!(
        check(&|b| b["inference_execution_config"] = json!({"mode": "Serial"})),
        ["Error inference_execution_config[0]: Execution mode without a pipeline"]
    );
    assert_eq!(
        check(&|b| {
            let one = b["primary_container"].take();
            b["container"] = json!([one.clone(), one]);
        }),
        ["Error container[1].container_hostname: Container host names"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["environment"] = json!({"1A": "x"})),
        ["Error primary_container[0].environment: Invalid environment"]
    );
    assert_eq!(
        check(&|b| b["primary_container"]["environment"] = json!({"DB_PASSWORD": "x"})),
        ["Warning primary_container[0].environment: Environment variable that looks like a secret"]
    );
    // What is counted, and what is not there, is none.
    let harmless =
        json!({"MAX_TOTAL_TOKENS": "4096", "HF_API_TOKEN": null, "API_KEY_LENGTH": "32", "USE_TOKEN": "true"});
    assert_eq!(check(&|b| b["primary_container"]["environment"] = harmless.clone()), [""; 0]);
    assert_eq!(
        check(&|b| b["primary_container"]["environment"] =
            json!((0..40).map(|n| (format!("K{n}"), "x".repeat(1000))).collect::<std::collections::BTreeMap<_, _>>())),
        ["Error primary_container[0].environment: Environment too large"]
    );
    assert_eq!(check(&|b| b["tags"] = json!({"aws:x": "1"})), ["Error tags: Invalid tag"]);
    assert_eq!(
        check(&|b| b["timeouts"] = json!({"create": "soon"})),
        ["Error timeouts.create: Invalid value for create"]
    );
    // What is not known yet is passed over.
    assert_eq!(
        check(&|b| {
            b["primary_container"]["image"] = json!("?");
            b["primary_container"]["image_config"]["repository_access_mode"] = json!("?");
            b["vpc_config"]["subnets"] = json!("?");
            b["execution_role_arn"] = json!("?");
            b["name"] = json!("?");
        }),
        none
    );
    let _ = IMAGE;
}

#[tokio::test]
async fn regions_of_arns_and_images_must_fit() {
    let world = world_with(json!({"region": "eu-west-1"})).await;
    let body =
        json!({"execution_role_arn": "arn:aws-cn:iam::123456789012:role/r", "primary_container": {"image": ECR}});
    let errors = world.plan(MODEL, None, &body).await.unwrap_err();
    let found: Vec<_> = errors.iter().map(|d| d.summary.as_str()).collect();
    assert_eq!(found, ["Role of another partition", "Image of another region"]);
}

#[tokio::test]
async fn a_region_argument_and_an_import_suffix_lead_elsewhere() {
    let world = world().await;
    let mut body = model_body("m");
    body["region"] = json!("eu-west-1");
    let made = world.create(MODEL, &body).await;
    assert!(made.get("arn").and_then(Value::as_str).unwrap().contains(":eu-west-1:"));
    assert_eq!(*world.run.intended.lock().unwrap(), ["m@eu-west-1"]);
    assert!(world.import(MODEL, "m").await.is_none());
    assert_eq!(shown(&world.import(MODEL, "m@eu-west-1").await.unwrap()), shown(&made));
    body["region"] = json!(null);
    let response = world.plan(MODEL, Some(&made), &body).await.unwrap();
    assert_eq!(response.replace, [smform_types::Path::attribute("region")]);
}

#[tokio::test]
async fn an_environment_with_null_entries_settles() {
    let world = world().await;
    let mut body = model_body("m");
    body["primary_container"]["environment"] = json!({"A": "1", "B": null});
    let made = world.create(MODEL, &body).await;
    world.assert_settled(MODEL, &made, &body).await;
    // Imported, it has no such entry, and the configuration still says the same.
    let imported = world.import(MODEL, "m").await.unwrap();
    world.assert_settled(MODEL, &imported, &body).await;
}

#[tokio::test]
async fn variables_that_are_null_are_left_out() {
    let world = world().await;
    for variables in [json!({"TASK": null}), json!({"A": "1", "TOKEN": null})] {
        let mut body = model_body("m");
        body["primary_container"]["environment"] = variables;
        let made = world.create(MODEL, &body).await;
        world.delete(MODEL, &made).await;
    }
}

#[tokio::test]
async fn a_model_that_serves_is_not_deleted() {
    let (world, endpoint) = crate::support::serving().await;
    let model = world.import(MODEL, "m").await.unwrap();
    let refused = world.session.delete(MODEL, &model, &world.run).await.unwrap_err();
    assert_eq!(refused.summary, "Model \"m\" is in use");
    assert!(refused.detail.contains("endpoint \"e\"."), "{refused}");
    // One that only configurations name serves nothing.
    world.delete(crate::support::ENDPOINT, &endpoint).await;
    world.delete(MODEL, &model).await;
}

#[tokio::test]
async fn another_eula_needs_another_model_in_either_kind_of_container() {
    let world = world().await;
    for block in ["primary_container", "container"] {
        let body = |accepted: bool| {
            let source = json!({"s3_uri": "s3://b/k/", "s3_data_type": "S3Prefix", "compression_type": "None",
                "model_access_config": {"accept_eula": accepted}});
            let container = json!({"image": ECR, "model_data_source": {"s3_data_source": source}});
            json!({"name": block.replace('_', "-"), "execution_role_arn": ROLE, (block): container})
        };
        let made = world.create(MODEL, &body(true)).await;
        let plan = world.plan(MODEL, Some(&made), &body(false)).await.unwrap();
        assert!(!plan.replace.is_empty(), "{block}");
    }
}
