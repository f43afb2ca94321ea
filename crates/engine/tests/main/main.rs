//! The engine from configuration text to recorded outcomes, over the scripted provider.

mod lifecycle;
mod support;
