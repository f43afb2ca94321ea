//! `graph`, `providers` and `get`, with outputs that Terraform was seen to give.

use crate::support::Bench;

fn bench() -> Bench {
    let bench = Bench::new(
        r#"
variable "v" { default = "d" }
locals { l = terraform_data.a.id }
resource "terraform_data" "a" { input = var.v }
resource "terraform_data" "b" { input = local.l }
resource "terraform_data" "c" {
  count = 2
  input = [terraform_data.b.id, terraform_data.a.id]
}
module "m" {
  source = "./m"
  x      = terraform_data.b.id
}
resource "terraform_data" "d" { input = module.m.y }
module "n" {
  source     = "./m"
  x          = 1
  depends_on = [terraform_data.c]
}
"#,
    );
    bench.write(
        "m/m.tf",
        r#"
variable "x" {}
resource "terraform_data" "in" { input = var.x }
resource "terraform_data" "in2" { input = terraform_data.in.id }
module "deep" { source = "./d" }
output "y" { value = terraform_data.in2.id }
"#,
    );
    bench.write("m/d/d.tf", "resource \"terraform_data\" \"deep\" {}\n");
    bench
}

const DOT: &str = r#"digraph G {
  rankdir = "RL";
  node [shape = rect, fontname = "sans-serif"];
  "terraform_data.a" [label="terraform_data.a"];
  "terraform_data.b" [label="terraform_data.b"];
  "terraform_data.c" [label="terraform_data.c"];
  "terraform_data.d" [label="terraform_data.d"];
  subgraph "cluster_module.m" {
    label = "module.m"
    fontname = "sans-serif"
    "module.m.terraform_data.in" [label="terraform_data.in"];
    "module.m.terraform_data.in2" [label="terraform_data.in2"];
  }
  subgraph "cluster_module.m.module.deep" {
    label = "module.m.module.deep"
    fontname = "sans-serif"
    "module.m.module.deep.terraform_data.deep" [label="terraform_data.deep"];
  }
  subgraph "cluster_module.n" {
    label = "module.n"
    fontname = "sans-serif"
    "module.n.terraform_data.in" [label="terraform_data.in"];
    "module.n.terraform_data.in2" [label="terraform_data.in2"];
  }
  subgraph "cluster_module.n.module.deep" {
    label = "module.n.module.deep"
    fontname = "sans-serif"
    "module.n.module.deep.terraform_data.deep" [label="terraform_data.deep"];
  }
  "terraform_data.b" -> "terraform_data.a";
  "terraform_data.c" -> "terraform_data.b";
  "terraform_data.d" -> "module.m.terraform_data.in2";
  "module.m.terraform_data.in" -> "terraform_data.b";
  "module.m.terraform_data.in2" -> "module.m.terraform_data.in";
  "module.n.terraform_data.in" -> "terraform_data.c";
  "module.n.terraform_data.in2" -> "module.n.terraform_data.in";
  "module.n.module.deep.terraform_data.deep" -> "terraform_data.c";
}
"#;

