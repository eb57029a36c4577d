//! What a container may really do, seen from inside one on a real engine.
