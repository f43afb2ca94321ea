provider "aws" { region = "us-east-1" }
module "real" {
  source               = "./module"
  name_prefix          = "real"
  pytorch_version      = "1.9.1"
  transformers_version = "4.17.0"
  instance_type        = "ml.g4dn.xlarge"
  hf_model_id          = "distilbert"
  hf_task              = "text-classification"
  autoscaling          = { max_capacity = 4 }
  tags                 = { a = "b" }
}
module "async" {
  source               = "./module"
  name_prefix          = "async"
  transformers_version = "4.26.0"
  instance_type        = "ml.m5.xlarge"
  model_data           = "s3://bucket/model.tar.gz"
  async_config         = { s3_output_path = "s3://bucket/out" }
}
module "less" {
  source               = "./module"
  name_prefix          = "less"
  transformers_version = "4.26.0"
  hf_model_id          = "x"
  hf_api_token         = "secret"
  serverless_config    = { max_concurrency = 10, memory_size_in_mb = 2048 }
}
output "arn" { value = module.real.sagemaker_endpoint.arn }
