//! The server that does nothing, with the system's allocator: what wiping costs it is the difference.
#![forbid(unsafe_code)]

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    aiconfig_bench::noop_server::run().await
}
