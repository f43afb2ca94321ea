//! `registry check`, as far as it goes without a registry; the probe has its own tests in its own crate.

use smform_cli::Exit;

use crate::support::Bench;

#[test]
fn what_is_found_is_listed_with_codes() {
    let bench = Bench::new("");
    insta::assert_snapshot!(bench.run(&["registry", "check", "-no-color", "https://reg.example.com/a"]).all(), @r#"
https://reg.example.com/a

error     "https://reg.example.com/a" is not an image reference: an image
          reference has no scheme; write reg.example.com/a [reference-invalid]

SageMaker cannot pull this image as it is: 1 error.
--- exit 1
"#);
    insta::assert_snapshot!(bench.run(&["registry", "check", "-no-color", "localhost:5000/team/model:1"]).all(), @r#"
localhost:5000/team/model:1

error     localhost cannot be a registry in the VPC: it means the machine
          itself [host-unusable]
          Name the registry as the VPC resolves it.

SageMaker cannot pull this image as it is: 1 error.
--- exit 1
"#);
    let ecr = "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1";
    insta::assert_snapshot!(bench.run(&["registry", "check", "-no-color", ecr]).all(), @r#"
123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1

unknown   The image is in Amazon ECR, which was not asked [reference-ecr]
          Whether it exists, its platform and size, and whether the execution
          role may pull it: none of it was checked, since ECR tells it only to
          credentials of AWS. SageMaker pulls it without the VPC, and into
          models of us-east-1 only. To look:
              aws ecr describe-images --region us-east-1 --registry-id 123456789012 --repository-name model --image-ids imageTag=1
ok        The tag "1" may come to mean another image [reference-floating]
          Instances that are added later may run other code than those before,
          and a plan does not see a new push. To pin it, name the image by its
          digest.

No error was found: 1 unknown.
--- exit 0
"#);
    insta::assert_snapshot!(bench.run(&["registry", "check", "-json", "localhost/a"]).all(), @r#"
{
  "format_version": "1.0",
  "valid": false,
  "error_count": 1,
  "warning_count": 0,
  "unknown_count": 0,
  "image": "localhost/a",
  "facts": [
    {
      "severity": "error",
      "code": "host-unusable",
      "summary": "localhost cannot be a registry in the VPC: it means the machine itself",
      "detail": "Name the registry as the VPC resolves it."
    }
  ],
  "digest": null,
  "pinned": null,
  "media_type": null,
  "platform": null,
  "compressed_bytes": null
}
--- exit 1
"#);
}

#[test]
fn a_registry_that_is_not_reached_is_unknown_from_outside_and_an_error_from_inside() {
    let mut bench = Bench::new("");
    // A port of loopback that nobody listens on, since it was just given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let to = format!("-connect-to=reg.example.com={free}");
    let line = ["registry", "check", "-no-color", &to, "reg.example.com/a:1"];
    let ran = bench.run(&line).ok();
    assert!(ran.out.contains("unknown   reg.example.com:443: no connection"), "{}", ran.out);
    bench.environment.insert("SMFORM_REGISTRY_INSIDE_VPC".to_owned(), "1".to_owned());
    let ran = bench.run(&line);
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.out.contains("error     reg.example.com:443: no connection"), "{}", ran.out);
    // The environment says where to connect, too.
    bench.environment.insert("SMFORM_REGISTRY_CONNECT_TO".to_owned(), format!("reg.example.com={free}"));
    let again = bench.run(&["registry", "check", "-no-color", "reg.example.com/a:1"]);
    assert_eq!(again.out, ran.out);
}

#[test]
fn settings_that_cannot_be_used_are_told() {
    let mut bench = Bench::new("");
    bench.write("empty.pem", "");
    let check = |bench: &Bench, flag: &str| bench.run(&["registry", "check", "-no-color", flag, "r.io/a"]).all();
    insta::assert_snapshot!(check(&bench, "-ca-file=empty.pem"), @r#"
--- stderr

Error: Invalid CA file

empty.pem cannot be used: it holds no certificate.
--- exit 1
"#);
    assert!(check(&bench, "-ca-file=absent.pem").contains("Cannot read file"));
    assert!(check(&bench, "-connect-to=r.io").contains("ADDRESS:PORT"), "{}", check(&bench, "-connect-to=r.io"));
    assert!(check(&bench, "-architecture=mips").contains("mips"));
    assert!(check(&bench, "-volume-size=513").contains("513"));
    bench.environment.insert("SMFORM_REGISTRY_CONNECT_TO".to_owned(), "nonsense".to_owned());
    assert!(check(&bench, "-json").contains("Invalid SMFORM_REGISTRY_CONNECT_TO"));
}

#[test]
fn a_plan_without_models_asks_nobody() {
    let bench = Bench::new("output \"a\" {\n  value = 1\n}\n");
    bench.run(&["plan", "-registry-probe", "-out=p"]).ok();
    let ran = bench.run(&["apply", "-no-color", "-registry-probe", "p"]);
    assert!(ran.out.contains("Planning options with a saved plan are not used"), "{}", ran.all());
}
