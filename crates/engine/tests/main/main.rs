//! The engine from configuration text to recorded outcomes, over the scripted provider.

mod checker;
mod held;
mod kills;
mod lifecycle;
mod modules;
mod names;
mod review;
mod saved;
mod scale;
mod stops;
mod support;
mod validation;
mod verdicts;
