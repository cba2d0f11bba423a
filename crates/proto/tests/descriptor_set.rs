//! The descriptor set that reflection serves is complete, and everything in it has a comment.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use aiconfig_proto::FILE_DESCRIPTOR_SET;
use prost::Message as _;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, MessageOptions,
};

const PACKAGE: &str = "igny8.aiconfig.v1";

fn files() -> Vec<FileDescriptorProto> {
    FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap().file
}

fn own_files() -> Vec<FileDescriptorProto> {
    let mut files = files();
    files.retain(|file| file.package() == PACKAGE);
    files
}

/// Names of things beside their path in the file, in the form that source locations use.
type Places = Vec<(String, Vec<i32>)>;

fn index(n: usize) -> i32 {
    i32::try_from(n).unwrap()
}

fn push(path: &[i32], tail: &[i32]) -> Vec<i32> {
    [path, tail].concat()
}

fn message_places(message: &DescriptorProto, name: &str, path: &[i32], places: &mut Places) {
    if message
        .options
        .as_ref()
        .is_some_and(MessageOptions::map_entry)
    {
        return;
    }
    places.push((name.to_owned(), path.to_vec()));
    let mut real_oneofs = BTreeSet::new();
    for (i, field) in message.field.iter().enumerate() {
        places.push((
            format!("{name}.{}", field.name()),
            push(path, &[2, index(i)]),
        ));
        if !field.proto3_optional() {
            real_oneofs.extend(field.oneof_index);
        }
    }
    for i in real_oneofs {
        places.push((format!("{name} oneof {i}"), push(path, &[8, i])));
    }
    for (i, nested) in message.nested_type.iter().enumerate() {
        let name = format!("{name}.{}", nested.name());
        message_places(nested, &name, &push(path, &[3, index(i)]), places);
    }
    for (i, nested) in message.enum_type.iter().enumerate() {
        enum_places(nested, &push(path, &[4, index(i)]), places);
    }
}

fn enum_places(item: &EnumDescriptorProto, path: &[i32], places: &mut Places) {
    places.push((item.name().to_owned(), path.to_vec()));
    for (i, value) in item.value.iter().enumerate() {
        places.push((value.name().to_owned(), push(path, &[2, index(i)])));
    }
}

fn places(file: &FileDescriptorProto) -> Places {
    let mut places = Places::new();
    for (i, message) in file.message_type.iter().enumerate() {
        message_places(message, message.name(), &[4, index(i)], &mut places);
    }
    for (i, item) in file.enum_type.iter().enumerate() {
        enum_places(item, &[5, index(i)], &mut places);
    }
    for (i, service) in file.service.iter().enumerate() {
        let path = [6, index(i)];
        places.push((service.name().to_owned(), path.to_vec()));
        for (j, method) in service.method.iter().enumerate() {
            let name = format!("{}/{}", service.name(), method.name());
            places.push((name, push(&path, &[2, index(j)])));
        }
    }
    places
}

#[test]
fn everything_has_a_comment() {
    let mut bare = Vec::new();
    let mut seen = 0;
    for file in own_files() {
        let info = file.source_code_info.as_ref().unwrap();
        let commented: BTreeSet<&[i32]> = info
            .location
            .iter()
            .filter(|location| !location.leading_comments().trim().is_empty())
            .map(|location| location.path.as_slice())
            .collect();
        for (name, path) in places(&file) {
            seen += 1;
            if !commented.contains(path.as_slice()) {
                bare.push(name);
            }
        }
    }
    assert!(bare.is_empty(), "without a comment: {bare:?}");
    assert!(seen > 500, "only {seen} things were looked at");
}

#[test]
fn imports_are_in_the_set_and_before_their_users() {
    let mut known = BTreeSet::new();
    for file in files() {
        for import in &file.dependency {
            assert!(known.contains(import), "{} needs {import}", file.name());
        }
        known.insert(file.name().to_owned());
    }
    assert!(known.contains("google/rpc/status.proto"));
    assert!(known.contains("google/rpc/error_details.proto"));
    assert_eq!(known.len(), files().len(), "a file is in the set twice");
}

#[test]
fn each_rpc_has_its_own_request_and_response() {
    for service in own_files().iter().flat_map(|file| &file.service) {
        for method in &service.method {
            // Methods of one name in several services put the service's before it.
            let alone = format!(".{PACKAGE}.{}", method.name());
            let full = format!(".{PACKAGE}.{}{}", service.name(), method.name());
            let mut names = [alone, full].into_iter();
            let name = names.find(|name| method.input_type() == format!("{name}Request"));
            let answer = format!("{}Response", name.unwrap());
            assert_eq!(method.output_type(), answer);
        }
    }
}

/// Fields that a kind of request or answer cannot do without.
#[test]
fn requests_have_the_fields_of_their_kind() {
    let files = own_files();
    let messages: Vec<_> = files.iter().flat_map(|file| &file.message_type).collect();
    let fields = |name: &str| -> BTreeSet<&str> {
        let message = messages.iter().find(|m| m.name() == name).unwrap();
        message
            .field
            .iter()
            .map(FieldDescriptorProto::name)
            .collect()
    };
    for method in files
        .iter()
        .flat_map(|f| &f.service)
        .flat_map(|s| &s.method)
    {
        let rpc = method.name();
        let message = |path: &str| fields(path.rsplit('.').next().unwrap());
        // The first message of a stream to the server has the options, which stand for a request.
        let request = if method.client_streaming() {
            fields(&format!("{rpc}Options"))
        } else {
            message(method.input_type())
        };
        let response = message(method.output_type());
        let reads = [
            "Get", "List", "Verify", "Quote", "Render", "Preview", "Diff",
        ];
        let (in_request, in_response): (&[&str], &[&str]) = if rpc.starts_with("BatchGet") {
            (&["requests"], &["results"])
        } else if rpc.starts_with("List") {
            (
                &["page_size", "page_token", "filter", "min_revision"],
                &["next_page_token", "total_size", "revision"],
            )
        } else if reads.iter().any(|read| rpc.starts_with(read)) {
            (&["min_revision"], &[])
        } else if [
            "Create",
            "Clone",
            "Import",
            "BatchUpsert",
            "BatchSet",
            "BatchReset",
            "BatchIncrement",
        ]
        .iter()
        .any(|many| rpc.starts_with(many))
        {
            (&["request_id", "validate_only", "reason"], &["revision"])
        } else {
            (
                &["expected_etag", "request_id", "validate_only", "reason"],
                &["revision"],
            )
        };
        for field in in_request {
            assert!(request.contains(field), "{rpc}Request lacks {field}");
        }
        for field in in_response {
            assert!(response.contains(field), "{rpc}Response lacks {field}");
        }
    }
}
