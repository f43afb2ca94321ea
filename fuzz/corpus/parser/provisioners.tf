resource "test_thing" "a" {
  name = "a"
  provisioner "local-exec" {
    command = "true"
  }
}

# expect:
# error provisioners.tf:3:3-27 Provisioners are not supported
