//! Lists in pages: a cursor says where the next one begins, and only who gave it can have made it.

use super::problem::Problem;
use super::route::Answer;
use crate::host::context::Context;
use crate::host::model::TenantId;
use crate::host::seal::Purpose;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign, verify};
use data_encoding::BASE64URL_NOPAD;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Ref, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Most items of a page, and how many it has where nobody says.
pub const ITEMS_MAX: u16 = 200;
const ITEMS: u16 = 50;
/// Bytes of a signature.
const TAG_BYTES: usize = 32;

/// Which part of a list.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// Most items of the answer; 50 where it is not said.
    #[schema(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
    /// `next` of the page before.
    #[schema(min_length = 1, max_length = 2048)]
    pub cursor: Option<String>,
}

impl Paging {
    /// How many items are wanted.
    #[must_use]
    pub fn limit(&self) -> usize {
        usize::from(self.limit.unwrap_or(ITEMS).clamp(1, ITEMS_MAX))
    }
}

/// A part of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last.
    pub next: Option<String>,
}

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let next = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null]));
        let next = next.description(Some("Where the next page begins: the `cursor` to ask for it with. Null on the last."));
        ObjectBuilder::new().property("items", items).required("items").property("next", next).required("next").into()
    }
}

impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("{}Page", T::name()))
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl<T: ToSchema + Serialize + Send + 'static> Page<T>
where
    super::route::Shown<Self>: Answer,
{
    /// The page out of rows of which one more than wanted was read, where there was one more; `at` names the place after a row.
    pub fn of<R>(mut rows: Vec<R>, limit: usize, at: impl Fn(&R) -> String, shown: impl FnMut(R) -> T) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(at) } else { None };
        Self { items: rows.into_iter().map(shown).collect(), next }
    }
}

/// Makes cursors, and knows them again.
#[derive(Clone)]
pub struct Cursors {
    key: Key,
    /// Cursors that this one signed are known as well.
    other: Option<Key>,
}

/// The keys that cursors are signed with: each tenant's own, which all hosts with the root key have, today and after a restart; and one
/// of the operator, or of this process, while there is none.
pub struct CursorKeys {
    own: Key,
    of_tenants: Mutex<BTreeMap<TenantId, Key>>,
}

/// Most keys that are remembered; past it all are forgotten, and derived anew.
const KEYS_MAX: usize = 10_000;

impl CursorKeys {
    /// With the key that is there while a tenant has none.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { own: Key::new(HMAC_SHA256, secret), of_tenants: Mutex::default() }
    }

    /// What signs for a tenant. A keeper of the root key that does not answer stops nobody from reading: what is signed meanwhile is
    /// known by this process alone.
    pub async fn of(&self, host: &Context, tenant: TenantId) -> Cursors {
        let other = Some(self.own.clone());
        let known = self.of_tenants.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        if let Some(key) = known {
            return Cursors { key, other };
        }
        match host.vault.derived(&host.store, tenant, Purpose::Cursors).await {
            Ok(bytes) => {
                let key = Key::new(HMAC_SHA256, bytes.expose_secret());
                let mut keys = self.of_tenants.lock().unwrap_or_else(PoisonError::into_inner);
                if keys.len() >= KEYS_MAX {
                    keys.clear();
                }
                keys.insert(tenant, key.clone());
                Cursors { key, other }
            }
            Err(_) => Cursors { key: self.own.clone(), other: None },
        }
    }
}

/// Without the key.
impl fmt::Debug for Cursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cursors")
    }
}

impl Cursors {
    /// With the key that all hosts behind one address share.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self { key: Key::new(HMAC_SHA256, secret), other: None }
    }

    /// The cursor of a place in a list of a tenant.
    #[must_use]
    pub fn made(&self, tenant: TenantId, list: &str, place: &impl Serialize) -> String {
        // A place is numbers and texts: that cannot fail.
        let place = serde_json::to_vec(place).unwrap_or_default();
        let tag = sign(&self.key, &signed(tenant, list, &place));
        BASE64URL_NOPAD.encode(&[tag.as_ref(), &place].concat())
    }

    /// The place that a cursor names.
    ///
    /// # Errors
    /// A problem that names `cursor`, the same for every reason.
    pub fn read<P: DeserializeOwned>(&self, tenant: TenantId, list: &str, cursor: &str) -> Result<P, Problem> {
        let wrong = || Problem::refused("cursor", "is none that this list gave");
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| wrong())?;
        let (tag, place) = bytes.split_at_checked(TAG_BYTES).ok_or_else(wrong)?;
        let signed = signed(tenant, list, place);
        let keys = std::iter::once(&self.key).chain(&self.other);
        if !keys.into_iter().any(|key| verify(key, &signed, tag).is_ok()) {
            return Err(wrong());
        }
        serde_json::from_slice(place).map_err(|_| wrong())
    }
}

fn signed(tenant: TenantId, list: &str, place: &[u8]) -> Vec<u8> {
    let mut text = format!("callsheet cursor v1\0{tenant}\0{list}\0").into_bytes();
    text.extend_from_slice(place);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_for_one_list_of_one_tenant_and_nobody_makes_one() {
        let cursors = Cursors::new(&[1; 32]);
        let cursor = cursors.made(TenantId(1), "meetings", &(7, "a"));
        assert_eq!(cursors.read::<(u64, String)>(TenantId(1), "meetings", &cursor), Ok((7, "a".to_owned())));
        let wrong = |cursors: &Cursors, tenant, list, cursor: &str| cursors.read::<(u64, String)>(tenant, list, cursor).is_err();
        assert!(wrong(&cursors, TenantId(2), "meetings", &cursor));
        assert!(wrong(&cursors, TenantId(1), "audit", &cursor));
        assert!(wrong(&Cursors::new(&[2; 32]), TenantId(1), "meetings", &cursor));
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).expect("it was encoded");
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(wrong(&cursors, TenantId(1), "meetings", &BASE64URL_NOPAD.encode(&changed)));
        }
        for text in ["", "a", "%", &cursor[1..]] {
            assert!(wrong(&cursors, TenantId(1), "meetings", text));
        }
    }
}
