//! Pages of lists: one mechanism for all of them.
//!
//! A page token holds the key of the last entry of its page and a hash of the query: the next page
//! begins after that key, so that entries that come and go in the meantime shift nothing.

pub(crate) mod filter;
pub(crate) mod order;

use aiconfig_proto::v1::ErrorReason;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message;
use sha2::{Digest, Sha256};

use crate::errors::ApiError;

const DEFAULT_SIZE: usize = 50;
const LARGEST_SIZE: usize = 1_000;
/// Encoded bytes of entries after which a page ends.
pub(crate) const PAGE_BYTES: usize = 1_048_576;
/// The form of page tokens.
const VERSION: u8 = 1;
const HASH_LEN: usize = 16;
/// Bytes that a page token may have; a key can be a name of 255 characters of 4 bytes.
const TOKEN_LIMIT: usize = 2_048;

/// What of a request's query decides on its entries; tokens fit the very same query only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListQuery<'a> {
    /// The name of the call.
    pub(crate) rpc: &'a str,
    pub(crate) filter: &'a str,
    pub(crate) order_by: &'a str,
    /// The parent that the entries belong to, such as an account; empty if there is none.
    pub(crate) parent: &'a str,
}

impl<'a> ListQuery<'a> {
    /// A list with a filter, in its one order and without a parent.
    pub(crate) const fn new(rpc: &'a str, filter: &'a str) -> Self {
        let (order_by, parent) = ("", "");
        Self {
            rpc,
            filter,
            order_by,
            parent,
        }
    }
}

/// Where a page begins and how long it may be.
#[derive(Debug)]
pub(crate) struct Paging {
    size: usize,
    query: [u8; HASH_LEN],
    /// The key of the last entry of the page before.
    after: Option<String>,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<M> {
    pub(crate) items: Vec<M>,
    /// Empty on the last page.
    pub(crate) next_page_token: String,
    /// Entries that match, over all pages.
    pub(crate) total_size: i32,
}

impl Paging {
    /// Reads the paging of a request.
    ///
    /// # Errors
    /// `PAGE_SIZE_INVALID` for a negative size, `PAGE_TOKEN_INVALID` for a token that is damaged
    /// or of another query.
    pub(crate) fn new(
        page_size: i32,
        page_token: &str,
        query: ListQuery<'_>,
    ) -> Result<Self, ApiError> {
        let size = usize::try_from(page_size).map_err(|_| {
            ApiError::field(
                ErrorReason::PageSizeInvalid,
                "page_size",
                "must be 0 (for 50) or more",
            )
        })?;
        let size = if size == 0 {
            DEFAULT_SIZE
        } else {
            size.min(LARGEST_SIZE)
        };
        let query = hash(query);
        let after = if page_token.is_empty() {
            None
        } else {
            let right = "does not belong to this query; start again without one";
            let key = open(page_token, &query);
            Some(key.ok_or_else(|| {
                ApiError::field(ErrorReason::PageTokenInvalid, "page_token", right)
            })?)
        };
        Ok(Self { size, query, after })
    }

    /// The most entries that the page can have; for lists that the database pages.
    pub(crate) const fn size(&self) -> usize {
        self.size
    }

    /// The key of the last entry of the page before; for lists that the database pages.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Reads the last key back into its type; keys of numbers have no order as text.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID`.
    pub(crate) fn after_key<K>(
        &self,
        parse: impl FnOnce(&str) -> Option<K>,
    ) -> Result<Option<K>, ApiError> {
        let Some(after) = self.after() else {
            return Ok(None);
        };
        let right = "does not belong to this query; start again without one";
        parse(after)
            .map(Some)
            .ok_or_else(|| ApiError::field(ErrorReason::PageTokenInvalid, "page_token", right))
    }

