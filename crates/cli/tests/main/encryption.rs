//! States and saved plans that are encrypted: what is on disk, and the ways in and out.

use smform_cli::Exit;

use crate::support::Bench;

const SECRET: &str = "hunter2-hunter2";

fn configuration(encryption: &str) -> String {
    format!("terraform {{\n{encryption}\n}}\nresource \"terraform_data\" \"a\" {{\n  input = \"{SECRET}\"\n}}\n")
}

fn block(passphrase: &str, more: &str) -> String {
    format!(
        "encryption {{
           key_provider \"pbkdf2\" \"k\" {{
             passphrase = \"{passphrase}\"
             iterations = 200000
           }}
           method \"aes_gcm\" \"m\" {{ keys = key_provider.pbkdf2.k }}
           method \"unencrypted\" \"plain\" {{}}
           {more}
         }}"
    )
}

const BOTH: &str = "state { method = method.aes_gcm.m }\nplan { method = method.aes_gcm.m }";
const PASSPHRASE: &str = "correct horse battery";

/// Every file below a folder, but for the configuration.
fn files(folder: &std::path::Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(files(&entry));
        } else if entry.extension().is_none_or(|ending| ending != "tf") {
            let text = String::from_utf8_lossy(&std::fs::read(&entry).expect("readable")).into_owned();
            found.push((entry.display().to_string(), text));
        }
    }
    found
}

#[test]
fn nothing_on_disk_tells_what_is_recorded() {
    let bench = Bench::new(&configuration(&block(PASSPHRASE, BOTH)));
    bench.run(&["plan", "-out=a.plan"]).ok();
    bench.run(&["apply", "a.plan"]).ok();
    bench.write("more.tf", "resource \"terraform_data\" \"b\" {\n}\n");
    bench.run(&["apply", "-auto-approve"]).ok();
    for (name, text) in files(bench.path()) {
        assert!(!text.contains(SECRET) && !text.contains("terraform_data"), "{name}: {text}");
    }
    let state: serde_json::Value = serde_json::from_str(&bench.read("terraform.tfstate")).expect("JSON");
    assert_eq!((&state["encryption_version"], &state["serial"]), (&"v0".into(), &2.into()));
    assert!(state["meta"]["key_provider.pbkdf2.k"].is_string() && state["lineage"].is_string());
    assert!(bench.run(&["show"]).ok().out.contains(SECRET));
    assert!(bench.run(&["state", "pull"]).ok().out.contains(SECRET));
    assert!(bench.run(&["show", "terraform.tfstate"]).ok().out.contains(SECRET));
    assert_eq!(bench.run(&["plan", "-detailed-exitcode"]).exit, Exit::Success);
    bench.run(&["state", "push", "-force", "terraform.tfstate.backup"]).ok();
}

#[test]
fn a_wrong_or_missing_key_is_told_and_changes_nothing() {
    let bench = Bench::new(&configuration(&block(PASSPHRASE, BOTH)));
    bench.run(&["plan", "-out=a.plan"]).ok();
    bench.run(&["apply", "-auto-approve"]).ok();
    let before = bench.read("terraform.tfstate");
    let cases = [
        (block("another passphrase", BOTH), "another passphrase or key"),
        (
            block(PASSPHRASE, BOTH).replace(" \"k\"", " \"j\"").replace("pbkdf2.k", "pbkdf2.j"),
            "encrypted_metadata_alias",
        ),
        (block(PASSPHRASE, "state { method = method.unencrypted.plain }"), "no method that could decrypt it"),
        (String::new(), "TF_ENCRYPTION"),
    ];
    for (block, part) in cases {
        bench.write("main.tf", &configuration(&block));
        for line in [&["apply", "-auto-approve", "-no-color"][..], &["state", "list"], &["show", "a.plan", "-no-color"]]
        {
            let refused = bench.run(line);
            let said = refused.err.split_whitespace().collect::<Vec<_>>().join(" ");
            let plan_of_no_target = line[0] == "show" && block.contains("state { method = method.unencrypted");
            assert_eq!(refused.exit, Exit::Failure, "{line:?} {part}");
            assert!(said.contains(part) || plan_of_no_target && said.contains("plan block"), "{line:?} {part}: {said}");
        }
        assert_eq!(bench.read("terraform.tfstate"), before);
    }
}

#[test]
fn a_state_becomes_encrypted_and_is_so_no_longer() {
    let bench = Bench::new(&configuration(""));
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.write("main.tf", &configuration(&block(PASSPHRASE, BOTH)));
    let refused = bench.run(&["apply", "-auto-approve", "-no-color"]);
    assert!(refused.err.contains("fallback"), "{}", refused.all());
    let migrating = "state {\n method = method.aes_gcm.m\n fallback {\n method = method.unencrypted.plain\n }\n }";
    bench.write("main.tf", &configuration(&block(PASSPHRASE, migrating)));
    bench.run(&["apply", "-auto-approve"]).ok();
    assert!(!bench.read("terraform.tfstate").contains(SECRET));
    assert!(!bench.read("terraform.tfstate.backup").contains(SECRET));
    let enforced = migrating.replacen("method =", "enforced = true\n method =", 1);
    bench.write("main.tf", &configuration(&block(PASSPHRASE, &enforced)));
    assert!(bench.run(&["plan", "-no-color"]).err.contains("enforced"));
    let leaving = "state {\n method = method.unencrypted.plain\n fallback {\n method = method.aes_gcm.m\n }\n }";
    bench.write("main.tf", &configuration(&block(PASSPHRASE, leaving)));
    bench.run(&["apply", "-auto-approve"]).ok();
    assert!(bench.read("terraform.tfstate").contains(SECRET));
}

