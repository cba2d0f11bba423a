//! The ladder for images: `service` and `model` of an account in every constellation, and the
//! values that only images have (sections 3 and 4).

use serde_json::json;

use crate::answer::{ask, check, with};
use crate::platform::{FREE, STARTER};
use crate::steps::{function, model, old_function, old_row, old_section, row, section};

const F: &str = "generate_images";
const KIND: &str = "image_generation";

#[test]
fn service_and_model_of_the_account() {
    let own = |values| row(STARTER, KIND, values);
    let old = |values| old_row(STARTER, KIND, values);
    for (steps, expected) in [
        (
            vec![],
            "service=openai@Global model=gpt-image@Global image_size=1024x1024@Global image_quality=medium@Catalog image_format=webp@Global max_in_article_images=2@Global !image_style !steps !guidance",
        ),
        // `service` alone: that service's section gives the model.
        (
            vec![own(json!({"service": "runware"}))],
            "service=runware@Account model=runware:97@1@Global image_size=1280x768@Global image_format=webp@Global !image_quality own",
        ),
        (
            vec![own(json!({"service": "dalle"}))],
            "service=openai@Account model=gpt-image@Global own",
        ),
        // `model` alone: its provider is the service.
        (
            vec![own(json!({"model": "runware:100@1"}))],
            "service=runware@Account model=runware:100@1@Account image_size=1024x1024@Catalog image_format=png@Catalog own ~image_size:UnsupportedByModel:1280x768->@Global ~image_format:UnsupportedByModel:webp->@Global",
        ),
        (
            vec![own(json!({"model": "gpt-image"}))],
            "service=openai@Account model=gpt-image@Account own",
        ),
        // Both agree.
        (
            vec![own(json!({"service": "runware", "model": "runware:97@1"}))],
            "service=runware@Account model=runware:97@1@Account own",
        ),
        // Both disagree: the service decides, the model is passed over.
        (
            vec![old(json!({"service": "runware", "model": "gpt-image"}))],
            "service=runware@Account model=runware:97@1@Global own ~model:OtherProviderSkipped:gpt-image->@Account",
        ),
        (
            vec![old(json!({"service": "openai", "model": "runware:97@1"}))],
            "service=openai@Account model=gpt-image@Global own ~model:OtherProviderSkipped:runware:97@1->@Account",
        ),
        // A retired model gives its service and counts as its replacement.
        (
            vec![own(json!({"model": "dall-e-3"}))],
            "service=openai@Account model=gpt-image@Account own ~model:ModelRetiredReplaced:dall-e-3->gpt-image@Account",
        ),
        // Its own values are not all those of the replacement.
        (
            vec![own(
                json!({"model": "dall-e-3", "image_size": "1792x1024", "image_quality": "hd", "image_style": "vivid"}),
            )],
            "model=gpt-image@Account image_size=1024x1024@Global image_quality=high@Account !image_style own ~model:ModelRetiredReplaced:dall-e-3->gpt-image@Account ~image_size:UnsupportedByModel:1792x1024->@Account ~image_quality:AliasedForModel:hd->high@Account ~image_style:UnsupportedByModel:vivid->@Account",
        ),
        // Inactive and unknown models give no service.
        (
            vec![old(json!({"model": "runware:1@1"}))],
            "service=openai@Global model=gpt-image@Global ~model:OtherProviderSkipped:runware:1@1->@Account",
        ),
        (
            vec![old(json!({"service": "runware", "model": "runware:1@1"}))],
            "service=runware@Account model=runware:97@1@Global own ~model:ModelInactiveSkipped:runware:1@1->@Account",
        ),
        (
            vec![old(json!({"model": "gone"}))],
            "service=openai@Global model=gpt-image@Global ~model:ModelUnknownSkipped:gone->@Account",
        ),
        (
            vec![model("gpt-image", json!({"active": false}))],
            "NoModelConfigured",
        ),
    ] {
        check(&steps, &ask(F, STARTER), expected);
    }
}

