//! Validation finds what can be known to be wrong without state or calls.

use crate::support::Bench;

#[tokio::test]
async fn valid_configurations_pass_with_everything_unknown() {
    let bench = Bench::new();
    let text = r#"
        variable "names" { type = list(string) }
        resource "test_thing" "x" {
          for_each = toset(var.names)
          name     = each.value
          size     = length(each.key)
        }
        resource "test_thing" "y" {
          count = length(var.names)
          name  = "y${count.index}"
          uses  = [for thing in test_thing.x : thing.name]
        }
        output "first" { value = test_thing.y[0].id }
    "#;
    assert_eq!(bench.validate(text), Vec::<String>::new());
}

#[tokio::test]
async fn mistakes_are_found_each_at_its_place() {
    let bench = Bench::new();
    let text = r#"
        resource "test_thing" "x" {
          nmae = "a"
          size = "big"
        }
        output "o" { value = test_thing.x.idd }
    "#;
    let errors = bench.validate(text);
    for part in ["main.tf:3", "Did you mean \"name\"", "main.tf:4", "number"] {
        assert!(errors.iter().any(|error| error.contains(part)), "{part} is not in {errors:#?}");
    }
}

#[tokio::test]
async fn a_type_that_nobody_offers_is_named_with_the_nearest_one() {
    let errors = Bench::new().validate("resource \"test_thingg\" \"x\" {}");
    assert!(errors.iter().any(|error| error.contains("Did you mean \"test_thing\"")), "{errors:#?}");
}
