//! What a call of an RPC may cost: bytes of its request, and how much it counts against the rate
//! of its token.

/// Bytes of a request.
pub(crate) const MESSAGE: usize = 1 << 20;
/// Bytes of a request that can name a million accounts.
pub(crate) const CLONE_MESSAGE: usize = 10 << 20;
/// Bytes of a request that may carry a key or settings.
pub(crate) const KEY_MESSAGE: usize = 64 << 10;
/// Bytes of a request of health or reflection, which need no token: a name.
pub(crate) const OPEN_MESSAGE: usize = 1 << 10;

/// Bytes of a batch's request that count as one more call: four to eight items, which cost the
/// server about what one call alone does.
const BATCH_STEP: usize = 128;
/// What a call counts that reads a whole list, or goes on for long.
const HEAVY: u32 = 10;
/// What a call counts that compares texts: it may take a tenth of a second.
const COMPARES: u32 = 100;

/// What of a call is a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// A request, and then an answer.
    Unary,
    /// Its request, which the service reads itself.
    In,
    /// Its answer: it works on while that goes out.
    Out,
}

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Bytes that its request may have.
    bytes: usize,
    /// Whether it may wait for the database: it changes something.
    pub(super) writes: bool,
    flow: Flow,
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
            || begins(method, b"Import");
        let compares = begins(method, b"Diff")
            || begins(method, b"PreviewPromptMerge")
            || begins(method, b"ApplyPromptMerge");
        let clones = begins(method, b"Clone");
        let bytes = if begins(service, b"IntegrationSettings") || begins(service, b"Provider") {
            KEY_MESSAGE
        } else if clones {
            CLONE_MESSAGE
        } else {
            MESSAGE
        };
        Self {
            bytes,
            writes: !reads,
            flow: match (clones, begins(method, b"ImportPrices")) {
                (true, _) => Flow::Out,
                (false, true) => Flow::In,
                (false, false) => Flow::Unary,
            },
            calls: match (compares, heavy) {
                (true, _) => COMPARES,
                (false, true) => HEAVY,
                (false, false) => 1,
            },
            batch,
        }
    }

    /// Of health and reflection, the latter of which is a stream.
    pub(super) const fn open(streams: bool) -> Self {
        Self {
            bytes: OPEN_MESSAGE,
            flow: if streams { Flow::In } else { Flow::Unary },
            ..Self::of("")
        }
    }

    /// Bytes that its request may have, if it comes as a whole.
    pub(super) fn limit(&self) -> Option<usize> {
        (self.flow != Flow::In).then_some(self.bytes)
    }

    /// Whether it works on while its answer goes out.
    pub(super) fn goes_on(&self) -> bool {
        self.flow == Flow::Out
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
        check("PromptService/ApplyPromptMerge", 9_999, 100, true);
        check(
            "GlobalPromptService/DiffGlobalPromptVersions",
            9,
            100,
            false,
        );
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
            ("StrategyService/ListStrategies", MESSAGE),
        ] {
            assert_eq!(Cost::of(rpc).bytes, bytes, "{rpc}");
        }
        assert_eq!(Cost::open(false).limit(), Some(OPEN_MESSAGE));
        assert_eq!(Cost::open(true).limit(), None);
        assert!(Cost::of("StrategyService/CloneStrategies").goes_on());
        assert_eq!(Cost::of("ModelCatalogService/ImportPrices").limit(), None);
        assert_eq!(
            Cost::of("ModelCatalogService/ImportModels").limit(),
            Some(MESSAGE)
        );
    }
}
