//! What only a real engine does.