#[test]
fn global_is_the_providers_section_then_that_of_images() {
    let wide = || json!({"service": "openai", "model": "gpt-image-wide", "image_format": "webp"});
    for (steps, expected) in [
        (
            vec![section("dalle", json!({"image_format": "png"}))],
            "image_format=png@Global",
        ),
        // The image section's model counts where the provider's section has none.
        (
            vec![
                section("dalle", json!({"model": null})),
                old_section(KIND, wide()),
            ],
            "model=gpt-image-wide@Global image_size=1536x1024@Catalog image_style=vivid@Catalog image_format=png@Catalog ~image_size:UnsupportedByModel:1024x1024->@Global ~image_format:UnsupportedByModel:webp->@Global",
        ),
        (
            vec![
                old_section("dalle", json!({"model": "gone"})),
                old_section(KIND, wide()),
            ],
            "model=gpt-image-wide@Global ~model:ModelUnknownSkipped:gone->@Global ~image_format:UnsupportedByModel:webp->@Global",
        ),
        // In the image section a model without a service gives none.
        (
            vec![old_section(KIND, json!({"model": "gpt-image"}))],
            "NoModelConfigured",
        ),
        (
            vec![section(KIND, json!({"service": "runware"}))],
            "service=runware@Global model=runware:97@1@Global image_size=1280x768@Global image_format=webp@Global max_in_article_images=2@Global",
        ),
        (
            vec![section(KIND, json!({"service": "dalle"}))],
            "service=openai@Global model=gpt-image@Global",
        ),
    ] {
        check(&steps, &ask(F, FREE), expected);
    }
}

#[test]
fn list_values_take_the_first_level_that_the_model_has() {
    let own = |values| old_row(STARTER, KIND, values);
    for (steps, expected) in [
        (
            vec![own(json!({"image_size": "1536x1024"}))],
            "image_size=1536x1024@Account own",
        ),
        // A size that the model lacks is passed over, level by level.
        (
            vec![own(json!({"image_size": "7x7"}))],
            "image_size=1024x1024@Global ~image_size:UnsupportedByModel:7x7->@Account",
        ),
        (
            vec![
                own(json!({"image_size": "7x7"})),
                old_function(F, json!({"image_size": "8x8"})),
                old_section("dalle", json!({"image_size": "9x9"})),
            ],
            "image_size=1024x1024@Catalog ~image_size:UnsupportedByModel:7x7->@Account ~image_size:UnsupportedByModel:8x8->@Function ~image_size:UnsupportedByModel:9x9->@Global",
        ),
        (
            vec![own(json!({"image_quality": "hd", "image_format": "jpg"}))],
            "image_quality=high@Account image_format=jpeg@Account own ~image_quality:AliasedForModel:hd->high@Account ~image_format:AliasedForModel:jpg->jpeg@Account",
        ),
        // An empty list: absent.
        (
            vec![own(json!({"image_style": "vivid"}))],
            "!image_style ~image_style:UnsupportedByModel:vivid->@Account",
        ),
        (
            vec![function(F, json!({"image_quality": "low"}))],
            "image_quality=low@Function",
        ),
        (
            vec![own(json!({"max_in_article_images": 0}))],
            "max_in_article_images=0@Account own",
        ),
        (
            vec![section(KIND, json!({"max_in_article_images": null}))],
            "!max_in_article_images",
        ),
    ] {
        check(&steps, &ask(F, STARTER), expected);
    }
}

#[test]
fn steps_and_guidance_only_on_models_that_have_them() {
    let both = json!({"steps": 20, "guidance": 7.5});
    for (values, expected) in [
        (
            json!({"model": "runware:97@1"}),
            "steps=20@Account guidance=7.5@Account own",
        ),
        (
            json!({"model": "runware:100@1", "image_size": "1024x1024", "image_format": "png"}),
            "steps=20@Account !guidance own ~guidance:UnsupportedByModel:7.5->@Account",
        ),
        (
            json!({"model": "gpt-image"}),
            "!steps !guidance own ~steps:UnsupportedByModel:20->@Account ~guidance:UnsupportedByModel:7.5->@Account",
        ),
    ] {
        check(
            &[row(STARTER, KIND, both.clone()), row(STARTER, KIND, values)],
            &ask(F, STARTER),
            expected,
        );
    }
}

#[test]
fn a_call_gives_image_values_too() {
    let runware = || vec![row(STARTER, KIND, json!({"service": "runware"}))];
    for (steps, overrides, expected) in [
        (
            vec![],
            json!({"service": "runware"}),
            "service=runware@Request model=runware:97@1@Global image_size=1280x768@Global own",
        ),
        (
            vec![],
            json!({"model": "runware:97@1", "steps": 5, "image_format": "jpg"}),
            "service=runware@Request model=runware:97@1@Request steps=5@Request image_format=jpg@Request own",
        ),
        (
            runware(),
            json!({"service": "dalle", "image_size": "1536x1024"}),
            "service=openai@Request model=gpt-image@Global image_size=1536x1024@Request own",
        ),
        (
            runware(),
            json!({"image_size": "1024x1024"}),
            "service=runware@Account model=runware:97@1@Global image_size=1024x1024@Request own",
        ),
    ] {
        check(&steps, &with(F, STARTER, overrides), expected);
    }
}
