//! Scripted provider, memory backend and generators for tests.
