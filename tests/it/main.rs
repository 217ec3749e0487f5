//! Tests through the gateway.
