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

#[test]
fn the_graph_of_resources_is_drawn_as_terraform_draws_it() {
    assert_eq!(bench().run(&["graph"]).ok().out, DOT);
}

#[test]
fn everything_is_drawn_when_asked_for_and_mermaid_is_another_language() {
    let bench = bench();
    let all = bench.run(&["graph", "-type=plan"]).ok().out;
    assert!(all.contains("  \"local.l\" -> \"terraform_data.a\";\n"), "{all}");
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
│   ├── provider[terraform.io/builtin/terraform]
│   └── module.deep
│       └── provider[terraform.io/builtin/terraform]
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
fn modules_are_read_by_get() {
    let bench = bench();
    assert_eq!(
        bench.run(&["get"]).ok().out,
        "- module.m\n- module.m.module.deep\n- module.n\n- module.n.module.deep\n"
    );
    bench.write("main.tf", "module \"gone\" { source = \"./gone\" }\n");
    assert_eq!(bench.run(&["get"]).exit.code(), 1);
}
