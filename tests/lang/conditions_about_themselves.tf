resource "test_thing" "a" {
  name = "a"
  lifecycle {
    precondition {
      condition     = test_thing.a.id != ""
      error_message = "No."
    }
    postcondition {
      condition     = self.name != ""
      error_message = "${test_thing.a.name} is no name."
    }
  }
}

# expect:
# error conditions_about_themselves.tf:5:23-44 Invalid reference in precondition
# error conditions_about_themselves.tf:10:23-57 Invalid reference in postcondition
