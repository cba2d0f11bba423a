//! Notices of the vault: what was sealed anew, so that running servers read it again.
//!
//! They hold no sealed byte and change no state; `Kind::is_notice` tells them from resources.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ProviderName;

/// A row of the keyring as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingKey {
    /// What the data key is for, such as `value`.
    pub purpose: Arc<str>,
    /// Counted from 1 in its purpose.
    pub version: u32,
    /// Where it stands in its life, such as `active`.
    pub state: Arc<str>,
    /// The id of the key-encryption key that wraps it, 32 hexadecimal digits.
    pub kek_id: Arc<str>,
}

/// A provider key that another data key seals now. The key itself is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySeal {
    /// The provider.
    pub provider: ProviderName,
    /// The version of its key.
    pub version: u32,
    /// The version of the data key.
    pub data_key: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CODEC_VERSION, Change, Kind, Provider, Record, Resource, ResourceKey, Snapshot, Timestamp,
        decode, encode,
    };

    fn notices() -> [Resource; 2] {
        let provider = ProviderName::parse("openai").unwrap();
        [
            Resource::RingKey(RingKey {
                purpose: "value".into(),
                version: 2,
                state: "active".into(),
                kek_id: "00112233445566778899aabbccddeeff".into(),
            }),
            Resource::KeySeal(KeySeal {
                provider,
                version: 3,
                data_key: 2,
            }),
        ]
    }

    #[test]
    fn they_read_back_from_the_log() {
        let expected = [
            (Kind::RingKey, "value/2", "keyring/value/2"),
            (Kind::KeySeal, "openai/3", "providers/openai/keys/3/seal"),
        ];
        for (notice, (kind, key, name)) in notices().into_iter().zip(expected) {
            assert!(kind.is_notice() && notice.kind() == kind);
            assert_eq!(notice.key().to_string(), key);
            assert_eq!(notice.key().name(), name);
            assert_eq!(ResourceKey::parse(kind, key), Some(notice.key()));
            let text = encode(&notice);
            assert_eq!(decode(kind, key, CODEC_VERSION, &text).unwrap(), notice);
        }
    }

    #[test]
    fn they_move_the_revision_and_change_no_state() {
        let record = |resource, revision| Record {
            change: Change::Put(resource),
            revision,
            time: Timestamp::from_micros(7),
            actor: "someone".into(),
        };
        let mut state = Snapshot::new();
        let provider = r#"{"name":"openai","display_name":"OpenAI","modalities":["text"],"base_url":"https://api.openai.com"}"#;
        let provider: Provider = serde_json::from_str(provider).unwrap();
        state.apply(&record(Resource::Provider(provider), 1));
        let (digest, count) = (state.digest(), state.resource_count());
        for (notice, revision) in notices().into_iter().zip(2..) {
            let key = notice.key();
            state.apply(&record(notice.clone(), revision));
            assert_eq!((state.digest(), state.resource_count()), (digest, count));
            assert_eq!(state.revision(), revision);
            assert_eq!(state.resource(&key), None);
            assert_eq!(state.meta(&key), None);
            state.apply(&Record {
                change: Change::Delete(key),
                ..record(notice, revision)
            });
            assert_eq!(state.digest(), digest);
        }
    }
}