/// What `terraform graph -type=plan` prints.
const WALK: &str = r#"digraph {
	compound = "true"
	newrank = "true"
	subgraph "root" {
		"[root] module.m.module.deep.terraform_data.deep (expand)" [label = "module.m.module.deep.terraform_data.deep", shape = "box"]
		"[root] module.m.terraform_data.in (expand)" [label = "module.m.terraform_data.in", shape = "box"]
		"[root] module.m.terraform_data.in2 (expand)" [label = "module.m.terraform_data.in2", shape = "box"]
		"[root] module.n.module.deep.terraform_data.deep (expand)" [label = "module.n.module.deep.terraform_data.deep", shape = "box"]
		"[root] module.n.terraform_data.in (expand)" [label = "module.n.terraform_data.in", shape = "box"]
		"[root] module.n.terraform_data.in2 (expand)" [label = "module.n.terraform_data.in2", shape = "box"]
		"[root] provider[\"terraform.io/builtin/terraform\"]" [label = "provider[\"terraform.io/builtin/terraform\"]", shape = "diamond"]
		"[root] terraform_data.a (expand)" [label = "terraform_data.a", shape = "box"]
		"[root] terraform_data.b (expand)" [label = "terraform_data.b", shape = "box"]
		"[root] terraform_data.c (expand)" [label = "terraform_data.c", shape = "box"]
		"[root] terraform_data.d (expand)" [label = "terraform_data.d", shape = "box"]
		"[root] var.v" [label = "var.v", shape = "note"]
		"[root] local.l (expand)" -> "[root] terraform_data.a (expand)"
		"[root] module.m (close)" -> "[root] module.m.module.deep (close)"
		"[root] module.m (close)" -> "[root] module.m.output.y (expand)"
		"[root] module.m.module.deep (close)" -> "[root] module.m.module.deep.terraform_data.deep (expand)"
		"[root] module.m.module.deep (expand)" -> "[root] module.m (expand)"
		"[root] module.m.module.deep.terraform_data.deep (expand)" -> "[root] module.m.module.deep (expand)"
		"[root] module.m.module.deep.terraform_data.deep (expand)" -> "[root] provider[\"terraform.io/builtin/terraform\"]"
		"[root] module.m.output.y (expand)" -> "[root] module.m.terraform_data.in2 (expand)"
		"[root] module.m.terraform_data.in (expand)" -> "[root] module.m.var.x (expand)"
		"[root] module.m.terraform_data.in2 (expand)" -> "[root] module.m.terraform_data.in (expand)"
		"[root] module.m.var.x (expand)" -> "[root] module.m (expand)"
		"[root] module.m.var.x (expand)" -> "[root] terraform_data.b (expand)"
		"[root] module.n (close)" -> "[root] module.n.module.deep (close)"
		"[root] module.n (close)" -> "[root] module.n.output.y (expand)"
		"[root] module.n (expand)" -> "[root] terraform_data.c (expand)"
		"[root] module.n.module.deep (close)" -> "[root] module.n.module.deep.terraform_data.deep (expand)"
		"[root] module.n.module.deep (expand)" -> "[root] module.n (expand)"
		"[root] module.n.module.deep.terraform_data.deep (expand)" -> "[root] module.n.module.deep (expand)"
		"[root] module.n.output.y (expand)" -> "[root] module.n.terraform_data.in2 (expand)"
		"[root] module.n.terraform_data.in (expand)" -> "[root] module.n.var.x (expand)"
		"[root] module.n.terraform_data.in2 (expand)" -> "[root] module.n.terraform_data.in (expand)"
		"[root] module.n.var.x (expand)" -> "[root] module.n (expand)"
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] module.m.module.deep.terraform_data.deep (expand)"
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] module.n.module.deep.terraform_data.deep (expand)"
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] module.n.terraform_data.in2 (expand)"
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] terraform_data.d (expand)"
		"[root] root" -> "[root] module.m (close)"
		"[root] root" -> "[root] module.n (close)"
		"[root] root" -> "[root] provider[\"terraform.io/builtin/terraform\"] (close)"
		"[root] terraform_data.a (expand)" -> "[root] provider[\"terraform.io/builtin/terraform\"]"
		"[root] terraform_data.a (expand)" -> "[root] var.v"
		"[root] terraform_data.b (expand)" -> "[root] local.l (expand)"
		"[root] terraform_data.c (expand)" -> "[root] terraform_data.b (expand)"
		"[root] terraform_data.d (expand)" -> "[root] module.m.output.y (expand)"
	}
}
"#;

#[test]
fn what_a_plan_destroys_is_drawn_by_what_is_recorded() {
    let bench = Bench::new(CHANGING);
    let unplanned = bench.run(&["graph", "-type=plan-destroy"]).ok().out;
    assert_eq!(unplanned, "digraph {\n\tcompound = \"true\"\n\tnewrank = \"true\"\n\tsubgraph \"root\" {\n\t}\n}\n");
    bench.run(&["plan", "-out=first"]).ok();
    assert_eq!(bench.run(&["graph", "-plan=first"]).ok().out, CREATION);
    bench.run(&["apply", "first"]).ok();
    assert_eq!(bench.run(&["graph", "-type=plan-destroy"]).ok().out, DESTRUCTION);
    bench.write("main.tf", "resource \"terraform_data\" \"a\" {}\n");
    assert_eq!(bench.run(&["graph", "-type=plan"]).ok().out, ORPHANS);
    assert!(bench.run(&["graph", "-type=nothing"]).err.contains("Unsupported graph type"));
}

const CHANGING: &str = r#"
resource "terraform_data" "a" {}
resource "terraform_data" "b" {
  count = 2
  input = terraform_data.a.id
}
resource "terraform_data" "c" { input = terraform_data.b[1].id }
"#;

