//! From .tf text to an evaluated configuration.
