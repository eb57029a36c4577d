//! Actions, the map and the reconcilers against real PostgreSQL and the engine in memory.