/// What Terraform prints for the plan that creates all of them.
const CREATION: &str = r#"digraph {
	compound = "true"
	newrank = "true"
	subgraph "root" {
		"[root] provider[\"terraform.io/builtin/terraform\"]" [label = "provider[\"terraform.io/builtin/terraform\"]", shape = "diamond"]
		"[root] terraform_data.a" [label = "terraform_data.a", shape = "box"]
		"[root] terraform_data.a (expand)" [label = "terraform_data.a", shape = "box"]
		"[root] terraform_data.b (expand)" [label = "terraform_data.b", shape = "box"]
		"[root] terraform_data.b[0]" [label = "terraform_data.b", shape = "box"]
		"[root] terraform_data.b[1]" [label = "terraform_data.b", shape = "box"]
		"[root] terraform_data.c" [label = "terraform_data.c", shape = "box"]
		"[root] terraform_data.c (expand)" [label = "terraform_data.c", shape = "box"]
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] terraform_data.b[0]"
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] terraform_data.c"
		"[root] root" -> "[root] provider[\"terraform.io/builtin/terraform\"] (close)"
		"[root] terraform_data.a (expand)" -> "[root] provider[\"terraform.io/builtin/terraform\"]"
		"[root] terraform_data.a" -> "[root] terraform_data.a (expand)"
		"[root] terraform_data.b (expand)" -> "[root] terraform_data.a"
		"[root] terraform_data.b[0]" -> "[root] terraform_data.b (expand)"
		"[root] terraform_data.b[1]" -> "[root] terraform_data.b (expand)"
		"[root] terraform_data.c (expand)" -> "[root] terraform_data.b[1]"
		"[root] terraform_data.c" -> "[root] terraform_data.c (expand)"
	}
}
"#;

/// What Terraform prints for their destruction.
const DESTRUCTION: &str = r#"digraph {
	compound = "true"
	newrank = "true"
	subgraph "root" {
		"[root] provider[\"terraform.io/builtin/terraform\"]" [label = "provider[\"terraform.io/builtin/terraform\"]", shape = "diamond"]
		"[root] terraform_data.a (destroy)" [label = "terraform_data.a", shape = "box"]
		"[root] terraform_data.b (destroy)" [label = "terraform_data.b", shape = "box"]
		"[root] terraform_data.b (destroy)" [label = "terraform_data.b", shape = "box"]
		"[root] terraform_data.c (destroy)" [label = "terraform_data.c", shape = "box"]
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] terraform_data.a (destroy)"
		"[root] root" -> "[root] provider[\"terraform.io/builtin/terraform\"] (close)"
		"[root] terraform_data.a (destroy)" -> "[root] terraform_data.b (destroy)"
		"[root] terraform_data.b (destroy)" -> "[root] terraform_data.c (destroy)"
		"[root] terraform_data.c (destroy)" -> "[root] provider[\"terraform.io/builtin/terraform\"]"
	}
}
"#;

/// What Terraform prints for a plan after two of them were taken out.
const ORPHANS: &str = r#"digraph {
	compound = "true"
	newrank = "true"
	subgraph "root" {
		"[root] provider[\"terraform.io/builtin/terraform\"]" [label = "provider[\"terraform.io/builtin/terraform\"]", shape = "diamond"]
		"[root] terraform_data.a (expand)" [label = "terraform_data.a", shape = "box"]
		"[root] terraform_data.b[0] (orphan)" [label = "terraform_data.b", shape = "box"]
		"[root] terraform_data.b[1] (orphan)" [label = "terraform_data.b", shape = "box"]
		"[root] terraform_data.c (orphan)" [label = "terraform_data.c", shape = "box"]
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] terraform_data.a (expand)"
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] terraform_data.b[0] (orphan)"
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] terraform_data.b[1] (orphan)"
		"[root] provider[\"terraform.io/builtin/terraform\"] (close)" -> "[root] terraform_data.c (orphan)"
		"[root] root" -> "[root] provider[\"terraform.io/builtin/terraform\"] (close)"
		"[root] terraform_data.a (expand)" -> "[root] provider[\"terraform.io/builtin/terraform\"]"
		"[root] terraform_data.b[0] (orphan)" -> "[root] provider[\"terraform.io/builtin/terraform\"]"
		"[root] terraform_data.b[1] (orphan)" -> "[root] provider[\"terraform.io/builtin/terraform\"]"
		"[root] terraform_data.c (orphan)" -> "[root] provider[\"terraform.io/builtin/terraform\"]"
	}
}
"#;

