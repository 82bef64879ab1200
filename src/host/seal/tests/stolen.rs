//! Whoever steals the store, and not the root key, has no secret.

use super::{Counted, Hand, ONE, TWO, WORKS, connection, endpoint, put, secret, shown, tenant, under};
use crate::host::model::{ConnectionId, Endpoint, EndpointId, Origin};
use crate::host::seal::keeping::begin;
use crate::host::seal::record::Place;
use crate::host::seal::{SealError, Vault, receivers};
use crate::host::store::{Store, Write};
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use std::path::PathBuf;
use std::sync::Arc;

/// As long as real ones, and found nowhere else.
const TOKEN: &str = "1//0g-canary-Kq8ZtVw3xR7pYb2NfLm5Hd9Jc4Gs6Ta1Ue0Wo";
const HOOK: &str = "whsec_Y2FuYXJ5LW9mLXRoZS1zaWduaW5nLXNlY3JldA==";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("callsheet-stolen-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        Self(folder)
    }

    async fn open(&self) -> Store {
        Store::open(&format!("sqlite:{}", self.0.join("store.db").display())).await.expect("the file can be made")
    }

    /// Every byte of every file.
    fn stolen(&self) -> Vec<u8> {
        let files = std::fs::read_dir(&self.0).expect("a folder").map(|entry| entry.expect("a file").path());
        files.flat_map(|path| std::fs::read(path).expect("a file")).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

/// The text as it may lie about: plain, in hexadecimal, in base64 wherever it began.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut forms = vec![bytes.to_vec(), HEXLOWER.encode(bytes).into_bytes(), HEXUPPER.encode(bytes).into_bytes()];
    for skip in 0..3 {
        // What is left after the first whole group, less the last one, is the same wherever the text stood.
        let part = &bytes[skip..];
        let whole = &part[..part.len() / 3 * 3];
        forms.extend([BASE64.encode(whole).into_bytes(), BASE64URL.encode(whole).into_bytes()]);
    }
    forms
}

fn found(haystack: &[u8], text: &str) -> bool {
    forms(text).iter().any(|form| haystack.windows(form.len()).any(|window| window == &form[..]))
}

#[test]
fn the_search_finds_what_it_looks_for() {
    for hidden in
        [TOKEN.to_owned(), HEXLOWER.encode(TOKEN.as_bytes()), BASE64.encode(format!("{{\"token\":\"{TOKEN}\"}}").as_bytes())]
    {
        assert!(found(format!("before {hidden} after").as_bytes(), TOKEN), "{hidden}");
    }
    assert!(!found(b"nothing of the kind", TOKEN));
}

#[tokio::test]
async fn a_stolen_file_without_the_root_key_holds_no_token_in_any_form() {
    let folder = Folder::new("file");
    let (root, clock) = (Counted::new(), Arc::new(Hand::default()));
    let vault = under(&root, &clock);
    let store = folder.open().await;
    for owner in [ONE, TWO] {
        put(&store, owner, [tenant(owner)]).await;
        for id in 1..=40 {
            let place = Place::token(owner, ConnectionId(id), Origin::Google);
            let sealed = vault.seal(&store, &place, &secret(&format!("{TOKEN}{owner}{id}"))).await.expect(WORKS);
            put(&store, owner, [connection(owner, id, Some(sealed))]).await;
            let stored = receivers::stored(&vault, &store, (owner, EndpointId(id)), &secret(HOOK)).await.expect(WORKS);
            put(&store, owner, [Write::Endpoint(Endpoint { secrets: vec![stored], ..endpoint(owner, id, "") })]).await;
        }
    }
    let wal = folder.0.join("store.db-wal");
    assert!(std::fs::metadata(&wal).is_ok_and(|file| file.len() > 0), "the log is searched too");
    let key = root.key.root_bytes_for_search();
    for moment in ["open", "closed"] {
        let bytes = folder.stolen();
        // It is all there, sealed.
        assert!(bytes.windows(5).filter(|window| window == b"v1.1.").count() >= 160, "{moment}");
        assert!(!found(&bytes, TOKEN) && !found(&bytes, HOOK), "{moment}");
        assert!(!bytes.windows(32).any(|window| window == key), "{moment}: the root key itself");
        store.close().await;
    }
    // The same file with another root key.
    let store = folder.open().await;
    let stranger = under(&Counted::new(), &clock);
    let refused = begin(&stranger, &store).await.expect_err("another root key");
    assert!(matches!(refused, SealError::OtherRoot { .. }), "{refused}");
    let place = Place::token(ONE, ConnectionId(1), Origin::Google);
    let sealed = store.connection(ONE, ConnectionId(1)).await.expect(WORKS).expect("it is there").token.expect("sealed");
    assert!(matches!(stranger.open(&store, &place, &sealed).await, Err(SealError::OtherRoot { .. })));
    assert_eq!(
        begin(&Vault::without_root(), &store).await.map_err(|error| matches!(error, SealError::OtherRoot { .. })),
        Err(true)
    );
    assert_eq!(shown(&vault.open(&store, &place, &sealed).await.expect(WORKS)), format!("{TOKEN}11"));
    store.close().await;
}

/// What lay plain before there was a root key does not go on lying about in pages that SQLite would use again.
#[tokio::test]
async fn secrets_that_were_plain_are_gone_from_the_file_once_they_are_sealed() {
    let folder = Folder::new("plain");
    let store = folder.open().await;
    put(&store, ONE, [tenant(ONE)]).await;
    for id in 1..=40 {
        put(&store, ONE, [Write::Endpoint(endpoint(ONE, id, HOOK))]).await;
    }
    store.close().await;
    assert!(found(&folder.stolen(), HOOK));
    let store = folder.open().await;
    let vault = under(&Counted::new(), &Arc::new(Hand::default()));
    assert_eq!(begin(&vault, &store).await, Ok(40));
    store.close().await;
    assert!(!found(&folder.stolen(), HOOK));
}

/// The wrapped key of a tenant that was removed is gone from the file as well: whoever has the file and the root key opens nothing.
#[tokio::test]
async fn a_removed_tenants_key_is_gone_from_the_file() {
    let folder = Folder::new("shredded");
    let store = folder.open().await;
    let vault = under(&Counted::new(), &Arc::new(Hand::default()));
    for owner in [ONE, TWO] {
        put(&store, owner, [tenant(owner)]).await;
        vault.seal(&store, &Place::token(owner, ConnectionId(1), Origin::Google), &secret(TOKEN)).await.expect(WORKS);
    }
    let wrapped = async |owner| store.tenant_keys(owner).await.expect(WORKS).remove(0).wrapped;
    let (gone, kept) = (wrapped(ONE).await, wrapped(TWO).await);
    put(&store, ONE, [Write::RemoveTenant]).await;
    store.close().await;
    let bytes = folder.stolen();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!holds(&gone) && holds(&kept));
}
