//! Whole commands against the scripted provider and `terraform_data`, in a folder of their own.

mod applying;
mod drawing;
mod encryption;
mod evaluating;
mod formatting;
mod importing;
mod machine;
mod opentofu;
mod planning;
mod registry;
mod rendering;
mod saved;
mod states;
mod support;
mod surgery;
mod terraform;
mod usage;
mod utility;
mod workspaces;
