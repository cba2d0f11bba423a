//! Partial updates: one list of a resource's updatable fields gives its mask paths and its merge.

/// Declares an enum of the updatable fields of a resource, with their mask paths, and how a
/// masked field is taken over from another value of the resource.
macro_rules! masked_fields {
    ($(#[$doc:meta])* $fields:ident of $resource:ident { $($variant:ident $path:literal $($field:ident).+;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each variant is the field of its name")]
        pub enum $fields { $($variant,)* }

        impl $fields {
            /// Every updatable field.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The path in a field mask.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Self::$variant => $path,)* }
            }

            /// The field of a mask path, if it is one that can be updated.
            #[must_use]
            pub fn parse(path: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|field| field.path() == path)
            }

            /// Takes this field over from another value.
            pub(crate) fn take(self, into: &mut $resource, from: &$resource) {
                match self { $(Self::$variant => into.$($field).+ = from.$($field).+.clone(),)* }
            }
        }
    };
}

pub(crate) use masked_fields;
