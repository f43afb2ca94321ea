//! `plan`: what it prints and how it ends.

use smform_cli::Exit;

use crate::support::{Bench, steady};

const THINGS: &str = r#"
resource "test_thing" "a" {
  name = "a"
  size = 2
}

resource "terraform_data" "d" {
  input = { a = 1, b = ["x", test_thing.a.id] }
}

output "size" { value = test_thing.a.size }
"#;

#[test]
fn a_first_plan() {
    let bench = Bench::new(THINGS);
    insta::assert_snapshot!(bench.run(&["plan", "-no-color"]).all(), @r#"

Resource actions are indicated with the following symbols:
  + create

smform will perform the following actions:

  # terraform_data.d will be created
  + resource "terraform_data" "d" {
      + id     = (known after apply)
      + input  = {
          + a = 1
          + b = [
              + "x",
              + (known after apply),
            ]
        }
      + output = (known after apply)
    }

  # test_thing.a will be created
  + resource "test_thing" "a" {
      + id   = (known after apply)
      + name = "a"
      + size = 2
    }

Plan: 2 to add, 0 to change, 0 to destroy.

Changes to Outputs:
  + size = 2

─────────────────────────────────────────────────────────────────────────────

Note: This plan was not saved (-out), so "smform apply" makes a new one, which
may differ.
--- exit 0
"#);
}

#[test]
fn nothing_to_do_and_drift() {
    let bench = Bench::new(THINGS);
    bench.run(&["apply", "-auto-approve"]).ok();
    insta::assert_snapshot!(steady(&bench.run(&["plan", "-no-color"]).all()), @r#"
test_thing.a: Refreshing state... [id=a]
terraform_data.d: Refreshing state... [id=UUID]

No changes. Your infrastructure matches the configuration.

The real objects are what the configuration says, so no changes are needed.
--- exit 0
"#);
    bench.service.resize("a", 5);
    insta::assert_snapshot!(steady(&bench.run(&["plan", "-no-color"]).all()), @r#"
test_thing.a: Refreshing state... [id=a]
terraform_data.d: Refreshing state... [id=UUID]

Note: Objects have changed outside of smform

Since the last apply, these objects were changed by somebody else:

  # test_thing.a has changed
  ~ resource "test_thing" "a" {
        id   = "a"
        name = "a"
      ~ size = 2 -> 5
    }

Where the configuration still says otherwise, the plan undoes these changes;
ignore_changes in a lifecycle block leaves an attribute alone.

─────────────────────────────────────────────────────────────────────────────

Resource actions are indicated with the following symbols:
  ~ update in-place

smform will perform the following actions:

  # test_thing.a will be updated in-place
  ~ resource "test_thing" "a" {
        id   = "a"
        name = "a"
      ~ size = 5 -> 2
    }

Plan: 0 to add, 1 to change, 0 to destroy.

─────────────────────────────────────────────────────────────────────────────

Note: This plan was not saved (-out), so "smform apply" makes a new one, which
may differ.
--- exit 0
"#);
    insta::assert_snapshot!(steady(&bench.run(&["plan", "-no-color", "-refresh-only"]).all()), @r#"
test_thing.a: Refreshing state... [id=a]
terraform_data.d: Refreshing state... [id=UUID]

Note: Objects have changed outside of smform

Since the last apply, these objects were changed by somebody else:

  # test_thing.a has changed
  ~ resource "test_thing" "a" {
        id   = "a"
        name = "a"
      ~ size = 2 -> 5
    }

This is a refresh-only plan: applying it records these values in the state,
and changes no remote object.

─────────────────────────────────────────────────────────────────────────────

Changes to Outputs:
  ~ size = 2 -> 5

An apply only saves these new output values to the state, without changing any
real infrastructure.

─────────────────────────────────────────────────────────────────────────────

Note: This plan was not saved (-out), so "smform apply" makes a new one, which
may differ.
--- exit 0
"#);
    bench.service.lose("a");
    let ran = bench.run(&["plan", "-no-color", "-refresh-only"]);
    assert!(ran.out.contains("# test_thing.a has been deleted"), "{}", ran.all());
}

#[test]
fn detailed_exit_codes() {
    let bench = Bench::new(THINGS);
    let codes = |line: &[&str]| bench.run(line).exit;
    assert_eq!(codes(&["plan"]), Exit::Success);
    assert_eq!(codes(&["plan", "-detailed-exitcode"]), Exit::Changes);
    bench.run(&["apply", "-auto-approve"]).ok();
    assert_eq!(codes(&["plan", "-detailed-exitcode"]), Exit::Success);
    assert_eq!(codes(&["plan", "-detailed-exitcode", "-destroy"]), Exit::Changes);
    assert_eq!(codes(&["plan", "-detailed-exitcode", "-refresh-only"]), Exit::Success);
    bench.write("more.tf", "output \"more\" { value = local.nope }");
    assert_eq!(codes(&["plan", "-detailed-exitcode"]), Exit::Failure);
}

#[test]
fn actions_reasons_and_symbols() {
    let bench = Bench::new(
        r#"
resource "test_thing" "replaced" { image = "one" }
resource "test_thing" "changed" { name = "changed" }
resource "test_thing" "gone" { name = "gone" }
resource "test_thing" "moved" { name = "moved" }
resource "test_thing" "forgotten" { name = "forgotten" }
resource "test_thing" "many" {
  count = 2
  name  = "many-${count.index}"
}
resource "test_thing" "secret" {
  name     = "secret"
  password = "one"
}
"#,
    );
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.write(
        "main.tf",
        r#"
resource "test_thing" "replaced" { image = "two" }
resource "test_thing" "changed" {
  name = "changed"
  size = 7
  tags = { team = "ml" }
}
resource "test_thing" "elsewhere" { name = "moved" }
moved {
  from = test_thing.moved
  to   = test_thing.elsewhere
}
removed {
  from = test_thing.forgotten
  lifecycle { destroy = false }
}
resource "test_thing" "many" {
  count = 1
  name  = "many-${count.index}"
}
resource "test_thing" "secret" {
  name     = "secret"
  password = "two"
}
data "test_thing" "later" { name = test_thing.replaced.name }
"#,
    );
    insta::assert_snapshot!(bench.run(&["plan", "-no-color"]).all(), @r#"
test_thing.gone: Refreshing state... [id=gone]
test_thing.secret: Refreshing state... [id=secret]
test_thing.replaced: Refreshing state... [id=thing-1]
test_thing.many[0]: Refreshing state... [id=many-0]
test_thing.many[1]: Refreshing state... [id=many-1]
test_thing.elsewhere: Refreshing state... [id=moved]
test_thing.changed: Refreshing state... [id=changed]

Resource actions are indicated with the following symbols:
  ~ update in-place
  - destroy
+/- create replacement and then destroy
 <= read (data resources)

smform will perform the following actions:

  # data.test_thing.later will be read during apply
  # (config refers to values not yet known)
 <= data "test_thing" "later" {
      + name = (known after apply)
      + size = (known after apply)
    }

  # test_thing.changed will be updated in-place
  ~ resource "test_thing" "changed" {
        id   = "changed"
        name = "changed"
      ~ size = 1 -> 7
      + tags = {
          + "team" = "ml"
        }
    }

  # test_thing.moved has moved to test_thing.elsewhere
    resource "test_thing" "elsewhere" {
        id   = "moved"
        name = "moved"
        # (1 unchanged attribute hidden)
    }

 # test_thing.forgotten will no longer be managed by smform, but will not be destroyed
 # (destroy = false is set in the configuration)
 . resource "test_thing" "forgotten" {
        id   = "forgotten"
        name = "forgotten"
        # (1 unchanged attribute hidden)
    }

  # test_thing.gone will be destroyed
  # (because test_thing.gone is not in configuration)
  - resource "test_thing" "gone" {
      - id   = "gone" -> null
      - name = "gone" -> null
      - size = 1 -> null
    }

  # test_thing.many[1] will be destroyed
  # (because index [1] is out of range for count)
  - resource "test_thing" "many" {
      - id   = "many-1" -> null
      - name = "many-1" -> null
      - size = 1 -> null
    }

  # test_thing.replaced must be replaced
+/- resource "test_thing" "replaced" {
      ~ id    = "thing-1" -> (known after apply)
      ~ image = "one" -> "two" # forces replacement
      ~ name  = "thing-1" -> (known after apply)
        # (1 unchanged attribute hidden)
    }

  # test_thing.secret will be updated in-place
  ~ resource "test_thing" "secret" {
        id       = "secret"
        name     = "secret"
      ~ password = (sensitive value)
        # (1 unchanged attribute hidden)
    }

Plan: 1 to add, 2 to change, 3 to destroy.

Warning: Some objects will no longer be managed by smform

These leave the state, and stay as they are. To manage one again, import it.

  - test_thing.forgotten

─────────────────────────────────────────────────────────────────────────────

Note: This plan was not saved (-out), so "smform apply" makes a new one, which
may differ.
--- exit 0
"#);
}

#[test]
fn in_colour() {
    let bench = Bench::new("resource \"test_thing\" \"a\" {\n  name = \"a\"\n}\n");
    insta::assert_snapshot!(bench.run(&["plan"]).out.replace('\u{1b}', "^"), @r#"

Resource actions are indicated with the following symbols:
  ^[32m+^[0m create

smform will perform the following actions:

^[1m  # test_thing.a^[0m will be created
  ^[32m+^[0m resource "test_thing" "a" {
      ^[32m+^[0m id   = (known after apply)
      ^[32m+^[0m name = "a"
      ^[32m+^[0m size = 1
    }

^[1mPlan:^[0m 1 to add, 0 to change, 0 to destroy.

^[90m─────────────────────────────────────────────────────────────────────────────^[0m

Note: This plan was not saved (-out), so "smform apply" makes a new one, which
may differ.
"#);
}

#[test]
fn errors_are_located() {
    let bench = Bench::new(
        "variable \"size\" { default = 3 }\n\nresource \"test_thing\" \"a\" {\n\tname = \"a\"\n\tsize = \"é${var.size}\" + local.nope\n}\n",
    );
    insta::assert_snapshot!(bench.run(&["plan", "-no-color"]).all(), @r#"
--- stderr

Error: Reference to undeclared local value

  on main.tf line 5, in resource "test_thing" "a":
   5: 	size = "é${var.size}" + local.nope
      	                        ^^^^^^^^^^

A local value with the name "nope" has not been declared.
--- exit 1
"#);
    insta::assert_snapshot!(bench.run(&["plan"]).err.replace('\u{1b}', "^"), @r#"
^[31m╷^[0m
^[31m│^[0m ^[1m^[31mError:^[0m^[0m ^[1mReference to undeclared local value^[0m
^[31m│^[0m 
^[31m│^[0m   on main.tf line 5, in resource "test_thing" "a":
^[31m│^[0m    5: 	size = "é${var.size}" + ^[4mlocal.nope^[0m
^[31m│^[0m 
^[31m│^[0m A local value with the name "nope" has not been declared.
^[31m╵^[0m
"#);
}

#[test]
fn variables_in_order_of_strength() {
    let bench = Bench::new("variable \"v\" {}\noutput \"v\" { value = var.v }\n");
    bench.write("one.tfvars", "v = \"one\"\n");
    let value = |line: &[&str]| {
        let ran = bench.run(line);
        let line = ran.out.lines().find(|line| line.starts_with("  + v")).map(str::trim).map(str::to_owned);
        line.unwrap_or_else(|| ran.all())
    };
    assert_eq!(value(&["plan", "-no-color", "-var", "v=two", "-var-file=one.tfvars"]), "+ v = \"one\"");
    assert_eq!(value(&["plan", "-no-color", "-var-file", "one.tfvars", "-var=v=a=b"]), "+ v = \"a=b\"");
    let mut bench = Bench::new("variable \"v\" {}\noutput \"v\" { value = var.v }\n");
    bench.environment.insert("TF_VAR_v".to_owned(), "env".to_owned());
    assert!(bench.run(&["plan", "-no-color"]).out.contains("+ v = \"env\""));
}

#[test]
fn missing_variables_are_asked_for() {
    let bench = Bench::new("variable \"v\" {\n  description = \"What to say.\"\n}\noutput \"v\" { value = var.v }\n");
    insta::assert_snapshot!(bench.answer(&["plan", "-no-color"], "hello\n").all(), @r#"
var.v
  What to say.

  Enter a value: 

Changes to Outputs:
  + v = "hello"

An apply only saves these new output values to the state, without changing any
real infrastructure.

─────────────────────────────────────────────────────────────────────────────

Note: This plan was not saved (-out), so "smform apply" makes a new one, which
may differ.
--- exit 0
"#);
    insta::assert_snapshot!(bench.run(&["plan", "-no-color", "-input=false"]).all(), @r#"
--- stderr

Error: No value for required variable

  on main.tf line 1:
   1: variable "v" {
      ^^^^^^^^^^^^

The root module's variable "v" is not set, and has no default value.
--- exit 1
"#);
}

#[test]
fn options_that_exclude_each_other() {
    let bench = Bench::new(THINGS);
    for line in [
        &["plan", "-destroy", "-refresh-only"][..],
        &["plan", "-refresh-only", "-refresh=false"],
        &["plan", "-destroy", "-replace=test_thing.a"],
        &["apply", "-json"],
        &["apply", "-expect-digest=sha256:0"],
        &["destroy", "plan.out"],
        &["destroy", "-replace=test_thing.a"],
        &["refresh", "plan.out"],
        &["refresh", "-refresh=false"],
    ] {
        let ran = bench.run(line);
        assert_eq!(ran.exit, Exit::Failure, "{line:?}");
        assert!(ran.err.contains("Error:") || ran.out.contains("\"type\":\"diagnostic\""), "{line:?} {}", ran.all());
    }
}

#[test]
fn what_refresh_refuses_is_what_was_written() {
    let bench = Bench::new(THINGS);
    let ran = bench.run(&["refresh", "-no-color", "-destroy"]);
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.err.contains("leave out -destroy") && !ran.err.contains("-refresh-only"), "{}", ran.all());
}

#[test]
fn other_forms_of_a_plan() {
    let bench = Bench::new(
        "resource \"test_thing\" \"a\" {\n  name     = \"a\"\n  password = \"hunter2\"\n}\noutput \"o\" { value = test_thing.a.id }\n",
    );
    bench.run(&["plan", "-json-into=plan.json", "-markdown-into=plan.md", "-out=plan.out"]).ok();
    let markdown = steady(&bench.read("plan.md"));
    assert!(!markdown.contains("hunter2"));
    insta::assert_snapshot!(markdown, @r#"
### smform plan: 1 to add, 0 to change, 0 to destroy

Saved plan `sha256:SHA256`. To perform exactly these actions:

```sh
smform apply -expect-digest=sha256:SHA256 plan.out
```

| | Resource | Why |
|---|---|---|
| create | <code>test_thing.a</code> | new |

<details><summary>test_thing.a</summary>

```diff
   # test_thing.a will be created
+  + resource "test_thing" "a" {
+      + id       = (known after apply)
+      + name     = "a"
+      + password = (sensitive value)
+      + size     = 1
     }
```

</details>

<details><summary>Outputs</summary>

```diff
+  + o = (known after apply)
```

</details>
"#);
    let json: serde_json::Value = serde_json::from_str(&bench.read("plan.json")).expect("JSON");
    assert_eq!(json["resource_changes"][0]["change"]["after"]["password"], "hunter2");
    assert_eq!(json["resource_changes"][0]["change"]["after_sensitive"]["password"], true);
}

#[test]
fn a_comment_says_where_an_error_is_and_what_an_update_changes() {
    let bench = Bench::new(
        "resource \"test_thing\" \"a\" {\n  for_each = toset([\"x\", \"y\"])\n  name = each.key\n  lifecycle {\n    precondition {\n      \
         condition = each.key == \"z|\"\n      error_message = \"Never.\"\n    }\n  }\n}\n",
    );
    let ran = bench.run(&["plan", "-markdown-into=plan.md"]);
    assert_eq!(ran.exit, Exit::Failure, "{}", ran.all());
    let markdown = bench.read("plan.md");
    assert_eq!(markdown.matches("**Error:").count(), 1, "{markdown}");
    let names = "<code>test_thing.a[\"x\"]</code>, <code>test_thing.a[\"y\"]</code>";
    assert!(markdown.contains(&format!("> <code>main.tf:6</code> with {names}\n")), "{markdown}");
    assert!(markdown.contains("> ```hcl\n>       condition = each.key == \"z|\"\n> ```\n"), "{markdown}");

    bench.write("main.tf", "resource \"test_thing\" \"a\" { name = \"a\" }\n");
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.write("main.tf", "resource \"test_thing\" \"a\" {\n  name = \"a\"\n  size = 2\n}\n");
    bench.run(&["plan", "-markdown-into=plan.md"]).ok();
    let markdown = bench.read("plan.md");
    assert!(markdown.contains("| update | <code>test_thing.a</code> | <code>size</code> |"), "{markdown}");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_work() {
    let bench = Bench::new("resource \"test_thing\" \"a\" { name = \"a\" }");
    for flag in ["-out", "-json-into", "-markdown-into"] {
        let ran = bench.run(&["plan", "-no-color", &format!("{flag}=absent/x")]);
        assert_eq!(ran.exit, Exit::Failure);
        assert!(ran.err.contains("absent/x: the folder FOLDER/absent does not exist."), "{}", ran.err);
        assert!(!ran.out.contains("will be created"), "{}", ran.out);
        let ran = bench.run(&["plan", "-no-color", &format!("{flag}=.")]);
        assert!(ran.err.contains("is a folder; name a file."), "{}", ran.err);
    }
}

#[test]
fn messages_are_shown_by_their_places_and_findings_of_checks_one_by_one() {
    let check = |name: &str| {
        format!(
            "check \"{name}\" {{\n  assert {{\n    condition = local.x == 2\n    error_message = \"{name} says no\"\n  }}\n}}\n"
        )
    };
    let bench = Bench::new(&format!("locals {{ x = 1 }}\n{}{}", check("z"), check("a")));
    let out = bench.run(&["plan", "-no-color"]).ok().out;
    let (first, second) = (out.find("z says no").expect("told"), out.find("a says no").expect("told"));
    assert!(first < second && !out.contains("similar warning"), "{out}");
    let unknown = "resource \"terraform_data\" \"r\" {}\nlocals { x = length(terraform_data.r.id) }\n";
    bench.write("main.tf", &format!("{unknown}{}{}", check("z"), check("a")));
    let out = bench.run(&["plan", "-no-color"]).ok().out;
    assert_eq!(out.matches("assertion known after apply").count(), 2, "{out}");
    bench.write("main.tf", "variable \"z\" {}\nvariable \"a\" {}\n");
    let err = bench.run(&["plan", "-no-color", "-input=false"]).err;
    let (first, second) = (err.find("line 1").expect("told"), err.find("line 2").expect("told"));
    assert!(first < second, "{err}");
}

/// Modules have blocks of types that smform does not have, most of them switched off.
#[test]
fn a_block_of_an_unknown_type_is_passed_over_while_it_has_no_instances() {
    let text = r#"
variable "extra" { default = false }

provider "foreigner" {}

resource "foreign_thing" "one" {
  count = var.extra ? 1 : 0
  name  = "x"
}

data "foreign_data" "all" {
  for_each = var.extra ? toset(["a"]) : toset([])
}

resource "test_thing" "a" {
  name = try(foreign_thing.one[0].name, "a")
}

output "ids" { value = concat(foreign_thing.one[*].id, [for one in data.foreign_data.all : one.id]) }
"#;
    let bench = Bench::new(text);
    assert!(bench.run(&["validate", "-no-color"]).all().contains("no resource type \"foreign_thing\""));
    let applied = bench.run(&["apply", "-auto-approve", "-no-color"]);
    assert!(applied.exit == Exit::Success, "{}", applied.all());
    assert!(applied.all().contains("no data source \"foreign_data\""));
    let again = bench.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert!(again.exit == Exit::Success, "{}", again.all());
    let refused = bench.run(&["plan", "-no-color", "-var=extra=true"]).all();
    assert!(refused.contains("Error: Invalid resource type") && refused.contains("main.tf line 6"), "{refused}");
    assert!(refused.contains("Error: Invalid data source"), "{refused}");
    // Without a repetition it has an instance, and what is nearly the name of a type is misspelt.
    for text in ["resource \"foreign_thing\" \"one\" {}", "resource \"test_thingg\" \"one\" {\n  count = 0\n}"] {
        let refused = Bench::new(text).run(&["validate", "-no-color"]).all();
        assert!(refused.contains("Error: Invalid resource type"), "{refused}");
    }
}
