//! The targets: what each looks at, and the form of its inputs.

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::dictionary;
use crate::mutate::Form;
use crate::targets::{
    django_import, envelope, merge, page_token, price_import, requests, settings, template,
};

/// Something that takes bytes of any kind, and the laws that must hold of it.
#[derive(Debug)]
pub struct Target {
    /// The name, also of its folder of seeds and its dictionary.
    pub name: &'static str,
    /// Looks at an input, and panics where a law does not hold.
    pub check: fn(&[u8]),
    /// What inputs look like.
    pub form: Form,
    /// The most bytes of an input.
    pub longest: usize,
    /// The dictionary, as libFuzzer reads it.
    pub dictionary: &'static str,
    words: LazyLock<Vec<String>>,
}

macro_rules! targets {
    ($($name:ident $form:ident $longest:expr;)*) => {
        /// Every target.
        pub static TARGETS: &[&Target] = &[$({
            static TARGET: Target = Target {
                name: stringify!($name),
                check: $name::check,
                form: Form::$form,
                longest: $longest,
                dictionary: dictionary!($name),
                words: LazyLock::new(|| dictionary::read(dictionary!($name))),
            };
            &TARGET
        }),*];
    };
}

macro_rules! dictionary {
    ($name:ident) => {
        include_str!(concat!(
            "../../../fuzz/dictionaries/",
            stringify!($name),
            ".dict"
        ))
    };
}

targets! {
    settings Json 4 << 10;
    envelope Bytes 2 << 10;
    page_token Json 4 << 10;
    template Json 8 << 10;
    merge Text 8 << 10;
    django_import Json 32 << 10;
    price_import Json 16 << 10;
    requests JsonLines 16 << 10;
}

impl Target {
    /// The target of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().copied().find(|target| target.name == name)
    }

    /// The words of its dictionary.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The folder of its seeds.
    #[must_use]
    pub fn seeds(&self) -> PathBuf {
        let fuzz = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
        fuzz.join(self.name)
    }
}
