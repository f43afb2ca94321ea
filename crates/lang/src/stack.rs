//! Stack for recursion that follows the nesting of what people write.

/// Below so many bytes of free stack, more is taken; enough for what one level of nesting may call in turn.
const RESERVE: usize = 512 * 1024;

/// So many bytes are taken then.
const SEGMENT: usize = 8 * 1024 * 1024;

/// Runs a step of a recursion with room enough on the stack.
pub(crate) fn with_room<T>(step: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(RESERVE, SEGMENT, step)
}