    /// The page of entries that all match, in order. `is_after` says whether an entry comes after
    /// the last one of the page before; `build` is called for the entries of the page only.
    pub(crate) fn page<T, M: Message>(
        &self,
        entries: impl Iterator<Item = T>,
        key: impl Fn(&T) -> String,
        is_after: impl Fn(&T) -> bool,
        build: impl Fn(T) -> M,
    ) -> Page<M> {
        let mut filling = Filling::default();
        let mut total: usize = 0;
        for entry in entries {
            total += 1;
            if filling.full || (self.after.is_some() && !is_after(&entry)) {
                continue;
            }
            // The key of the entry that no longer fits is not needed: the one before it is.
            let key = key(&entry);
            filling.offer(self.size, key, build(entry));
        }
        self.close(filling, total)
    }

    /// The page of entries that all match and fit into memory, ordered by a unique key.
    pub(crate) fn page_by<T, M: Message>(
        &self,
        entries: impl Iterator<Item = T>,
        key: impl Fn(&T) -> String,
        descending: bool,
        build: impl Fn(T) -> M,
    ) -> Page<M> {
        let mut sorted: Vec<(String, T)> = entries.map(|entry| (key(&entry), entry)).collect();
        sorted.sort_by(|(a, _), (b, _)| if descending { b.cmp(a) } else { a.cmp(b) });
        let after = self.after().unwrap_or_default();
        self.page(
            sorted.into_iter(),
            |(key, _)| key.clone(),
            |(key, _)| {
                if descending {
                    key.as_str() < after
                } else {
                    key.as_str() > after
                }
            },
            |(_, entry)| build(entry),
        )
    }

    /// The page of entries that the database gave: those after the last key, one more than
    /// [`Paging::size`] where there are more, and how many match in all.
    pub(crate) fn page_of<M: Message>(
        &self,
        entries: impl Iterator<Item = (String, M)>,
        total: u64,
    ) -> Page<M> {
        let mut filling = Filling::default();
        for (key, item) in entries {
            if filling.full {
                break;
            }
            filling.offer(self.size, key, item);
        }
        self.close(filling, usize::try_from(total).unwrap_or(usize::MAX))
    }

    fn close<M>(&self, filling: Filling<M>, total: usize) -> Page<M> {
        let Filling {
            items, last, full, ..
        } = filling;
        let next_page_token = if full {
            seal(&last, &self.query)
        } else {
            String::new()
        };
        Page {
            items,
            next_page_token,
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
        }
    }
}

/// A page while it is filled.
struct Filling<M> {
    items: Vec<M>,
    last: String,
    bytes: usize,
    /// Whether an entry was left for the next page.
    full: bool,
}

impl<M> Default for Filling<M> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            last: String::new(),
            bytes: 0,
            full: false,
        }
    }
}

impl<M: Message> Filling<M> {
    /// Takes an entry in if it fits; the first one always does, however large.
    fn offer(&mut self, size: usize, key: String, item: M) {
        let bytes = item.encoded_len();
        if self.items.len() >= size || (!self.items.is_empty() && self.bytes + bytes > PAGE_BYTES) {
            self.full = true;
            return;
        }
        self.bytes += bytes;
        self.items.push(item);
        self.last = key;
    }
}

