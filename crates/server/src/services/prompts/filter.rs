//! What prompts of accounts are listed by.

use aiconfig_proto::v1;

use crate::errors::ApiError;
use crate::lists::filter::{Name, Test, tests};

pub(super) fn read_filter(text: &str) -> Result<Test<v1::EffectivePrompt>, ApiError> {
    use v1::{PromptSource as S, UpstreamState as U};
    const NAMES: &[Name] = &[
        Name::Exact("customized"),
        Name::Exact("source"),
        Name::Exact("upstream_state"),
    ];
    const SOURCES: [S; 3] = [S::AccountCustom, S::AccountDefault, S::Global];
    const STATES: [U; 4] = [
        U::Following,
        U::CustomCurrent,
        U::CustomBehind,
        U::UpstreamRetired,
    ];
    let source = |source: S| source.as_str_name().trim_start_matches("PROMPT_SOURCE_");
    let state = |state: U| state.as_str_name().trim_start_matches("UPSTREAM_STATE_");
    tests(text, NAMES, |condition| {
        Ok(match condition.name {
            "customized" => {
                let wanted = condition.flag()?;
                Box::new(move |prompt: &v1::EffectivePrompt| prompt.customized == wanted) as Test<_>
            }
            "source" => {
                let wanted = condition.one_of("PROMPT_SOURCE_", &SOURCES, source)?;
                Box::new(move |prompt: &v1::EffectivePrompt| prompt.source() == wanted)
            }
            _ => {
                let wanted = condition.one_of("UPSTREAM_STATE_", &STATES, state)?;
                Box::new(move |prompt: &v1::EffectivePrompt| prompt.upstream_state() == wanted)
            }
        })
    })
}