#[test]
fn the_graph_of_resources_is_drawn_as_terraform_draws_it() {
    assert_eq!(bench().run(&["graph"]).ok().out, DOT);
}

#[test]
fn everything_is_drawn_when_asked_for_and_mermaid_is_another_language() {
    let bench = bench();
    for kind in ["-type=plan", "-type=plan-refresh-only", "-type=apply"] {
        assert_eq!(bench.run(&["graph", kind]).ok().out, WALK, "{kind}");
    }
    let mermaid = bench.run(&["graph", "-format=mermaid"]).ok().out;
    assert!(mermaid.starts_with("flowchart RL\n  n0[\"terraform_data.a\"]\n"), "{mermaid}");
    assert!(mermaid.contains("\n  subgraph m1[\"module.m\"]\n") && mermaid.contains("\n  n1 --> n0\n"), "{mermaid}");
}

#[test]
fn what_needs_itself_is_only_drawn_on_demand() {
    let bench = Bench::new("locals {\n  a = local.b\n  b = local.a\n}\n");
    let ran = bench.run(&["graph", "-no-color"]);
    assert_eq!(ran.exit.code(), 1, "{}", ran.all());
    bench.run(&["graph", "-draw-cycles", "-type=plan"]).ok();
}

#[test]
fn providers_are_a_tree_of_modules() {
    let expected = "
Providers required by configuration:
.
├── provider[terraform.io/builtin/terraform]
├── module.m
│   ├── provider[terraform.io/builtin/terraform]
│   └── module.deep
│       └── provider[terraform.io/builtin/terraform]
└── module.n
    ├── provider[terraform.io/builtin/terraform]
    └── module.deep
        └── provider[terraform.io/builtin/terraform]

";
    assert_eq!(bench().run(&["providers"]).ok().out, expected);
    let named = Bench::new(
        "terraform {\n  required_providers {\n    aws = {\n      source  = \"hashicorp/aws\"\n      version = \"~> 5.0\"\n    }\n  }\n}\n",
    );
    let tree = named.run(&["providers"]).ok().out;
    assert!(tree.ends_with(".\n└── provider[registry.terraform.io/hashicorp/aws] ~> 5.0\n\n"), "{tree}");
}

#[test]
fn modules_are_a_tree_and_json() {
    let bench = bench();
    let tree = "\nModules declared by configuration:\n.\n├── \"m\"[./m]\n│\u{a0}\u{a0} └── \"deep\"[./d]\n└── \"n\"[./m]\n    └── \"deep\"[./d]\n\n";
    assert_eq!(bench.run(&["modules"]).ok().out, tree);
    let json: serde_json::Value = serde_json::from_str(&bench.run(&["modules", "-json"]).ok().out).expect("JSON");
    assert_eq!(json["modules"][1], serde_json::json!({ "key": "deep", "source": "./d", "version": "" }));
    assert_eq!(json["modules"].as_array().map(Vec::len), Some(4));
}

#[test]
fn functions_are_described_to_programs() {
    let bench = Bench::new("");
    let text = bench.run(&["metadata", "functions", "-json"]).ok().out;
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let lookup = &json["function_signatures"]["core::lookup"];
    assert_eq!(lookup["parameters"][1], serde_json::json!({ "name": "key", "type": "string" }));
    assert_eq!(lookup["variadic_parameter"]["name"], "default");
    assert_eq!(bench.run(&["metadata", "functions"]).exit.code(), 1);
}

#[test]
fn modules_are_read_by_get() {
    let bench = bench();
    assert_eq!(bench.run(&["get"]).ok().out, "- m in m\n- m.deep in m/d\n- n in m\n- n.deep in m/d\n");
    // What is listed already is not told again, unless all is to be looked at anew.
    assert_eq!(bench.run(&["get"]).ok().out, "");
    assert!(bench.run(&["get", "-update"]).ok().out.starts_with("- m in m\n"));
    let listed: serde_json::Value = serde_json::from_str(&bench.read(".terraform/modules/modules.json")).expect("JSON");
    assert_eq!(listed["Modules"][2], serde_json::json!({ "Key": "m.deep", "Source": "./d", "Dir": "m/d" }));
    bench.write("main.tf", "module \"gone\" { source = \"./gone\" }\n");
    assert_eq!(bench.run(&["get"]).exit.code(), 1);
}
