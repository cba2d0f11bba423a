//! Generates the messages, clients and servers from the `.proto` files, without protoc.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use prost::Message as _;
use prost_types::FileDescriptorSet;
use protox::Compiler;
use protox::file::{
    ChainFileResolver, DescriptorSetFileResolver, GoogleFileResolver, IncludeFileResolver,
};

/// Messages with a secret in them: prost must not derive `Debug`, `src/redact.rs` has it by hand.
/// Messages that contain one of these derive it, and so print the redacted form.
const WITHOUT_DEBUG: [&str; 4] = [
    ".igny8.aiconfig.v1.AddProviderKeyRequest",
    ".igny8.aiconfig.v1.CreateTokenResponse",
    ".igny8.aiconfig.v1.ModelConfig",
    ".igny8.aiconfig.v1.SaveIntegrationSettingsRequest",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let files = proto_files(&root.join("igny8/aiconfig/v1"))?;
    writeln!(
        io::stdout(),
        "cargo::rerun-if-changed={}",
        root.join("igny8").display()
    )?;

    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new(root));
    resolver.add(GoogleFileResolver::new());
    let google_rpc = google_rpc()?;
    resolver.add(DescriptorSetFileResolver::new(google_rpc.clone()));

    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(&files)?;

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let ours = compiler.file_descriptor_set();
    // The encoded form keeps comments and options, which reflection hands on.
    let mut encoded = compiler.encode_file_descriptor_set();
    encoded.extend(missing(google_rpc, &ours).encode_to_vec());
    fs::write(out.join("descriptor_set.bin"), encoded)?;

    tonic_prost_build::configure()
        .btree_map(".")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .skip_debug(WITHOUT_DEBUG)
        .codec_path("crate::codec::LeanCodec")
        .emit_rerun_if_changed(false)
        .compile_fds(ours)?;
    Ok(())
}

/// The files of `google.rpc` that tonic-types has code for, under their public names: it leaves the
/// directory out, and a client that knows the public ones would meet the same message twice.
fn google_rpc() -> Result<FileDescriptorSet, prost::DecodeError> {
    let mut set = FileDescriptorSet::decode(tonic_types::pb::FILE_DESCRIPTOR_SET)?;
    for file in &mut set.file {
        if file.package() == "google.rpc" {
            file.name = Some(format!("google/rpc/{}", file.name()));
        }
    }
    Ok(set)
}

/// What of `all` is not in `present`: nothing of ours imports the error details, but clients print
/// them only if reflection knows them. Sets may be joined by joining their bytes.
fn missing(mut all: FileDescriptorSet, present: &FileDescriptorSet) -> FileDescriptorSet {
    all.file
        .retain(|file| present.file.iter().all(|other| other.name() != file.name()));
    all
}

/// The files of a directory in the order of their names, so that equal sources give equal bytes.
fn proto_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ext| ext == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
