moved {
  from = test_thing.a
}
moved {
  from = test_thing.a
  to   = test_thing.a
}
moved {
  from = test_thing.a[each.key]
  to   = test_thing
}
removed {
  from = test_thing.a[0]
}
import {
  to = "test_thing.a"
}
import {
  to = upper("x")
  id = "x"
}
check "c" {
  asert {}
}

# expect:
# error refactoring_mistakes.tf:1:7-8 Missing required argument
# error refactoring_mistakes.tf:9:10-32 Invalid expression
# error refactoring_mistakes.tf:10:10-20 Invalid address
# error refactoring_mistakes.tf:13:22-25 Resource instance keys not allowed
# error refactoring_mistakes.tf:15:8-9 Missing required argument
# error refactoring_mistakes.tf:16:8-22 Invalid expression
# error refactoring_mistakes.tf:16:3-22 Invalid import address
# error refactoring_mistakes.tf:19:8-18 Invalid expression
# error refactoring_mistakes.tf:19:3-18 Invalid import address
# error refactoring_mistakes.tf:23:3-8 Unsupported block type
# error refactoring_mistakes.tf:22:1-10 Zero assert blocks
# error refactoring_mistakes.tf:4:1-6 Redundant move statement
