//! Rendering: values in the place of placeholders, and what is refused by name.

use std::collections::BTreeMap;

use aiconfig_proto::v1::{self, Plan, PromptSource};
use tonic::Code;

use crate::{Stage, on_both, refused, violations, why};

fn ask(values: &[(&str, &str)]) -> v1::RenderPromptRequest {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    v1::RenderPromptRequest {
        account_id: 1,
        prompt_type: "poem".to_owned(),
        values: values.iter().map(pair).collect::<BTreeMap<_, _>>(),
        ..Default::default()
    }
}

/// `topic` is required, `tone` has a default, `extra` neither; `short` takes five characters.
async fn begin(stage: &mut Stage) {
    let variable = |name: &str| v1::Variable {
        name: name.to_owned(),
        ..Default::default()
    };
    let variables = vec![
        v1::Variable {
            required: true,
            ..variable("topic")
        },
        v1::Variable {
            default_value: Some("calm".to_owned()),
            ..variable("tone")
        },
        variable("extra"),
        v1::Variable {
            max_length: Some(5),
            ..variable("short")
        },
    ];
    let prompt = v1::GlobalPrompt {
        prompt_type: "poem".to_owned(),
        prompt_value: "A {tone} poem of {topic}{extra}{short}.".to_owned(),
        variables,
        ..Default::default()
    };
    let create = v1::CreateGlobalPromptRequest {
        global_prompt: Some(prompt),
        strict: true,
        ..Default::default()
    };
    let library = &mut stage.admin.global_prompts;
    library.create_global_prompt(create).await.unwrap();
    stage.push(1, Plan::Growth, 1).await;
}

async fn rendered(stage: &mut Stage, values: &[(&str, &str)]) -> v1::RenderPromptResponse {
    let answer = stage.backend.prompts.render_prompt(ask(values)).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn values_defaults_and_nothing() {
    on_both(async |stage| {
        begin(stage).await;
        for (values, text) in [
            (&[("topic", "rain")][..], "A calm poem of rain."),
            (&[("topic", ""), ("tone", "")], "A  poem of ."),
            (
                &[("topic", "{tone} \r\n{{x}} {topic}"), ("short", "größe")],
                "A calm poem of {tone} \r\n{{x}} {topic}größe.",
            ),
        ] {
            let done = rendered(stage, values).await;
            assert_eq!(done.rendered_prompt, text);
            let bytes = u32::try_from(text.len()).unwrap();
            assert_eq!(
                (done.size_bytes, done.token_estimate),
                (bytes, bytes.div_ceil(4))
            );
            let prompt = done.effective_prompt.unwrap();
            assert_eq!(prompt.prompt_value, "", "the text is given once");
            assert_eq!(prompt.source(), PromptSource::Global);
        }
        // The account's own text has the library's placeholders.
        stage
            .customize(1, "poem", "{topic}, {{topic}}, {other}")
            .await;
        let done = rendered(stage, &[("topic", "snow")]).await;
        assert_eq!(done.rendered_prompt, "snow, {{topic}}, {other}");
    })
    .await;
}

#[tokio::test]
async fn values_at_fault_are_named_all_at_once() {
    on_both(async |stage| {
        begin(stage).await;
        let values = [("short", "123456"), ("colour", "red"), ("extra", "a\0b")];
        let answer = stage.backend.prompts.render_prompt(ask(&values)).await;
        let mut fields: Vec<String> = violations(answer).into_iter().map(|v| v.0).collect();
        fields.sort();
        assert_eq!(
            fields,
            [
                "values.colour",
                "values.extra",
                "values.short",
                "values.topic"
            ]
        );
        let invalid = why(Code::InvalidArgument, "FIELD_INVALID");
        let none = stage.backend.prompts.render_prompt(ask(&[])).await;
        assert_eq!(refused(none), invalid);
        // Values are not repeated in refusals.
        let secret = [("topic", "x"), ("short", "very-private")];
        let told = stage.backend.prompts.render_prompt(ask(&secret)).await;
        let told = told.unwrap_err();
        assert!(!format!("{told:?}").contains("very-private"));
    })
    .await;
}

#[tokio::test]
async fn a_result_has_at_most_a_mebibyte() {
    on_both(async |stage| {
        begin(stage).await;
        stage.customize(1, "poem", "{extra}{extra}{extra}").await;
        let third = "x".repeat((1 << 20) / 3);
        let done = rendered(stage, &[("topic", "t"), ("extra", &third)]).await;
        assert_eq!(done.rendered_prompt.len(), third.len() * 3);
        let more = format!("{third}x");
        let values = [("topic", "t"), ("extra", more.as_str())];
        let answer = stage.backend.prompts.render_prompt(ask(&values)).await;
        let told = violations(answer);
        assert_eq!(told[0].0, "values");
    })
    .await;
}
