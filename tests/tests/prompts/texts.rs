//! Unusual texts through the wire and back, case by case. The table in `docs/prompts.md` is what
//! this test saw: `AICONFIG_TEST_WRITE=1` writes it anew.

use std::path::Path;

use aiconfig_proto::v1::{self, Plan};
use aiconfig_tests::{Place, call, customize, effective, new_prompt, new_text, reason};
use aiconfig_testsupport::PgServer;
use prost::Message as _;
use prost_types::FieldMask;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::Stage;
use crate::cases::{Case, cases};

/// Where the table begins and what follows it.
const HEAD: &str = "| case |";
const TAIL: &str = "\n\n";

/// A text as a reader sees it: escaped as in Rust, long ones by their first letter and number.
fn shown(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    if text.len() > 200 {
        let first = text.chars().next().unwrap();
        let same = text.chars().filter(|letter| *letter == first).count();
        let rest: String = text.chars().filter(|letter| *letter != first).collect();
        let first = first.escape_default();
        let rest = if rest.is_empty() {
            rest
        } else {
            format!(" and `{rest}`")
        };
        return format!("{same} times `{first}`{rest}");
    }
    format!(
        "`{}`",
        text.escape_default()
            .to_string()
            .replace("\\\"", "\"")
            .replace('|', "\\|")
    )
}

/// A refusal in few words.
fn told(status: &Status) -> String {
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map(|bad| bad.field_violations.clone());
    let violations: Vec<String> = violations
        .unwrap_or_default()
        .into_iter()
        .map(|one| format!("`{}`: {}", one.field, one.description))
        .collect();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let code = "INVALID_ARGUMENT";
    let reason = reason(status);
    match violations.as_slice() {
        [] => format!("{code} {reason}: {}", status.message()),
        some => format!("{code} {reason}: {}", some.join("; ")),
    }
}

/// What saving, reading and rendering came to. The library's own text is treated alike.
async fn row(stage: &mut Stage, at: usize, case: &Case) -> String {
    let name = format!("case{at}");
    let create = new_prompt(&name, "{a}{b}{x}{y}", case.declared);
    stage
        .admin
        .global_prompts
        .create_global_prompt(create)
        .await
        .unwrap();
    let own = customize(1, &name, &case.text);
    let answer = stage.backend.prompts.customize_prompt(own).await;
    // Without a mask an empty text counts as not given.
    let mask = vec!["prompt_value".to_owned()];
    let library = v1::UpdateGlobalPromptRequest {
        update_mask: Some(FieldMask { paths: mask }),
        ..new_text(&name, &case.text)
    };
    let library = stage
        .admin
        .global_prompts
        .update_global_prompt(library)
        .await;
    let declared = case.declared.join(", ");
    let values: Vec<String> = case
        .values
        .iter()
        .map(|(name, value)| format!("{name} = {}", shown(value)))
        .collect();
    let start = format!("| {} | {} | {declared} |", case.name, shown(&case.text));
    let saved = match answer {
        Err(status) => {
            let create = new_prompt(&format!("{name}_new"), &case.text, case.declared);
            let created = stage.admin.global_prompts.create_global_prompt(create);
            let refusals = [library.map(drop), created.await.map(drop)];
            for refusal in refusals {
                assert_eq!(
                    refusal.map_err(|refusal| reason(&refusal)),
                    Err(reason(&status)),
                    "{}",
                    case.name
                );
            }
            return format!("{start} {} | | | |\n", told(&status));
        }
        Ok(saved) => saved.into_inner(),
    };
    let library = library.unwrap().into_inner();
    assert!(library.changed);
    let read = stage.effective(1, &name).await.prompt_value;
    assert_eq!(read.as_bytes(), case.text.as_bytes(), "{}", case.name);
    assert_eq!(saved.effective_prompt.unwrap().prompt_value, read);
    let of = v1::GetGlobalPromptRequest {
        prompt_type: name.clone(),
        ..Default::default()
    };
    let prompt = stage.admin.global_prompts.get_global_prompt(of).await;
    let prompt = prompt.unwrap().into_inner().global_prompt.unwrap();
    assert_eq!(prompt.prompt_value.as_bytes(), case.text.as_bytes());
    assert_eq!(library.warnings, saved.warnings);
    let request = v1::RenderPromptRequest {
        account_id: 1,
        prompt_type: name,
        values: case
            .values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Default::default()
    };
    let rendered = match stage.backend.prompts.render_prompt(request).await {
        Ok(answer) if answer.get_ref().rendered_prompt == case.text => "as it is".to_owned(),
        Ok(answer) => shown(&answer.get_ref().rendered_prompt),
        Err(status) => told(&status),
    };
    let answer = if saved.warnings.is_empty() {
        "saved".to_owned()
    } else {
        format!("saved, with the warning: {}", saved.warnings.join("; "))
    };
    format!(
        "{start} {answer} | {} bytes, the same | {} | {rendered} |\n",
        read.len(),
        values.join(", ")
    )
}