#[test]
fn kept_states_that_need_a_key_are_told() {
    let bench = Bench::new(&configuration(&block(PASSPHRASE, BOTH)));
    bench.run(&["apply", "-auto-approve"]).ok();
    bench.run(&["taint", "terraform_data.a"]).ok();
    bench.write("main.tf", &configuration(""));
    for line in [&["state", "history"][..], &["state", "history", "-no-color"]] {
        let told = bench.run(line).ok();
        let said = told.all().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.contains("1 of the states that are kept cannot be read") && said.contains("TF_ENCRYPTION"),
            "{said}"
        );
        assert!(!said.contains("is kept."), "{said}");
    }
    let refused = bench.run(&["state", "rollback", "-auto-approve", "00000001"]);
    assert!(refused.exit == Exit::Failure && refused.err.contains("encrypted"), "{}", refused.all());
}

#[test]
fn the_environment_may_hold_what_no_file_should() {
    let without = block("", BOTH).replace("passphrase = \"\"", "");
    let mut bench = Bench::new(&configuration(&without));
    let refused = bench.run(&["plan", "-no-color"]);
    assert!(refused.err.contains("TF_ENCRYPTION") && refused.err.contains("main.tf line"), "{}", refused.all());
    let given = [
        format!("key_provider \"pbkdf2\" \"k\" {{\n  passphrase = \"{PASSPHRASE}\"\n}}\n"),
        format!("{{\"key_provider\": {{\"pbkdf2\": {{\"k\": {{\"passphrase\": \"{PASSPHRASE}\"}}}}}}}}"),
    ];
    for text in given {
        bench.environment.insert("TF_ENCRYPTION".to_owned(), text);
        bench.run(&["apply", "-auto-approve"]).ok();
        assert!(!bench.read("terraform.tfstate").contains(SECRET));
    }
}

#[test]
fn an_alias_that_opentofu_passes_over_is_refused() {
    let mut bench = Bench::new(&configuration(&block(PASSPHRASE, BOTH)));
    let mut with = |name: &str| {
        let alias = "encrypted_metadata_alias = \"other\"";
        let text = format!("key_provider \"pbkdf2\" \"{name}\" {{\n  passphrase = \"{PASSPHRASE}\"\n  {alias}\n}}\n");
        bench.environment.insert("TF_ENCRYPTION".to_owned(), text);
        bench.run(&["plan", "-no-color"])
    };
    let refused = with("k");
    assert!(refused.exit == Exit::Failure && refused.err.contains("TF_ENCRYPTION line 3"), "{}", refused.all());
    assert!(refused.err.contains("has to stand there"), "{}", refused.all());
    with("one_of_its_own").ok();
}

#[test]
fn what_cannot_be_meant_is_refused_at_its_line() {
    let good = block(PASSPHRASE, BOTH);
    let chained = |inner: &str, outer: &str| {
        let good = good
            .replace("iterations", &format!("{inner}\niterations"))
            .replace("= key_provider.pbkdf2.k", "= key_provider.pbkdf2.o");
        format!(
            "{}\nkey_provider \"pbkdf2\" \"o\" {{\n{outer}\nchain = key_provider.pbkdf2.k\n}}\n}}",
            good.trim_end().trim_end_matches('}')
        )
    };
    let cases = [
        (good.replace("pbkdf2", "gcp_kms"), "no key provider \"gcp_kms\""),
        (good.replace(PASSPHRASE, "short"), "at least 16 characters"),
        (good.replace("200000", "1000"), "whole number from 200000"),
        (good.replace("iterations", "iteration"), "Did you mean \"iterations\"?"),
        (good.replace(&format!("\"{PASSPHRASE}\""), "var.secret"), "TF_ENCRYPTION may hold"),
        (
            good.replace("keys = key_provider.pbkdf2.k", "keys = key_provider.pbkdf2.other"),
            "no key_provider \"pbkdf2\" \"other\"",
        ),
        (good.replace("method.aes_gcm.m }\nplan", "method.aes_gcm.other }\nplan"), "no method \"aes_gcm\" \"other\""),
        (
            good.replace("\"aes_gcm\" \"m\"", "\"xor\" \"m\"").replace("aes_gcm.m", "xor.m"),
            "no encryption method \"xor\"",
        ),
        (good.replace(&format!("passphrase = \"{PASSPHRASE}\""), "chain = key_provider.pbkdf2.k"), "needs itself"),
        (good.replace("state {", "remote_state_data_sources {\ndefault {\n}\n}\nstate {"), "\"method\" is required"),
        (
            good.replace("iterations", "key_length = 24\niterations"),
            "keys of 16 or 32 bytes in smform, and these have 24",
        ),
        (chained("key_length = 15", ""), "at least 16 bytes, and this one has 15"),
        (
            chained("encrypted_metadata_alias = \"same\"", "encrypted_metadata_alias = \"same\""),
            "metadata as \"same\", too",
        ),
        (
            chained("encrypted_metadata_alias = \"key_provider.pbkdf2.o\"", ""),
            "metadata as \"key_provider.pbkdf2.o\", too",
        ),
    ];
    for (encryption, part) in cases {
        let refused = Bench::new(&configuration(&encryption)).run(&["plan", "-no-color"]);
        let said = refused.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(part) && said.contains("main.tf line"), "{part}: {said}");
    }
}

