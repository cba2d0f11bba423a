//! What a call of an RPC may cost: bytes of its request, and how much it counts against the rate
//! of its token.

/// Bytes of a request.
pub(crate) const MESSAGE: usize = 1 << 20;
/// Bytes of a request that can name a million accounts.
pub(crate) const CLONE_MESSAGE: usize = 10 << 20;
/// Bytes of a request that may carry a key or settings.
pub(crate) const KEY_MESSAGE: usize = 64 << 10;

/// Bytes of a batch's request that count as one more call: four to eight items, which cost the
/// server about what one call alone does.
const BATCH_STEP: usize = 128;
/// What a call counts that reads a whole list, compares texts, or goes on for long.
const HEAVY: u32 = 10;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Bytes that its request may have.
    bytes: usize,
    /// Whether it may wait for the database: it changes something.
    pub(super) writes: bool,
    /// Whether its request is a stream, which the service reads itself.
    streams: bool,
    /// What each call counts.
    calls: u32,
    /// Whether it counts more the longer its request is.
    batch: bool,
}

impl Cost {
    /// Of an RPC by its name, service and method.
    pub(crate) const fn of(rpc: &str) -> Self {
        let (service, method) = halves(rpc.as_bytes());
        let batch = begins(method, b"Batch");
        let reads = begins(method, b"Get")
            || begins(method, b"List")
            || begins(method, b"BatchGet")
            || begins(method, b"Quote")
            || begins(method, b"Render")
            || begins(method, b"Preview")
            || begins(method, b"Diff")
            || begins(method, b"Verify");
        let heavy = begins(method, b"List")
            || begins(method, b"Verify")
            || begins(method, b"GetStateDigest")
            || begins(method, b"Clone")
            || begins(method, b"Import")
            || begins(method, b"Diff")
            || begins(method, b"PreviewPromptMerge")
            || begins(method, b"ApplyPromptMerge");
        let bytes = if begins(service, b"IntegrationSettings") || begins(service, b"Provider") {
            KEY_MESSAGE
        } else if begins(service, b"AuthorProfile") || begins(service, b"Strategy") {
            CLONE_MESSAGE
        } else {
            MESSAGE
        };
        Self {
            bytes,
            writes: !reads,
            streams: begins(method, b"ImportPrices"),
            calls: if heavy { HEAVY } else { 1 },
            batch,
        }
    }

    /// Of health and reflection, the latter of which is a stream.
    pub(super) const fn open(streams: bool) -> Self {
        Self {
            streams,
            ..Self::of("")
        }
    }

    /// Bytes that its request may have, if it comes as a whole.
    pub(super) fn limit(&self) -> Option<usize> {
        (!self.streams).then_some(self.bytes)
    }

    /// What a call counts whose request has so many bytes.
    pub(super) fn calls(&self, bytes: usize) -> u32 {
        let more = if self.batch { bytes / BATCH_STEP } else { 0 };
        self.calls
            .saturating_add(u32::try_from(more).unwrap_or(u32::MAX))
    }
}

/// What is before the slash and what is behind it.
const fn halves(rpc: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while at < rpc.len() {
        if rpc[at] == b'/' {
            let (service, rest) = rpc.split_at(at);
            return (service, rest.split_at(1).1);
        }
        at += 1;
    }
    (rpc, &[])
}

const fn begins(text: &[u8], with: &[u8]) -> bool {
    if text.len() < with.len() {
        return false;
    }
    let mut at = 0;
    while at < with.len() {
        if text[at] != with[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rpc: &str, bytes: usize, calls: u32, writes: bool) {
        let cost = Cost::of(rpc);
        assert_eq!(cost.calls(bytes), calls, "{rpc}");
        assert_eq!(cost.writes, writes, "{rpc}");
    }

    #[test]
    fn heavy_calls_and_batches_count_more() {
        check("ModelConfigService/GetModelConfig", 9_999, 1, false);
        check("ModelConfigService/BatchGetModelConfigs", 0, 1, false);
        check("ModelConfigService/BatchGetModelConfigs", 2_600, 21, false);
        check("AccountService/BatchUpsertAccounts", 128, 2, true);
        check("AccountService/UpsertAccount", 9_999, 1, true);
        check("AccountService/ListAccounts", 10, 10, false);
        check(
            "AuthorProfileService/CloneAuthorProfiles",
            1 << 20,
            10,
            true,
        );
        check("PromptService/ApplyPromptMerge", 9_999, 10, true);
        check("AuditService/VerifyAuditChain", 0, 10, false);
        check("HistoryService/GetStateDigest", 0, 10, false);
    }

    #[test]
    fn requests_have_a_size() {
        for (rpc, bytes) in [
            ("ModelConfigService/GetModelConfig", MESSAGE),
            ("ProviderService/AddProviderKey", KEY_MESSAGE),
            (
                "IntegrationSettingsService/SaveIntegrationSettings",
                KEY_MESSAGE,
            ),
            ("StrategyService/CloneStrategies", CLONE_MESSAGE),
        ] {
            assert_eq!(Cost::of(rpc).bytes, bytes, "{rpc}");
        }
        assert!(Cost::of("ModelCatalogService/ImportPrices").streams);
        assert!(!Cost::of("ModelCatalogService/ImportModels").streams);
    }
}