/// A text that is no UTF-8 cannot be sent with generated code: the bytes are put in by hand.
async fn not_utf8(stage: &mut Stage) -> String {
    let create = new_prompt("bytes", "text", &[]);
    stage
        .admin
        .global_prompts
        .create_global_prompt(create)
        .await
        .unwrap();
    let mut metadata = MetadataMap::new();
    let bearer = format!("Bearer {}", stage.place.token("admin"));
    metadata.insert("authorization", bearer.parse().unwrap());
    let channel = stage.server.channel().await;
    let spoil = |mut body: Vec<u8>| {
        let at = body.windows(4).position(|some| some == b"good").unwrap();
        body[at..at + 4].copy_from_slice(b"a\xc3\x28z");
        body
    };
    let mut answers = Vec::new();
    for (path, body) in [
        (
            "PromptService/CustomizePrompt",
            customize(1, "bytes", "good").encode_to_vec(),
        ),
        (
            "GlobalPromptService/UpdateGlobalPrompt",
            new_text("bytes", "good").encode_to_vec(),
        ),
    ] {
        let path = format!("/igny8.aiconfig.v1.{path}");
        // As it stands it is read; with the bytes in it, it is not.
        call(&channel, &path, metadata.clone(), body.clone())
            .await
            .unwrap();
        let refused = call(&channel, &path, metadata.clone(), spoil(body)).await;
        answers.push(told(&refused.unwrap_err()));
    }
    assert_eq!(answers[0], answers[1]);
    let held = effective(1, "bytes");
    let held = stage
        .backend
        .prompts
        .get_effective_prompt(held)
        .await
        .unwrap();
    assert_eq!(
        held.into_inner().effective_prompt.unwrap().prompt_value,
        "good"
    );
    format!(
        "| bytes that are no UTF-8 | `a` `c3` `28` `z` |  | {} | | | |\n",
        answers[0]
    )
}

async fn table(place: Place) -> String {
    let mut stage = Stage::new(place).await;
    stage.push(1, Plan::Growth, 1).await;
    let mut table = String::from(
        "| case | text | declares | answer to the save | read back | values | rendered |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for (at, case) in cases().iter().enumerate() {
        table.push_str(&row(&mut stage, at, case).await);
    }
    table.push_str(&not_utf8(&mut stage).await);
    table
}

#[tokio::test]
async fn the_table_of_texts() {
    let seen = table(Place::sqlite()).await;
    let other = table(Place::postgres(&PgServer::shared().create_database())).await;
    assert_eq!(seen, other, "both databases answer the same");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/prompts.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let start = text.find(HEAD).unwrap();
    let end = text[start..]
        .find(TAIL)
        .map_or(text.len(), |at| start + at + 1);
    if std::env::var_os("AICONFIG_TEST_WRITE").is_some() {
        let anew = format!("{}{seen}{}", &text[..start], &text[end..]);
        std::fs::write(&file, anew).unwrap();
        return;
    }
    for (row, documented) in seen.lines().zip(text[start..end].lines()) {
        assert_eq!(row, documented, "docs/prompts.md tells something else");
    }
    assert_eq!(
        text[start..end],
        seen,
        "docs/prompts.md tells something else"
    );
}