fn hash(query: ListQuery<'_>) -> [u8; HASH_LEN] {
    let ListQuery {
        rpc,
        filter,
        order_by,
        parent,
    } = query;
    let mut hasher = Sha256::new();
    for part in [rpc, filter, order_by, parent] {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut short = [0; HASH_LEN];
    short.copy_from_slice(&hasher.finalize()[..HASH_LEN]);
    short
}

fn seal(key: &str, query: &[u8; HASH_LEN]) -> String {
    URL_SAFE_NO_PAD.encode([&[VERSION], query.as_slice(), key.as_bytes()].concat())
}

fn open(token: &str, query: &[u8; HASH_LEN]) -> Option<String> {
    if token.len() > TOKEN_LIMIT {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (version, rest) = bytes.split_first()?;
    let (of, key) = rest.split_at_checked(HASH_LEN)?;
    if *version != VERSION || of != query {
        return None;
    }
    String::from_utf8(key.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: ListQuery<'static> = ListQuery {
        rpc: "List",
        filter: "",
        order_by: "",
        parent: "",
    };

    /// Pages of the numbers of a list, each as a text message of a length.
    fn page(numbers: &[u32], size: i32, token: &str, length: usize) -> Page<String> {
        let paging = Paging::new(size, token, QUERY).unwrap();
        let after = paging.after_key(|key| key.parse::<u32>().ok()).unwrap();
        paging.page(
            numbers.iter().copied(),
            ToString::to_string,
            |number| after.is_none_or(|after| *number > after),
            |number| format!("{}{number}", "0".repeat(length - 1)),
        )
    }

    fn values(page: &Page<String>) -> Vec<u32> {
        page.items
            .iter()
            .map(|item| item.parse().unwrap())
            .collect()
    }

    #[test]
    fn pages_follow_each_other_although_entries_come_and_go() {
        let first = page(&[1, 2, 3, 4, 5], 2, "", 1);
        assert_eq!((values(&first), first.total_size), (vec![1, 2], 5));
        // 2 is gone and 0 is new: the next page begins after 2 all the same.
        let second = page(&[0, 1, 3, 4, 5], 3, &first.next_page_token, 1);
        assert_eq!((values(&second), second.total_size), (vec![3, 4, 5], 5));
        assert_eq!(second.next_page_token, "");
    }

    #[test]
    fn sizes_have_a_default_and_an_end() {
        let many: Vec<u32> = (0..1_500).collect();
        assert_eq!(page(&many, 0, "", 1).items.len(), 50);
        assert_eq!(page(&many, i32::MAX, "", 1).items.len(), 1_000);
        assert_eq!(page(&[], 0, "", 1).next_page_token, "");
        let refused = Paging::new(-1, "", QUERY).unwrap_err();
        assert_eq!(refused.reason, ErrorReason::PageSizeInvalid);
    }

    #[test]
    fn a_page_ends_at_its_bytes_but_is_never_empty() {
        let half = page(&[1, 2, 3], 10, "", PAGE_BYTES / 2 - 16);
        assert_eq!(values(&half), [1, 2]);
        assert_ne!(half.next_page_token, "");
        let whole = page(&[1, 2], 10, "", PAGE_BYTES + 1);
        assert_eq!(values(&whole), [1]);
        assert_eq!(
            values(&page(&[1, 2], 10, &whole.next_page_token, PAGE_BYTES + 1)),
            [2]
        );
    }

    #[test]
    fn tokens_fit_their_query_only() {
        let token = page(&[1, 2], 1, "", 1).next_page_token;
        let others = [
            ListQuery {
                rpc: "Other",
                ..QUERY
            },
            ListQuery {
                filter: "a = b",
                ..QUERY
            },
            ListQuery {
                order_by: "id desc",
                ..QUERY
            },
            ListQuery {
                parent: "7",
                ..QUERY
            },
        ];
        for other in others {
            assert_eq!(
                Paging::new(1, &token, other).unwrap_err().reason,
                ErrorReason::PageTokenInvalid
            );
        }
        let long = "A".repeat(2_000);
        for bad in ["x", "!!", "AA", token.get(..10).unwrap(), long.as_str()] {
            assert_eq!(
                Paging::new(1, bad, QUERY).unwrap_err().reason,
                ErrorReason::PageTokenInvalid
            );
        }
        // A key that is none of this list's.
        let paging = Paging::new(1, &seal("x", &hash(QUERY)), QUERY).unwrap();
        assert!(paging.after_key(|key| key.parse::<u32>().ok()).is_err());
    }

    #[test]
    fn pages_of_the_database_look_one_entry_ahead() {
        let paging = Paging::new(2, "", QUERY).unwrap();
        let rows = |count: u32| (1..=count).map(|n| (n.to_string(), n.to_string()));
        let page = paging.page_of(rows(3), 9);
        assert_eq!((page.items.len(), page.total_size), (2, 9));
        let next = Paging::new(2, &page.next_page_token, QUERY).unwrap();
        assert_eq!(next.after(), Some("2"));
        assert_eq!(paging.page_of(rows(2), 2).next_page_token, "");
        assert_eq!(paging.size(), 2);
    }
}
