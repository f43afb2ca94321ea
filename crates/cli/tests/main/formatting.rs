//! `fmt`, with the outputs that Terraform was seen to give.

use crate::support::{Bench, Ran};

const LOOSE: &str = "a  =1\nbb = 2\n";
const NEAT: &str = "a  = 1\nbb = 2\n";

fn bench() -> Bench {
    let bench = Bench::new(NEAT);
    bench.write("loose.tf", LOOSE);
    bench.write("values.tfvars", LOOSE);
    bench.write("sub/loose.tf", LOOSE);
    bench.write(".hidden/loose.tf", LOOSE);
    bench.write("other.txt", LOOSE);
    bench
}

fn code(ran: &Ran) -> u8 {
    ran.exit.code()
}

#[test]
fn files_of_the_folder_are_rewritten_and_named() {
    let bench = bench();
    assert_eq!(bench.run(&["fmt"]).ok().out, "loose.tf\nvalues.tfvars\n");
    assert_eq!((bench.read("loose.tf"), bench.read("values.tfvars")), (NEAT.to_owned(), NEAT.to_owned()));
    assert_eq!((bench.read("sub/loose.tf"), bench.read("other.txt")), (LOOSE.to_owned(), LOOSE.to_owned()));
    assert_eq!(bench.run(&["fmt", "-recursive"]).ok().out, "sub/loose.tf\n");
    assert_eq!(bench.read(".hidden/loose.tf"), LOOSE);
    assert_eq!(bench.run(&["fmt", "-recursive"]).ok().out, "");
}

#[test]
fn checking_writes_nothing_and_says_so_by_its_exit_code() {
    let bench = bench();
    let ran = bench.run(&["fmt", "-check", "-recursive"]);
    assert_eq!((code(&ran), ran.out.as_str()), (3, "loose.tf\nsub/loose.tf\nvalues.tfvars\n"));
    let quiet = bench.run(&["fmt", "-check", "-list=false", "values.tfvars"]);
    assert_eq!((code(&quiet), quiet.out.as_str()), (3, ""));
    assert_eq!(bench.read("loose.tf"), LOOSE);
    assert_eq!(bench.run(&["fmt", "-check", "main.tf"]).ok().out, "");
}

#[test]
fn a_difference_is_shown_as_a_patch() {
    let ran = bench().run(&["fmt", "-diff", "-write=false", "loose.tf"]).ok();
    assert_eq!(ran.out, "loose.tf\n--- old/loose.tf\n+++ new/loose.tf\n@@ -1,2 +1,2 @@\n-a  =1\n+a  = 1\n bb = 2\n");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let bench = bench();
    assert_eq!(bench.answer(&["fmt", "-"], "a  =1").ok().out, "a = 1\n");
    assert_eq!(code(&bench.answer(&["fmt", "-check", "-"], "a  =1\n")), 3);
    assert_eq!(bench.answer(&["fmt", "-check", "-"], "a = 1\n").ok().out, "");
    assert_eq!(bench.run(&["fmt", "-write=false", "-list=false", "loose.tf"]).ok().out, NEAT);
}

#[test]
fn what_cannot_be_formatted_is_told_with_its_place_and_the_rest_is_formatted() {
    let bench = bench();
    bench.write("broken.tf", "a = \n");
    let ran = bench.run(&["fmt", "-no-color"]);
    assert_eq!(code(&ran), 2);
    assert_eq!(ran.out, "loose.tf\nvalues.tfvars\n");
    assert!(ran.err.contains("on broken.tf line 1"), "{}", ran.all());
    let other = bench.run(&["fmt", "-no-color", "other.txt"]);
    assert!(code(&other) == 2 && other.err.contains("other.txt"), "{}", other.all());
    // A target that is not there ends the work.
    let missing = bench.run(&["fmt", "-no-color", "nowhere", "other.txt"]);
    assert_eq!(code(&missing), 2);
    let told = missing.err.contains("No file or directory at nowhere") && !missing.err.contains("other.txt");
    assert!(told, "{}", missing.all());
    // A dash names standard input only in the first place.
    assert!(bench.run(&["fmt", "-no-color", "loose.tf", "-"]).err.contains("No file or directory at -"));
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let bench = bench();
    let file = bench.path().join("loose.tf");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("set");
    symlink("loose.tf", bench.path().join("link.tf")).expect("linked");
    assert_eq!(bench.run(&["fmt", "link.tf"]).ok().out, "link.tf\n");
    assert_eq!(bench.read("loose.tf"), NEAT);
    assert!(bench.path().join("link.tf").is_symlink());
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
}
