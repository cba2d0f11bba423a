//! Templates: what is a placeholder, what is refused, and the laws of rendering.
#![cfg(test)]

mod braces;
mod checks;
mod laws;
mod render;

use std::collections::BTreeMap;

use aiconfig_domain::template::{Variable, Variables};

fn named(name: &str) -> Variable {
    Variable {
        name: name.to_owned(),
        ..Variable::default()
    }
}

fn declared(names: &[&str]) -> Variables {
    Variables::import(names.iter().map(|name| named(name)).collect()).unwrap()
}

fn values(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
