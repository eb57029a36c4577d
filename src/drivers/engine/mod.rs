//! Containers: the trait that features see, and the engines behind it.
