resource "test_thing" "a" {
  name = "a"
  provisioner "local-exec" {
    command = "true"
  }
  provisioner "remote-exec" {
    inline = ["true"]
  }
  provisioner "nope" {
  }
  provisioner "local-exec" {
    when       = sometimes
    on_failure = ignore
    command    = "true"
  }
  provisioner "local-exec" {
    when    = destroy
    command = "echo ${self.name} ${test_thing.b.name}"
  }
  provisioner "local-exec" {
    command = "true"
    lifecycle {}
  }
}
resource "test_thing" "b" {
  name = "b"
}

# expect:
# error provisioners.tf:12:18-27 Invalid "when" keyword
# error provisioners.tf:13:18-24 Invalid "on_failure" keyword
# error provisioners.tf:18:15-55 Invalid reference from destroy provisioner
# error provisioners.tf:22:5-14 Reserved block type name in provisioner block
# error provisioners.tf:9:15-21 Missing required provisioner plugin
