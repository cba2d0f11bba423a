//! The RPCs and their messages, from the descriptors.

use std::collections::BTreeMap;

use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};

/// The package of the API.
const PACKAGE: &str = "igny8.aiconfig.v1";

/// The methods of the API by service and method.
pub(super) struct Schema(BTreeMap<String, MethodDescriptor>);

impl Schema {
    pub(super) fn new() -> Self {
        let pool = DescriptorPool::decode(aiconfig_proto::FILE_DESCRIPTOR_SET).unwrap();
        let ours = pool.services().filter(|s| s.package_name() == PACKAGE);
        let methods = ours.flat_map(|service| {
            let of_service = service.name().to_owned();
            let methods: Vec<_> = service.methods().collect();
            let named =
                move |method: MethodDescriptor| (format!("{of_service}/{}", method.name()), method);
            methods.into_iter().map(named)
        });
        let schema: BTreeMap<_, _> = methods.collect();
        let known = aiconfig_server::rpcs().all(|rpc| schema.contains_key(rpc));
        assert!(known && schema.len() > 80);
        Self(schema)
    }

    pub(super) fn method(&self, rpc: &str) -> Option<&MethodDescriptor> {
        self.0.get(rpc)
    }
}

/// The path of an RPC, known or not.
pub(super) fn path(rpc: &str) -> String {
    format!("/{PACKAGE}.{rpc}")
}

/// Whether a request is a write that can be checked without being made.
pub(super) fn is_write(request: &MessageDescriptor) -> bool {
    request.get_field_by_name("validate_only").is_some()
}
