//! An embedded imitation of the AWS APIs that smform uses: SageMaker real-time hosting and its runtime, the EC2 network
//! around it, IAM roles, Application Auto Scaling, CloudWatch and its logs, Service Quotas, STS.
//!
//! It speaks the real wire protocols, so any AWS client works against it, either in process through
//! [`Sandbox::handle`], or over loopback HTTP through [`serve`]. Endpoints live through their states on a [`Clock`]
//! that can be sped up, and a script of [`faults`] makes any call or deployment go wrong.
//!
//! What is imitated follows the published service models and what has been seen of the real services; where neither
//! says anything, comments call a behaviour or text "unverified". No signature is checked: any credentials will do.

mod ask;
mod calls;
mod clock;
mod control;
pub mod faults;
mod sandbox;
mod seed;
mod server;
mod services;
pub mod settings;
mod store;
mod wire;
mod world;

pub use calls::Call;
pub use clock::{Clock, Moment};
pub use sandbox::{BODY_LIMIT, Dropped, Options, Sandbox};
pub use server::{ServeError, serve};
pub use settings::Settings;
pub use store::OpenError;
pub use world::ACCOUNT;
