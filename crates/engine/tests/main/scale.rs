//! Large configurations.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use smform_engine::plan::walk::Options;

use crate::support::Bench;

/// Far above what a debug build needs on a busy machine, far below what quadratic time would take.
const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn ten_thousand_locals_in_a_chain_are_planned() {
    let mut text = String::from("locals {\n  l0 = 1\n");
    for at in 1..10_000 {
        let _ = writeln!(text, "  l{at} = local.l{} + 1", at - 1);
    }
    text.push_str("}\noutput \"end\" {\n  value = local.l9999\n}\n");
    let start = Instant::now();
    let (_, _, planned, found) = Bench::new().plan(&text, &Options::default()).await;
    assert!(!found.has_errors(), "{found:?}");
    let end = planned.plan.outputs.get("end").and_then(|output| output.after.clone());
    assert_eq!(end.map(|end| smform_types::json::plain(&end).to_string()).as_deref(), Some("10000"));
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_thousand_modules_are_planned() {
    let calls = |child: &str| {
        let mut text = String::from("variable \"x\" { default = 0 }\n");
        for at in 0..10 {
            let _ = write!(text, "module \"m{at}\" {{\n  source = \"{child}\"\n  x      = var.x * 10 + {at}\n}}\n");
        }
        text.push_str("output \"sum\" {\n  value = sum([for at in range(10) : [");
        for at in 0..10 {
            let _ = write!(text, "module.m{at}.sum, ");
        }
        text.push_str("][at]])\n}\n");
        text
    };
    let leaf = "variable \"x\" {}\noutput \"sum\" {\n  value = var.x\n}\n".to_owned();
    let files =
        [("main.tf", calls("./a")), ("a/main.tf", calls("../b")), ("b/main.tf", calls("../c")), ("c/main.tf", leaf)];
    let start = Instant::now();
    let host = std::sync::Arc::new(Bench::host(&files));
    let (_, _, planned, found) = Bench::new().plan_host(host, &Options::default()).await;
    assert!(!found.has_errors(), "{found:?}");
    let sum = planned.plan.outputs.get("sum").and_then(|output| output.after.clone());
    assert_eq!(sum.map(|sum| smform_types::json::plain(&sum).to_string()).as_deref(), Some("499500"));
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}
