module "a" {
  source = "./child"
  naem   = "x"
}
module "b" {
  source = "./child"
  name   = "x"
}
module "loop" {
  source = "./loop"
}
module "versioned" {
  source  = "./child"
  version = "1.0"
}