#[test]
fn states_of_tests_are_encrypted_too() {
    let thing = format!("resource \"test_thing\" \"a\" {{\n  name  = \"a\"\n  image = \"{SECRET}\"\n}}\n");
    let bench = Bench::new(&format!("terraform {{\n{}\n}}\n{thing}", block(PASSPHRASE, BOTH)));
    bench.write("a.tftest.hcl", "run \"makes\" {\n}\n");
    // What cannot be destroyed stays on record.
    bench.service.fail("delete", "a");
    let ran = bench.run(&["test", "-no-color"]);
    assert_eq!(ran.exit, Exit::Failure);
    assert!(ran.err.contains("test_thing.a"), "{}", ran.all());
    let states: Vec<_> = files(bench.path()).into_iter().filter(|(name, _)| name.contains("test-")).collect();
    assert!(states.iter().any(|(_, text)| text.contains("encryption_version")), "{states:?}");
    assert!(states.iter().all(|(_, text)| !text.contains(SECRET)), "{states:?}");
}

#[test]
fn a_mistake_in_the_variable_is_told_alone() {
    let mut bench = Bench::new(&format!("terraform {{\n{}\n}}\n", block(PASSPHRASE, BOTH)));
    let without = bench.read("main.tf").replace(&format!("passphrase = \"{PASSPHRASE}\""), "");
    assert!(!without.contains(PASSPHRASE));
    bench.write("main.tf", &without);
    let variable = "key_provider \"pbkdf2\" \"k\" { passphrase = \"at least sixteen\n }";
    bench.environment.insert("TF_ENCRYPTION".to_owned(), variable.to_owned());
    let ran = bench.run(&["plan", "-no-color"]);
    assert!(ran.exit == Exit::Failure && ran.err.contains("on TF_ENCRYPTION"), "{}", ran.all());
    assert!(!ran.err.contains("Give either passphrase"), "{}", ran.err);
}

#[test]
fn encrypted_states_of_other_configurations_are_read() {
    let output = format!("output \"secret\" {{\n  value = \"{SECRET}\"\n}}\n");
    let bench = Bench::new("");
    bench.write("net/main.tf", &format!("terraform {{\n{}\n}}\n{output}", block(PASSPHRASE, BOTH)));
    bench.run(&["-chdir=net", "apply", "-auto-approve"]).ok();
    assert!(!bench.read("net/terraform.tfstate").contains(SECRET));
    let reading = |passphrase: &str, remote: &str| {
        let block = block(passphrase, &format!("remote_state_data_sources {{\n{remote}\n}}"));
        bench.write(
            "main.tf",
            &format!(
                "terraform {{\n{block}\n}}\ndata \"terraform_remote_state\" \"net\" {{\n  backend = \"local\"\n  \
                 config  = {{ path = \"net/terraform.tfstate\" }}\n}}\noutput \"seen\" {{\n  value = \
                 data.terraform_remote_state.net.outputs.secret\n}}\n"
            ),
        );
        bench.run(&["plan", "-no-color"])
    };
    let default = "default {\n  method = method.aes_gcm.m\n}";
    let plain = "default {\n  method = method.unencrypted.plain\n}";
    let one = |name: &str| format!("remote_state_data_source \"{name}\" {{\n  method = method.aes_gcm.m\n}}");
    let named = |name: &str| format!("{plain}\n{}", one(name));
    assert!(reading(PASSPHRASE, default).ok().out.contains(SECRET));
    assert!(reading(PASSPHRASE, &named("net")).ok().out.contains(SECRET));
    for (ran, part) in [
        (reading(PASSPHRASE, ""), "remote_state_data_source \"net\" { method"),
        (reading(PASSPHRASE, &named("other")), "encrypted"),
        (reading("another passphrase", default), "the key does not fit"),
        (reading(PASSPHRASE, &format!("{0}\n{0}", one("net"))), "Duplicate"),
    ] {
        assert_eq!(ran.exit, Exit::Failure, "{part}: {}", ran.all());
        let said = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(part) && !said.contains(SECRET), "{part}: {said}");
    }
}
