//! Names that objects of a plan get.

use smform_engine::plan::Mode;
use smform_engine::plan::walk::Options;

use crate::support::Bench;

async fn refusals(bench: &Bench, text: &str) -> Vec<(String, String)> {
    let (_, _, _, found) = bench.plan(text, &Options::default()).await;
    found.iter().filter(|found| found.is_error()).map(|found| (found.summary.clone(), found.detail.clone())).collect()
}

#[tokio::test]
async fn a_name_is_not_given_twice() {
    let bench = Bench::new();
    let text = "resource \"test_thing\" \"a\" { name = \"same\" }\nresource \"test_thing\" \"b\" { name = \"same\" }";
    let found = refusals(&bench, text).await;
    let [(summary, detail)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(summary, "Two objects with the name \"same\"");
    assert!(detail.starts_with("test_thing.a (main.tf, line 1) gets \"same\""), "{detail}");
    let repeated = "resource \"test_thing\" \"a\" {\n count = 2\n name = \"same\"\n }";
    let found = refusals(&bench, repeated).await;
    assert!(found[0].1.starts_with("test_thing.a[0]") && found[0].1.contains("count.index"), "{found:?}");
    // What is there already, too.
    bench.converge("resource \"test_thing\" \"b\" { name = \"same\" }").await;
    assert_eq!(refusals(&bench, text).await.len(), 1);
}

#[tokio::test]
async fn a_name_that_is_given_up_is_free_when_its_holder_is_gone() {
    let bench = Bench::new();
    bench.converge("resource \"test_thing\" \"a\" { name = \"x\" }").await;
    bench.service.forget_calls();
    bench.converge("resource \"test_thing\" \"b\" { name = \"x\" }").await;
    assert_eq!(bench.service.calls(), ["delete x", "create x"]);
    // Not where the holder stays until its user has moved to the new one.
    let used = |name: &str, other: &str| {
        format!(
            "resource \"test_thing\" \"b\" {{ name = \"{name}\" }}\n{other}\nresource \"test_thing\" \"u\" {{\n name = \"u\"\n uses = \
             [{}]\n }}",
            if other.is_empty() { "test_thing.b.name" } else { "test_thing.c.name" }
        )
    };
    bench.converge(&used("x", "")).await;
    let found = refusals(&bench, &used("y", "resource \"test_thing\" \"c\" { name = \"x\" }")).await;
    let [(summary, detail)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(summary, "The name \"x\" is not free yet");
    assert!(detail.contains("test_thing.b (main.tf, line 1)") && detail.contains("two applies"), "{detail}");
}

#[tokio::test]
async fn a_block_that_is_renamed_is_told_with_the_move() {
    let bench = Bench::new();
    let text = |label: &str, key: &str| {
        format!(
            "resource \"test_thing\" \"{label}\" {{\n name = \"e\"\n uses = [\"c\"]\n }}\nresource \"test_thing\" \"each\" {{\n for_each = \
             toset([\"{key}\"])\n name = \"one\"\n }}"
        )
    };
    bench.converge(&text("a", "x")).await;
    let (_, _, _, found) = bench.plan(&text("b", "y"), &Options::default()).await;
    // Of several, all are told at once.
    let [both] = &found.iter().collect::<Vec<_>>()[..] else { panic!("{found:#?}") };
    for part in [
        "  - test_thing.a has the name \"e\", and test_thing.b gets it",
        "  - test_thing.each[\"x\"] has the name \"one\"",
        "nothing answers for what serves",
        "  moved {\n    from = test_thing.a\n    to   = test_thing.b\n  }",
        "from = test_thing.each[\"x\"]\n    to   = test_thing.each[\"y\"]",
    ] {
        assert!(both.detail.contains(part), "{part}: {}", both.detail);
    }
    for (label, key, serves) in [("b", "x", true), ("a", "y", false)] {
        let (_, _, _, found) = bench.plan(&text(label, key), &Options::default()).await;
        let [one] = &found.iter().collect::<Vec<_>>()[..] else { panic!("{found:#?}") };
        assert_eq!(one.detail.contains("nothing answers for it"), serves, "{}", one.detail);
        assert!(one.detail.contains("  moved {\n    from = test_thing."), "{}", one.detail);
    }
    // As it says.
    let moves = "\nmoved {\n from = test_thing.a\n to = test_thing.b\n }\nmoved {\n from = test_thing.each[\"x\"]\n to = \
                 test_thing.each[\"y\"]\n }";
    bench.service.forget_calls();
    bench.converge(&format!("{}{moves}", text("b", "y"))).await;
    assert!(bench.service.calls().is_empty());
}

#[tokio::test]
async fn a_name_that_what_targets_leave_out_has_is_not_free() {
    let bench = Bench::new();
    let text = |label: &str| format!("resource \"test_thing\" \"{label}\" {{\n name = \"e\"\n }}\n");
    bench.converge(&text("a")).await;
    let only = Options { targets: vec!["test_thing.b".parse().unwrap()], ..Options::default() };
    for (text, way_out) in [
        (
            text("b"),
            "name both with -target, and write\n\n  moved {\n    from = test_thing.a\n    to   = test_thing.b\n  }",
        ),
        (text("a") + &text("b"), "Name both with -target, or give the new one another name."),
    ] {
        let (_, _, _, found) = bench.plan(&text, &only).await;
        let errors: Vec<_> = found.iter().filter(|found| found.is_error()).collect();
        let [error] = &errors[..] else { panic!("{found:#?}") };
        assert!(error.summary == "The name \"e\" is not free yet" && error.detail.contains(way_out), "{error:#?}");
    }
    // As it says.
    let moved = "moved {\n from = test_thing.a\n to = test_thing.b\n }";
    let both =
        Options { targets: vec!["test_thing.a".parse().unwrap(), only.targets[0].clone()], ..Options::default() };
    bench.service.forget_calls();
    assert!(!bench.apply_with(&format!("{}{moved}", text("b")), &both).await.diagnostics.has_errors());
    assert!(bench.service.calls().is_empty());
}

#[tokio::test]
async fn a_part_goes_before_its_whole_is_changed_and_comes_after() {
    let bench = Bench::new();
    let text = |size: u32, part: &str| {
        format!(
            "resource \"test_thing\" \"e\" {{\n name = \"e\"\n size = {size}\n }}\nresource \"test_thing\" \"a\" {{\n name = \
             \"e/{part}\"\n lifecycle {{ create_before_destroy = false }}\n }}"
        )
    };
    bench.converge(&text(1, "blue")).await;
    assert_eq!(bench.service.calls(), ["create e", "create e/blue"]);
    bench.service.forget_calls();
    bench.converge(&text(2, "green")).await;
    assert_eq!(bench.service.calls(), ["delete e/blue", "update e", "create e/green"]);
    // One that is to be made anew first cannot go before, which is told.
    let first = text(3, "red").replace("create_before_destroy = false", "create_before_destroy = true");
    let (_, _, _, found) = bench.plan(&first, &Options::default()).await;
    let told: Vec<&str> = found.iter().map(|found| found.summary.as_str()).collect();
    assert_eq!(told, ["What is replaced may be in the way of another change"]);
    bench.service.forget_calls();
    bench.converge("locals {}").await;
    assert_eq!(bench.service.calls(), ["delete e/green", "delete e"]);
    // Nor does it matter which command takes both away.
    bench.converge(&text(1, "blue")).await;
    bench.service.forget_calls();
    bench.apply_with(&text(1, "blue"), &Options { mode: Mode::Destroy, ..Options::default() }).await;
    assert_eq!(bench.service.calls(), ["delete e/blue", "delete e"]);
}

#[tokio::test]
async fn what_serves_is_not_deleted_first() {
    let bench = Bench::new();
    let text = |image: &str, rule: &str| {
        format!(
            "resource \"test_thing\" \"c\" {{\n name_prefix = \"served-\"\n image = \"{image}\"\n {rule}\n }}\nresource \
             \"test_thing\" \"e\" {{\n name = \"e\"\n uses = [test_thing.c.name]\n }}"
        )
    };
    let rule = "lifecycle { create_before_destroy = false }";
    bench.converge(&text("a", rule)).await;
    let found = refusals(&bench, &text("b", rule)).await;
    let [(summary, detail)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(summary, "What is in use would be deleted first");
    assert!(detail.contains("test_thing.e uses it"), "{detail}");
    bench.converge(&text("b", "")).await;
}

#[tokio::test]
async fn what_serves_is_not_replaced_without_what_uses_it() {
    let bench = Bench::new();
    let text = |image: &str| {
        format!(
            "resource \"test_thing\" \"c\" {{\n name_prefix = \"served-\"\n image = \"{image}\"\n }}\nresource \"test_thing\" \"e\" {{\n \
             name = \"e\"\n uses = [test_thing.c.name]\n }}"
        )
    };
    bench.converge(&text("a")).await;
    let only = |address: &str| Options { targets: vec![address.parse().unwrap()], ..Options::default() };
    let (_, _, _, found) = bench.plan(&text("b"), &only("test_thing.c")).await;
    let errors: Vec<&str> = found.iter().filter(|found| found.is_error()).map(|found| found.summary.as_str()).collect();
    assert_eq!(errors, ["What is in use would be replaced without what uses it"]);
    let (_, _, _, found) = bench.plan(&text("b"), &only("test_thing.e")).await;
    assert!(!found.has_errors(), "{found:#?}");
}

#[tokio::test]
async fn what_is_left_to_do_is_done_by_the_next_run() {
    let bench = Bench::new();
    let text =
        |size: u32| format!("resource \"test_thing\" \"a\" {{\n name = \"a\"\n size = {size}\n password = \"x\"\n }}");
    bench.converge(&text(1)).await;
    bench.service.forget_calls();
    bench.service.fail("paint", "a");
    assert!(bench.apply(&text(2)).await.diagnostics.has_errors());
    assert_eq!(bench.service.calls(), ["update a", "paint a"]);
    // The object is as it is wanted, and all the same there is something to do, until it is done.
    bench.service.heal();
    bench.service.forget_calls();
    assert_eq!(bench.actions(&text(2)).await, ["test_thing.a update"]);
    bench.converge(&text(2)).await;
    assert_eq!(bench.service.calls(), ["update a", "paint a"]);
    assert!(bench.record.lock().await.owed.is_empty());
}

#[tokio::test]
async fn what_is_left_to_do_goes_with_an_object_that_moves() {
    let bench = Bench::new();
    let text = |label: &str, size: u32, moved: &str| {
        format!(
            "resource \"test_thing\" \"{label}\" {{\n name = \"a\"\n size = {size}\n password = \"x\"\n }}\n{moved}"
        )
    };
    bench.converge(&text("a", 1, "")).await;
    bench.service.fail("paint", "a");
    assert!(bench.apply(&text("a", 2, "")).await.diagnostics.has_errors());
    bench.service.heal();
    bench.service.forget_calls();
    let moved = text("b", 2, "moved {\n from = test_thing.a\n to = test_thing.b\n }");
    assert_eq!(bench.actions(&moved).await, ["test_thing.b update"]);
    bench.converge(&moved).await;
    assert_eq!(bench.service.calls(), ["update a", "paint a"]);
    assert!(bench.record.lock().await.owed.is_empty());
}

/// The refusal of a replacement whose name is written so, with the fix in it.
async fn refusal(name: &str) -> String {
    let bench = Bench::new();
    let text = |image: &str| {
        format!(
            "variable \"p\" {{\n  default = \"b\"\n}}\nresource \"test_thing\" \"c\" {{\n  name  = {name}\n  image = \
             \"{image}\"\n}}\nresource \"test_thing\" \"e\" {{\n  name = \"e\"\n  uses = test_thing.c[*].name\n}}\n"
        )
    };
    bench.converge(&text("a")).await;
    let mut errors = bench.errors(&text("b")).await;
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors.remove(0)
}

#[tokio::test]
async fn the_fix_of_a_fixed_name_keeps_what_computes_it() {
    for (name, fixed) in [
        ("\"plain\"", "\"plain-\""),
        ("\"${var.p}-config\"", "\"${var.p}-config-\""),
        ("var.p", "\"${var.p}-\""),
        ("join(\"-\", [var.p, \"x\"])", "\"${join(\"-\", [var.p, \"x\"])}-\""),
        ("var.p == \"b\" ? \"yes\" : \"no\"", "\"${var.p == \"b\" ? \"yes\" : \"no\"}-\""),
    ] {
        let error = refusal(name).await;
        let (old, new) = (format!("-  name  = {name}\n"), format!("+  name_prefix = {fixed}\n"));
        assert!(error.contains(&old) && error.contains(&new), "{name}: {error}");
        assert!(error.contains("refer to test_thing.c.name instead."), "{error}");
    }
}

#[tokio::test]
async fn only_the_users_of_an_instance_are_named_with_how_it_is_referred_to() {
    let bench = Bench::new();
    let text = |image: &str| {
        format!(
            r#"
            locals {{ images = {{ a = "{image}", b = "1" }} }}
            resource "test_thing" "c" {{
              for_each = local.images
              name     = "c-${{each.key}}"
              image    = each.value
            }}
            resource "test_thing" "e" {{
              for_each = local.images
              name     = "e-${{each.key}}"
              uses     = [test_thing.c[each.key].name]
            }}
            "#
        )
    };
    bench.converge(&text("1")).await;
    let errors = bench.errors(&text("2")).await;
    let [error] = &errors[..] else { panic!("{errors:#?}") };
    for part in [
        "test_thing.e[\"a\"] uses it",
        "name_prefix     = \"c-${each.key}-\"",
        "refer to test_thing.c[\"a\"].name, or test_thing.c[each.key].name in a block with the same instances, instead.",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
}
