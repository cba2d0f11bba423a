//! The two messages of a kind of items, one of the platform's library and one of accounts: they have
//! the same content, and differ in where it is from.

/// Implements the parts of `LibraryWire` that put items into messages and take accounts' messages
/// apart: the messages, the field of the number, and how each field of the content is written. A
/// field that is not named stops the build.
macro_rules! library_messages {
    ($Global:ident $Own:ident $id:ident { $($field:ident: $write:expr,)* }) => {
        type Global = v1::$Global;
        type Own = v1::$Own;

        fn global_message(stored: &Stored<LibraryItem<Self>>, etag: String) -> v1::$Global {
            let Stored { value, meta } = stored;
            let LibraryItem { id, active, version, content } = value;
            let Self { $($field),* } = &**content;
            v1::$Global {
                $id: id.get(),
                $($field: $write,)*
                active: Some(*active),
                version: *version,
                etag,
                revision: meta.revision,
                create_time: Some(time(meta.create_time)),
                update_time: Some(time(meta.update_time)),
                updated_by: meta.updated_by.to_string(),
            }
        }

        fn own_message(stored: &Stored<OwnItem<Self>>, place: &OwnPlace, etag: String) -> v1::$Own {
            let Stored { value, meta } = stored;
            let OwnItem { account_id, id, active, origin, content } = value;
            let Self { $($field),* } = &**content;
            v1::$Own {
                account_id: account_id.get(),
                $id: id.get(),
                $($field: $write,)*
                active: Some(*active),
                custom: origin.is_none(),
                cloned_from: place.cloned_from(),
                cloned_version: place.cloned_version(),
                origin_version: place.origin_version(),
                origin_state: place.origin_state(),
                dormant: place.dormant,
                etag,
                revision: meta.revision,
                create_time: Some(time(meta.create_time)),
                update_time: Some(time(meta.update_time)),
                updated_by: meta.updated_by.to_string(),
            }
        }

        fn of_own(own: v1::$Own) -> (i64, v1::$Global) {
            let v1::$Own {
                account_id,
                $id,
                $($field,)*
                active,
                custom: _,
                cloned_from: _,
                cloned_version: _,
                origin_version: _,
                origin_state: _,
                dormant: _,
                etag: _,
                revision: _,
                create_time: _,
                update_time: _,
                updated_by: _,
            } = own;
            let written = v1::$Global { $id, $($field,)* active, ..v1::$Global::default() };
            (account_id, written)
        }

        fn id(given: &v1::$Global) -> i64 {
            given.$id
        }
    };
}

pub(super) use library_messages;
