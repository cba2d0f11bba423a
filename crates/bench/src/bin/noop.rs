//! The limit: the server that does nothing, with the allocator of `aiconfig`.
#![forbid(unsafe_code)]

use std::alloc::System;

use zeroizing_alloc::ZeroAlloc;

/// As in the server.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    aiconfig_bench::noop_server::run().await
}
