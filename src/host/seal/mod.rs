//! Secrets at rest: what would open a customer's calendar, or sign in our name, is stored sealed.
//!
//! A *root key* ([`root`]) wraps a key for each tenant; the tenant's key seals its secrets, each under a key of its own
//! ([`record`]). The root key lies in a file, in the environment or with a key service ([`kms`]), and never in the store: who
//! steals the store has nothing. What is sealed says where it belongs, its [`Place`], and opens nowhere else. A [`Vault`] is what
//! the rest of the host uses; [`keeping`] turns keys over, [`receivers`] are the signing secrets of webhooks.
//!
//! A process that is not to open anything has no root key: its vault seals for those who have one ([`handed`]), with what the tenants'
//! keys lend it ([`lent`]).
//!
//! A tenant's key goes with the tenant: whatever a copy of the store still holds of its secrets is lost then.
//!
//! Source: reliability.md 6.2.

pub mod configured;
pub mod handed;
pub mod keeping;
pub mod kms;
pub mod lent;
pub mod receivers;
pub mod record;
pub mod root;
#[cfg(test)]
pub(super) mod tests;
mod vault;

pub use lent::{LendingKey, Purpose};
pub use record::{Place, SEALED, SECRET_BYTES_MAX, is_sealed, version_of};
pub use root::{KeyWrapper, Label, RootKey, Roots, WrapError};
pub use vault::{KEPT_MAX, Vault};

use super::store::StoreError;

/// Why something could not be sealed or opened. Never says what it was about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// This process hands over what it seals, and opens nothing.
    #[error("this role of the host opens no secrets")]
    NotThisRole,
    /// No process with the root key has lent this one what it seals with.
    #[error("no worker has lent this process what it needs of the tenant's key")]
    NotLent,
    /// The host has no root key.
    #[error("the host has no root key; docs/secrets.md says how to make one")]
    NoRootKey,
    /// The tenant's key is wrapped by a root key that this host does not have.
    #[error("the store's keys are wrapped by the root key `{stored}`, and this host has {own}")]
    OtherRoot {
        /// The name of the root key that is needed.
        stored: String,
        /// The names of those that are there.
        own: String,
    },
    /// The key that it was sealed with is not there: the tenant was removed, or the key was lost.
    #[error("version {0} of the tenant's key is not there")]
    NoKey(u64),
    /// There is no such tenant.
    #[error("there is no such tenant")]
    NoTenant,
    /// It is no sealed text.
    #[error("not a sealed text")]
    NotSealed,
    /// It was not sealed for this place, or it was changed.
    #[error("the sealed text does not belong here, or was changed")]
    Refused,
    /// It is longer than [`SECRET_BYTES_MAX`].
    #[error("a secret has at most {SECRET_BYTES_MAX} bytes")]
    TooLong,
    /// This machine gives no random bytes.
    #[error("this machine gives no random bytes")]
    Random,
    /// Other hosts changed the tenant's keys every time.
    #[error("others changed the tenant's keys meanwhile")]
    Contended,
    /// The root key's keeper does not answer, or not as it should.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}
