//! Configuration and state in, plan and new state out.
