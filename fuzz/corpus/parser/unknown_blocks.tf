resourc "test_thing" "a" {
}
variables "x" {}
foo = 1
local = 2

# expect:
# error unknown_blocks.tf:4:1-4 Unsupported argument
# error unknown_blocks.tf:5:1-6 Unsupported argument
# error unknown_blocks.tf:1:1-8 Unsupported block type
# error unknown_blocks.tf:3:1-10 Unsupported block type
